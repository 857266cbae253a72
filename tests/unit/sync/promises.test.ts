/** The order, the proofs and the losses that the contract promises, over commits, outages and acknowledgements. */
import { describe, expect, it } from "vitest";
import { readBody } from "../../../src/contract/message-body.ts";
import { RawBroker, type Received } from "../../support/broker/raw-broker.ts";
import { MemoryOutbox } from "../../support/memory/memory-outbox.ts";
import { arrived, batches, eventually, harness, ROOT } from "../../support/memory/sync-harness.ts";

const online = (broker: RawBroker) => eventually(() => expect(broker.topics()).toContain("reported"));
const bodies = (received: readonly Received[]) => received.map(({ payload }) => readBody(payload) as Record<string, unknown>);
const ack = (broker: RawBroker, ...acks: readonly Record<string, unknown>[]) =>
  broker.send(`${ROOT}/down/ack`, { v: 1, at: 1, acks });
/** What `reported` last said of the stream `readings`. */
function toldOf(broker: RawBroker): unknown {
  const streams = bodies(broker.on("reported")).at(-1)?.["streams"];
  return (Array.isArray(streams) ? streams : []).find((s) => s.stream === "readings" && s.epoch === "E2");
}

describe("order", () => {
  it("says state, then alarms, each acknowledged before anything else; then urgent, then assets, then history", async () => {
    const unanswered: string[] = [];
    await using broker = await RawBroker.open({
      puback: async ({ topic }) => {
        unanswered.push(topic.split("/up/")[1] ?? "");
        await new Promise((resolve) => setTimeout(resolve, 20));
        return 0;
      },
    });
    const edge = new MemoryOutbox();
    edge.readings(10, "E1", false);
    edge.asset("bay-1", "free");
    edge.asset("bay-2", "occupied");
    edge.alarm("E1/1");
    edge.event("critical");
    await using _ = harness(broker.url, {}, edge, broker);
    await eventually(() => expect(broker.topics()).toContain("history/readings"));
    const order = broker.topics();
    expect(order.slice(0, 2)).toEqual(["state", "alarms/1"]);
    const [state, alarms, third] = broker.received.map(({ at }) => at);
    expect((alarms ?? 0) - (state ?? 0)).toBeGreaterThan(15);
    expect((third ?? 0) - (alarms ?? 0)).toBeGreaterThan(15);
    expect(order[2]).toBe("urgent");
    const history = order.findIndex((topic) => topic.startsWith("history/"));
    for (const topic of ["assets/bay-1", "assets/bay-2", "catalog/1", "reported"])
      expect(order.indexOf(topic)).toBeLessThan(history);
    expect(bodies(broker.on("state"))[0]).toMatchObject({ v: 1, online: true, epoch: "E2", n: 2, boot: "b00t", catalog: "cat1" });
    expect(bodies(broker.on("alarms/1"))[0]).toMatchObject({ asOf: 1, part: 1, parts: 1, open: [{ id: "E1/1" }] });
  });

  it("lets live overtake a backlog that drains at its cap", async () => {
    await using broker = await RawBroker.open();
    const edge = new MemoryOutbox();
    for (let i = 0; i < 100; i += 1) edge.readings(500, "E1", false);
    const cap = 40_000;
    await using h = harness(broker.url, { historyBytesPerSecond: cap }, edge, broker);
    await online(broker);
    const begun = performance.now();
    for (let i = 0; i < 10; i += 1) {
      h.edge.readings(10);
      h.edge.event();
      await eventually(() => expect(arrived(broker.on("readings"), "readings")).toEqual([[1, (i + 1) * 10]]));
    }
    await eventually(() => expect(broker.on("events")).toHaveLength(10));
    const live = Math.max(...[...broker.on("readings"), ...broker.on("events")].map(({ at }) => at));
    await eventually(() => expect(arrived(broker.received, "readings", "E1")).toEqual([[1, 50_000]]));
    const sent = broker.on("history/readings");
    expect(sent.at(-1)?.at).toBeGreaterThan(live);
    const bytes = sent.reduce((sum, { payload }) => sum + payload.length, 0);
    const seconds = ((sent.at(-1)?.at ?? 0) - begun) / 1000;
    // One second's worth and one message may be ahead.
    expect(bytes).toBeLessThan(cap * (seconds + 1) + 32 * 1024);
    expect(sent.map(({ payload }) => batches(payload)[0]?.from)).toEqual(
      [...sent.map(({ payload }) => batches(payload)[0]?.from ?? 0)].sort((a, b) => a - b),
    );
  });

  it("sends one event in one message, and a critical one ahead of it as a copy", async () => {
    await using broker = await RawBroker.open();
    await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
    await online(broker);
    const event = h.edge.event("critical");
    h.edge.event("low");
    await eventually(() => expect(broker.on("events")).toHaveLength(2));
    expect(broker.topics().indexOf("urgent")).toBeLessThan(broker.topics().indexOf("events"));
    expect(bodies(broker.on("urgent"))).toEqual([{ v: 1, epoch: "E2", ...event }]);
    await eventually(() => expect(h.edge.urgentSent).toEqual(["E2/1"]));
  });

  it("keeps an urgent copy until the broker took it, and says when it is late", async () => {
    await using broker = await RawBroker.open();
    const edge = new MemoryOutbox();
    edge.urgent = [{ ...edge.makeEvent(7, "critical", "E1"), epoch: "E1" }];
    let refuse = 2;
    broker.script = { ...broker.script, puback: ({ topic }) => (topic.endsWith("urgent") && refuse-- > 0 ? 0x97 : 0) };
    await using h = harness(broker.url, { refusedRetryMs: 30 }, edge, broker);
    await eventually(() => expect(h.edge.urgentSent).toEqual(["E1/7"]));
    expect(bodies(broker.on("urgent"))[2]).toMatchObject({ epoch: "E1", seq: 7, late: true });
  });

  it("lets an alarm leave without a number when the store cannot be written", async () => {
    await using broker = await RawBroker.open();
    await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
    await online(broker);
    h.edge.unstored(h.edge.makeEvent(5, "critical"));
    await eventually(() => expect(bodies(broker.on("urgent"))[0]).toMatchObject({ seq: null, stored: false, id: "E2/5" }));
    expect(h.edge.urgentSent).toEqual([]);
  });

  it("joins the readings of one cadence, and sends one commit as it is stored", async () => {
    let answer: (code: number) => void = () => undefined;
    await using broker = await RawBroker.open({
      puback: ({ topic }) => (topic.endsWith("up/readings") ? new Promise((resolve) => (answer = resolve)) : 0),
    });
    await using h = harness(broker.url, { liveEveryMs: 150 }, new MemoryOutbox(), broker);
    await online(broker);
    const first = h.edge.readings(3);
    await eventually(() => expect(broker.on("readings")).toHaveLength(1));
    expect(broker.on("readings")[0]?.payload.equals(first.body)).toBe(true);
    // However long this process stands still here, the cadence of the first is not over before its PUBACK.
    h.edge.readings(3);
    h.edge.readings(200);
    answer(0);
    await eventually(() => expect(broker.on("readings")).toHaveLength(2));
    expect(batches(broker.on("readings")[1]?.payload ?? Buffer.of()).map(({ from, to }) => [from, to])).toEqual([
      [4, 6],
      [7, 206],
    ]);
  });

  it("sends what was committed while nobody was connected as history", async () => {
    await using broker = await RawBroker.open();
    await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
    await online(broker);
    await broker.down();
    await eventually(() => expect(h.sync.status().connected).toBe(false));
    h.edge.readings(5);
    h.edge.event();
    await broker.up();
    await eventually(() =>
      expect(broker.topics(1).filter((t) => t.startsWith("history/"))).toEqual(["history/events", "history/readings"]),
    );
    expect(broker.topics(1)).not.toContain("readings");
  });
});

