/** What the rules of a site cost: time per input, bytes saved per commit, messages per change that a person can see. */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Alarms } from "../src/edge/alarms.ts";
import { SiteAnswers } from "../src/edge/answers/site-answers.ts";
import { ToldLists } from "../src/edge/answers/told-lists.ts";
import { RuleEngine } from "../src/edge/engine/engine.ts";
import { SiteTime } from "../src/edge/engine/site-time.ts";
import type { SiteAsset } from "../src/edge/kinds/index.ts";
import { parkingBay } from "../src/edge/kinds/parking-bay/index.ts";
import { parkingGroup } from "../src/edge/kinds/parking-group/index.ts";
import type { AssetState, EdgeEvent, EventDraft, ReadingRecord } from "../src/model/index.ts";

const SIZES = [10, 50, 250];
const TARGET = { microseconds: 5, savedBytes: 2048, publishes: 1 };
const DEBOUNCE_MS = 5000;
/** A bay that changes stays so for an hour; each of its sensors is read once a second. */
const STAY_MS = 3_600_000;
const OPENED = 1000;
/** A site that has run for a year: numbers as long as they then are. */
const RAN = { epoch: { id: "01KAPT3V0FXQ8Y5ZB7WJ2M4N6R", n: 321 }, at: 31_536_000_000, readings: 100_000_000 };
const WALL = 1_764_000_000_000;

interface Site {
  readonly engine: RuleEngine;
  /** What waits for the commit: the newest value under each key, as the store takes it. */
  readonly saved: Map<string, unknown>;
  readonly count: { published: number; changes: number; events: number };
  read(bay: number, taken: boolean, mono: number): void;
}

/** A town's bays have all duties at once, stand in groups of ten, and are named by lists. */
type Streets = "bays" | "town";

const DUTIES = {
  bays: () => ({ reservedFor: "disabled", permits: {} }),
  town: (i: number) => ({
    reservedFor: (["disabled", "loading", "paid"] as const)[i % 3],
    ...(i % 3 === 2 ? { payments: {} } : { permits: {} }),
    hours: "Mo-Sa 08:00-20:00; PH off",
    maxStay: "90min",
  }),
} as const;

function groupsOf(bays: readonly SiteAsset[]): readonly SiteAsset[] {
  return Array.from({ length: bays.length / 10 }, (_, n): SiteAsset => {
    const options = parkingGroup.options.parse({ bays: bays.slice(n * 10, n * 10 + 10).map(({ asset }) => asset.id) });
    const id = `group-${n}`;
    const [urn, name] = [`urn:ngsi-ld:ParkingGroup:bench:${id}`, { it: id, en: id }];
    return { kind: parkingGroup, asset: { id, urn, kind: "parking-group", name, options, silentAfterMs: {} } };
  });
}

/** Five lists, of which suspensions, payments and permits for loading name every bay, in spans that have passed or are to come. */
function listsOf(bays: readonly SiteAsset[]): ToldLists {
  const lists = new ToldLists();
  const spans = Array.from(
    { length: 50 },
    (_, i) => [WALL + (i - 25) * 4 * STAY_MS, WALL + (i - 25) * 4 * STAY_MS + STAY_MS] as const,
  );
  for (const list of ["suspensions", "payments", "loading"])
    for (const { asset } of bays) lists.tell({ list, version: 1, asset: asset.id, spans });
  for (const list of ["disabled", "holidays"]) lists.tell({ list, version: 1, days: list === "holidays" ? ["12-07"] : [] });
  return lists;
}

