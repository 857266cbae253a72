/** What a start switches off, and in which order, of what earlier runs left on. */
import { describe, expect, it, vi } from "vitest";
import { deviceInfo, loadDriver } from "../../../../src/drivers/index.ts";
import { openWires } from "../../../../src/drivers/wires.ts";
import { Alarms } from "../../../../src/edge/alarms.ts";
import { LimitKeeper } from "../../../../src/edge/commands/limits.ts";
import { EdgeRuntime } from "../../../../src/edge/runtime.ts";
import { type Clock, monotonic } from "../../../../src/kit/clock.ts";
import { noLog } from "../../../../src/kit/log.ts";
import { Watchdog } from "../../../../src/kit/loop/watchdog.ts";
import type { CommandTarget, DeviceInfo, EdgeEvent, EventDraft, Limits, Outcome } from "../../../../src/model/index.ts";
import { MemoryStore } from "../../../support/memory/memory-store.ts";
import { farSide, mbap, registers } from "../../drivers/support.ts";

const clock: Clock = { boot: "boot", mono: monotonic, now: () => ({ mono: monotonic(), wall: Date.now(), synced: true }) };
const HOUR = 3_600_000;
const overdue = { begun: 0, offAt: 1000, off: false };

/** A device with a pump and a fan; `obeys` says how the next order to it ends. */
async function started(store: MemoryStore, device = "d", obeys: (point: string) => Outcome = () => ({ state: "succeeded" })) {
  const written: (number | boolean)[] = [];
  const warnings: unknown[] = [];
  const info: DeviceInfo = {
    id: device,
    type: "test",
    silentAfterMs: HOUR,
    points: {
      pump: { unit: "", kind: "state", writable: { value: "boolean", impact: "low", limits: { maxOnMs: HOUR } } },
      fan: { unit: "", kind: "state", writable: { value: "boolean", impact: "low" } },
    },
    open: async () => ({
      async *readings(_ticks, stop) {
        yield [];
        await new Promise<void>((resolve) => stop.addEventListener("abort", () => resolve()));
      },
      async perform(point, value) {
        written.push(value);
        return obeys(point);
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
  const log = { ...noLog, warn: (...args: readonly unknown[]) => void warnings.push(args) };
  const runtime = new EdgeRuntime({ gateway: "gw", store, devices: [info], assets: [], commitMs: 10, clock, log });
  const stop = new AbortController();
  const running = runtime.run(stop.signal);
  return {
    written,
    warnings,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** A database that has run for an hour. */
const used = () => new MemoryStore(monotonic() - HOUR);

const waiting = (id: string, target: string) => {
  const body = { target, action: "set", args: { value: true }, expiresAt: Date.now() + HOUR, issuer: "desk" };
  return [id, { id, received: 0, expires: 2 * HOUR, state: "accepted", body: { ...body, origin: "platform" } }] as const;
};

it.each([
  { off: "at once", fails: 0, written: [false, true] },
  { off: "at the second try", fails: 1, written: [false, false, true] },
])("what has been on for too long is switched off before a command that waited switches it on again: $off", async (way) => {
  const store = used();
  store.saved.set("limit/d.pump", overdue);
  Object.assign(store, { inbox: new Map([waiting("c", "d.pump")]) });
  let tries = 0;
  const obeys = (): Outcome => (tries++ < way.fails ? { state: "failed", code: "bus.timeout" } : { state: "succeeded" });
  await using at = await started(store, "d", obeys);
  await vi.waitFor(() => expect(at.written).toHaveLength(way.written.length), 15_000);
  expect(at.written).toEqual(way.written);
});

it("what cannot be switched off is not switched on by a command that waited; another target's is done", async () => {
  const store = used();
  store.saved.set("limit/d.pump", overdue);
  Object.assign(store, { inbox: new Map([waiting("c", "d.pump"), waiting("f", "d.fan")]) });
  const obeys = (point: string): Outcome => ({ state: point === "fan" ? "succeeded" : "unknown", code: "command.no-answer" });
  await using at = await started(store, "d", obeys);
  const ends = () => store.happened().filter(({ kind }) => kind === "command.refused" || kind === "command.succeeded");
  await vi.waitFor(() => expect(ends()).toHaveLength(2), 15_000);
  expect(ends().find(({ kind }) => kind === "command.refused")).toMatchObject({ command: "c", code: "command.not-switched-off" });
  expect(at.written.toSorted()).toEqual([false, false, true]);
});

it("the time off counts after a second power cut too", async () => {
  const store = used();
  // On since a while, for ten minutes more; then off for eight.
  store.saved.set("limit/d.pump", { begun: -60_000, offAt: 600_000, off: false });
  const ended = { boot: "boot", mono: store.epoch.opened - 480_000, wall: Date.now(), synced: true };
  Object.assign(store, { formerEnd: ended, running: () => 0 });
  await using at = await started(store);
  await vi.waitFor(
    () => expect(store.saved.get("limit/d.pump")).toEqual({ begun: -540_000, offAt: 120_000, off: false }),
    15_000,
  );
  expect(at.written).toEqual([]);
});

it("what is no longer configured is left alone, and goes off when it is there again", async () => {
  const store = used();
  store.saved.set("limit/d.pump", overdue).set("limit/old.pump", overdue);
  await using at = await started(store);
  await vi.waitFor(() => expect(at.written).toEqual([false]), 15_000);
  expect(at.warnings).toEqual([]);
  await using again = await started(store, "old");
  await vi.waitFor(() => expect(again.written).toEqual([false]), 15_000);
});

it.each([
  ["d", "normal"],
  ["other", "removed"],
])(
  "an alarm of a load that stayed on outlives a restart, and ends when it is off or no longer there (%s)",
  async (id, reason) => {
    const store = used();
    const alarm = { id: "a", kind: "command.limit-missed", severity: "high", since: 1, device: "d" };
    store.saved.set("limit/d.pump", overdue).set("alarm/d.pump|maxOn", alarm);
    await using _at = await started(store, id);
    await vi.waitFor(
      () => expect(store.happened().filter(({ state }) => state === "cleared")).toMatchObject([{ id: "a", reason }]),
      15_000,
    );
    expect(store.happened().filter(({ state }) => state === "raised")).toEqual([]);
    expect(store.saved.get("alarm/d.pump|maxOn")).toBeNull();
  },
);

it.each([
  { now: "a min", limits: { min: 10, max: 100, maxOn: "1h" }, saved: 0, written: 10 },
  { now: "a max below what was the min", limits: { max: 5, maxOn: "1h" }, saved: 10, written: 0 },
  { now: "no limits", limits: undefined, saved: 10, written: 10 },
  { now: "a max below nothing", limits: { max: -5 }, saved: 0, written: -5 },
  { now: "a number, and was a switch", limits: undefined, saved: false, written: 0 },
  { now: "a number with a min, and was a switch", limits: { min: 10 }, saved: false, written: 10 },
])("a load left on is switched off by what may be written now: $now", async ({ limits, saved, written }) => {
  await using far = await farSide("tcp", ({ fc, bytes, socket, transaction }) =>
    socket.write(fc === 6 ? bytes : mbap(transaction, registers(1, 3, 50))),
  );
  await using wires = openWires({ plant: far.spec }, noLog);
  const driver = await loadDriver("modbus-points");
  const speed = { fc: 3, address: 1, decode: "int16", writable: true, limits };
  const fan = deviceInfo("fan", driver, driver.options.parse({ unit: 1, every: "1s", points: { speed } }), "plant", wires);
  const store = used();
  store.saved.set("limit/fan.speed", { begun: 0, offAt: 1000, off: saved });
  const runtime = new EdgeRuntime({ gateway: "gw", store, devices: [fan], assets: [], commitMs: 10, clock, log: noLog });
  const stop = new AbortController();
  const running = runtime.run(stop.signal);
  try {
    await vi.waitFor(() => expect(store.saved.get("limit/fan.speed")).toMatchObject({ offAt: null, off: written }), 15_000);
    const told = far.asked.filter(({ fc }) => fc === 6).map(({ bytes }) => bytes.readInt16BE(10));
    expect(told).toEqual([written]);
  } finally {
    stop.abort();
    await running;
  }
});

it("a switch that was a number is told what a switch is told", async () => {
  const store = used();
  store.saved.set("limit/d.pump", { ...overdue, off: 10 });
  await using at = await started(store);
  await vi.waitFor(() => expect(at.written).toEqual([false]), 15_000);
});

function kept(marks: ReadonlyMap<string, unknown> = new Map()) {
  const events: EventDraft[] = [];
  const at = {
    running: 0,
    saved: new Map<string, unknown>(),
    limits: { maxOnMs: 1000, minIntervalMs: 100 },
    events,
    outcome: { state: "succeeded" } as Outcome,
    tries: 0,
  };
  const sink = {
    raise: (draft: EventDraft, mono: number) => {
      events.push(draft);
      return { ...draft, id: "x", seq: 1, after: 0, since: mono } as unknown as EdgeEvent;
    },
    save: () => undefined,
    openAlarms: () => undefined,
    wall: (mono: number) => ({ wall: mono, synced: true }),
  };
  const host = {
    mono: () => at.running,
    running: () => at.running,
    save: (key: string, mark: unknown) => void at.saved.set(key, mark),
    raise: (draft: EventDraft) => void events.push(draft),
    flush: async () => undefined,
    perform: async () => {
      at.tries += 1;
      return at.outcome;
    },
    alone: (_: string, work: () => Promise<void>) => work(),
    log: noLog,
    alarms: new Alarms(sink, new Map()),
  };
  const target: CommandTarget = {
    target: "d.pump",
    action: "set",
    args: { value: { type: "boolean", required: true } },
    impact: "low",
    safe: false,
    limits: at.limits,
  };
  const keeper = new LimitKeeper(host, marks, 0, new Map([[target.target, target]]));
  const order = (value: number | boolean, end: Outcome["state"], limits: Limits | undefined = at.limits) => {
    keeper.begin("d.pump", value, limits);
    keeper.ended("d.pump", value, end);
    return at.saved.get("limit/d.pump");
  };
  return Object.assign(at, { keeper, order });
}

it.each([
  ["a switch", true, false, {}],
  ["a number", 40, 0, {}],
  ["a number that cannot be less", 40, 10, { min: 10, max: 90 }],
])("%s may be switched off at any time; on again only when the shortest time is over since then", (_, on, off, range) => {
  const at = kept();
  const limits = { ...range, minIntervalMs: 100 };
  at.order(on, "succeeded", limits);
  at.running = 50;
  expect([on, off].map((value) => at.keeper.mayBegin("d.pump", value, limits))).toEqual([false, true]);
  at.order(off, "succeeded", limits);
  at.running = 149;
  expect([on, off].map((value) => at.keeper.mayBegin("d.pump", value, limits))).toEqual([false, true]);
  at.running = 150;
  expect(at.keeper.mayBegin("d.pump", on, limits)).toBe(true);
});

it("an order that expired before it was sent is as if it had never been", () => {
  const at = kept();
  expect(at.order(true, "expired")).toBeNull();
  expect(at.keeper.mayBegin("d.pump", true, at.limits)).toBe(true);
  const on = at.order(true, "succeeded");
  expect(on).toEqual({ begun: 0, offAt: 1000, off: false });
  at.running = 500;
  expect(at.order(true, "expired")).toEqual(on);
  expect(at.order(false, "expired")).toEqual(on);
  expect(at.keeper.mayBegin("d.pump", true, at.limits)).toBe(true);
  const off = at.order(false, "succeeded");
  expect(off).toEqual({ begun: 500, offAt: null, off: false });
  at.running = 900;
  expect(at.order(true, "expired")).toEqual(off);
});

it("an order that failed moves no deadline, and makes one where there was none: the far side may have heard it", () => {
  const at = kept();
  expect(at.order(true, "failed")).toEqual({ begun: 0, offAt: 1000, off: false });
  at.running = 500;
  expect(at.order(true, "succeeded")).toMatchObject({ offAt: 1500 });
  at.running = 900;
  expect(at.order(true, "failed")).toMatchObject({ begun: 900, offAt: 1500 });
  expect(at.order(true, "unknown")).toMatchObject({ offAt: 1900 });
});

it("a deadline of former limits outlives an order that was not carried out when there are none any more", () => {
  const at = kept(new Map([["limit/d.pump", overdue]]));
  expect(at.order(true, "expired", {})).toEqual(overdue);
  expect(at.order(true, "failed", {})).toEqual(overdue);
  expect(at.order(true, "failed", { minIntervalMs: 100 })).toEqual(overdue);
  expect(at.order(false, "succeeded", {})).toEqual({ ...overdue, offAt: null });
});

it.each([
  ["none any more", {}],
  ["only how often", { minIntervalMs: 100 }],
])("an alarm of former limits ends with an order to stay on, when there are %s", async (_, limits) => {
  const at = kept(new Map([["limit/d.pump", overdue]]));
  at.running = 5000;
  at.outcome = { state: "failed", code: "bus.timeout" };
  expect(await at.keeper.isClear("d.pump", new AbortController().signal)).toBe(false);
  at.order(true, "failed", limits);
  expect(at.events.map(({ state }) => state)).toEqual(["raised"]);
  at.order(true, "succeeded", limits);
  expect(at.events.map(({ state }) => state)).toEqual(["raised", "cleared"]);
  expect(await at.keeper.isClear("d.pump", new AbortController().signal)).toBe(true);
  expect(at.tries).toBe(1);
});

describe("what is not switched off at its limit", () => {
  /** The keeper at work, with nothing to switch off before `fails` says how it fails. */
  function watching(code: string) {
    const at = kept();
    at.order(true, "succeeded");
    at.outcome = { state: "failed", code };
    const stop = new AbortController();
    const heartbeat = new Watchdog().heartbeat("limits", 60_000);
    const running = at.keeper.run(stop.signal, heartbeat);
    const tried = async (n: number) => {
      at.running += 5000;
      await vi.waitFor(() => expect(at.tries).toBe(n), 15_000);
    };
    const states = () => at.events.map(({ kind, state }) => [kind, state]);
    return {
      at,
      tried,
      states,
      async [Symbol.asyncDispose]() {
        stop.abort();
        await running;
      },
    };
  }
  const missed = (state: string) => ["command.limit-missed", state];

  it("is told once, with what to do, and cleared when it is off", async () => {
    await using keeps = watching("command.out-of-range");
    const { at, tried, states } = keeps;
    await tried(1);
    await tried(2);
    await tried(3);
    expect(states()).toEqual([missed("raised")]);
    const { en = "", it = "" } = at.events[0]?.text ?? {};
    expect(at.events[0]).toMatchObject({ device: "d", severity: "high", cause: { code: "command.out-of-range" } });
    expect(en).toMatch(/^d\.pump is still on after its maximum on-time \(command\.out-of-range\)\. Switch it off on site/);
    expect(it).toMatch(/^d\.pump è ancora acceso .* \(command\.out-of-range\)\. Spegnerlo sul posto/);
    at.outcome = { state: "succeeded" };
    await tried(4);
    await vi.waitFor(
      () => expect(states().slice(1).toSorted()).toEqual([missed("cleared"), ["command.limit-reached", "noted"]].toSorted()),
      15_000,
    );
  });

  it("is cleared when a person switches it off, or on again for as long as it may be", async () => {
    for (const value of [false, true]) {
      await using keeps = watching("bus.timeout");
      await keeps.tried(1);
      keeps.at.order(value, "failed");
      expect(keeps.states()).toEqual([missed("raised")]);
      keeps.at.order(value, "succeeded");
      expect(keeps.states()).toEqual([missed("raised"), missed("cleared")]);
    }
  });
});