describe("retained", () => {
  it("has one publish of a topic in flight, and the newest value replaces a waiting one", async () => {
    const answers: (() => void)[] = [];
    let hold = false;
    await using broker = await RawBroker.open({
      puback: ({ topic }) => (hold && topic.includes("assets") ? new Promise((resolve) => answers.push(() => resolve(0))) : 0),
    });
    await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
    await online(broker);
    hold = true;
    for (const status of ["free", "occupied", "unknown", "free", "occupied"]) h.edge.asset("bay", status);
    await eventually(() => expect(answers).toHaveLength(1));
    h.edge.asset("bay", "closed");
    answers.shift()?.();
    await eventually(() => expect(broker.on("assets/bay")).toHaveLength(2));
    answers.shift()?.();
    expect(bodies(broker.on("assets/bay")).at(-1)).toMatchObject({ state: { status: "closed" }, cat: "cat1" });
    hold = false;
  });

  it("is published again from time to time", async () => {
    await using broker = await RawBroker.open();
    const edge = new MemoryOutbox();
    edge.asset("bay", "free");
    await using _ = harness(broker.url, { stateRepublishMs: 50 }, edge, broker);
    await eventually(() => {
      for (const topic of ["state", "alarms/1", "assets/bay", "catalog/1", "reported"])
        expect(broker.on(topic).length).toBeGreaterThan(2);
    });
  });

  it("is published anew at once when the clock was found or lost: its times have changed", async () => {
    await using broker = await RawBroker.open();
    const edge = new MemoryOutbox();
    edge.asset("bay", "free");
    await using h = harness(broker.url, {}, edge, broker);
    const topics = ["state", "alarms/1", "assets/bay", "catalog/1", "reported"];
    await eventually(() => {
      for (const topic of topics) expect(broker.on(topic)).toHaveLength(1);
    });
    h.edge.restated();
    await eventually(() => {
      for (const topic of topics) expect(broker.on(topic)).toHaveLength(2);
    });
  });

  it("is cleared for an asset that is no longer configured, once the broker is there to hear it", async () => {
    await using broker = await RawBroker.open();
    const edge = new MemoryOutbox();
    edge.removed.add("old-bay");
    await using _ = harness(broker.url, {}, edge, broker);
    await eventually(() => expect(edge.removed.size).toBe(0));
    expect(broker.on("assets/old-bay").map(({ payload, retain }) => [payload.length, retain])).toEqual([[0, true]]);
  });

  it("is cut into parts when it is too large, and clears what is no longer needed", async () => {
    await using broker = await RawBroker.open({ connack: () => ({ properties: { maximumPacketSize: 400 } }) });
    const edge = new MemoryOutbox();
    for (let i = 0; i < 60; i += 1) edge.alarm(`E1/${Math.random()}`);
    await using h = harness(broker.url, {}, edge, broker);
    const count = () => Number(bodies(broker.on("alarms/1"))[0]?.["parts"] ?? 0);
    await eventually(() => expect(broker.topics()).toContain("catalog/1"));
    expect(count()).toBeGreaterThan(1);
    const listed = Array.from({ length: count() }, (_, i) => bodies(broker.on(`alarms/${i + 1}`))[0]?.["open"]).flat();
    expect(listed).toHaveLength(60);
    h.edge.open = [];
    h.edge.alarm("E1/1");
    await eventually(() => expect(broker.on(`alarms/${count()}`).at(-1)?.payload).toHaveLength(0));
  });
});