function openSite(size: number, streets: Streets = "bays"): Site {
  const bays = Array.from({ length: size }, (_, i): SiteAsset => {
    const id = `bay-${String(i).padStart(3, "0")}`;
    return {
      kind: parkingBay,
      asset: {
        id,
        urn: `urn:ngsi-ld:ParkingSpot:bench:${id}`,
        kind: "parking-bay",
        name: { it: id, en: id },
        options: parkingBay.options.parse({ occupancy: `${id}-sensor.presence`, ...DUTIES[streets](i) }),
        silentAfterMs: { occupancy: 60_000 },
      },
    };
  });
  const assets = streets === "town" ? [...bays, ...groupsOf(bays)] : bays;
  const saved = new Map<string, unknown>();
  const count = { published: 0, changes: 0, events: 0 };
  const visible = new Map<string, string>();
  let seq = RAN.readings;
  const sink = {
    add: (_record: ReadingRecord) => ++seq,
    save: (key: string, value: unknown) => void saved.set(key, value),
    order: () => {},
    openAlarms: () => {},
    wall: (mono: number) => ({ wall: mono + WALL, synced: true }),
    asset({ asset, state, alarms }: AssetState) {
      count.published += 1;
      const now = JSON.stringify([state, alarms]);
      if (visible.get(asset) !== now) count.changes += 1;
      visible.set(asset, now);
    },
    raise(draft: EventDraft, mono: number): EdgeEvent {
      count.events += 1;
      const { id = `e/${count.events}`, sinceMono, sinceWall, sinceEpoch: _, extra, ...rest } = draft;
      const since = sinceWall ?? (sinceMono ?? mono) + WALL;
      return { ...rest, ...extra, id, seq: count.events, after: seq, at: mono + WALL, since, mono, clock: "synced" };
    },
  };
  const engine = new RuleEngine({
    assets,
    sink,
    alarms: new Alarms(sink, new Map()),
    saved: new Map(),
    ...(streets === "town" && { answers: new SiteAnswers({ timezone: "Europe/Rome" }, listsOf(bays)) }),
    epoch: RAN.epoch,
    time: new SiteTime({ opened: OPENED, at: RAN.at, passed: RAN.at }),
  });
  engine.opened(OPENED, null);
  const read = (bay: number, taken: boolean, mono: number) => {
    engine.timers(mono);
    const source = bays[bay]?.asset.id ?? "";
    const at = engine.notBefore(mono);
    engine.record({ source: `${source}-sensor`, name: "presence", unit: "", value: taken, quality: "good", mono: at }, ++seq);
  };
  return { engine, saved, count, read };
}

/** Every sensor once a second; each bay is taken and left in turn, an hour each, so that a grace runs out in every stay. */
function costOf(
  size: number,
  inputs: number,
  streets: Streets = "bays",
): { readonly microseconds: number; readonly publishes: number } {
  const site = openSite(size, streets);
  const play = (from: number, to: number) => {
    for (let i = from; i < to; i += 1) {
      const bay = i % size;
      const mono = OPENED + Math.floor((i * 1000) / size);
      site.read(bay, Math.floor((mono + (bay * STAY_MS) / size) / STAY_MS) % 2 === 1, mono);
      // As a commit does.
      if (i % 256 === 0) site.saved.clear();
    }
  };
  play(0, inputs / 4);
  Object.assign(site.count, { published: 0, changes: 0 });
  const before = process.cpuUsage();
  play(inputs / 4, inputs + inputs / 4);
  const { user, system } = process.cpuUsage(before);
  const { published, changes } = site.count;
  return { microseconds: (user + system) / inputs, publishes: changes === 0 ? 0 : published / changes };
}

/** Bytes that one commit writes of `size` assets when every sensor is read and `changing` bays become taken. */
function savedBytes(size: number, changing: number): number {
  const site = openSite(size);
  const all = (mono: number, taken: (bay: number) => boolean) => {
    for (let bay = 0; bay < size; bay += 1) site.read(bay, taken(bay), mono);
  };
  all(2000, () => false);
  site.engine.timers(200_000);
  all(201_000, (bay) => bay < changing);
  site.saved.clear();
  // The commit in which it has settled and is shown.
  all(201_000 + DEBOUNCE_MS, (bay) => bay < changing);
  return [...site.saved].reduce((sum, [key, value]) => sum + key.length + Buffer.byteLength(JSON.stringify(value)), 0);
}

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const inputs = values.quick ? 40_000 : 1_000_000;
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const judged = (value: number, most: number): string => `target ≤ ${most}: ${value <= most ? "yes" : "NO"}`;

say(`${cpus()[0]?.model.trim() ?? "?"}, Node ${process.version}, ${inputs} inputs`);
const publishes: number[] = [];
for (const size of SIZES) {
  const cost = costOf(size, inputs);
  publishes.push(cost.publishes);
  const used = cost.microseconds.toFixed(2);
  say(`${String(size).padStart(4)} assets: ${used} µs per input, ${judged(cost.microseconds, TARGET.microseconds)}`);
}
const town = costOf(200, inputs, "town");
const used = town.microseconds.toFixed(2);
say(
  `200 bays with hours, longest stay, permits or payments, 20 groups, 5 lists: ${used} µs per input, ${judged(town.microseconds, TARGET.microseconds)}`,
);
const bytes = savedBytes(250, 10);
say(`saved per commit, ten of 250 assets change: ${bytes} bytes, ${judged(bytes, TARGET.savedBytes)}`);
const most = Math.max(...publishes);
say(`messages per visible change: ${most.toFixed(3)}, ${judged(Math.round(most * 100) / 100, TARGET.publishes)}`);
