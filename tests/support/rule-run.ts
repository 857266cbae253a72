/** A list of timed inputs and restarts goes in; the events and attribute records that the real stage and alarms make of them come out. */
import { Alarms } from "../../src/edge/alarms.ts";
import { assetKinds } from "../../src/edge/rules/index.ts";
import { Stage } from "../../src/edge/stage.ts";
import type { Args, Asset, AssetState, EventDraft, OpenAlarm, Quality, ReadingRecord, Value } from "../../src/model.ts";

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

/** Wall time in these runs is monotonic time plus this, synchronised. */
export const WALL = 1_764_000_000_000;

export function runBay(options: Record<string, unknown>, told: readonly Told[], silentAfterMs = 10_000): Ran {
  const kind = assetKinds["parking-bay"];
  if (kind === undefined) throw new Error("no parking-bay");
  const asset: Asset = {
    id: "bay",
    urn: "urn:ngsi-ld:ParkingSpot:test:bay",
    kind: "parking-bay",
    name: { it: "14", en: "14" },
    options: kind.options.parse({ occupancy: "sensor.presence", ...options }),
    silentAfterMs: { occupancy: silentAfterMs },
  };
  const saved = new Map<string, unknown>();
  const events: Ran["events"] = [];
  const last = new Map<string, string>();
  const attributes: string[] = [];
  let seq = 0;
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
    asset: (state: AssetState) => {
      shown = state;
    },
    wall: (mono: number) => ({ wall: mono + WALL, synced: true }),
  };
  const start = (mono: number, input: { offMs: number | null; shiftMs: number }) => {
    const stage = new Stage([{ asset, rule: kind.rule }], sink, new Alarms(sink, new Map(saved)), new Map(saved), "e");
    stage.opened(mono, input);
    return stage;
  };
  let stage = start(0, { offMs: null, shiftMs: 0 });
  for (const one of told) {
    if ("restart" in one) {
      stage = start(one.at, one.restart);
      continue;
    }
    stage.timers(one.at);
    if ("record" in one) {
      const { quality = "good", ...said } = one.record;
      stage.record({ source: "sensor", name: "presence", unit: "", quality, ...said, mono: one.at });
    } else if ("device" in one) stage.device("sensor", one.device === "up", one.at);
    else if ("command" in one) stage.command("bay", one.command, one.args ?? {}, "test", one.at);
  }
  return { events, attributes, asset: shown, open };
}
