/** A gateway's edge with devices that speak, fail and fall silent, and commands at every point of their life. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { assetKinds } from "../../../src/edge/kinds/index.ts";
import { EdgeRuntime } from "../../../src/edge/runtime.ts";
import { type Clock, monotonic } from "../../../src/kit/clock.ts";
import { EdgeError } from "../../../src/kit/errors.ts";
import { noLog } from "../../../src/kit/log.ts";
import type { CommandResult, Device, DeviceInfo, Outcome, PointSpec, Reading } from "../../../src/model/index.ts";
import { MemoryStore } from "../../support/memory/memory-store.ts";

const clock: Clock = { boot: "boot", mono: monotonic, now: () => ({ mono: monotonic(), wall: Date.now(), synced: true }) };

/** A pushed device whose wire the test holds. */
class Wire {
  readonly written: [string, number | boolean][] = [];
  /** Resolves each write; replaced by tests that want another outcome. */
  onWrite: () => Promise<Outcome> = async () => ({ state: "succeeded" });
  #queue: (readonly Reading[] | Error)[] = [];
  #wake: () => void = () => {};

  say(point: string, value: Reading["value"], more: Partial<Reading> = {}): void {
    this.#push([{ point, value, quality: "good", mono: monotonic(), ...more }]);
  }
  alive(): void {
    this.#push([]);
  }
  fail(): void {
    this.#push(new EdgeError("bus.timeout", { bus: "b", device: "d" }));
  }
  #push(item: readonly Reading[] | Error): void {
    this.#queue.push(item);
    this.#wake();
  }

  info(id: string, points: Readonly<Record<string, PointSpec>>, silentAfterMs = 60_000): DeviceInfo {
    return { id, type: "test", points, silentAfterMs, open: async () => this.#device() };
  }

  #device(): Device {
    const self = this;
    return {
      async *readings(_ticks, stop) {
        while (!stop.aborted) {
          const next = self.#queue.shift();
          if (next instanceof Error) throw next;
          if (next !== undefined) yield next;
          else
            await new Promise<void>((resolve) => {
              self.#wake = resolve;
              stop.addEventListener("abort", () => resolve(), { once: true });
            });
        }
      },
      async perform(point, value) {
        self.written.push([point, value]);
        return self.onWrite();
      },
      async [Symbol.asyncDispose]() {},
    };
  }
}

const open: AbortController[] = [];
afterEach(() => {
  for (const stop of open.splice(0)) stop.abort();
});

function runtimeOf(store: MemoryStore, devices: readonly DeviceInfo[], bay?: Record<string, unknown>) {
  const kind = assetKinds["parking-bay"];
  const assets =
    bay === undefined || kind === undefined
      ? []
      : [
          {
            kind,
            asset: {
              id: "bay",
              urn: "urn:x",
              kind: "parking-bay",
              name: { it: "1", en: "1" },
              options: kind.options.parse(bay),
              silentAfterMs: { occupancy: 60_000 },
            },
          },
        ];
  const made = new EdgeRuntime({
    gateway: "gw",
    store,
    devices,
    assets,
    commitMs: 10,
    clock,
    log: { ...noLog, error: console.log },
  });
  const stop = new AbortController();
  open.push(stop);
  const results: CommandResult[] = [];
  made.commands.onResult((result) => results.push(result));
  const running = made.run(stop.signal);
  const send = (more: Record<string, unknown> = {}, origin: "platform" | "local" = "platform") =>
    made.commands.receive(
      {
        origin,
        retained: false,
        body: {
          v: 1,
          id: "c1",
          gateway: "gw",
          target: "d.pump",
          action: "set",
          args: { value: true },
          issuedAt: Date.now(),
          expiresAt: Date.now() + 60_000,
          issuer: "desk",
          ...more,
        },
      },
      stop.signal,
    );
  return {
    made,
    results,
    send,
    async end() {
      stop.abort();
      await running;
    },
  };
}

