/** A repeated message keeps a day's log below 1 MB: its beginning, end and number are told, and nothing else is hidden. */
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { EdgeError } from "../../../src/kit/errors.ts";
import { jsonLog } from "../../../src/kit/log.ts";
import type { LimitedLog } from "../../../src/kit/log-limit.ts";
import { keepTrying } from "../../../src/kit/loop/keep-trying.ts";

const DAY_MS = 86_400_000;
const MINUTE = 60_000;
let folder: string;
let fd: number;
let log: LimitedLog;
let mono = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cippo-log-"));
  fd = openSync(join(folder, "log"), "w");
  mono = 10_000;
  log = jsonLog("info", { env: {}, fd, mono: () => mono });
});
afterEach(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true, force: true });
});

interface Line {
  readonly level: string;
  readonly event: string;
  readonly name?: string;
  readonly n?: number;
  readonly failures?: number;
  readonly suppressed?: number;
}
const lines = (): readonly Line[] =>
  readFileSync(join(folder, "log"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);

it("a day of 40 devices that fail and recover every two seconds is below 1 MB; every line is written or counted", {
  timeout: 120_000,
}, () => {
  const context = { code: "bus.timeout", bus: "rs485-cabinet", unit: 17, detail: "x".repeat(200) };
  for (const end = mono + DAY_MS; mono < end; mono += 2000)
    for (let device = 0; device < 40; device += 1) {
      log.warn("loop.failed", { name: `meter-${device}`, failures: 1, ...context });
      log.info("loop.recovered", { name: `meter-${device}`, failures: 1 });
    }
  const before = fstatSync(fd).size;
  expect(before).toBeLessThan(1_000_000);
  // The budget is as good as gone, and an error is told all the same.
  log.error("store.unwritable", { code: "store.unwritable" });
  expect(lines().at(-1)).toMatchObject({ level: "error", event: "store.unwritable" });
  for (let more = 0; more < 48; more += 1) {
    mono += 30 * MINUTE;
    log.flush();
  }
  const told = lines().filter(({ event }) => event === "loop.failed");
  expect(told.reduce((sum, { suppressed = 0 }) => sum + 1 + suppressed, 0)).toBe((40 * DAY_MS) / 2000);
  expect(new Set(told.map(({ name }) => name)).size).toBe(40);
});

it("of a flood the first lines are written at once, the last when its place may write again, with how many lay between", () => {
  for (let n = 1; n <= 100; n += 1) log.warn("loop.failed", { name: "meter", n });
  expect(lines().map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6]);
  for (let i = 0; i < 60; i += 1) {
    mono += MINUTE;
    log.info("sync.online", { broker: "b" });
  }
  const last = lines()
    .filter(({ event }) => event === "loop.failed")
    .at(-1);
  expect(last).toMatchObject({ n: 100, suppressed: 93 });
});

it("what speaks of another thing, or of the same at another level, has its own lines", () => {
  for (let n = 1; n <= 100; n += 1) log.warn("loop.failed", { name: "meter", n });
  log.warn("loop.failed", { name: "bay", n: 1 });
  log.info("loop.recovered", { name: "meter", n: 1 });
  expect(
    lines()
      .slice(6)
      .map(({ event, name }) => `${event} ${name}`),
  ).toEqual(["loop.failed bay", "loop.recovered meter"]);
});

it("things that strangers name without end take no memory without end, and are counted together", () => {
  for (let n = 0; n < 50_000; n += 1) log.warn("sync.retained-refused", { topic: `t/${n}`, n });
  expect(lines().length).toBeLessThan(1100);
  expect(fstatSync(fd).size).toBeLessThan(1_000_000);
});

it("fields that are no JSON break nothing", () => {
  const circle: Record<string, unknown> = { name: "meter" };
  circle["self"] = circle;
  log.warn("loop.failed", { name: "meter", cause: circle });
  log.warn("loop.failed", { name: "meter", cause: new Error("gone"), big: 1n });
  expect(lines().map(({ name }) => name)).toEqual(["meter", "meter"]);
});

it("at the end of a run the last lines are not lost, where they may still be written", () => {
  for (let n = 1; n <= 8; n += 1) log.warn("loop.failed", { name: "meter", n });
  mono += 45 * MINUTE;
  log.flush();
  expect(lines().at(-1)).toMatchObject({ n: 8, suppressed: 1 });
});

it("a loop that fails and recovers without end writes its first failures, and then hardly any", async () => {
  const stop = new AbortController();
  let runs = 0;
  const work = async (_: AbortSignal, works: () => void) => {
    works();
    runs += 1;
    mono += 500;
    if (runs === 500) stop.abort();
    throw new EdgeError("bus.timeout", { bus: "b", device: "d" });
  };
  await keepTrying("flapping", work, { log, stop: stop.signal, waitMs: () => 0 });
  expect(lines().filter(({ event }) => event === "loop.failed")).toHaveLength(6);
  expect(lines().filter(({ event }) => event === "loop.recovered")).toHaveLength(6);
});
