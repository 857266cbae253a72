/** Plays the stored past of a site again, in the order in which it was lived, and says what its rules say of it. Nothing is stored, nothing leaves. */
import { isTrusted } from "../kit/held-clock.ts";
import type { Args, EventDraft, ReadingRecord } from "../model.ts";
import { Alarms } from "./alarms.ts";
import type { Store, StoredEvent, StoredRecord } from "./parts.ts";
import { Stage, type StagedAsset } from "./stage.ts";

/** An alarm as the rules raise it again. `mono`: kernel monotonic ms of the boot it belongs to. */
export interface Replayed {
  readonly epoch: string;
  readonly mono: number;
  readonly kind: string;
  readonly state: EventDraft["state"];
  readonly asset: string | undefined;
}

type Past = Pick<Store, "history" | "events">;

/** Errors: those of the store. Rules see exactly what they saw live, so the same rules give the same events. */
export async function replay(past: Past, assets: readonly StagedAsset[]): Promise<readonly Replayed[]> {
  const lived = new Lived(assets);
  const records = past.history({})[Symbol.asyncIterator]();
  let next = await records.next();
  /** Feeds the records that come before an event: those of earlier epochs, and of its own up to `after`. */
  const recordsBefore = async ({ epoch, event }: StoredEvent) => {
    while (!next.done && (next.value.epoch !== epoch || next.value.seq <= event.after)) {
      lived.record(next.value);
      next = await records.next();
    }
  };
  for await (const stored of past.events({})) {
    await recordsBefore(stored);
    lived.event(stored);
  }
  for (; !next.done; next = await records.next()) lived.record(next.value);
  return lived.told;
}

class Lived {
  readonly told: Replayed[] = [];
  readonly #assets: readonly StagedAsset[];
  readonly #saved = new Map<string, unknown>();
  #stage: Stage | null = null;
  #epoch = "";
  /** What turns times of events into kernel monotonic ms, and those into wall time. */
  #opened = 0;
  #offset = 0;
  #synced = true;
  /** Kernel monotonic ms of the last contact with a time server before the time was lost; null: there was none. */
  #contact: number | null = null;

  constructor(assets: readonly StagedAsset[]) {
    this.#assets = assets;
  }

  record(record: StoredRecord): void {
    if (this.#stage === null) return;
    this.#wallAt(record.mono, record.wall, record.clock);
    this.#stage.timers(record.mono);
    this.#stage.record(record);
  }

  event({ epoch, event }: StoredEvent): void {
    const extra = event as Readonly<Record<string, unknown>>;
    if (event.kind === "epoch.opened") this.#open(epoch, event, extra);
    if (this.#stage === null) return;
    const mono = this.#opened + event.mono;
    this.#wallAt(mono, event.at, event.clock);
    if (event.kind === "clock.lost") this.#contact = contactBefore(mono, extra["heldMs"]);
    if (event.kind === "device.down" && event.device !== undefined) {
      this.#stage.timers(mono);
      this.#stage.device(event.device, event.state === "cleared", mono);
    }
    if (event.kind === "command.executing") {
      this.#stage.timers(mono);
      this.#stage.command(
        String(extra["target"]),
        String(extra["action"]),
        (extra["args"] ?? {}) as Args,
        String(extra["by"]),
        mono,
      );
    }
  }

  #open(
    epoch: string,
    { at, mono: after, clock }: StoredEvent["event"],
    { opened, offMs, shiftMs, heldMs }: Readonly<Record<string, unknown>>,
  ): void {
    this.#epoch = epoch;
    this.#opened = Number(opened);
    const begun = this.#opened + after;
    this.#contact = contactBefore(begun, heldMs);
    this.#wallAt(begun, at, clock);
    const sink = {
      add: (_record: ReadingRecord) => 0,
      save: (key: string, value: unknown) => void this.#saved.set(key, value),
      asset: () => {},
      openAlarms: () => {},
      wall: (mono: number) => ({ wall: mono + this.#offset, synced: this.#trusted(mono) }),
      raise: (draft: EventDraft, mono: number) => this.#tell(draft, mono),
    };
    this.#stage = new Stage(this.#assets, sink, new Alarms(sink, new Map(this.#saved)), new Map(this.#saved), epoch);
    this.#stage.opened(begun, { offMs: typeof offMs === "number" ? offMs : null, shiftMs: Number(shiftMs ?? 0) });
  }

  #wallAt(mono: number, wall: number, clock: "synced" | "unsynced"): void {
    this.#offset = wall - mono;
    this.#synced = clock === "synced";
  }

  /** As Numbers.wall says it live. */
  #trusted(mono: number): boolean {
    return this.#synced || (this.#contact !== null && isTrusted(mono - this.#contact));
  }

  #tell(draft: EventDraft, mono: number) {
    this.told.push({ epoch: this.#epoch, mono, kind: draft.kind, state: draft.state, asset: draft.asset });
    const { id, sinceWall, sinceMono, sinceEpoch: _in, extra: _, ...rest } = draft;
    const seq = this.told.length;
    const at = mono + this.#offset;
    const since = sinceWall ?? (sinceMono ?? mono) + this.#offset;
    return { ...rest, seq, after: 0, at, since, mono, clock: "synced" as const, id: id ?? `replay/${seq}` };
  }
}

const contactBefore = (mono: number, heldMs: unknown): number | null => (typeof heldMs === "number" ? mono - heldMs : null);
