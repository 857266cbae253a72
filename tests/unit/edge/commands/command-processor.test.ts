/** Which commands reach the wire, and how each ends, with a clock in the test's hand and what an earlier run left. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import { openDatabase } from "../../../../src/edge/store/database/sqlite.ts";
import { forgetCommands } from "../../../../src/edge/store/housekeeping/command-retention.ts";
import { tables } from "../../../../src/edge/store/migrations/0001-tables.ts";
import type { InboxRow } from "../../../../src/edge/store/store.ts";
import { EdgeError, toldOf } from "../../../../src/kit/errors.ts";
import type { Outcome } from "../../../../src/model/index.ts";
import { type DeskSetting, openDesk, WALL } from "../../../support/memory/command-desk.ts";
import { folder } from "../store/support.ts";

const HOUR = 3_600_000;
const never = new AbortController().signal;

/** Answers how many bytes the heap holds once nothing is left to collect. */
function heapMeter(): () => number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  return () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
}

const opened = ({ safe = false, ...setting }: DeskSetting & { readonly safe?: boolean } = {}) =>
  openDesk("gate.open", { safe }, setting);

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
    await at.processor.resume(never);
    expect(await at.ended()).toEqual([["succeeded", undefined]]);
    expect(at.written).toEqual([true]);
  });

  it.each(["platform", "local", "rule"])(
    "from %s is not done while nobody knows the time: nobody knows how long it lay",
    async (origin) => {
      const at = opened({ saved: [left(origin, LONG)] });
      Object.assign(at.now, { synced: false, wall: 1000 });
      await at.processor.resume(never);
      expect(await at.ended()).toEqual([["refused", "command.clock-unsynced"]]);
      expect(at.written).toEqual([]);
    },
  );

  it("is done without the right time when that is safe", async () => {
    const at = opened({ safe: true, saved: [left("platform", LONG)] });
    Object.assign(at.now, { synced: false, wall: 1000 });
    await at.processor.resume(never);
    expect(await at.ended()).toEqual([["succeeded", undefined]]);
  });

  it.each([
    ["by the clock", { synced: true }, { saved: [left("platform", LONG, WALL)] }],
    ["by the running time, whatever the clock says", { synced: false, wall: 1000 }, { saved: [left("platform", 1_000_000)] }],
    ["by the time off", { synced: false, wall: 1000 }, { offMs: 2 * HOUR, saved: [left("platform", LONG)] }],
  ])("and is over %s is expired", async (_, clock, setting) => {
    const at = opened({ safe: true, ...setting });
    Object.assign(at.now, clock);
    await at.processor.resume(never);
    expect(await at.ended()).toEqual([["expired", "command.expired"]]);
    expect(at.written).toEqual([]);
  });
});

describe("a command that waits for the one before it", () => {
  async function behind(setting: DeskSetting & { readonly safe?: boolean }, clock: Readonly<Record<string, unknown>>) {
    const at = opened(setting);
    await at.processor.resume(never);
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
    await at.processor.resume(never);
    Object.assign(at.now, { synced: false, wall: WALL + 1000 * HOUR });
    await at.send();
    expect(await at.ended()).toEqual([["succeeded", undefined]]);
  });
});