describe("proof", () => {
  it("marks what the platform holds, and never believes what cannot be", async () => {
    await using broker = await RawBroker.open();
    const edge = new MemoryOutbox();
    edge.readings(50, "E1", false);
    edge.readings(50, "E2", false);
    await using h = harness(broker.url, {}, edge, broker);
    await eventually(() => expect(arrived(broker.received, "readings")).toEqual([[1, 50]]));
    ack(
      broker,
      { epoch: "E2", stream: "readings", upTo: 20, held: [[31, 40]] },
      { epoch: "E1", stream: "readings", upTo: 999 },
      { epoch: "E2", stream: "events", upTo: 1 },
      { epoch: "E9", stream: "events", upTo: 1 },
    );
    await eventually(() => expect(h.edge.mark("readings")).toMatchObject({ upTo: 20, held: [[31, 40]] }));
    // Beyond the last of a former epoch means its last.
    expect(h.edge.mark("readings", "E1").upTo).toBe(50);
    expect(h.edge.mark("events").upTo).toBe(0);
    expect(h.edge.notes).toEqual([
      { kind: "sync.ack-refused", detail: { epoch: "E2", stream: "events", upTo: 1, head: 0 } },
      { kind: "sync.ack-refused", detail: { epoch: "E9", stream: "events", upTo: 1, head: null } },
    ]);
    ack(broker, { epoch: "E2", stream: "readings", upTo: 10 }, { epoch: "E2", stream: "readings", upTo: 30 });
    await eventually(() => expect(h.edge.mark("readings")).toMatchObject({ upTo: 40, held: [] }));
  });

  it("survives acknowledgements that are none", async () => {
    await using broker = await RawBroker.open();
    await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
    await online(broker);
    h.edge.readings(3);
    const none = ["", "{", "[]", '{"v":1}', '{"v":2,"acks":[]}', '{"v":1,"acks":[{"epoch":"E2","stream":"readings","upTo":-1}]}'];
    for (const body of none) broker.send(`${ROOT}/down/ack`, body);
    broker.send(`${ROOT}/down/ack`, { v: 1, acks: [{ epoch: "E2", stream: "readings", upTo: 3 }] }, { retain: true });
    await eventually(() => expect(broker.acknowledged).toHaveLength(none.length + 1));
    expect(h.edge.marks.size).toBe(0);
    expect(h.edge.notes).toHaveLength(none.length + 1);
    expect(broker.connects).toHaveLength(1);
  });

  it("sends again what is missing, once a minute, and names what is no longer stored", async () => {
    await using broker = await RawBroker.open();
    const edge = new MemoryOutbox();
    for (let i = 0; i < 5; i += 1) edge.readings(10, "E2", false);
    await using h = harness(broker.url, {}, edge, broker);
    await eventually(() => expect(arrived(broker.received, "readings")).toEqual([[1, 50]]));
    h.edge.forget("readings", [41, 50]);
    const before = broker.received.length;
    const missing = {
      epoch: "E2",
      stream: "readings",
      upTo: 10,
      held: [[21, 30]],
      missing: [
        [11, 20],
        [41, 50],
      ],
    };
    for (let i = 0; i < 3; i += 1) ack(broker, missing);
    await eventually(() => expect(arrived(broker.received.slice(before), "readings")).toEqual([[11, 20]]));
    await eventually(() =>
      expect(h.edge.givenUp).toEqual([{ epoch: "E2", stream: "readings", range: [41, 50], reason: "expired" }]),
    );
    ack(broker, { epoch: "E2", stream: "readings", upTo: 40 });
    await eventually(() => expect(h.edge.mark("readings").upTo).toBe(40));
    expect(broker.on("history/readings").filter((r) => broker.received.indexOf(r) >= before)).toHaveLength(1);
  });

  it("resends even what was acknowledged, when a platform lost its database", async () => {
    await using broker = await RawBroker.open();
    const edge = new MemoryOutbox();
    edge.readings(10, "E2", false);
    edge.marks.set("E2/readings", { epoch: "E2", stream: "readings", upTo: 10, held: [] });
    await using h = harness(broker.url, {}, edge, broker);
    await online(broker);
    expect(bodies(broker.on("reported"))[0]?.["streams"]).toContainEqual(
      expect.objectContaining({ epoch: "E2", stream: "readings", sentUpTo: 10, pending: [] }),
    );
    ack(broker, { epoch: "E2", stream: "readings", upTo: 0, missing: [[1, 10]] });
    await eventually(() => expect(arrived(broker.received, "readings")).toEqual([[1, 10]]));
    expect(h.edge.mark("readings").upTo).toBe(10);
  });

  it("finds a lost tail: `reported` goes on until the platform has answered", async () => {
    await using broker = await RawBroker.open();
    await using h = harness(broker.url, { reportEveryMs: 60 }, new MemoryOutbox(), broker);
    await online(broker);
    // The broker says yes and the platform never sees it; then nothing happens any more.
    h.edge.readings(10);
    await eventually(() => expect(broker.on("readings")).toHaveLength(1));
    await eventually(() => expect(toldOf(broker)).toMatchObject({ head: 10, sentUpTo: 10, pending: [] }));
    ack(broker, { epoch: "E2", stream: "readings", upTo: 0, missing: [[1, 10]] });
    await eventually(() => expect(broker.on("history/readings")).toHaveLength(1));
    ack(broker, { epoch: "E2", stream: "readings", upTo: 10 });
    await eventually(() => expect(h.edge.mark("readings").upTo).toBe(10));
    const count = broker.on("reported").length;
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(broker.on("reported").length - count).toBeLessThanOrEqual(1);
  });

  it("counts as pending, in `reported`, what history has not sent yet", async () => {
    await using broker = await RawBroker.open();
    const edge = new MemoryOutbox();
    for (let i = 0; i < 100; i += 1) edge.readings(500, "E2", false);
    await using h = harness(broker.url, { reportEveryMs: 50, historyBytesPerSecond: 1 }, edge, broker);
    await online(broker);
    h.edge.readings(10);
    await eventually(() => {
      const told = toldOf(broker);
      expect(told).toMatchObject({ head: 50_010, sentUpTo: 50_010, pending: [[expect.any(Number), 50_000]] });
    });
  });

  it("says again at once what nobody heard, when the platform gives a sign of life", async () => {
    let subscriber = false;
    await using broker = await RawBroker.open({ puback: ({ retain }) => (retain || subscriber ? 0 : 0x10) });
    await using h = harness(broker.url, { refusedRetryMs: 60_000 }, new MemoryOutbox(), broker);
    await online(broker);
    h.edge.event("critical");
    await eventually(() => expect(broker.on("urgent").length).toBeGreaterThan(1));
    expect(h.edge.urgentSent).toEqual([]);
    subscriber = true;
    ack(broker, { epoch: "E2", stream: "events", upTo: 0 });
    await eventually(() => expect(h.edge.urgentSent).toEqual(["E2/1"]));
    await eventually(() => expect(h.sync.status().streams.find(({ stream }) => stream === "events")?.sentUpTo).toBe(1));
  });

  it("takes a PUBACK for the proof in broker mode, but not one that says that nobody listens", async () => {
    let subscriber = false;
    await using broker = await RawBroker.open({ puback: ({ topic }) => (topic.includes("readings") && !subscriber ? 0x10 : 0) });
    await using h = harness(broker.url, { acknowledge: "broker" }, new MemoryOutbox(), broker);
    await online(broker);
    h.edge.readings(10);
    h.edge.event();
    await eventually(() => expect(h.edge.mark("events").upTo).toBe(1));
    await eventually(() => expect(broker.on("history/readings")).toHaveLength(1));
    expect(h.edge.mark("readings").upTo).toBe(0);
    subscriber = true;
    await eventually(() => expect(h.edge.mark("readings").upTo).toBe(10));
    expect(h.edge.givenUp).toEqual([]);
  });
});