async function see<T>(look: () => T | undefined | false): Promise<T> {
  for (let i = 0; i < 1500; i += 1) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await sleep(10);
  }
  throw new Error("never seen");
}

const kinds = (store: MemoryStore) => store.happened().map((e) => `${e.kind}${e.state === "noted" ? "" : `:${e.state}`}`);
const presence: PointSpec = { unit: "", kind: "state", report: { change: 0, atLeastMs: 900_000 } };
const pump: PointSpec = {
  unit: "",
  kind: "state",
  writable: { value: "boolean", impact: "low", limits: { minIntervalMs: 60_000 } },
};

it("the last total of a counter is the same for whoever lists devices and whoever reads one that does not answer", async () => {
  const wire = new Wire();
  const { made, end } = runtimeOf(new MemoryStore(), [wire.info("d", { volume: { unit: "m3", kind: "increments" } })]);
  for (let pulse = 0; pulse < 163; pulse += 1) wire.say("volume", 0.01);
  const listed = () => made.devices.status()[0]?.points[0];
  await see(() => listed()?.value === 1.63);
  wire.fail();
  await see(() => listed()?.last);
  const refused: unknown = await made.devices.readNow("d", 10).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "bus.timeout", context: { points: [{ point: "volume", value: 1.63, last: true }] } });
  expect(listed()).toMatchObject({ value: 1.63, last: true });
  await end();
});

describe("readings", () => {
  it("become rows when they are worth one", async () => {
    const store = new MemoryStore(monotonic());
    const wire = new Wire();
    const h = runtimeOf(store, [wire.info("d", { presence })]);
    for (const value of [false, false, true, true, false]) wire.say("presence", value);
    await see(() => store.records().length >= 3);
    await h.end();
    expect(store.records().map((r) => r.value)).toEqual([false, true, false]);
  });

  it("of a wire that fails are bad once, and good again when it is back", async () => {
    const store = new MemoryStore(monotonic());
    const wire = new Wire();
    const h = runtimeOf(store, [wire.info("d", { presence })]);
    wire.say("presence", true);
    wire.fail();
    await see(() => store.records().length >= 2);
    wire.fail();
    await sleep(700);
    wire.say("presence", true);
    await see(() => store.records().length >= 3);
    await h.end();
    expect(store.records().map((r) => [r.value, r.quality, r.code])).toEqual([
      [true, "good", undefined],
      [null, "bad", "bus.timeout"],
      [true, "good", undefined],
    ]);
  });

  it("of a silent device raise device.down once and clear it when it speaks; then its value is told again", async () => {
    const store = new MemoryStore(monotonic());
    const wire = new Wire();
    const h = runtimeOf(store, [wire.info("d", { presence }, 2000)]);
    wire.say("presence", true);
    await see(() => kinds(store).includes("device.down:raised"));
    wire.say("presence", true);
    await see(() => kinds(store).includes("device.down:cleared"));
    await h.end();
    expect(kinds(store).filter((k) => k.startsWith("device"))).toEqual(["device.down:raised", "device.down:cleared"]);
    expect(store.records().map((r) => [r.value, r.quality, r.code])).toEqual([
      [true, "good", undefined],
      [null, "bad", "device.silent"],
      [true, "good", undefined],
    ]);
  });

  it("of a device that was down before the start say since when it is, and not since the start", async () => {
    const store = new MemoryStore(monotonic());
    const wire = new Wire();
    const one = runtimeOf(store, [wire.info("d", { presence }, 1000)]);
    wire.say("presence", true);
    await see(() => kinds(store).includes("device.down:raised"));
    await one.end();
    const two = runtimeOf(store, [new Wire().info("d", { presence }, 60_000)]);
    const [device] = two.made.devices.status();
    expect(device).toMatchObject({ state: "down", problem: { code: "device.silent" } });
    expect(device?.problem?.forMs).toBeGreaterThanOrEqual(1000);
    await two.end();
  });

  it("of increments add up to a counter that a restart goes on with", async () => {
    const store = new MemoryStore(monotonic());
    const points: Readonly<Record<string, PointSpec>> = { passage: { unit: "1", kind: "increments" } };
    const first = new Wire();
    const one = runtimeOf(store, [first.info("gate", points)]);
    for (let i = 0; i < 3; i += 1) first.say("passage", 1);
    await see(() => store.records().length >= 3);
    await one.end();
    const second = new Wire();
    const two = runtimeOf(store, [second.info("gate", points)]);
    second.say("passage", 2);
    await see(() => store.records().length >= 4);
    await two.end();
    expect(store.records().map((r) => [r.value, r.quality])).toEqual([
      [1, "uncertain"],
      [2, "good"],
      [3, "good"],
      [5, "good"],
    ]);
  });

  it("of decimal increments add up without a rest, and nothing added is a row when it says why", async () => {
    const store = new MemoryStore(monotonic());
    const points: Readonly<Record<string, PointSpec>> = { volume: { unit: "m3", kind: "increments" } };
    const wire = new Wire();
    const h = runtimeOf(store, [wire.info("water", points)]);
    for (let i = 0; i < 30; i += 1) wire.say("volume", 0.01);
    for (const code of ["contact.chatter", "contact.chatter", "counter.unobserved"])
      wire.say("volume", 0, { quality: "uncertain", code });
    wire.say("volume", 0);
    wire.say("volume", 0.01);
    await see(() => store.records().length >= 33);
    await h.end();
    expect(store.records().map((r) => r.value)).toEqual([
      ...Array.from({ length: 30 }, (_, i) => (i + 1) / 100),
      ...[0.3, 0.3, 0.31],
    ]);
    expect(
      store
        .records()
        .slice(-3)
        .map((r) => r.code),
    ).toEqual(["contact.chatter", "counter.unobserved", undefined]);
  });
});

