/** The soak's leak check finds what grows, also in a process that leaks on purpose, and forgives what comes and goes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { afterEach, describe, expect, it } from "vitest";
import { levelLine, levels } from "../../../hw-sim/soak/leak-check.ts";
import { measure, type Sample } from "../../../hw-sim/soak/measure.ts";

const STILL: Sample = { rss: 80e6, heap: 20e6, outside: 4e6, listeners: 200, timers: 30, descriptors: 50, children: 9 };
const series = (change: (n: number) => Partial<Sample>): readonly Sample[] =>
  Array.from({ length: 40 }, (_, n) => ({ ...STILL, ...change(n) }));
const growing = (samples: readonly Sample[]): readonly string[] =>
  levels(samples).flatMap(({ flat, figure }) => (flat ? [] : [figure]));

describe("a long run", () => {
  it("that holds the same all along is flat, also when it took more to warm up", () => {
    expect(growing(series(() => ({})))).toEqual([]);
    expect(growing(series((n) => (n < 20 ? { rss: (60 + n) * 1e6, listeners: 100 + n } : {})))).toEqual([]);
  });

  it("in which things come and go is flat", () => {
    expect(growing(series((n) => ({ timers: 30 + (n % 4), descriptors: 50 + (n % 3), rss: 80e6 + (n % 5) * 1e6 })))).toEqual([]);
  });

  it("whose lowest samples differ by chance, while most are the same, is flat", () => {
    expect(growing(series((n) => ({ listeners: n === 15 ? 228 : n === 25 ? 230 : n === 35 ? 238 : 257 })))).toEqual([]);
  });

  it("whose every other quarter has other faults, that leave more going on, is flat; one that keeps something beside that is not", () => {
    const alternating = (n: number) => 200 + 3 * (Math.floor(n / 10) % 2);
    expect(growing(series((n) => ({ listeners: alternating(n) })))).toEqual([]);
    expect(growing(series((n) => ({ listeners: alternating(n) + Math.floor(n / 20) })))).toEqual(["listeners"]);
  });

  it.each(["listeners", "timers", "descriptors", "children"] as const)(
    "that keeps one of the %s after each tenth fault grows",
    (figure) => {
      expect(growing(series((n) => ({ [figure]: STILL[figure] + Math.floor(n / 10) })))).toEqual([figure]);
    },
  );

  it("that keeps 300 kB after each fault grows, and says by more than what", () => {
    const found = levels(series((n) => ({ rss: 80e6 + n * 300e3 }))).filter(({ flat }) => !flat);
    expect(found.map(levelLine)).toEqual(["rss              86.0 MB     89.0 MB   GROWS by more than 2.0 MB"]);
  });

  it("of a few samples proves nothing", () => {
    expect(() => levels(series(() => ({})).slice(0, 11))).toThrow("11 samples are too few");
  });
});

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

/** Takes one line for each thing that it is to keep for good. */
const LEAKY = `
import { EventEmitter } from "node:events";
import { openSync } from "node:fs";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
const kept = [];
const stop = new AbortController();
const emitter = new EventEmitter().setMaxListeners(0);
const leak = {
  listener: () => emitter.on("never", () => {}),
  waiting: () => stop.signal.addEventListener("abort", () => {}),
  timer: () => kept.push(setTimeout(() => {}, 1e8).unref()),
  interval: () => setInterval(() => {}, 1e8),
  done: () => clearTimeout(setTimeout(() => {}, 1e8)),
  descriptor: () => openSync("/dev/null"),
  child: () => spawn("sleep", ["600"], { stdio: "ignore" }),
  memory: () => kept.push(Buffer.alloc(5e6, 1)),
};
createInterface({ input: process.stdin }).on("line", (what) => { leak[what](); console.log(what); }).on("close", () => process.exit());
console.log("ready");
`;

describe("the probe in a process", () => {
  it("sees each thing that is kept, and nothing that is not", async () => {
    const dir = await mkdtemp(join(tmpdir(), "cippo-probe-"));
    cleanUps.push(() => rm(dir, { recursive: true }));
    const [preload, socket] = [join(dir, "probe.mjs"), join(dir, "probe.sock")];
    await build({
      entryPoints: ["hw-sim/soak/probe.ts"],
      outfile: preload,
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
    });
    const args = ["--expose-gc", "--import", preload, "--input-type=module", "--eval", LEAKY];
    const child = spawn(process.execPath, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, CIPPO_PROBE: socket },
      detached: true,
    });
    cleanUps.push(async () => {
      process.kill(-(child.pid ?? 0), "SIGKILL");
      await once(child, "exit");
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    await lines.next();
    await expect.poll(() => existsSync(socket)).toBe(true);
    const look = async () => (await measure(child.pid ?? 0, socket)).sample;
    const leak = async (what: string) => {
      child.stdin.write(`${what}\n`);
      await lines.next();
    };
    const before = await look();
    for (const what of ["listener", "waiting", "timer", "interval", "done", "descriptor", "child", "memory"]) await leak(what);
    const after = await look();
    const more = (figure: keyof Sample) => after[figure] - before[figure];
    // A child has listeners of its own.
    expect(more("listeners")).toBeGreaterThanOrEqual(2);
    expect(more("timers")).toBe(2);
    expect(more("children")).toBe(1);
    expect(more("descriptors")).toBeGreaterThanOrEqual(1);
    expect(more("outside")).toBeGreaterThan(4.9e6);
    for (let n = 0; n < 10; n += 1) await leak("listener");
    expect((await look()).listeners - after.listeners).toBe(10);
  });
});
