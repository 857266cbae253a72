/** Thousands of refused commands meet a small, nearly full store: the gateway goes on and loses no reading for them. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Counts } from "../../../hw-sim/platform/store/counts.ts";
import { encodeEvent, encodeReadings } from "../../../src/edge/segments/segment.ts";
import { union } from "../../../src/kit/range-set.ts";
import type { EdgeEvent, ReadingRecord } from "../../../src/model/index.ts";
import { Operator } from "../../support/broker/operator.ts";
import { CountingSite, counter } from "../../support/running/counting-site.ts";
import { broker, Gateway, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { proved, told } from "../../support/running/proof.ts";
import { event, HandClock, inEpoch, nothing, OFFSET, open } from "../../unit/edge/store/support.ts";

const QUOTA_MB = 8;
const NEARLY = 0.88;
const BATCH = 100;

/** Undelivered frames, which can only be kept or dropped. */
async function yesterday(file: string): Promise<{ readonly epoch: string; readonly head: number }> {
  const clock = new HandClock();
  await using store = await open(file, { clock, quotaMB: QUOTA_MB });
  const { n, boot, cause: why, opened } = store.epoch;
  const first: EdgeEvent = { ...event(store, 1, { kind: "epoch.opened", n, boot, opened }), ...({ cause: why } as object) };
  await store.commit({ ...nothing, events: [encodeEvent(inEpoch(store), first, false)] });
  let head = 0;
  while (store.size().bytes < NEARLY * QUOTA_MB * 2 ** 20) {
    const from = head + 1;
    head += BATCH;
    const records = Array.from({ length: BATCH }, (_, i): ReadingRecord => {
      const mono = store.epoch.opened + (from + i) * 100;
      return { source: "meter", name: "frame", unit: "", value: randomBytes(60).toString("base64"), quality: "good", mono };
    });
    const row = encodeReadings(inEpoch(store), { from, clock: "synced", offset: OFFSET, records });
    await store.commit({ ...nothing, readings: [row] });
    if (head % 2000 === 0) await store.tend(clock.at);
  }
  return { epoch: store.epoch.id, head };
}

it.each([
  ["2000 ordinary ones", 2000, 20],
  ["300 with long texts", 300, 16_000],
])("%s", { timeout: 180_000 }, async (_, count, length) => {
  await using folder = await temporary("refused");
  await using site = await CountingSite.open();
  await using city = await broker();
  await using gateway = new Gateway(folder.path);
  const past = await yesterday(gateway.db);
  await gateway.configure(city.url, {
    sync: { history: { bytesPerSecond: 16_000_000 } },
    store: { quotaMB: QUOTA_MB },
    buses: site.buses,
    devices: { counter: counter(1, "100ms") },
  });
  const program = await gateway.start();
  await until(async () => (await gateway.status()).sync.connected, 15_000, "online");
  {
    await using operator = await Operator.open(city.url, "gw-1");
    for (let i = 0; i < count; i += 1) await operator.send(`nobody.${randomBytes(length / 2).toString("hex")}`, true);
    // In order: when a later one is answered all before it are judged. In the middle of a burst an answer may be left out.
    const later: string[] = [];
    const answered = async () => {
      later.push(await operator.send("nobody.last", true));
      return later.some((id) => operator.answers(id).length > 0);
    };
    await until(answered, 90_000, "a later one is answered");
  }
  const { store } = await gateway.status();
  expect(store.writable).toBe(true);

  // The platform comes, and everything that was produced is there, or has a name.
  const held = join(folder.path, "platform.sqlite");
  await using there = await startPlatform(city.url, held, "--ack-after", "200ms");
  await site.hold(1);
  await proved(gateway, 60_000);
  const { data } = await there.control.ask<{ data: Counts }>({ do: "counts" });
  for (const { epoch, stream, held: there_, ledger } of data.streams)
    expect([epoch, stream, union(there_, ledger).length]).toEqual([epoch, stream, 1]);
  // No reading went for the sake of a refusal.
  const line = data.streams.find(({ epoch, stream }) => epoch === past.epoch && stream === "readings");
  expect(line?.held).toEqual([[1, past.head]]);
  expect((await told(held, "counter", "n")).length).toBe(site.shown.get(1));
  expect(program.lines.filter((line) => line.includes('"store.full"'))).toEqual([]);
  expect(await gateway.stop()).toBe(0);
});