describe("the bay", () => {
  it("is occupied, illegal, and in order after permit.confirm, each with its event and its state", async () => {
    const store = new MemoryStore(monotonic());
    const wire = new Wire();
    const h = runtimeOf(store, [wire.info("s", { presence })], {
      occupancy: "s.presence",
      reservedFor: "disabled",
      debounce: "20ms",
      permits: { grace: "100ms" },
    });
    const told: unknown[] = [];
    const present = () => h.made.presentAssets()[0]?.state["status"];
    h.made.onRecord(({ source, name, value }) => source === "bay" && name === "status" && told.push([value, present()]));
    wire.say("presence", true);
    await see(() => kinds(store).includes("bay.illegal-occupation:raised"));
    // Who begins to watch now is not told this record: the present must show it, long before it is durable.
    expect(told).toContainEqual(["occupied", "occupied"]);
    expect(h.made.documents.assets()[0]).toMatchObject({
      state: { status: "occupied" },
      alarms: [h.made.documents.alarms().open[0]?.id],
    });
    const result = await h.made.commands.submit("bay", "permit.confirm", {}, "patrol", new AbortController().signal);
    expect(result.state).toBe("succeeded");
    await see(() => kinds(store).includes("bay.illegal-occupation:cleared"));
    expect(h.made.documents.alarms().open).toEqual([]);
    await h.end();
  });
});

