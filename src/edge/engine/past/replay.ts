/** Plays the stored past of a site again, in the order in which it happened, and says what its kinds say of it. */
import { hostEvent } from "../../../model/host-events.ts";
import type { EventDraft, ReadingRecord } from "../../../model/index.ts";
import { Alarms, DOWN } from "../../alarms.ts";
import type { Answers } from "../../answers/answers.ts";
import type { SiteAsset } from "../../kinds/index.ts";
import type { Store, StoredEvent, StoredRecord } from "../../store/store.ts";
import type { Epoch } from "../asset/asset-run.ts";
import type { Order } from "../asset/want.ts";
import { RuleEngine } from "../engine.ts";
import { type EpochTime, epochTimes, nextEpochTime, SITE_TIME_KEY, SiteTime } from "../site-time.ts";
import { hearBack } from "./catch-up.ts";
import { ClockTrust } from "./clock-trust.ts";
import { inOrder, inputOf } from "./lived.ts";

/** An alarm as the kinds raise it again. `mono`: kernel monotonic ms of the boot it belongs to. */
export interface Replayed {
  readonly epoch: string;
  readonly mono: number;
  readonly kind: string;
  readonly state: EventDraft["state"];
  readonly asset: string | undefined;
}

/** What comes of the past. Times as in `Replayed`. */
export interface Played {
  readonly told: readonly Replayed[];
  readonly orders: readonly (Order & Pick<Replayed, "epoch" | "mono">)[];
  /** Attributes of assets. */
  readonly records: readonly (ReadingRecord & Pick<Replayed, "epoch">)[];
}

type Past = Pick<Store, "history" | "events"> & Partial<Pick<Store, "saved">>;

/** The clock of this epoch was found, lost or set; what settles an earlier one concerns nobody here. */
const isOfClock = (event: StoredEvent["event"], epoch: string): boolean =>
  ["clock.corrected", "clock.lost", "clock.stepped"].includes(event.kind) && event["epoch"] === epoch;

/** The assets of the site from a `config.applied` on. */
export type Applied = (event: StoredEvent["event"]) => readonly SiteAsset[];

/**
 * Nothing is stored, nothing leaves. Errors: those of the store. Kinds hear exactly what they heard live, so they say the same. `assets`: those at
 * the beginning.
 */
export async function replay(
  past: Past,
  assets: readonly SiteAsset[],
  answers: Answers = {},
  applied?: Applied,
): Promise<Played> {
  const lived = new Replay(assets, answers, epochTimes(past.saved?.get(SITE_TIME_KEY)));
  for await (const one of inOrder(past.history({}), past.events({}))) {
    if ("record" in one) lived.record(one.record);
    else {
      lived.event(one.event);
      if (applied !== undefined && one.event.event.kind === "config.applied")
        await lived.applied(one.event, applied(one.event.event), past);
    }
  }
  return lived;
}

class Replay implements Played {
  readonly told: Replayed[] = [];
  readonly orders: (Order & Pick<Replayed, "epoch" | "mono">)[] = [];
  readonly records: (ReadingRecord & Pick<Replayed, "epoch">)[] = [];
  readonly #times: Map<string, EpochTime>;
  readonly #assets: readonly SiteAsset[];
  readonly #answers: Answers;
  readonly #own: Set<string>;
  #engine: RuleEngine | null = null;
  #alarms: Alarms | null = null;
  #time: EpochTime | undefined;
  #seq = 0;
  #events = 0;
  /** Turns kernel monotonic ms into wall time. */
  #offset = 0;
  #stamped: "synced" | "unsynced" = "synced";
  readonly #trust = new ClockTrust();

  constructor(assets: readonly SiteAsset[], answers: Answers, times: readonly EpochTime[]) {
    this.#answers = answers;
    this.#assets = assets;
    this.#own = new Set(assets.map(({ asset }) => asset.id));
    this.#times = new Map(times.map((time) => [time.epoch, time]));
  }

