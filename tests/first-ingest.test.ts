/** The consumer of docs/first-ingest.md, word for word, against a real gateway and what a gateway seldom says. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import mqtt, { type MqttClient } from "mqtt";
import { describe, expect, it } from "vitest";
import { Broker, brokerKinds } from "./support/broker/brokers.ts";
import { CountingSite, counter } from "./support/running/counting-site.ts";
import { Gateway, Program, temporary, until } from "./support/running/processes.ts";
import { proved, rowsOf } from "./support/running/proof.ts";

const CONSUMER = join(import.meta.dirname, "../docs/examples/ingest.mjs");
const consumer = (url: string, file: string) => new Program(process.execPath, [CONSUMER, url, file]);

interface Held {
  readonly epoch: string;
  readonly stream: string;
  readonly seqs: readonly number[];
}

/** The numbers that the consumer's database holds, by stream. Before it has made its tables there are none. */
async function heldIn(file: string): Promise<readonly Held[]> {
  const rows = await rowsOf(file, "SELECT epoch, stream, json_group_array(seq) AS seqs FROM records GROUP BY epoch, stream");
  return rows.map(({ epoch, stream, seqs }) => ({
    epoch: String(epoch),
    stream: String(stream),
    seqs: (JSON.parse(String(seqs)) as number[]).toSorted((a, b) => a - b),
  }));
}

/** What the site showed and the consumer holds of it. */
async function numbersIn(file: string): Promise<readonly number[]> {
  const rows = await rowsOf(file, "SELECT record FROM records WHERE stream = 'readings' ORDER BY seq");
  const readings = rows.map(({ record }) => JSON.parse(String(record)) as readonly unknown[]);
  return readings.flatMap(([source, name, , value]) => (source === "counter" && name === "n" ? [Number(value)] : []));
}

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

it("is of at most sixty lines of code", async () => {
  const lines = (await readFile(CONSUMER, "utf8")).split("\n");
  expect(lines.filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length).toBeLessThanOrEqual(60);
});

describe.each(brokerKinds)("with %s", (kind) => {
  it("every record is held once, over a death of the consumer and one of the broker", { timeout: 120_000 }, async () => {
    await using folder = await temporary("ingest");
    await using site = await CountingSite.open();
    await using broker = await Broker.open(kind, folder.path);
    const file = join(folder.path, "city.sqlite");
    const first = consumer(broker.url, file);
    await using gateway = new Gateway(folder.path);
    await gateway.configure(broker.url, {
      sync: { live: { every: "100ms" } },
      buses: site.buses,
      devices: { counter: counter(1, "50ms") },
    });
    await gateway.start();
    await until(async () => (await numbersIn(file)).length >= 10, 30_000, "the consumer holds ten numbers");
    await first.kill("SIGKILL");

    const goesOn = async (by: number) => {
      const before = site.shown.get(1) ?? 0;
      await until(() => (site.shown.get(1) ?? 0) >= before + by, 30_000, "the site goes on");
    };
    // The broker acknowledges on the dead consumer's behalf, and then forgets what it has taken.
    await goesOn(20);
    await broker.kill();
    await goesOn(20);
    await broker.start();
    await using _second = consumer(broker.url, file);
    await goesOn(20);
    await site.hold(1);
    await proved(gateway, 60_000);

    expect(await numbersIn(file)).toEqual(upTo(site.shown.get(1) ?? 0));
    const { streams } = await gateway.status();
    for (const { epoch, stream, seqs } of await heldIn(file))
      expect(seqs, stream).toEqual(upTo(streams.find((one) => one.epoch === epoch && one.stream === stream)?.head ?? -1));
    expect(await gateway.stop()).toBe(0);
  });
});

describe("what a gateway seldom says", () => {
  const row = (n: number) => [n, 0, n];
  const batch = (from: number, to: number) => ({
    v: 1,
    epoch: "E1",
    from,
    to,
    t0: 1000,
    mono0: 0,
    clock: "synced",
    points: [["meter", "power", "W"]],
    rows: Array.from({ length: to - from + 1 }, (_, i) => row(from + i)),
  });
  const gap = (from: number, to: number, kept: number) => ({
    seq: 1,
    at: 1000,
    kind: "ledger.gap",
    state: "noted",
    ...{ epoch: "E1", stream: "readings", from, to, kept },
  });

  it("is counted as the contract says", { timeout: 60_000 }, async () => {
    await using folder = await temporary("ingest");
    await using broker = await Broker.open("embedded", folder.path);
    const file = join(folder.path, "city.sqlite");
    const acks: unknown[] = [];
    const client: MqttClient = await mqtt.connectAsync(broker.url, { protocolVersion: 5 });
    client.on("message", (_, payload) => acks.push(...JSON.parse(String(payload)).acks));
    await client.subscribeAsync("cippo/v1/gw-1/down/ack", { qos: 1 });
    await using _ = consumer(broker.url, file);
    const up = (topic: string, body: unknown) =>
      client.publishAsync(`cippo/v1/gw-1/up/${topic}`, typeof body === "string" ? body : JSON.stringify(body), { qos: 1 });
    const last = (expected: object) => until(() => acks.some((ack) => matches(ack, expected)), 15_000, JSON.stringify(expected));
    const of = { epoch: "E1", stream: "readings" };
    // Nothing before its subscription: what is asked again and again is answered once it listens.
    await until(async () => {
      await up("reported", { v: 1, at: 1, streams: [{ ...of, head: 0, oldest: 1, sentUpTo: 0, pending: [] }] });
      return acks.length > 0;
    });

    await up("readings", batch(1, 3));
    await up("history/readings", { v: 1, batches: [batch(2, 5), batch(9, 10)] });
    await last({ ...of, upTo: 5, held: [[9, 10]] });
    await up("reported", { v: 1, at: 1, streams: [{ ...of, head: 12, oldest: 1, sentUpTo: 12, pending: [[11, 12]] }] });
    await last({ ...of, upTo: 5, held: [[9, 10]], missing: [[6, 8]] });
    // Thinned, and a part is held: whole or not at all.
    await up("history/readings", { ...batch(5, 8), thinned: "1min", n: [0, 3], rows: [row(0), row(1)] });
    await up("readings", "{ no message of ours");
    await up("events", { v: 1, epoch: "E2", from: 1, to: 1, events: [gap(7, 8, 0)] });
    await up("history/readings", { ...batch(6, 6), thinned: "1min", n: [0], rows: [row(0)] });
    await up("readings", batch(11, 11));
    await last({ ...of, upTo: 11, held: [] });
    expect((await heldIn(file)).find(({ epoch }) => epoch === "E1")?.seqs).toEqual([1, 2, 3, 4, 5, 6, 9, 10, 11]);
    await client.endAsync(true);
  });
});

const matches = (seen: unknown, expected: object): boolean =>
  Object.entries(expected).every(
    ([key, value]) => JSON.stringify((seen as Record<string, unknown>)[key]) === JSON.stringify(value),
  );
