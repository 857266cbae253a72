/** Says the first words of an epoch: how the last run ended, how long nobody looked, and whether the time is known. */
import type { Clock } from "../kit/clock.ts";
import { EdgeError } from "../kit/errors.ts";
import { type HostEventKind, hostEvent } from "../model/host-events.ts";
import type { EpochInfo, Now, Restated, Text } from "../model/index.ts";
import type { CommitBuffer } from "./commit/commit-buffer.ts";
import { gapEvent } from "./commit/loss-ledger.ts";
import type { Store } from "./store/store.ts";
import { contactOf } from "./time/record-clock.ts";
import { type StretchesBuffer, UnsyncedStretches } from "./time/unsynced-stretches.ts";

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

/**
 * When the former run last observed anything. A soft stop has saved that moment. After a kill the last record stands for it: anything seen after that
 * changed nothing worth recording.
 */
export function lastLook({ formerEnd, saved }: Pick<Store, "formerEnd" | "saved">): End {
  const stopped = (saved.get(STOPPED) ?? null) as End;
  const later = stopped !== null && formerEnd !== null && stopped.boot === formerEnd.boot && stopped.mono > formerEnd.mono;
  return later ? stopped : formerEnd;
}

/** What of the open commit is needed to open and to stop. */
type OpeningBuffer = StretchesBuffer & Pick<CommitBuffer, "onClock" | "lateOff">;

/** A soft stop, for the next `lastLook`. */
export function saveStop(buffer: Pick<OpeningBuffer, "save">, clock: Clock): void {
  const { mono, wall, synced } = clock.now();
  buffer.save(STOPPED, { boot: clock.boot, mono, wall, synced });
}

/** Told before anybody else may speak, all at the moment `now`. `catalog`: hash of the one in force; `heard` corrects what stands, and hears of the clock. */
export function tellOpening(
  buffer: OpeningBuffer,
  store: Store,
  now: Now,
  catalog: string,
  heard: { restate(of: Restated): void; clock(offMs: number | null, mono: number): void },
): TimeOff {
  const { epoch, saved } = store;
  const note = (kind: HostEventKind, text: Text, extra: Readonly<Record<string, unknown>>) =>
    buffer.raise({ ...hostEvent(kind), state: "noted", text, extra }, now.mono);
  const end = lastLook(store);
  const off = timeOff(end, epoch, now);
  const { n, cause, boot, opened, former } = epoch;
  const last = contactOf(now);
  // Recorded for replay: it needs to know for how long opening hours may be judged without a time server.
  const heldMs = last === null ? null : now.mono - last;
  const opening = { n, cause, boot, opened, former, ...off, ...(buffer.stretch !== null && { heldMs }) };
  note("epoch.opened", { it: "Gateway avviato", en: "Gateway started" }, opening);
  if (cause === "salvaged") {
    const error = new EdgeError("store.corrupt", { file: store.file });
    note("store.salvaged", { it: error.what("it"), en: error.what("en") }, {});
  }
  for (const { epoch: id, stream, range } of store.lost) {
    const count = range[1] - range[0] + 1;
    buffer.raise(gapEvent({ epoch: id, stream, range, count, kept: 0, reason: "disk" }), now.mono);
  }
  const previous = saved.get("catalog") ?? null;
  if (previous !== catalog) {
    note("catalog.changed", { it: "Catalogo cambiato", en: "Catalog changed" }, { hash: catalog, previous });
    buffer.save("catalog", catalog);
  }
  const stretches = new UnsyncedStretches(buffer, store, (of) => heard.restate(of));
  let isKnown = off.offMs !== null;
  buffer.lateOff = (later) => (isKnown ? null : offSeenFrom(end, epoch, later));
  buffer.onClock = (news) => {
    stretches.told(news);
    if (news.what === "held") return;
    const offMs = news.what === "found" ? buffer.lateOff(news.now) : null;
    isKnown ||= offMs !== null;
    heard.clock(offMs, news.now.mono);
  };
  stretches.opened(now);
  return off;
}
