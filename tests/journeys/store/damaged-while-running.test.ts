/** The database of a running gateway is damaged while the platform is away; after the restart all is accounted for. */
import { open as openFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Counts } from "../../../hw-sim/platform/store/counts.ts";
import { encodeEvent, encodeReadings } from "../../../src/edge/segments/segment.ts";
import { type RangeSet, union } from "../../../src/kit/range-set.ts";
import type { EdgeEvent, ReadingRecord } from "../../../src/model/index.ts";
import { Broker } from "../../support/broker/brokers.ts";
import { Dice } from "../../support/memory/dice.ts";
import { CountingSite, counter } from "../../support/running/counting-site.ts";
import { Gateway, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { told } from "../../support/running/proof.ts";
import { event, HandClock, inEpoch, nothing, OFFSET, open } from "../../unit/edge/store/support.ts";

const PAGE = 512;
const BATCH = 100;
const BATCHES = 2500;
const EVENTS = 300;
const value = (seq: number) => `${seq}-${Math.imul(seq, 0x9e3779b1) >>> 0}`;

/** Undelivered, and more than the memory of one connection holds. */
async function yesterday(file: string): Promise<string> {
  const clock = new HandClock();
  await using store = await open(file, { clock, quotaMB: 64 });
  const { n, boot, cause: why, opened } = store.epoch;
  const first: EdgeEvent = { ...event(store, 1, { kind: "epoch.opened", n, boot, opened }), ...({ cause: why } as object) };
  const rest = Array.from({ length: EVENTS - 1 }, (_, i) => event(store, i + 2));
  await store.commit({ ...nothing, events: [first, ...rest].map((one) => encodeEvent(inEpoch(store), one, false)) });
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const from = batch * BATCH + 1;
    const records = Array.from({ length: BATCH }, (_, i): ReadingRecord => {
      const mono = store.epoch.opened + (from + i) * 10;
      return { source: "meter", name: "frame", unit: "", value: value(from + i), quality: "good", mono };
    });
    const row = encodeReadings(inEpoch(store), { from, clock: "synced", offset: OFFSET, records });
    await store.commit({ ...nothing, readings: [row] });
    if (batch % 100 === 0) await store.tend(clock.at);
  }
  return store.epoch.id;
}

async function spoil(file: string, pages: number, dice: Dice): Promise<void> {
  const all = Math.floor((await stat(file)).size / PAGE);
  const handle = await openFile(file, "r+");
  for (let i = 0; i < pages; i += 1) {
    const garbage = Buffer.from(Array.from({ length: PAGE }, () => dice.below(256)));
    await handle.write(garbage, 0, PAGE, (1 + dice.below(all - 1)) * PAGE);
  }
  await handle.close();
}

it.each([
  ["three pages", (file: string) => spoil(file, 3, new Dice(3))],
  ["three hundred pages", (file: string) => spoil(file, 300, new Dice(300))],
  ["a cut in the middle", async (file: string) => truncate(file, Math.floor((await stat(file)).size / 2 / PAGE) * PAGE)],
])("%s: what can be read is delivered, the rest is named", { timeout: 180_000 }, async (_, damage) => {
  await using folder = await temporary("damaged");
  await using site = await CountingSite.open();
  await using broker = await Broker.absent("embedded", folder.path);
  await using gateway = new Gateway(folder.path);
  const past = await yesterday(gateway.db);
  await gateway.configure(broker.url, {
    sync: { history: { bytesPerSecond: 16_000_000 } },
    buses: site.buses,
    devices: { counter: counter(1, "100ms") },
  });
  let program = await gateway.start();
  const output: string[] = [];
  // As its manager does.
  let over = false;
  const manager = (async () => {
    while (!over) {
      await program.told;
      output.push(...program.lines);
      if (!over) program = await gateway.start();
    }
  })();

  await damage(gateway.db);
  await broker.start();
  const held = join(folder.path, "platform.sqlite");
  await using there = await startPlatform(broker.url, held, "--ack-after", "200ms");
  await until(() => output.some((line) => line.includes('"store.damaged"')), 60_000, "the damage is met");
  const status = () => gateway.status().catch(() => null);
  const proved = async () => {
    const now = await status();
    return now !== null && now.store.waiting === 0 && now.streams.every(({ upTo, head }) => upTo === head);
  };
  await until(async () => (await status())?.epoch.cause === "salvaged", 60_000, "started again");
  await site.hold(1);
  await until(proved, 60_000, "everything acknowledged");

  const { data } = await there.control.ask<{ data: Counts }>({ do: "counts" });
  const accounted = (epoch: string, stream: string): RangeSet => {
    const line = data.streams.find((one) => one.epoch === epoch && one.stream === stream);
    return union(line?.held ?? [], line?.ledger ?? []);
  };
  expect(accounted(past, "readings")).toEqual([[1, BATCHES * BATCH]]);
  expect(accounted(past, "events")).toEqual([[1, EVENTS]]);
  // Of the runs too, from the first number to the last: no hole is without a name.
  for (const { epoch, stream } of data.streams)
    expect([epoch, stream, accounted(epoch, stream).length]).toEqual([epoch, stream, 1]);
  const frames = await told(held, "meter", "frame");
  expect(frames.filter(({ seq, value: seen }) => seen !== value(seq))).toEqual([]);
  expect(frames.length).toBeGreaterThan(0);
  over = true;
  expect(await gateway.stop()).toBe(0);
  await manager;
});
