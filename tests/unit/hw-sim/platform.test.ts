/** The reference platform behind a real broker: its database and its answers are what the contract says. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { Aedes } from "aedes";
import { connectAsync, type MqttClient } from "mqtt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPlatform, type Platform, type PlatformOptions } from "../../../hw-sim/platform/open.ts";
import { count } from "../../../hw-sim/platform/store/counts.ts";
import { monotonic } from "../../../src/kit/clock.ts";
import { noLog } from "../../../src/kit/log.ts";

const G = "cippo/v1/g1";
let folder: string;
let aedes: Aedes;
let server: Server;
let broker: string;
let gateway: MqttClient;
let platform: Platform;
let heard: { topic: string; body: Record<string, unknown>; correlation: string }[];
let wake: () => void = () => undefined;

const options = (more: Partial<PlatformOptions> = {}): PlatformOptions => ({
  broker,
  file: join(folder, "platform.db"),
  prefix: "cippo/v1",
  ackAfterMs: 60,
  confirm: ["bay-1"],
  confirmEarly: ["bay-2"],
  set: [["boiler.setpoint", 21]],
  mono: monotonic,
  wall: () => 1_764_000_000_000,
  log: noLog,
  stop: () => undefined,
  ...more,
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cippo-platform-"));
  aedes = await Aedes.createBroker();
  server = createServer((socket) => aedes.handle(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  broker = `mqtt://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  heard = [];
  gateway = await connectAsync(broker, { protocolVersion: 5, clientId: "g1" });
  gateway.on("message", (topic, payload, packet) => {
    heard.push({ topic, body: JSON.parse(payload.toString()), correlation: String(packet.properties?.correlationData ?? "") });
    wake();
  });
  await gateway.subscribeAsync(`${G}/down/#`, { qos: 1 });
  const subscribed = new Promise((resolve) => aedes.on("subscribe", resolve));
  platform = await openPlatform(options());
  await subscribed;
});

afterEach(async () => {
  await platform[Symbol.asyncDispose]();
  await gateway.endAsync(true);
  server.close();
  await new Promise<void>((resolve) => aedes.close(() => resolve()));
  await rm(folder, { recursive: true, force: true });
});

/** The first message that fits, already heard or to come. */
async function hear(topic: string, fits: (body: Record<string, unknown>) => boolean = () => true) {
  for (;;) {
    const found = heard.find((one) => one.topic === `${G}/down/${topic}` && fits(one.body));
    if (found) return found;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

/** Until the database shows it: the platform answers nothing to what it does not acknowledge. */
async function eventually<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const up = (path: string, body: unknown, retain = false) =>
  gateway.publishAsync(`${G}/up/${path}`, Buffer.isBuffer(body) ? body : JSON.stringify(body), { qos: 1, retain });

const batch = (from: number, values: readonly unknown[], more: object = {}) => ({
  v: 1,
  epoch: "E1",
  cat: "c",
  from,
  to: from + values.length - 1,
  mono0: 1000,
  t0: 1_764_000_000_000,
  clock: "synced",
  points: [["meter", "power", "W"]],
  rows: values.map((value, i) => [i * 10, 0, value]),
  ...more,
});
const event = (seq: number, kind: string, more: object = {}) => ({
  seq,
  after: 0,
  at: 1,
  since: 1,
  mono: 5,
  clock: "synced",
  id: `E1/${seq}`,
  kind,
  state: "noted",
  severity: "info",
  text: { it: "x", en: "x" },
  ...more,
});
const events = (from: number, list: readonly object[]) => ({
  v: 1,
  epoch: "E1",
  cat: "c",
  from,
  to: from + list.length - 1,
  events: list,
});
const acks = (stream: string, fits: (ack: Record<string, unknown>) => boolean) => (body: Record<string, unknown>) =>
  Array.isArray(body["acks"]) && body["acks"].some((ack) => ack.stream === stream && fits(ack));
const seqs = async () =>
  (await platform.db.all("SELECT seq, value FROM readings ORDER BY seq")).map((r) => [r["seq"], r["value"]]);

describe("readings", () => {
  it("are held once, however they are cut and packed, and acknowledged after a while", async () => {
    await up("readings", batch(1, [1.5, null, true]));
    await up("history/readings", deflateSync(JSON.stringify({ v: 1, batches: [batch(2, [9, 9, "four"]), batch(7, [7])] })));
    await hear(
      "ack",
      acks("readings", (ack) => ack["upTo"] === 4 && JSON.stringify(ack["held"]) === "[[7,7]]"),
    );
    expect(await seqs()).toEqual([[1, "1.5"], [2, "null"], [3, "true"], [4, '"four"'], [7, "7"]]); // biome-ignore format: a table
    const [stream] = (await count(platform.db, true)).streams;
    expect(stream).toMatchObject({ rows: 5, repeats: 2, upTo: 4, gaps: [[5, 6]] });
    const rows = await platform.db.all("SELECT seq, mono, wall, live FROM readings WHERE seq IN (3, 7) ORDER BY seq");
    expect(rows).toEqual([
      { seq: 3, mono: 1020, wall: 1_764_000_000_020, live: 1 },
      { seq: 7, mono: 1000, wall: 1_764_000_000_000, live: 0 },
    ]);
  });

  it("at 500 are acknowledged at once", async () => {
    await platform[Symbol.asyncDispose]();
    platform = await openPlatform(options({ ackAfterMs: 3_600_000 }));
    await up("readings", batch(1, Array(500).fill(1)));
    await hear(
      "ack",
      acks("readings", (ack) => ack["upTo"] === 500),
    );
  });

  it("thinned cover their range whole, or are ignored whole", async () => {
    await up("readings", batch(1, [1, 2]));
    await up("history/readings", { ...batch(1, [5]), to: 10, thinned: "1min", n: [4] });
    await up("history/readings", { ...batch(11, [6, 7]), to: 20, thinned: "1min", n: [0, 9] });
    await hear(
      "ack",
      acks("readings", (ack) => ack["upTo"] === 2 && JSON.stringify(ack["held"]) === "[[11,20]]"),
    );
    expect((await seqs()).map(([seq]) => seq)).toEqual([1, 2, 11, 20]);
  });

  it("survive a restart of the platform as ranges", async () => {
    await up("readings", batch(1, [1, 2, 3]));
    await hear("ack");
    await platform[Symbol.asyncDispose]();
    platform = await openPlatform(options());
    await up("history/readings", batch(3, [3, 4]));
    await hear(
      "ack",
      acks("readings", (ack) => ack["upTo"] === 4),
    );
    expect((await seqs()).length).toBe(4);
  });
});

describe("proof", () => {
  it("a reported is answered at once with what is neither held nor pending", async () => {
    await up("readings", batch(3, [3]));
    await up(
      "reported",
      { v: 1, streams: [{ epoch: "E1", stream: "readings", head: 9, oldest: 1, sentUpTo: 8, pending: [[5, 6]] }] },
      true,
    );
    await hear(
      "ack",
      acks("readings", (ack) => ack["upTo"] === 0 && JSON.stringify(ack["missing"]) === "[[1,2],[4,4],[7,8]]"),
    );
  });

  it("a stream of which nothing came is asked for whole", async () => {
    await up(
      "reported",
      { v: 1, streams: [{ epoch: "E0", stream: "events", head: 3, oldest: 1, sentUpTo: 3, pending: [] }] },
      true,
    );
    await hear(
      "ack",
      acks("events", (ack) => JSON.stringify(ack["missing"]) === "[[1,3]]"),
    );
  });

  it("a gap with kept 0 accounts for its range, one with kept does not", async () => {
    const gap = { epoch: "E1", stream: "readings", reason: "quota", policy: "drop" };
    await up("readings", batch(9, [9]));
    await up("events", events(1, [event(1, "ledger.gap", { ...gap, from: 1, to: 5, count: 5, kept: 0 })]));
    await up("events", events(2, [event(2, "ledger.gap", { ...gap, from: 6, to: 8, count: 3, kept: 1 })]));
    await hear(
      "ack",
      acks("readings", (ack) => ack["upTo"] === 5),
    );
    const found = (await count(platform.db, true)).streams.find((one) => one.stream === "readings");
    expect(found).toMatchObject({ rows: 1, ledger: [[1, 5]], gaps: [[6, 8]] });
  });
});

describe("events and retained states", () => {
  it("are joined to their urgent copy, and epochs become known", async () => {
    await up("urgent", { v: 1, epoch: "E1", ...event(2, "aed.in-use", { state: "raised", severity: "critical" }) });
    await up("urgent", { v: 1, epoch: "E1", late: true, ...event(0, "aed.removed"), seq: null, id: "own", stored: false });
    await up(
      "events",
      events(1, [event(1, "epoch.opened", { n: 4, boot: "b", cause: "start", opened: 777 }), event(2, "aed.in-use")]),
    );
    await up(
      "events",
      events(3, [event(3, "clock.corrected", { epoch: "E1", offsetMs: 1000, boundMs: 5, readings: [1, 1], events: null })]),
    );
    await up("readings", batch(1, [1], { clock: "unsynced" }));
    await hear(
      "ack",
      acks("readings", (ack) => ack["upTo"] === 1),
    );
    const joined = await platform.db.all(
      "SELECT u.id, e.seq FROM urgent u LEFT JOIN events e USING (gateway, epoch, seq) ORDER BY e.seq",
    );
    expect(joined).toEqual([
      { id: "own", seq: null },
      { id: "E1/2", seq: 2 },
    ]);
    expect(await platform.db.all("SELECT n, opened, cause FROM epochs")).toEqual([{ n: 4, opened: 777, cause: "start" }]);
    expect(await platform.db.all("SELECT true_wall AS w FROM timeline")).toEqual([{ w: 1_764_000_001_000 }]);
  });

  it("an older (n, seq) never changes the current state of an asset; empty removes it", async () => {
    const asset = (epoch: string, seq: number, status: string) =>
      up("assets/bay-2", { v: 1, epoch, seq, at: 1, state: { status } }, true);
    const status = async () =>
      (await platform.db.all("SELECT body ->> '$.state.status' AS s FROM current WHERE topic = 'assets/bay-2'"))[0]?.["s"] ??
      null;
    await up("state", { v: 1, online: true, epoch: "E1", n: 1, boot: "b" }, true);
    await asset("E1", 7, "free");
    await asset("E1", 6, "occupied");
    await up("state", { v: 1, online: true, epoch: "E2", n: 2, boot: "b" }, true);
    await asset("E2", 1, "unknown");
    await asset("E1", 99, "occupied");
    await up("readings", batch(1, [1]));
    await hear("ack");
    expect(await status()).toBe("unknown");
    await asset("E9", 1, "closed");
    await eventually(async () => (await status()) === "closed");
    await gateway.publishAsync(`${G}/up/assets/bay-2`, "", { qos: 1, retain: true });
    await eventually(async () => (await status()) === null);
  });
});

describe("garbage", () => {
  it("is counted with topic and reason, and everything after it is taken", async () => {
    await up("readings", Buffer.from("not json"));
    await up("readings", Buffer.from([0x78, 0x9c, 1, 2, 3]));
    await up("readings", { ...batch(1, [1, 2]), to: 9 });
    await up("readings", { v: 2 });
    await up("events", events(5, [event(6, "x")]));
    await up("events", events(1, [event(1, "ledger.gap", { epoch: 3 })]));
    await up("nonsense/x", { v: 1 });
    await up("readings", { ...batch(1, [1]), unknownField: [1], points: [["meter", "power", "W"]] });
    await hear(
      "ack",
      acks("readings", (ack) => ack["upTo"] === 1),
    );
    const { malformed } = await count(platform.db, true);
    expect(malformed.reduce((sum, one) => sum + one.count, 0)).toBe(7);
    expect(malformed.map((one) => one.topic)).toContain("g1/ledger.gap");
    await hear(
      "ack",
      acks("events", (ack) => ack["upTo"] === 1),
    );
  });
});

describe("commands", () => {
  it("confirm the permit of an occupied bay and set a value once, and hold the answer", async () => {
    await up("state", { v: 1, online: true, epoch: "E1", n: 1, boot: "b" }, true);
    await up("state", { v: 1, online: true, epoch: "E1", n: 1, boot: "b" }, true);
    await up("assets/bay-1", { v: 1, epoch: "E1", seq: 1, state: { status: "occupied", permit: "none" } }, true);
    await up("assets/bay-1", { v: 1, epoch: "E1", seq: 2, state: { status: "occupied", permit: "none" } }, true);
    const set = await hear("commands", (body) => body["action"] === "set");
    expect(set.body).toMatchObject({
      v: 1,
      gateway: "g1",
      target: "boiler.setpoint",
      args: { value: 21 },
      issuedAt: 1_764_000_000_000,
    });
    expect(set.correlation).toBe(set.body["id"]);
    expect(set.body["id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const confirm = await hear("commands", (body) => body["action"] === "permit.confirm");
    await up("results", { v: 1, id: set.body["id"], state: "succeeded", value: 21 });
    await up("results", { v: 1, id: confirm.body["id"], state: "refused", code: "command.expired" });
    await eventually(async () => (await platform.db.all("SELECT 1 FROM commands WHERE state IS NULL")).length === 0);
    const kept = await platform.db.all("SELECT state FROM commands ORDER BY state");
    expect(kept).toEqual([{ state: "refused" }, { state: "succeeded" }]);
    expect(heard.filter((one) => one.topic.endsWith("commands")).length).toBe(2);
  });

  it("confirm a badge before the vehicle comes, and again when the last one no longer counts", async () => {
    const bay = (seq: number, status: string, permit: string) =>
      up("assets/bay-2", { v: 1, epoch: "E1", seq, state: { status, permit } }, true);
    const confirms = () => heard.filter((one) => one.body["action"] === "permit.confirm");
    await bay(1, "occupied", "none");
    await bay(2, "free", "none");
    const first = await hear("commands", (body) => body["action"] === "permit.confirm");
    await up("results", { v: 1, id: first.body["id"], state: "succeeded", value: null });
    await eventually(async () => (await platform.db.all("SELECT 1 FROM commands WHERE state IS NULL")).length === 0);
    await bay(3, "free", "valid");
    await bay(4, "free", "expired");
    await eventually(async () => confirms().length === 2);
    expect(confirms().map(({ body }) => body["target"])).toEqual(["bay-2", "bay-2"]);
  });

  it("whose answer was lost end by their event", async () => {
    await up("state", { v: 1, online: true, epoch: "E1", n: 1, boot: "b" }, true);
    const { body } = await hear("commands");
    const ended = event(1, "command.succeeded", { command: body["id"], value: 21 });
    await up("events", events(1, [ended]));
    await eventually(async () => {
      const [row] = await platform.db.all("SELECT state FROM commands WHERE id = ?", String(body["id"]));
      return row?.["state"] === "succeeded";
    });
  });

  it("without an answer are sent again after a reconnection, under the same id", async () => {
    await up("state", { v: 1, online: true, epoch: "E1", n: 1, boot: "b" }, true);
    const { body } = await hear("commands");
    heard.length = 0;
    await platform[Symbol.asyncDispose]();
    platform = await openPlatform(options({ set: [] }));
    expect((await hear("commands")).body["id"]).toBe(body["id"]);
  });
});