  record(record: StoredRecord): void {
    // The `epoch.opened` event may be deleted already: then the saved times of the epoch stand for it.
    if (record.epoch !== this.#time?.epoch) this.#resume(record.epoch, record.wall - record.mono, record.clock);
    if (this.#engine === null || record.epoch !== this.#time?.epoch) return;
    // What fell due before this record comes first, judged by the clock that was in force until then.
    this.#engine.timers(record.mono);
    // Records of assets only say that so much time passed: the engine makes them anew.
    if (this.#own.has(record.source)) return;
    this.#wallAt(record.mono, record.wall, record.clock);
    this.#engine.record(record, record.seq);
  }

  event(stored: StoredEvent): void {
    const { epoch, n, event } = stored;
    const extra = event as Readonly<Record<string, unknown>>;
    if (event.kind === "epoch.opened") this.#open({ id: epoch, n }, event, extra);
    else if (epoch !== this.#time?.epoch) this.#resume(epoch, event.at - event.mono, event.clock, true);
    const opened = this.#time?.opened;
    if (this.#engine === null || opened === undefined || this.#time?.epoch !== epoch) return;
    const mono = opened + event.mono;
    this.#engine.timers(mono);
    this.#wallAt(mono, event.at, event.clock);
    if (event.kind === "clock.lost") this.#trust.told(mono, extra["heldMs"]);
    if (isOfClock(event, epoch)) this.#clock(extra["offMs"], mono, event.seq);
    if (event.kind === "device.down" && event.device !== undefined) this.#device(event.device, event.state, mono, event.seq);
    const input = inputOf(stored);
    if (input === null || "record" in input || "lost" in input) return;
    if ("order" in input) this.#engine.ordered(input, mono, event.seq);
    else this.#engine.told(input, mono, event.seq);
  }

  /** What is down gets no orders; it gets them when it answers again. */
  #device(device: string, state: EventDraft["state"], mono: number, seq: number): void {
    const isUp = state === "cleared";
    const draft = { ...hostEvent("device.down"), device, text: { it: "", en: "" } };
    this.#alarms?.[isUp ? "clear" : "raise"](device, DOWN, draft, mono);
    this.#engine?.device(device, isUp, mono, seq);
  }

  async applied({ epoch, event }: StoredEvent, assets: readonly SiteAsset[], past: Past): Promise<void> {
    const engine = this.#engine;
    if (engine === null || this.#time?.epoch !== epoch) return;
    for (const { asset } of assets) this.#own.add(asset.id);
    const place = { mono: this.#time.opened + event.mono, seq: event.seq };
    const before = { wall: event.at, end: { epoch, seq: event.seq } };
    await engine.swap(assets, place, (runs) => hearBack(engine, runs, past, this.#times, before));
  }

  #clock(off: unknown, mono: number, seq: number): void {
    const offMs = typeof off === "number" ? off : null;
    if (this.#time !== undefined && offMs !== null) this.#time = { ...this.#time, found: { mono, ms: offMs } };
    this.#engine?.clock(offMs, mono, seq);
  }

  /** An epoch that is known by its saved times only. `offset`: what wall time is ahead of its kernel monotonic times, or of those from its opening on. */
  #resume(epoch: string, offset: number, clock: "synced" | "unsynced", fromOpening = false): void {
    const time = this.#times.get(epoch);
    if (time === undefined) return;
    this.#leave(time);
    this.#wallAt(time.opened, offset + (fromOpening ? 0 : time.opened), clock);
    this.#begin(time, time.opened);
  }

  #open(
    { id, n }: Epoch,
    { at, mono: after, clock }: StoredEvent["event"],
    { opened, offMs, shiftMs, heldMs }: Readonly<Record<string, unknown>>,
  ): void {
    const begun = Number(opened) + after;
    const off = typeof offMs === "number" ? offMs : null;
    const shift = Number(shiftMs ?? 0);
    // `shiftMs` is 0 within one boot. Over a reboot it is the distance, in monotonic time, from the former run's last look to this opening.
    const lastMono = this.#time === undefined ? null : Number(opened) - shift;
    const time =
      this.#times.get(id) ??
      nextEpochTime(this.#time, { id, n, opened: Number(opened) }, { lastMono, isSameBoot: shift === 0, offMs: off });
    const lived = { ...time, offMs: off };
    this.#leave(lived);
    this.#trust.told(begun, heldMs);
    this.#wallAt(begun, at, clock);
    this.#begin(lived, begun);
  }

  /** Fires the timers that fell due while the former epoch still ran, under that epoch's clock. */
  #leave(next: EpochTime): void {
    if (this.#time === undefined) return;
    const former = new SiteTime(this.#time);
    const isSameBoot = former.mono(next.at) === next.opened;
    this.#engine?.timers(former.mono(next.at - (isSameBoot ? (next.offMs ?? 0) : 0)));
  }

  #begin(time: EpochTime, mono: number): void {
    this.#time = time;
    if (!this.#times.has(time.epoch)) this.#times.set(time.epoch, time);
    const next = { epoch: { id: time.epoch, n: time.n }, time: new SiteTime(time) };
    this.#engine ??= this.#made(next);
    this.#engine.opened(mono, time.offMs, next);
  }

  #made({ epoch, time }: { readonly epoch: Epoch; readonly time: SiteTime }): RuleEngine {
    const sink = {
      add: (record: ReadingRecord) => {
        this.records.push({ ...record, epoch: this.#time?.epoch ?? "" });
        return this.#seq++;
      },
      save: () => {},
      asset: () => {},
      order: (order: Order, mono: number) => {
        this.orders.push({ ...order, epoch: this.#time?.epoch ?? "", mono });
      },
      openAlarms: () => {},
      wall: (mono: number) => ({ wall: mono + this.#offset, synced: this.#trust.trusts(this.#stamped, mono) }),
      raise: (draft: EventDraft, mono: number) => this.#tell(draft, mono),
    };
    const answers = this.#answers;
    this.#alarms = new Alarms(sink, new Map());
    return new RuleEngine({
      assets: this.#assets,
      answers,
      sink,
      alarms: this.#alarms,
      saved: new Map(),
      epoch,
      time,
    });
  }

  #wallAt(mono: number, wall: number, clock: "synced" | "unsynced"): void {
    this.#offset = wall - mono;
    this.#stamped = clock;
  }

  #tell(draft: EventDraft, mono: number) {
    // What is told of a device was told by others, and is heard here.
    if (draft.device === undefined)
      this.told.push({ epoch: this.#time?.epoch ?? "", mono, kind: draft.kind, state: draft.state, asset: draft.asset });
    const { id, sinceWall, sinceMono, sinceEpoch: _in, extra: _, ...rest } = draft;
    const seq = ++this.#events;
    const at = mono + this.#offset;
    const since = sinceWall ?? (sinceMono ?? mono) + this.#offset;
    return { ...rest, seq, after: 0, at, since, mono, clock: "synced" as const, id: id ?? `replay/${seq}` };
  }
}
