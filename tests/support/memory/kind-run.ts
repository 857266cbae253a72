/** Runs one parking bay through timed inputs and restarts by the real engine and alarms, and keeps all that is told of it. */
import { Alarms } from "../../../src/edge/alarms.ts";
import { SiteAnswers } from "../../../src/edge/answers/site-answers.ts";
import { RuleEngine } from "../../../src/edge/engine/engine.ts";
import type { Input } from "../../../src/edge/engine/past/lived.ts";
import { nextEpochTime, SiteTime } from "../../../src/edge/engine/site-time.ts";
import type { Moment } from "../../../src/edge/kinds/kind.ts";
import { parkingBay } from "../../../src/edge/kinds/parking-bay/index.ts";
import type { Args, Asset, AssetState, EventDraft, OpenAlarm, Quality, ReadingRecord, Value } from "../../../src/model/index.ts";

export type Told =
  | { readonly at: number; readonly record: { readonly value: Value; readonly quality?: Quality; readonly code?: string } }
  | { readonly at: number; readonly device: "up" | "down" }
  | { readonly at: number; readonly command: string; readonly args?: Args }
  | { readonly at: number; readonly restart: { readonly offMs: number | null; readonly shiftMs: number } }
  | { readonly at: number; readonly nothing: true };

export interface Ran {
  readonly events: {
    kind: string;
    state: string;
    id: string;
    mono: number;
    since: number;
    reason?: string;
    quality?: string;
    text: string;
  }[];
  /** "status=occupied@5000", without the repetitions that a restart makes. */
  readonly attributes: string[];
  readonly asset: AssetState | undefined;
  readonly open: readonly OpenAlarm[];
}

interface Numbered {
  readonly input: Input;
  readonly readings: number;
  readonly events: number;
}

/** Wall time in these runs is monotonic time plus this, synchronised. */
export const WALL = 1_764_000_000_000;

export function runBay(
  options: Record<string, unknown>,
  told: readonly Told[],
  { silentAfterMs = 10_000, synced = true }: { readonly silentAfterMs?: number; readonly synced?: boolean } = {},
): Ran {
  const asset: Asset = {
    id: "bay",
    urn: "urn:ngsi-ld:ParkingSpot:test:bay",
    kind: "parking-bay",
    name: { it: "14", en: "14" },
    options: parkingBay.options.parse({ occupancy: "sensor.presence", ...options }),
    silentAfterMs: { occupancy: silentAfterMs },
  };
  const saved = new Map<string, unknown>();
  const events: Ran["events"] = [];
  const last = new Map<string, string>();
  const attributes: string[] = [];
  let seq = 0;
  let number = 0;
  let shown: AssetState | undefined;
  let open: readonly OpenAlarm[] = [];
  const sink = {
    raise(draft: EventDraft, mono: number) {
      const { id, sinceMono, sinceWall, kind: of, state, severity, text, reason, quality } = draft;
      const event = {
        seq: events.length + 1,
        after: seq,
        at: mono + WALL,
        since: sinceWall ?? (sinceMono ?? mono) + WALL,
        mono,
        clock: "synced" as const,
      };
      const named = id ?? `e/${event.seq}`;
      events.push({
        kind: of,
        state,
        id: named,
        mono,
        since: event.since - WALL,
        text: text.en,
        ...(reason && { reason }),
        ...(quality && { quality }),
      });
      return { ...event, id: named, kind: of, state, severity, text, ...(draft.asset && { asset: draft.asset }) };
    },
    save: (key: string, value: unknown) => void saved.set(key, JSON.parse(JSON.stringify(value))),
    openAlarms: (list: readonly OpenAlarm[]) => {
      open = list;
    },
    add(record: ReadingRecord) {
      const now = `${record.name}=${record.value}`;
      if (last.get(record.name) !== now) attributes.push(`${now}@${record.mono}`);
      last.set(record.name, now);
      seq += 1;
      return seq;
    },
    order: () => {},
    asset: (state: AssetState) => {
      shown = state;
    },
    wall: (mono: number) => ({ wall: mono + WALL, synced }),
  };
  let time = nextEpochTime(undefined, { id: "e0", n: 0, opened: 0 }, { lastMono: null, isSameBoot: true, offMs: null });
  /** What lies in the store: each input with its number, as it would be read after a restart. */
  const stored: (Numbered & { readonly n: number; readonly moment: Moment })[] = [];
  const momentOf = (mono: number): Moment => {
    const site = new SiteTime(time);
    return { at: site.at(mono), passed: site.at(mono) + site.offMs, wall: mono + WALL, synced };
  };
  const begin = () => {
    const engine = new RuleEngine({
      assets: [{ asset, kind: parkingBay }],
      sink,
      answers: new SiteAnswers({ timezone: "Europe/Rome" }),
      alarms: new Alarms(sink, new Map(saved)),
      saved: new Map(saved),
      epoch: { id: time.epoch, n: time.n },
      time: new SiteTime(time),
    });
    for (const { input, n, readings, events: number, moment } of stored)
      engine.relearn(input, moment, ({ upTo }) => {
        if (upTo?.n !== n) return false;
        return readings > upTo.readings || number > upTo.events;
      });
    return engine;
  };
  let engine = begin();
  engine.opened(0, null);
  let epochs = 0;
  const keep = (of: Numbered, mono: number) => stored.push({ ...of, n: time.n, moment: momentOf(mono) });
  for (const one of told) {
    if ("restart" in one) {
      const { offMs, shiftMs } = one.restart;
      // In another boot the shift leads from the last look in the former one to this opening.
      const off = { lastMono: one.at - shiftMs, isSameBoot: shiftMs === 0, offMs };
      const former = begin();
      epochs += 1;
      time = nextEpochTime(time, { id: `e${epochs}`, n: epochs, opened: one.at }, off);
      former.opened(one.at, offMs, { epoch: { id: time.epoch, n: time.n }, time: new SiteTime(time) });
      engine = former;
      continue;
    }
    engine.timers(one.at);
    if ("record" in one) {
      const { quality = "good", ...rest } = one.record;
      const record = { source: "sensor", name: "presence", unit: "", quality, ...rest, mono: one.at };
      seq += 1;
      keep({ input: { record }, readings: seq, events: 0 }, one.at);
      engine.record(record, seq);
    } else if ("device" in one || "command" in one) {
      number += 1;
      if ("command" in one) {
        const { command: action, args = {} } = one;
        keep({ input: { asset: "bay", action, args }, readings: 0, events: number }, one.at);
        engine.told({ asset: "bay", action, args }, one.at, number);
      } else {
        if (one.device === "down") keep({ input: { lost: "sensor" }, readings: 0, events: number }, one.at);
        engine.device("sensor", one.device === "up", one.at, number);
      }
    }
  }
  return { events, attributes, asset: shown, open };
}
