/** The platform stays away until the file is full: the gateway goes on and names every number that it left out. */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import * as read from "../../../hw-sim/platform/messages.ts";
import type { Counts } from "../../../hw-sim/platform/store/counts.ts";
import { encodeEvent, encodeReadings } from "../../../src/edge/segments/segment.ts";
import { add, type RangeSet, union } from "../../../src/kit/range-set.ts";
import type { EdgeEvent, ReadingRecord } from "../../../src/model/index.ts";
import { Broker } from "../../support/broker/brokers.ts";
import { CountingSite, counter, loop } from "../../support/running/counting-site.ts";
import { Gateway, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { proved, rowsOf, told } from "../../support/running/proof.ts";
import { event, events, HandClock, inEpoch, nothing, OFFSET, open } from "../../unit/edge/store/support.ts";

const QUOTA_MB = 8;
const QUOTA = QUOTA_MB * 2 ** 20;
const FULL = 0.94;
const BAY = 9;
/** Ten readings a second for more than an hour and a half: frames, which can only be dropped, then numbers, which can be thinned. */
const STEP_MS = 100;
const MINUTE = 600;
const BATCH = 300;
const FRAMES = 93 * MINUTE;
const EVENTS = 40;

/** Today's configuration still knows what yesterday's points are. */
const METER = {
  type: "modbus-points",
  bus: "plant",
  unit: 2,
  every: "1h",
  points: {
    power: { fc: 3, address: 0, decode: "uint32", unit: "W" },
    energy: { fc: 3, address: 2, decode: "uint32", unit: "kW.h", kind: "counter" },
  },
};

/** Noise that can be told again from the number of its record. */
const noise = (seq: number, more = "") => createHash("sha512").update(`${seq}${more}`).digest();
const frame = (seq: number) => noise(seq).toString("base64") + noise(seq, "more").toString("base64");
const power = (seq: number) => noise(seq).readUInt32BE(0) / 8;

/** Everything that was produced while the platform was away, before today: written by the product's store, in the minutes of the clock that it is given. */
async function yesterday(file: string): Promise<{ readonly epoch: string; readonly head: number }> {
  const clock = new HandClock();
  await using store = await open(file, { clock, quotaMB: QUOTA_MB, walBytes: 2 ** 20 });
  const record = (seq: number): ReadingRecord => {
    const common = { source: "meter", quality: "good", mono: store.epoch.opened + seq * STEP_MS } as const;
    if (seq <= FRAMES) return { ...common, name: "frame", unit: "", value: frame(seq) };
    // Every second number is a total, of which the last of a minute tells all.
    if (seq % 2 === 0) return { ...common, name: "energy", unit: "kW.h", value: seq * 1000 };
    return { ...common, name: "power", unit: "W", value: power(seq) };
  };
  const { n, boot, cause: why, opened } = store.epoch;
  const first: EdgeEvent = { ...event(store, 1, { kind: "epoch.opened", n, boot, opened }), ...({ cause: why } as object) };
  await store.commit({ ...nothing, events: [encodeEvent(inEpoch(store), first, false)] });
  await store.commit(events(store, 2, EVENTS));
  let head = 0;
  while (store.size().bytes < FULL * QUOTA) {
    const from = head + 1;
    head += BATCH;
    const records = Array.from({ length: BATCH }, (_, i) => record(from + i));
    await store.commit({
      ...nothing,
      readings: [encodeReadings(inEpoch(store), { from, clock: "synced", offset: OFFSET, records })],
    });
    // Measures, and copies the WAL: nothing is shed below 92 %, and what is asked for then is left to today.
    await store.tend(clock.at);
  }
  return { epoch: store.epoch.id, head };
}

it("sheds with a ledger, and all that was produced is delivered, stored or named", { timeout: 120_000 }, async () => {
  await using folder = await temporary("quota");
  await using site = await CountingSite.open();
  await using broker = await Broker.absent("embedded", folder.path);
  await using gateway = new Gateway(folder.path);
  const past = await yesterday(gateway.db);
  await gateway.configure(broker.url, {
    sync: { history: { bytesPerSecond: 16_000_000 } },
    store: { quotaMB: QUOTA_MB },
    buses: site.buses,
    devices: { counter: counter(1, "100ms"), loop: loop(BAY), meter: METER },
    assets: {
      bay: {
        kind: "parking-bay",
        reservedFor: "disabled",
        occupancy: "loop.present",
        debounce: "100ms",
        permits: { grace: "300ms" },
      },
    },
  });
  const program = await gateway.start();
  site.occupied.add(BAY);
  const ledger = async () => {
    expect((await stat(gateway.db)).size).toBeLessThanOrEqual(QUOTA);
    const rows = await rowsOf(gateway.db, "SELECT body FROM events ORDER BY key");
    const all = rows.flatMap(({ body }) => read.open(body as unknown as Uint8Array)["events"] as readonly Gap[]);
    return all.filter(({ kind }) => kind === "ledger.gap");
  };
  const has = async (reason: string) => (await ledger()).some((gap) => gap.reason === reason);
  await until(() => has("thinned"), 20_000, "numbers are thinned");
  await until(() => has("quota"), 30_000, "frames are dropped");
  await until(async () => (await gateway.status()).alarms.length === 1, 15_000, "today's alarm is raised");

  await broker.start();
  const held = join(folder.path, "platform.sqlite");
  await using there = await startPlatform(broker.url, held, "--ack-after", "200ms");
  await until(async () => (await told(held, "counter", "n")).length > 0, 10_000, "the platform hears of today");
  await site.hold(1);
  await proved(gateway, 30_000);

  // Nothing is unaccounted for.
  const { data } = await there.control.ask<{ data: Counts }>({ do: "counts" });
  const { streams, store } = await gateway.status();
  const heads = [
    ...streams,
    { epoch: past.epoch, stream: "readings", head: past.head },
    { epoch: past.epoch, stream: "events", head: EVENTS },
  ];
  for (const { epoch, stream, head } of heads) {
    const line = data.streams.find((one) => one.epoch === epoch && one.stream === stream);
    expect(union(line?.held ?? [], line?.ledger ?? []), `${epoch} ${stream}`).toEqual([[1, head]]);
  }
  // What arrived is what was produced, or stands for it as the contract says.
  const frames = (await told(held, "meter", "frame")).filter(({ seq, value }) => value === frame(seq));
  expect(frames.length).toBe((await told(held, "meter", "frame")).length);
  expect(frames.length).toBeGreaterThan(FRAMES * 0.8);
  const [mean] = await told(held, "meter", "power.mean");
  const first = Array.from({ length: MINUTE / 2 }, (_, i) => power(FRAMES + 2 * i + 1));
  expect(Number(mean?.value)).toBeCloseTo(first.reduce((sum, value) => sum + value, 0) / first.length, 1);
  expect(await told(held, "meter", "energy.mean")).toEqual([]);
  const totals = (await told(held, "meter", "energy")).filter(({ n }) => n === 1);
  expect(totals.map(({ seq, value }) => Number(value) - seq * 1000)).toEqual(totals.map(() => 0));

  // What is not there is named, and what was thinned is named with what was kept.
  const gaps = await ledger();
  const lost = gaps.filter(({ kept }) => kept === 0).reduce<RangeSet>((set, { from, to }) => add(set, [from, to]), []);
  expect(data.streams.flatMap((line) => line.ledger)).toEqual(lost);
  for (const { kept, count, from, to } of gaps) expect([count, kept < count]).toEqual([to - from + 1, true]);
  const kinds = await rowsOf(
    held,
    "SELECT kind, state, count(*) AS n FROM events WHERE kind IN ('test.happened', 'bay.illegal-occupation') GROUP BY kind, state",
  );
  expect(kinds).toEqual([
    { kind: "bay.illegal-occupation", state: "raised", n: 1 },
    { kind: "test.happened", state: "noted", n: EVENTS - 1 },
  ]);
  expect((await told(held, "counter", "n")).map(({ value }) => value)).toEqual(upTo(site.shown.get(1) ?? 0));

  expect(store).toMatchObject({ writable: true, quotaBytes: QUOTA });
  expect(program.running).toBe(true);
  expect(program.lines.filter((line) => line.includes('"store.'))).toEqual([]);
  expect((await stat(gateway.db)).size).toBeLessThanOrEqual(QUOTA);
  expect(await gateway.stop()).toBe(0);
});

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

interface Gap {
  readonly kind: string;
  readonly reason: string;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly kept: number;
}