describe("commands", () => {
  const setup = (store = new MemoryStore(monotonic())) => {
    const wire = new Wire();
    return { store, wire, ...runtimeOf(store, [wire.info("d", { pump })]) };
  };

  it("act once, and each step is an event", async () => {
    const { store, wire, send, results, end } = setup();
    await send();
    await see(() => results.length === 1);
    await send();
    await see(() => results.length === 2);
    await end();
    expect(wire.written).toEqual([["pump", true]]);
    expect(results.map((r) => r.state)).toEqual(["succeeded", "succeeded"]);
    expect(kinds(store).filter((k) => k.startsWith("command"))).toEqual([
      "command.accepted",
      "command.executing",
      "command.succeeded",
    ]);
  });

  it.each([
    ["command.wrong-gateway", "refused", { gateway: "other" }],
    ["command.unknown-target", "refused", { target: "d.nothing" }],
    ["command.out-of-range", "refused", { args: { value: "on" } }],
    ["command.out-of-range", "refused", { args: {} }],
    ["command.out-of-range", "refused", { args: { value: true, extra: 1 } }],
    ["command.expired", "expired", { issuedAt: Date.now() - 2000, expiresAt: Date.now() - 1000 }],
    ["command.lifetime", "refused", { expiresAt: Date.now() + 2 * 86_400_000 }],
    ["command.lifetime", "refused", { issuedAt: Date.now() + 600_000, expiresAt: Date.now() + 700_000 }],
    ["command.out-of-range", "refused", { args: { value: true, constructor: 1 } }],
    ["command.out-of-range", "refused", { args: JSON.parse('{"value":true,"toString":1}') }],
    ["command.malformed", "refused", { expiresAt: Date.now() + 60_000.5 }],
    ["command.malformed", "refused", { args: null }],
    ["command.malformed", "refused", { target: "x".repeat(1000) }],
  ] as const)("that must not run are answered %s and have no effect", async (code, state, more) => {
    const { wire, send, results, end } = setup();
    await send(more);
    await see(() => results.length === 1);
    await end();
    expect(results[0]).toMatchObject({ state, code });
    expect(wire.written).toEqual([]);
  });

  it("that are no commands make an event that says why, once for each id; with one they are answered", async () => {
    const { store, made, results, end } = setup();
    const stop = new AbortController().signal;
    const receive = (body: unknown) => made.commands.receive({ body, retained: false, origin: "platform" }, stop);
    for (const body of [null, 7, "x", [], {}, { v: 1, id: 5 }, { v: 1, id: "a".repeat(500) }]) await receive(body);
    expect(results).toEqual([]);
    await receive({ v: 2, id: "a" });
    await receive({ v: 2, id: "a" });
    await receive({ v: 2, id: "b" });
    await end();
    expect(store.happened().filter((e) => e.kind === "command.refused")).toHaveLength(9);
    expect(results.map(({ id, state, code }) => [id, state, code])).toEqual(
      ["a", "a", "b"].map((id) => [id, "refused", "command.malformed"]),
    );
  });

  it("too soon after the last are refused, also after a restart", async () => {
    const { store, send, results, end } = setup();
    await send();
    await see(() => results.length === 1);
    await send({ id: "c2" });
    await see(() => results.length === 2);
    await end();
    expect(results[1]).toMatchObject({ state: "refused", code: "command.too-soon" });
    const again = setup(store);
    await again.send({ id: "c3" });
    await see(() => again.results.length === 1);
    await again.end();
    expect(again.results[0]).toMatchObject({ state: "refused", code: "command.too-soon" });
  });

  it("switch off by themselves after maxOn, also when an order to switch off was lost", async () => {
    const store = new MemoryStore(monotonic());
    const wire = new Wire();
    const relay: PointSpec = {
      unit: "",
      kind: "state",
      writable: { value: "boolean", impact: "low", limits: { maxOnMs: 2500 } },
    };
    const h = runtimeOf(store, [wire.info("d", { pump: relay })]);
    await h.send();
    await see(() => h.results.length === 1);
    wire.onWrite = async () => ({ state: "unknown", code: "command.no-answer" });
    await h.send({ id: "off", args: { value: false } });
    await see(() => h.results.length === 2);
    wire.onWrite = async () => ({ state: "succeeded" });
    await see(() => kinds(store).includes("command.limit-reached"));
    await h.end();
    expect(wire.written).toEqual([
      ["pump", true],
      ["pump", false],
      ["pump", false],
    ]);
  });

  it("switched on again while the limit switches off stay on for their own time", async () => {
    const store = new MemoryStore(monotonic());
    const wire = new Wire();
    const relay: PointSpec = {
      unit: "",
      kind: "state",
      writable: { value: "boolean", impact: "low", limits: { maxOnMs: 2000 } },
    };
    const h = runtimeOf(store, [wire.info("d", { pump: relay })]);
    await h.send();
    await see(() => h.results.length === 1);
    let release: () => void = () => {};
    wire.onWrite = () =>
      new Promise((resolve) => {
        release = () => resolve({ state: "succeeded" });
      });
    await see(() => wire.written.length === 2); // the limit is switching off
    await h.send({ id: "again" });
    wire.onWrite = async () => ({ state: "succeeded" });
    release();
    await see(() => kinds(store).filter((kind) => kind === "command.limit-reached").length === 2);
    await h.end();
    expect(wire.written.map(([, value]) => value)).toEqual([true, false, true, false]);
  });

  it("with a time of half a millisecond neither stop the store nor move the clock of records", async () => {
    const store = new MemoryStore(monotonic());
    const wire = new Wire();
    const h = runtimeOf(store, [wire.info("s", { presence })], {
      occupancy: "s.presence",
      reservedFor: "disabled",
      debounce: "20ms",
      permits: { grace: "50ms" },
    });
    wire.say("presence", true);
    await see(() => kinds(store).includes("bay.illegal-occupation:raised"));
    await h.made.commands.submit("bay", "permit.confirm", { until: Date.now() + 100.25 }, "patrol", new AbortController().signal);
    await see(() => kinds(store).filter((kind) => kind === "bay.illegal-occupation:raised").length === 2);
    await h.end();
    expect(
      store.commits
        .flatMap((c) => [...c.readings, ...c.events])
        .every(({ mono, t0 }) => Number.isInteger(mono) && Number.isInteger(t0)),
    ).toBe(true);
  });

  it("without an answer are unknown", async () => {
    const { wire, send, results, end } = setup();
    wire.onWrite = async () => ({ state: "unknown", code: "command.no-answer" });
    await send();
    await see(() => results.length === 1);
    await end();
    expect(results[0]).toMatchObject({ state: "unknown", code: "command.no-answer" });
  });

  it("found executing at a start are unknown and not repeated; found accepted they run", async () => {
    const store = new MemoryStore(monotonic());
    const body = {
      target: "d.pump",
      action: "set",
      args: { value: true },
      expiresAt: Date.now() + 60_000,
      issuer: "desk",
      origin: "platform",
    };
    const inbox = new Map([
      ["e", { id: "e", received: 0, expires: 1e12, state: "executing", body }],
      ["a", { id: "a", received: 0, expires: 1e12, state: "accepted", body }],
    ]);
    const { wire, results, end } = setup(Object.assign(store, { inbox }));
    await see(() => results.length === 2);
    await end();
    expect(results.map((r) => [r.id, r.state, r.code])).toEqual([
      ["e", "unknown", "command.interrupted"],
      ["a", "succeeded", undefined],
    ]);
    expect(wire.written).toEqual([["pump", true]]);
  });
});

it("an asset that is no longer configured is known until its retained state was cleared", async () => {
  const store = new MemoryStore(monotonic());
  store.saved.set("asset/old-bay", {}).set("asset/bay", undefined).set("counters/old-bay", {});
  const h = runtimeOf(store, [new Wire().info("s", { presence })], { occupancy: "s.presence" });
  expect(h.made.documents.removedAssets()).toEqual(["old-bay"]);
  h.made.documents.clearedAsset("old-bay");
  h.made.documents.clearedAsset("bay");
  expect(h.made.documents.removedAssets()).toEqual([]);
  await h.end();
  const forgotten = store.commits.flatMap(({ states }) => Object.entries(states).filter(([, state]) => state === null));
  expect(forgotten).toEqual([["asset/old-bay", null]]);
});