it("commands that come at once on one target reach its wire one after the other, in the order they came", async () => {
  const at = opened({ safe: true });
  await at.processor.resume(never);
  const wire: string[] = [];
  let under = 0;
  at.wire.obeys = async () => {
    under += 1;
    wire.push(`begins, ${under} under way`);
    for (let round = 0; round < 20; round += 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    under -= 1;
    return { state: "succeeded" };
  };
  const ids = Array.from({ length: 20 }, (_, i) => `c${i}`);
  await Promise.all(ids.map((id, i) => at.send({ id, args: { value: i % 2 === 0 } })));
  await at.ended(ids.length);
  expect(at.told.map(({ id }) => id)).toEqual(ids);
  expect(at.written).toEqual(ids.map((_, i) => i % 2 === 0));
  expect(wire).toEqual(ids.map(() => "begins, 1 under way"));
});

it("a listener of answers that throws takes none from the others, and no command its end", async () => {
  const at = opened();
  await at.processor.resume(never);
  const heard: string[] = [];
  at.processor.onResult(() => {
    throw new Error("no such reader");
  });
  at.processor.onResult(({ id }) => heard.push(id));
  await at.send({ id: "first" });
  await at.send({ id: "second" });
  await at.ended(2);
  expect(heard).toEqual(["first", "second"]);
  expect(at.log.all.filter(({ event }) => event === "listener.failed")).toHaveLength(2);
});

describe("a command that begins", () => {
  it.each([
    ["by the clock", {}, 60_000],
    ["by the running time, when nobody knows the time", { synced: false, wall: 1000 }, 60_000],
    ["by the clock, when it came late", { wall: WALL + 20_000 }, 40_000],
  ])("is told the last moment for it %s, and ends as its device says", async (_, clock, leftMs) => {
    const at = opened({ safe: true });
    await at.processor.resume(never);
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
  const told = toldOf(new EdgeError("bus.exception", { unit: 3, exception: 2 }));
  await at.processor.resume(never);
  at.wire.obeys = async () => ({ state: "failed", code, ...(code === "bus.exception" && { told }) });
  await at.send();
  await at.ended();
  expect(at.told[0]).toMatchObject({
    state: "failed",
    code,
    detail,
    told: { what: { en: detail, it: expect.stringMatching(/rifiutato|accetta/) } },
  });
  // What is kept is what the platform is sent.
  expect(JSON.stringify(at.rows.at(-1))).not.toContain("told");
});

it("what a command did is known for thirty days of running time after its end, however many come, and no longer", async () => {
  const DAY = 24 * HOUR;
  const at = opened();
  await using place = await folder();
  const db = await openDatabase(place.file, "create");
  await db.script(tables);
  await at.processor.resume(never);
  await at.send();
  await at.ended();
  const later = async (days: number) => {
    Object.assign(at.now, { mono: 1_060_000 + days * DAY, wall: WALL + 60_000 + days * DAY });
    for (let i = 0; i < 1000; i += 1) await at.send({ id: `other-${days}-${i}`, gateway: "other" });
    for (const { id, received, expires, state } of at.rows.splice(0))
      await db.run("INSERT OR REPLACE INTO inbox (id, received, expires, state, body) VALUES (?, ?, ?, ?, '{}')", [
        id,
        received,
        expires,
        state,
      ]);
    at.processor.forget((await forgetCommands(db, at.now.mono)).ids);
    at.told.length = 0;
    await at.send({ issuedAt: at.now.wall, expiresAt: at.now.wall + 60_000 });
    expect(await at.ended()).toEqual([["succeeded", undefined]]);
  };
  await later(29);
  expect(at.written).toHaveLength(1);
  await later(31);
  expect(at.written).toHaveLength(2);
  await db.close();
});

describe("a malformed copy", () => {
  const malformed = { issuedAt: "yesterday" };

  it("of a command under way takes nothing away from it: one answer, and that is how it ended", async () => {
    const at = opened();
    let end: (outcome: Outcome) => void = () => undefined;
    at.wire.obeys = () =>
      new Promise((resolve) => {
        end = resolve;
      });
    await at.processor.resume(never);
    await at.send();
    await vi.waitFor(() => expect(at.written).toEqual([true]), 15_000);
    const before = at.events.length;
    await at.send(malformed);
    expect(at.told).toEqual([]);
    expect(at.events).toHaveLength(before);
    end({ state: "succeeded" });
    expect(await at.ended()).toEqual([["succeeded", undefined]]);
  });

  it("of one that has ended gets the same answer again, and is no event", async () => {
    const at = opened();
    await at.processor.resume(never);
    await at.send();
    await at.ended();
    const before = at.events.length;
    await at.send(malformed);
    expect(at.told[1]).toEqual(at.told[0]);
    expect(at.events).toHaveLength(before);
  });

  it("of one that was refused is answered like the first", async () => {
    const at = opened();
    await at.processor.resume(never);
    // The first ten are kept in the inbox; of the others the answer is remembered.
    for (let i = 0; i < 11; i += 1) await at.send({ id: `r-${i}`, target: "nothing" });
    for (const id of ["r-0", "r-10"]) await at.send({ ...malformed, id });
    expect(at.told.slice(-2).map(({ id, code }) => [id, code])).toEqual([
      ["r-0", "command.unknown-target"],
      ["r-10", "command.unknown-target"],
    ]);
    expect(at.events).toHaveLength(10);
  });
});

describe("a burst of refusals", () => {
  const bytes = (value: unknown) => JSON.stringify(value).length;
  const long = "x".repeat(200);
  const body = (i: number) => ({
    id: `r-${i}`,
    target: long,
    action: long,
    issuer: long,
    args: { [long.slice(0, 150)]: "y".repeat(4000) },
  });

  it("is told as ten events and one for the rest, and leaves ten short rows in the inbox", async () => {
    const at = opened();
    await at.processor.resume(never);
    for (let i = 0; i < 5000; i += 1) await at.send(body(i));
    expect(at.told).toHaveLength(5000);
    expect(new Set(at.told.map(({ code }) => code))).toEqual(new Set(["command.unknown-target"]));
    expect(at.events).toHaveLength(10);
    expect(at.rows).toHaveLength(10);
    expect(bytes(at.events) + bytes(at.rows)).toBeLessThan(25_000);
    Object.assign(at.now, { mono: at.now.mono + 60_000 });
    at.processor.look(at.now.mono);
    expect(at.events).toHaveLength(11);
    expect(at.events[10]).toMatchObject({
      kind: "command.refused",
      text: {
        en: "4990 further commands refused within a minute",
        it: "4990 altri comandi rifiutati nell'ultimo minuto",
      },
      extra: {
        count: 4990,
        ids: Array.from({ length: 10 }, (_, i) => `r-${10 + i}`),
        codes: { "command.unknown-target": 4990 },
      },
    });
    // The next minute begins anew.
    await at.send(body(5000));
    expect(at.events).toHaveLength(12);
  });

  it("names what was only counted when the gateway stops", async () => {
    const at = opened();
    await at.processor.resume(never);
    for (let i = 0; i < 11; i += 1) await at.send(body(i));
    at.processor.rest();
    expect(at.events.at(-1)).toMatchObject({ extra: { count: 1, ids: ["r-10"] } });
  });

  it("is answered alike when it comes again, though the reason is over, and nothing is done", async () => {
    const at = opened();
    await at.processor.resume(never);
    Object.assign(at.now, { synced: false });
    for (let i = 0; i < 20; i += 1) await at.send({ id: `r-${i}` });
    Object.assign(at.now, { synced: true });
    at.told.length = 0;
    for (let i = 0; i < 20; i += 1) await at.send({ id: `r-${i}` });
    expect(new Set(at.told.map(({ code }) => code))).toEqual(new Set(["command.clock-unsynced"]));
    expect(at.told).toHaveLength(20);
    expect(at.written).toEqual([]);
    await at.send({ id: "other" });
    await at.ended(21);
    expect(at.written).toEqual([true]);
  });

  it("of what came too soon accepts none of it first", async () => {
    const limits = { minIntervalMs: HOUR };
    const at = opened({ limits });
    await at.processor.resume(never);
    await at.send({ id: "first" });
    await at.ended();
    const before = at.events.length;
    for (let i = 0; i < 100; i += 1) await at.send({ id: `r-${i}` });
    expect(at.told.filter(({ code }) => code === "command.too-soon")).toHaveLength(100);
    expect(at.events).toHaveLength(before + 10);
    expect(at.written).toEqual([true]);
  });

  it.each([
    ["is malformed in words of its own", { args: { ["z".repeat(100_000)]: 1 } }],
    ["names a gateway that is none", { gateway: "g".repeat(100_000) }],
    ["has an id as long as a message", { id: "i".repeat(100_000) }],
  ])("that %s is told and answered in a few words", async (_, more) => {
    const at = opened();
    await at.processor.resume(never);
    await at.send(more);
    expect(at.events).toHaveLength(1);
    expect(bytes(at.events)).toBeLessThan(2000);
    expect(bytes(at.told)).toBeLessThan(2000);
  });

  it("of malformed ones, however many, leaves next to nothing in memory", async () => {
    const at = opened();
    await at.processor.resume(never);
    const held = heapMeter();
    const flood = async (from: number) => {
      for (let i = from; i < from + 30_000; i += 1)
        await at.send(i % 2 ? { id: `r-${i}`, issuedAt: `${i}${long}` } : { id: `${i}${long}`, [`${long}${i}`]: i });
      at.told.length = 0;
    };
    await flood(0);
    const before = held();
    await flood(30_000);
    expect(held() - before).toBeLessThan(3_000_000);
    expect(at.events).toHaveLength(10);
  }, 120_000);

  it("is answered each time when it comes twice at once", async () => {
    const at = opened();
    await at.processor.resume(never);
    await Promise.all([at.send({ target: "nothing.here" }), at.send({ target: "nothing.here" })]);
    expect(at.told.map(({ code }) => code)).toEqual(["command.unknown-target", "command.unknown-target"]);
    expect(at.rows).toHaveLength(1);
  });

  it("told one by one, ten a minute for a day, leaves next to nothing in memory", async () => {
    const at = opened();
    await at.processor.resume(never);
    const held = heapMeter();
    const day = async (name: string) => {
      for (let i = 0; i < 14_400; i += 1) {
        if (i % 10 === 0) at.now.mono += 60_000;
        await at.send({ id: `${name}-${i}`, target: "nothing.here" });
      }
      for (const list of [at.told, at.events]) list.length = 0;
      at.rows.length = 0;
    };
    await day("first");
    const before = held();
    await day("second");
    expect(held() - before).toBeLessThan(3_000_000);
  }, 120_000);
});
