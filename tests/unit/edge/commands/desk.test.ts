/** Commands, a clock in the test's hand and what an earlier run left go in; which of them reach the wire, and how each ended, come out. */
import { describe, expect, it, vi } from "vitest";
import { CommandDesk } from "../../../../src/edge/commands/desk.ts";
import { Lanes } from "../../../../src/edge/commands/lanes.ts";
import { LimitKeeper } from "../../../../src/edge/commands/limits.ts";
import type { InboxRow } from "../../../../src/edge/parts.ts";
import { noLog } from "../../../../src/kit/log.ts";
import type { CommandResult, CommandTarget, Outcome } from "../../../../src/model.ts";

const WALL = 1_764_000_000_000;
const HOUR = 3_600_000;
const never = new AbortController().signal;

interface Setting {
  readonly safe?: boolean;
  /** Time off before this run, where it is known. */
  readonly offMs?: number;
  readonly saved?: readonly InboxRow[];
}

/** The wire obeys at once, or when the test says so. */
function opened({ safe = false, offMs = 0, saved = [] }: Setting = {}) {
  const now = { mono: 1_000_000, wall: WALL, synced: true };
  const written: (number | boolean)[] = [];
  const told: CommandResult[] = [];
  const wire = { obeys: async (_latest?: number): Promise<Outcome> => ({ state: "succeeded" }) };
  const lanes = new Lanes();
  const host = {
    mono: () => now.mono,
    running: () => now.mono,
    raise: () => undefined,
    save: () => undefined,
    inbox: () => undefined,
    flush: async () => undefined,
    rule: () => undefined,
    alone: (target: string, work: () => Promise<void>) => lanes.alone(target, work),
    perform: async (_target: string, value: number | boolean, _stop: AbortSignal, latest?: number) => {
      written.push(value);
      return wire.obeys(latest);
    },
  };
  const target: CommandTarget = {
    target: "gate.open",
    action: "set",
    args: { value: { type: "boolean", required: true } },
    impact: "low",
    safe,
  };
  const desk = new CommandDesk({
    gateway: "gw",
    targets: [target],
    assets: new Set(),
    host,
    limits: new LimitKeeper(
      { ...host, alarms: { raise: () => undefined, clear: () => undefined }, log: noLog },
      new Map(),
      0,
      new Map([[target.target, target]]),
    ),
    clock: { boot: "b", mono: () => now.mono, now: () => ({ ...now }) },
    log: noLog,
    saved: new Map(saved.map((row) => [row.id, row])),
    offMs,
    knowsFrom: null,
  });
  desk.onResult((result) => told.push(result));
  const send = (more: Readonly<Record<string, unknown>> = {}) =>
    desk.receive(
      {
        origin: "platform",
        retained: false,
        body: {
          v: 1,
          id: "c",
          gateway: "gw",
          target: "gate.open",
          action: "set",
          args: { value: true },
          issuedAt: WALL,
          expiresAt: WALL + 60_000,
          issuer: "desk",
          ...more,
        },
      },
      never,
    );
  const ended = (n = 1) =>
    vi.waitFor(() => expect(told).toHaveLength(n), 15_000).then(() => told.map(({ state, code }) => [state, code]));
  return { desk, now, wire, written, told, send, ended };
}

describe("a command that a start finds accepted", () => {
  const left = (origin: string, expires: number, expiresAt = WALL + HOUR): InboxRow => ({
    id: "c",
    received: 0,
    expires,
    state: "accepted",
    body: { target: "gate.open", action: "set", args: { value: true }, expiresAt, issuer: "desk", origin },
  });
  const LONG = 1_000_000 + HOUR;

  it("is done while its time lasts", async () => {
    const at = opened({ saved: [left("platform", LONG)] });
    await at.desk.resume(never);
    expect(await at.ended()).toEqual([["succeeded", undefined]]);
    expect(at.written).toEqual([true]);
  });

  it.each(["platform", "local", "rule"])(
    "from %s is not done while nobody knows the time: nobody knows how long it lay",
    async (origin) => {
      const at = opened({ saved: [left(origin, LONG)] });
      Object.assign(at.now, { synced: false, wall: 1000 });
      await at.desk.resume(never);
      expect(await at.ended()).toEqual([["refused", "command.clock-unsynced"]]);
      expect(at.written).toEqual([]);
    },
  );

  it("is done without the right time when that is safe", async () => {
    const at = opened({ safe: true, saved: [left("platform", LONG)] });
    Object.assign(at.now, { synced: false, wall: 1000 });
    await at.desk.resume(never);
    expect(await at.ended()).toEqual([["succeeded", undefined]]);
  });

  it.each([
    ["by the clock", { synced: true }, { saved: [left("platform", LONG, WALL)] }],
    ["by the running time, whatever the clock says", { synced: false, wall: 1000 }, { saved: [left("platform", 1_000_000)] }],
    ["by the time off", { synced: false, wall: 1000 }, { offMs: 2 * HOUR, saved: [left("platform", LONG)] }],
  ])("and is over %s is expired", async (_, clock, setting) => {
    const at = opened({ safe: true, ...setting });
    Object.assign(at.now, clock);
    await at.desk.resume(never);
    expect(await at.ended()).toEqual([["expired", "command.expired"]]);
    expect(at.written).toEqual([]);
  });
});

