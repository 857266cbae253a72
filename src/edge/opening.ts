/** Says the first words of an epoch: how the last run ended, how long nobody looked, and whether the time is known. */
import type { Clock } from "../kit/clock.ts";
import { EdgeError } from "../kit/errors.ts";
import { type HostEventKind, hostEvent } from "../model/host-events.ts";
import type { EpochInfo, EventDraft, Now, Restated, Text } from "../model/index.ts";
import { gapEvent } from "./commit/loss-ledger.ts";
import type { Store } from "./store/store.ts";
import { type ClockNews, contactOf, type Stretch } from "./time/record-clock.ts";
import { UnsyncedStretches } from "./time/unsynced-stretches.ts";

/** Where a soft stop is saved. */
const STOPPED = "stopped";

/** The end of the run before this one; null: there was none. */
type End = Store["formerEnd"];

/** `offMs`: how long nobody looked, null where that cannot be known; `shiftMs` brings old monotonic times into this boot. */
export interface TimeOff {
  readonly offMs: number | null;
  readonly shiftMs: number;
}

export function timeOff(end: End, { boot, opened }: EpochInfo, now: Now): TimeOff {
  if (end === null) return { offMs: null, shiftMs: 0 };
  if (end.boot === boot) return { offMs: Math.max(0, opened - end.mono), shiftMs: 0 };
  const known = end.synced && now.synced;
  return { offMs: known ? Math.max(0, now.wall - end.wall) : null, shiftMs: opened - end.mono };
}

/** By a clock that was found after the opening; null: the former run had no right time either. */
const offSeenFrom = (end: End, { opened }: EpochInfo, now: Now): number | null =>
  end === null || !end.synced ? null : Math.max(0, Math.round(now.wall - (now.mono - opened) - end.wall));

/** A soft stop says until when everything was observed. After a kill the last record must do: what was seen since was worth no row. */
export function lastLook({ formerEnd, saved }: Pick<Store, "formerEnd" | "saved">): End {
  const stopped = (saved.get(STOPPED) ?? null) as End;
  const later = stopped !== null && formerEnd !== null && stopped.boot === formerEnd.boot && stopped.mono > formerEnd.mono;
  return later ? stopped : formerEnd;
}

/** What the window does for whoever opens and stops. */
export interface OpeningSink {
  raise(draft: EventDraft, mono: number): unknown;
  save(key: string, value: unknown): void;
  onClock: (news: ClockNews) => void;
  lateOff: (now: Now) => number | null;
  /** What is stamped while the time is not known. */
  readonly stretch: Stretch | null;
}

/** A soft stop, for the next `lastLook`. */
export function saveStop(sink: Pick<OpeningSink, "save">, clock: Clock): void {
  const { mono, wall, synced } = clock.now();
  sink.save(STOPPED, { boot: clock.boot, mono, wall, synced });
}

/** Told before anybody else may speak, all at the moment `now`. `catalog`: hash of the one in force; `heard` corrects what stands, and hears of the clock. */
export function tellOpening(
  sink: OpeningSink,
  store: Store,
  now: Now,
  catalog: string,
  heard: { restate(of: Restated): void; clock(offMs: number | null, mono: number): void },
): TimeOff {
  const { epoch, saved } = store;
  const note = (kind: HostEventKind, text: Text, extra: Readonly<Record<string, unknown>>) =>
    sink.raise({ ...hostEvent(kind), state: "noted", text, extra }, now.mono);
  const end = lastLook(store);
  const off = timeOff(end, epoch, now);
  const { n, cause, boot, opened, former } = epoch;
  const last = contactOf(now);
  // Rules that are played again must know for how long hours can be judged without a time server.
  const heldMs = last === null ? null : now.mono - last;
  const opening = { n, cause, boot, opened, former, ...off, ...(sink.stretch !== null && { heldMs }) };
  note("epoch.opened", { it: "Gateway avviato", en: "Gateway started" }, opening);
  if (cause === "salvaged") {
    const error = new EdgeError("store.corrupt", { file: store.file });
    note("store.salvaged", { it: error.what("it"), en: error.what("en") }, {});
  }
  for (const { epoch: id, stream, range } of store.lost) {
    const count = range[1] - range[0] + 1;
    sink.raise(gapEvent({ epoch: id, stream, range, count, kept: 0, reason: "disk" }), now.mono);
  }
  const previous = saved.get("catalog") ?? null;
  if (previous !== catalog) {
    note("catalog.changed", { it: "Catalogo cambiato", en: "Catalog changed" }, { hash: catalog, previous });
    sink.save("catalog", catalog);
  }
  const stretches = new UnsyncedStretches(sink, store, (of) => heard.restate(of));
  let isKnown = off.offMs !== null;
  sink.lateOff = (later) => (isKnown ? null : offSeenFrom(end, epoch, later));
  sink.onClock = (news) => {
    stretches.told(news);
    if (news.what === "held") return;
    const offMs = news.what === "found" ? sink.lateOff(news.now) : null;
    isKnown ||= offMs !== null;
    heard.clock(offMs, news.now.mono);
  };
  stretches.opened(now);
  return off;
}
