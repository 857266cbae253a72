/** Brings what was saved of the assets up to what is stored, or lets them hear the past again where nothing fits. */

import type { Moment } from "../../kinds/kind.ts";
import type { Store } from "../../store/store.ts";
import { contactLost } from "../../time/unsynced-stretches.ts";
import type { AssetRun } from "../asset/asset-run.ts";
import type { RuleEngine } from "../engine.ts";
import { type EpochTime, epochTimes, offAt, SITE_TIME_KEY, SiteTime } from "../site-time.ts";
import { ClockTrust } from "./clock-trust.ts";
import { inOrder, inputOf, type Lived, tailOf } from "./lived.ts";

type Past = Pick<Store, "read" | "history" | "events" | "saved">;
type Times = ReadonlyMap<string, EpochTime>;

/**
 * To be called before the first record of an epoch. The engine only learns: it reports and writes nothing. Every decision was saved in its own
 * commit, so the records after the saved state led to none. `wall`: now, epoch ms.
 */
export async function catchUp(engine: RuleEngine, past: Past, wall: number): Promise<void> {
  const times = new Map(epochTimes(past.saved.get(SITE_TIME_KEY)).map((time) => [time.epoch, time]));
  await hearTails(engine, past, times);
  await lookBack(engine, past, times, wall);
}

async function hearTails(engine: RuleEngine, past: Past, times: Times): Promise<void> {
  for (const time of times.values()) {
    const { epoch, n } = time;
    const runs = engine.runs.filter(({ upTo }) => upTo?.n === n);
    if (runs.length === 0) continue;
    const least = (stream: "readings" | "events") => Math.min(...runs.map(({ upTo }) => upTo?.[stream] ?? 0));
    const from = { epoch, readings: least("readings"), events: least("events") };
    const member = new Set(runs);
    const replay = new PastReplay(engine, new ClockTrust(contactLost(past.saved, epoch)));
    for await (const lived of tailOf(past, from, time.opened))
      replay.hear(lived, time, (run) => member.has(run) && isAbove(lived, run));
  }
}

function isAbove(lived: Lived, { upTo }: AssetRun): boolean {
  if (upTo === null) return false;
  return "record" in lived ? lived.record.seq > upTo.readings : lived.event.event.seq > upTo.events;
}

async function lookBack(engine: RuleEngine, past: Past, times: Times, wall: number): Promise<void> {
  await hearBack(engine, new Set(engine.runs.filter((run) => run.restored !== "kept")), past, times, { wall });
}

/** Lets some of the assets hear what their kinds look back upon: from `wall`, epoch ms, or the event that ends it. */
export async function hearBack(
  engine: RuleEngine,
  blank: ReadonlySet<AssetRun>,
  past: Pick<Past, "history" | "events">,
  times: Times,
  { wall, end }: { readonly wall: number; readonly end?: { readonly epoch: string; readonly seq: number } },
): Promise<void> {
  const backMs = Math.max(0, ...[...blank].map(({ kind }) => kind.lookBackMs));
  if (backMs === 0 || times.size === 0) return;
  const sinceWall = wall - backMs;
  const replay = new PastReplay(engine, new ClockTrust());
  let epoch = "";
  for await (const lived of inOrder(past.history({ sinceWall }), past.events({ sinceWall }))) {
    if ("event" in lived && lived.event.epoch === end?.epoch && lived.event.event.seq === end.seq) return;
    const of = "record" in lived ? lived.record : lived.event;
    const time = times.get(of.epoch);
    if (time === undefined) continue;
    if (of.epoch !== epoch) replay.opens(time, lived, (run) => blank.has(run));
    epoch = of.epoch;
    replay.hear(lived, time, (run) => blank.has(run));
  }
}

/** Lets an engine hear the past, each moment with what was known of its time. */
class PastReplay {
  readonly #engine: RuleEngine;
  readonly #trust: ClockTrust;

  constructor(engine: RuleEngine, trust: ClockTrust) {
    this.#engine = engine;
    this.#trust = trust;
  }

  /** An epoch of which the first words may be gone. */
  opens(time: EpochTime, first: Lived, only: (run: AssetRun) => boolean): void {
    const wall = "record" in first ? first.record.wall : first.event.event.at;
    this.#engine.relearn({ offMs: time.offMs }, momentOf(time, time.opened, wall, false), only);
  }

  hear(lived: Lived, time: EpochTime, only: (run: AssetRun) => boolean): void {
    if ("record" in lived) {
      const { mono, wall, clock } = lived.record;
      this.#engine.relearn({ record: lived.record }, momentOf(time, mono, wall, this.#trust.trusts(clock, mono)), only);
      return;
    }
    const { event } = lived.event;
    const mono = time.opened + event.mono;
    if (event.kind === "epoch.opened" || event.kind === "clock.lost") this.#trust.told(mono, event["heldMs"]);
    const input = inputOf(lived.event);
    if (input === null) return;
    this.#engine.relearn(input, momentOf(time, mono, event.at, this.#trust.trusts(event.clock, mono)), only);
  }
}

function momentOf(time: EpochTime, mono: number, wall: number, synced: boolean): Moment {
  const at = new SiteTime(time).at(mono);
  return { at, passed: at + offAt(time, mono), wall, synced };
}