describe("a command that waits for the one before it", () => {
  async function behind(setting: Setting, clock: Readonly<Record<string, unknown>>) {
    const at = opened(setting);
    await at.desk.resume(never);
    Object.assign(at.now, clock);
    let obey: () => void = () => undefined;
    at.wire.obeys = () =>
      new Promise((resolve) => {
        obey = () => resolve({ state: "succeeded" });
      });
    await at.send({ id: "first" });
    await vi.waitFor(() => expect(at.written).toHaveLength(1), 15_000);
    await at.send({ id: "second" });
    return { at, obey: () => obey() };
  }

  it.each([
    ["by the clock", {}, { wall: WALL + 60_000 }],
    ["by the running time, when the clock was set back", {}, { wall: WALL - HOUR, mono: 1_060_000 }],
    ["by the running time, when nobody knows the time", { synced: false, wall: 1000 }, { mono: 1_060_000 }],
  ])("is expired when its time is over %s", async (_, before, after) => {
    const { at, obey } = await behind({ safe: true }, before);
    Object.assign(at.now, after);
    obey();
    expect(await at.ended(2)).toEqual([
      ["succeeded", undefined],
      ["expired", "command.expired"],
    ]);
    expect(at.written).toHaveLength(1);
  });

  it("is done though the clock, which nobody trusts, stands far ahead", async () => {
    const at = opened({ safe: true });
    await at.desk.resume(never);
    Object.assign(at.now, { synced: false, wall: WALL + 1000 * HOUR });
    await at.send();
    expect(await at.ended()).toEqual([["succeeded", undefined]]);
  });
});

describe("a command that begins", () => {
  it.each([
    ["by the clock", {}, 60_000],
    ["by the running time, when nobody knows the time", { synced: false, wall: 1000 }, 60_000],
    ["by the clock, when it came late", { wall: WALL + 20_000 }, 40_000],
  ])("is told the last moment for it %s, and ends as its device says", async (_, clock, leftMs) => {
    const at = opened({ safe: true });
    await at.desk.resume(never);
    Object.assign(at.now, clock);
    const seen: unknown[] = [];
    at.wire.obeys = async (latest) => {
      seen.push(latest);
      return { state: "expired", code: "command.expired" };
    };
    await at.send();
    expect(await at.ended()).toEqual([["expired", "command.expired"]]);
    expect(seen).toEqual([at.now.mono + leftMs]);
  });
});

it.each([
  ["in the words of its device", "bus.exception", "Unit 3 refused the request (Modbus exception 2)"],
  ["by its code, where the device has no more to say", "command.out-of-range", "Argument value is not as gate.open takes it"],
])("a command that fails says why %s", async (_, code, detail) => {
  const at = opened();
  await at.desk.resume(never);
  at.wire.obeys = async () => ({ state: "failed", code, ...(code === "bus.exception" && { detail }) });
  await at.send();
  await at.ended();
  expect(at.told[0]).toMatchObject({ state: "failed", code, detail });
});

it("what a command did is known for thirty days of running time after its end, however many come, and no longer", async () => {
  const DAY = 24 * HOUR;
  const at = opened();
  await at.desk.resume(never);
  await at.send();
  await at.ended();
  const later = async (days: number) => {
    Object.assign(at.now, { mono: 1_060_000 + days * DAY, wall: WALL + 60_000 + days * DAY });
    for (let i = 0; i < 1000; i += 1) await at.send({ id: `other-${days}-${i}`, gateway: "other" });
    at.told.length = 0;
    await at.send({ issuedAt: at.now.wall, expiresAt: at.now.wall + 60_000 });
    expect(await at.ended()).toEqual([["succeeded", undefined]]);
  };
  await later(29);
  expect(at.written).toHaveLength(1);
  await later(31);
  expect(at.written).toHaveLength(2);
});
