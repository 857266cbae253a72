/** The site's gpiomon, gpioget and gpioset as real processes in both syntaxes, with the words of the real tools. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Chip } from "../../../../hw-sim/site/gpio/chip.ts";
import { Relay } from "../../../../hw-sim/site/gpio/relay.ts";
import { openTools } from "../../../../hw-sim/site/gpio/tools.ts";
import { openWireLog } from "../../../../hw-sim/site/wire-log.ts";
import { monotonic } from "../../../../src/kit/clock.ts";

interface Running {
  readonly child: ChildProcess;
  readonly out: string[];
  readonly err: string[];
  readonly ended: Promise<readonly [code: number | null, signal: string | null]>;
}

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

async function bench(version: 1 | 2) {
  const folder = await mkdtemp(join(tmpdir(), "cippo-gpio-"));
  const chip = new Chip("pinctrl-bcm2711", 58);
  const tools = await openTools({ chip, version, folder });
  cleanUps.push(() => rm(folder, { recursive: true }));
  cleanUps.push(async () => tools[Symbol.asyncDispose]());
  const run = (tool: string, ...args: string[]): Running => {
    const child = spawn(join(folder, tool), args, { stdio: ["ignore", "pipe", "pipe"] });
    const out: string[] = [];
    const err: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(...text.split("\n").slice(0, -1)));
    child.stderr.setEncoding("utf8").on("data", (text: string) => err.push(...text.split("\n").slice(0, -1)));
    const ended = once(child, "close") as Promise<[number | null, string | null]>;
    cleanUps.push(async () => {
      child.kill("SIGKILL");
      await ended;
    });
    return { child, out, err, ended };
  };
  const monitoring = async (line: number): Promise<void> => void (await expect.poll(() => chip.busy(line)).toBe(true));
  return { chip, run, monitoring, close: () => tools[Symbol.asyncDispose]() };
}

describe("libgpiod 1.6", () => {
  it("tells its version as the real one", async () => {
    const { run } = await bench(1);
    const tool = run("gpiomon", "--version");
    expect(await tool.ended).toEqual([0, null]);
    expect(tool.out[0]).toBe("gpiomon (libgpiod) v1.6.3");
  });

  it.each(["gpiochip0", "/dev/gpiochip0", "0"])("gpioget %s reads levels", async (chipName) => {
    const { chip, run } = await bench(1);
    chip.drive(5, 1);
    const tool = run("gpioget", "--bias=pull-up", chipName, "4", "5");
    expect(await tool.ended).toEqual([0, null]);
    expect(tool.out).toEqual(["0 1"]);
  });

  it("gpiomon prints each edge at once with kernel time", async () => {
    const { chip, run, monitoring } = await bench(1);
    const tool = run("gpiomon", "--line-buffered", "--format=%e %o %s %n", "-B", "pull-up", "gpiochip0", "22");
    await monitoring(22);
    const before = monotonic();
    chip.drive(22, 1);
    await expect.poll(() => tool.out.length).toBe(1);
    for (let i = 0; i < 200; i++) chip.drive(22, (i % 2) as 0 | 1);
    await expect.poll(() => tool.out.length).toBe(201);
    expect(tool.out.map((text) => text.split(" ")[0])).toEqual(Array.from({ length: 201 }, (_, i) => String((i + 1) % 2)));
    const [, line, seconds, nanos] = (tool.out[0] ?? "").split(" ");
    expect(line).toBe("22");
    const at = Number(seconds) * 1000 + Number(nanos) / 1e6;
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThan(before + 1000);
  });

  it("speaks of events in its own words without a format", async () => {
    const { chip, run, monitoring } = await bench(1);
    const tool = run("gpiomon", "-b", "-n", "2", "gpiochip0", "22");
    await monitoring(22);
    chip.drive(22, 1);
    chip.drive(22, 0);
    expect(await tool.ended).toEqual([0, null]);
    expect(tool.out[0]).toMatch(/^event: {2}RISING EDGE offset: 22 timestamp: \[ *\d+\.\d{9}\]$/);
    expect(tool.out[1]).toMatch(/^event: FALLING EDGE offset: 22/);
  });

  it("refuses a line that is monitored already, and gives it back when the monitor is ended", async () => {
    const { chip, run, monitoring } = await bench(1);
    const first = run("gpiomon", "-b", "gpiochip0", "22");
    await monitoring(22);
    const second = run("gpiomon", "-b", "gpiochip0", "22");
    expect(await second.ended).toEqual([1, null]);
    expect(second.err).toEqual(["gpiomon: error waiting for events: Device or resource busy"]);
    const get = run("gpioget", "gpiochip0", "22");
    expect(await get.ended).toEqual([1, null]);
    expect(get.err).toEqual(["gpioget: error reading GPIO values: Device or resource busy"]);
    first.child.kill("SIGTERM");
    expect(await first.ended).toEqual([0, null]); // it takes SIGTERM as a wish to end well
    await expect.poll(() => chip.busy(22)).toBe(false);
  });

  it("complains of what it does not know", async () => {
    const { run } = await bench(1);
    const cases: [string[], string][] = [
      [["--bogus"], "gpiomon: unrecognized option '--bogus'"],
      [["gpiochip7", "3"], "gpiomon: error waiting for events: No such file or directory"],
      [["gpiochip0"], "gpiomon: at least one GPIO line offset must be specified"],
      [["gpiochip0", "x"], "gpiomon: invalid GPIO offset: x"],
      [["--bias=disabled", "gpiochip0", "3"], "gpiomon: invalid bias: disabled"],
    ];
    for (const [args, complaint] of cases) {
      const tool = run("gpiomon", ...args);
      expect(await tool.ended).toEqual([1, null]);
      expect(tool.err[0]).toBe(complaint);
    }
  });

  it("gpioset drives a line for as long as its mode says", async () => {
    const { chip, run } = await bench(1);
    const tool = run("gpioset", "--mode=signal", "gpiochip0", "26=1");
    await expect.poll(() => chip.level(26)).toBe(1);
    expect(chip.busy(26)).toBe(true);
    tool.child.kill("SIGTERM");
    await tool.ended;
    await expect.poll(() => chip.busy(26)).toBe(false);
  });
});

describe("what hangs on an output", () => {
  it.each([
    [
      1,
      ["--mode=signal", "gpiochip0", "27=0"],
      ["gpiochip0"],
      /^\tline {2}27: {6}unnamed {4}"gpioset" {3}output {2}active-high \[used\]$/,
    ],
    [2, ["-c", "gpiochip0", "27=0"], ["-c", "gpiochip0", "27"], /^gpiochip0 27\tunnamed {9}\toutput consumer="gpioset"$/],
  ] as const)(
    "is seen by gpioinfo %i, follows its line, and falls where its board pulls it",
    async (version, args, named, shown) => {
      const { chip, run } = await bench(version);
      const folder = await mkdtemp(join(tmpdir(), "cippo-relay-"));
      cleanUps.push(() => rm(folder, { recursive: true }));
      const log = openWireLog(join(folder, "served.jsonl"));
      const relay = new Relay({ device: "lights", line: 27, active: "low", means: "on", chip, log });
      expect([relay.on, chip.level(27)]).toEqual([false, 1]);
      const tool = run("gpioset", ...args);
      await expect.poll(() => relay.on).toBe(true);
      const info = run("gpioinfo", ...named);
      expect(await info.ended).toEqual([0, null]);
      expect(info.out.find((text) => /\b27\b/.test(text))).toMatch(shown);
      tool.child.kill("SIGKILL");
      await expect.poll(() => relay.on).toBe(false);
      log[Symbol.dispose]();
      const levels = (await readFile(log.file, "utf8")).trim().split("\n");
      expect(levels.map((text) => JSON.parse(text).value)).toEqual([false, true, false]);
    },
  );
});

describe("libgpiod 2.1", () => {
  it("tells its version as the real one", async () => {
    const { run } = await bench(2);
    const tool = run("gpiomon", "-v");
    await tool.ended;
    expect(tool.out[0]).toBe("gpiomon (libgpiod) v2.1.3");
  });

  it("gpioget answers in words, or in numbers when asked", async () => {
    const { chip, run } = await bench(2);
    chip.drive(5, 1);
    const words = run("gpioget", "-c", "gpiochip0", "4", "5");
    await words.ended;
    expect(words.out).toEqual(['"4"=inactive "5"=active']);
    const numbers = run("gpioget", "--chip=/dev/gpiochip0", "--bias", "pull-up", "--numeric", "4", "5");
    await numbers.ended;
    expect(numbers.out).toEqual(["0 1"]);
  });

  it("gpiomon prints each edge at once", async () => {
    const { chip, run, monitoring } = await bench(2);
    const format = run("gpiomon", "--banner", "--event-clock=monotonic", "-b", "pull-up", "-F", "%e %E %o %S", "-c", "0", "22");
    await monitoring(22);
    await expect.poll(() => format.out).toEqual(["Monitoring line '22'..."]);
    chip.drive(22, 1);
    chip.drive(22, 0);
    await expect.poll(() => format.out.length).toBe(3);
    expect(format.out[1]).toMatch(/^1 rising 22 \d+\.\d{9}$/);
    expect(format.out[2]).toMatch(/^2 falling 22 \d+\.\d{9}$/);
  });

  it("numbers and words follow the edges asked for, and active-low turns them", async () => {
    const { chip, run, monitoring } = await bench(2);
    const tool = run("gpiomon", "-l", "-e", "rising", "-n", "1", "-c", "gpiochip0", "22");
    await monitoring(22);
    chip.drive(22, 1);
    chip.drive(22, 0);
    expect(await tool.ended).toEqual([0, null]);
    expect(tool.out[0]).toMatch(/^\d+\.\d{9}\trising\tgpiochip0 22$/);
  });

  it("refuses a line that is monitored already", async () => {
    const { run, monitoring } = await bench(2);
    run("gpiomon", "-c", "gpiochip0", "22");
    await monitoring(22);
    const second = run("gpiomon", "-c", "gpiochip0", "22");
    expect(await second.ended).toEqual([1, null]);
    expect(second.err).toEqual(["gpiomon: unable to request lines on chip /dev/gpiochip0: Device or resource busy"]);
  });

  it("dies of SIGTERM and ends when the site ends", async () => {
    const { run, monitoring, close } = await bench(2);
    const killed = run("gpiomon", "-c", "gpiochip0", "22");
    const orphan = run("gpiomon", "-c", "gpiochip0", "23");
    await monitoring(22);
    await monitoring(23);
    killed.child.kill("SIGTERM");
    expect(await killed.ended).toEqual([null, "SIGTERM"]);
    await close();
    expect(await orphan.ended).toEqual([1, null]);
  });

  it("gives the line back when whoever started the monitor was killed", async () => {
    const { chip, run, monitoring } = await bench(2);
    const folder = run("gpioget", "-v").child.spawnfile;
    const parent = spawn("bash", ["-c", `"${folder.replace(/gpioget$/, "gpiomon")}" -c gpiochip0 22 & wait`], {
      stdio: "ignore",
    });
    await monitoring(22);
    parent.kill("SIGKILL");
    await expect.poll(() => chip.busy(22)).toBe(false);
  });
});
