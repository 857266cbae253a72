/** GPIO lines that chatter, stick, are taken or lose their helper: one device suffers, the others do not (fault G1). */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Chip } from "../../../../../hw-sim/site/gpio/chip.ts";
import { openTools } from "../../../../../hw-sim/site/gpio/tools.ts";
import { busSchema, type GpioSpec } from "../../../../../src/drivers/buses.ts";
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { GpioTools } from "../../../../../src/drivers/transports/gpio/gpio-tools.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { Collector } from "../../../../../src/edge/devices/collector.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { EdgeError } from "../../../../../src/kit/errors.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import { Watchdog } from "../../../../../src/kit/loop/watchdog.ts";
import type { Reading } from "../../../../../src/model/index.ts";
import { wait } from "../../support.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cippo-pins-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Devices on one chip, run as the gateway runs them. */
async function site(
  version: 1 | 2,
  devices: Readonly<Record<string, { readonly type: string; readonly line: number; readonly every?: string }>>,
  chip = new Chip("pinctrl-bcm2711", 58),
) {
  const tools = await openTools({ chip, version, folder });
  const wires = openWires({ pins: busSchema.parse({ gpio: "gpiod", tools: folder }) }, noLog);
  const rows: (Reading & { readonly device: string })[] = [];
  const stop = new AbortController();
  const collectors = new Map<string, Collector>();
  for (const [id, { type, ...written }] of Object.entries(devices)) {
    const driver = await loadDriver(type);
    const info = deviceInfo(id, driver, driver.options.parse(written), "pins", wires);
    const host = {
      readings: (_: unknown, readings: readonly Reading[]) => void rows.push(...readings.map((one) => ({ ...one, device: id }))),
      durable: () => Promise.resolve(),
      badge: () => undefined,
      remember: () => undefined,
      silence: () => undefined,
      log: noLog,
      watchdog: new Watchdog(),
    };
    collectors.set(id, new Collector(info, host, false));
  }
  const running = [...collectors.values()].map((one) => one.run(stop.signal));
  const state = (id: string) => collectors.get(id)?.status();
  return {
    chip,
    rows: (device: string) => rows.filter((row) => row.device === device),
    state,
    collector: (id: string) => collectors.get(id),
    up: async (...ids: readonly string[]) => {
      for (const id of ids) await poll(() => state(id)?.state).toBe("up");
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(running);
      await wires[Symbol.asyncDispose]();
      await tools[Symbol.asyncDispose]();
    },
  };
}

/** A busy machine is no failure. */
const poll = <T>(look: () => T) => expect.poll(look);

/** Ends the tool that holds this line, as the kernel's memory killer would. */
function killHelper(tool: string, line: number): void {
  const { stdout } = spawnSync("pgrep", ["-f", `${folder}/${tool} .*\\b${line}\\b`]);
  const pids = stdout.toString().split("\n").filter(Boolean);
  expect(pids.length).toBeGreaterThan(0);
  for (const pid of pids) process.kill(Number(pid), "SIGKILL");
}
const contact = (line: number, means: string) => ({ type: "gpio-contact", line, means, every: "1s" });

describe.each([1, 2] as const)("with the tools of libgpiod %i", (version) => {
  it("a thousand edges arrive, none lost and in order", { timeout: 30_000 }, async () => {
    const meter = { type: "gpio-pulse", line: 17, active: "high", debounce: "0ms", edges: true, every: "200ms" };
    await using pins = await site(version, { meter });
    await pins.up("meter");
    await poll(() => pins.chip.busy(17)).toBe(true);
    for (let i = 1; i <= 1000; i += 1) {
      pins.chip.drive(17, (i % 2) as 0 | 1);
      if (i % 20 === 0) await wait(5);
    }
    const sum = (point: string) =>
      pins.rows("meter").reduce((all, row) => (row.point === point ? all + Number(row.value) : all), 0);
    await poll(() => [sum("pulses"), sum("edges")]).toEqual([500, 1000]);
  });

  it("a line that cannot be had is one device down; the others go on, and so does it once it is free", {
    timeout: 30_000,
  }, async () => {
    const chip = new Chip("pinctrl-bcm2711", 58);
    const frees = [chip.hold([5], () => undefined), chip.hold([26], "output")];
    const devices = { door: contact(5, "door"), gate: contact(23, "passage"), lamp: { type: "gpio-relay", line: 26 } };
    await using pins = await site(version, devices, chip);
    await pins.up("gate");
    for (const id of ["door", "lamp"])
      await poll(() => pins.state(id)).toMatchObject({ state: "down", problem: { code: "gpio.line-busy" } });
    expect(await pins.collector("lamp")?.perform("on", true, AbortSignal.timeout(50))).toMatchObject({
      state: "failed",
      code: "command.device-down",
    });
    for (const free of frees) if (free !== "busy") free();
    await pins.up("door", "lamp");
    expect(pins.chip.level(26)).toBe(0);
  });

  it("whose helper is killed is taken again by itself, and nothing else notices", { timeout: 30_000 }, async () => {
    await using pins = await site(version, {
      door: contact(5, "door"),
      gate: contact(23, "passage"),
      lamp: { type: "gpio-relay", line: 26 },
    });
    await pins.up("door", "gate", "lamp");
    expect(await pins.collector("lamp")?.perform("on", true, new AbortController().signal)).toMatchObject({ state: "succeeded" });
    await poll(() => [pins.chip.busy(5), pins.chip.busy(23)]).toEqual([true, true]);
    killHelper("gpiomon", 5);
    await poll(() => pins.rows("door").at(-1)).toMatchObject({ value: null, code: "gpio.line-busy" });
    expect([pins.state("gate")?.state, pins.state("lamp")?.state]).toEqual(["up", "up"]);
    await pins.up("door");
    await poll(() => pins.chip.busy(5)).toBe(true);
    pins.chip.drive(5, 1);
    await poll(() => pins.rows("door").at(-1)?.value).toBe(true);

    killHelper("gpioset", 26);
    await poll(() => pins.rows("lamp").map(({ code }) => code)).toContain("gpio.line-busy");
    await pins.up("lamp");
    await poll(() => pins.rows("lamp").map(({ value }) => value)).toEqual([false, true, null, false]);
    expect([pins.chip.driven(26), pins.chip.level(26)]).toEqual([true, 0]);
  });
});

it("a person who asks a contact is told what it is now, and does not wait for its next sign of life", {
  timeout: 60_000,
}, async () => {
  const every = { every: "24h" };
  await using pins = await site(2, { door: { ...contact(5, "door"), ...every }, gate: { ...contact(12, "passage"), ...every } });
  await pins.up("door", "gate");
  await poll(() => [pins.chip.busy(5), pins.chip.busy(12)]).toEqual([true, true]);
  const begun = monotonic();
  const [door] = (await pins.collector("door")?.readNow(600_000)) ?? [];
  expect(door).toMatchObject({ value: false, quality: "good" });
  expect(monotonic() - (door?.ageMs ?? Number.POSITIVE_INFINITY)).toBeGreaterThanOrEqual(begun);
  expect(await pins.collector("gate")?.readNow(600_000)).toMatchObject([{ point: "passage", quality: "good" }]);
});

describe("a contact that chatters at 1 kHz", () => {
  it.each(["door", "passage"])("is a device up with a problem until it comes to rest: %s", { timeout: 60_000 }, async (means) => {
    await using pins = await site(1, { d: { ...contact(5, means), every: "200ms" } });
    await pins.up("d");
    await poll(() => pins.chip.busy(5)).toBe(true);
    for (let i = 0; pins.state("d")?.problem?.code !== "contact.chatter"; i += 1) {
      pins.chip.drive(5, (i % 2) as 0 | 1);
      if (i % 5 === 0) await wait(5);
    }
    expect(pins.state("d")).toMatchObject({ state: "problem", problem: { what: { en: "The contact chatters" } } });
    pins.chip.drive(5, 0);
    await pins.up("d");
    expect(pins.state("d")?.problem).toBeUndefined();
  });

  it("makes a handful of rows, says so, and tells its state when it has come to rest", { timeout: 60_000 }, async () => {
    await using pins = await site(1, { door: contact(5, "door"), tamper: contact(12, "tamper") });
    await pins.up("door", "tamper");
    await poll(() => pins.chip.busy(5)).toBe(true);
    let stood = 0;
    const until = performance.now() + 4000;
    const isTold = () => pins.rows("door").some(({ code }) => code === "contact.chatter");
    // Until it has chattered for long enough without a pause that this process was made to take.
    for (let i = 0, last = performance.now(); last < until || !isTold(); i += 1) {
      if (performance.now() - last > 40) stood += 1;
      last = performance.now();
      pins.chip.drive(5, (i % 2) as 0 | 1);
      if (i % 5 === 0) await wait(5);
    }
    pins.chip.drive(5, 1);
    await poll(() => pins.rows("door").at(-1)).toMatchObject({ value: true, quality: "good" });
    const rows = pins.rows("door");
    expect(rows[0]).toMatchObject({ value: false, quality: "good" });
    // Beside the state that was the last to stand: the first, if this process was never kept from chattering.
    const told = rows.findIndex(({ code }) => code === "contact.chatter");
    expect(rows[told]).toMatchObject({ value: rows[told - 1]?.value, quality: "uncertain" });
    // A level that stood because this process was kept from chattering is a state, and the chatter after it is told again.
    expect(rows.length).toBeLessThanOrEqual(12 + 2 * stood);
    // The line beside it, which stands still as if it were stuck, has one row and is alive.
    expect(pins.rows("tamper").length).toBe(1);
    expect(pins.state("tamper")?.state).toBe("up");
  });
});

describe("tools that do not say which they are", () => {
  it.each([
    [
      "answer late, and end well when told to",
      "trap 'exit 0' TERM\nsleep 30 & wait",
      /gpiomon did not say its version within 2 s/,
    ],
    ["say something else", "echo busybox", /gpiomon has an unknown version: busybox/],
    ["fail", "echo broken >&2; exit 1", /broken/],
  ])("%s", async (_, script, reason) => {
    writeFileSync(join(folder, "gpiomon"), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
    const refused = GpioTools.open(busSchema.parse({ gpio: "gpiod", tools: folder }) as GpioSpec);
    await expect(refused).rejects.toMatchObject({
      code: "gpio.unavailable",
      context: { reason: { en: expect.stringMatching(reason) } },
    });
  });

  const spec = (): GpioSpec => busSchema.parse({ gpio: "gpiod", chip: "gpiochip0", tools: folder }) as GpioSpec;
  const tool = (name: string, script: string) => writeFileSync(join(folder, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  const failure = async (work: Promise<unknown>): Promise<EdgeError> => {
    const error: unknown = await work.catch((refused: unknown) => refused);
    if (!(error instanceof EdgeError)) throw new Error(`no EdgeError: ${String(error)}`);
    return error;
  };

  it("say more than one line of why: the first one is the reason, short, and nobody is told to install them", async () => {
    const lines = `echo >&2; echo "$0: connect: Connection refused" >&2; echo "$0: line 3: $(printf 'x%.0s' {1..9999})" >&2; exit 1`;
    tool("gpiomon", lines);
    const version = await failure(GpioTools.open(spec()));
    expect(version.what("en")).toBe("No GPIO access: gpiomon: connect: Connection refused");
    expect(version.hint("en")).toMatch(/tries again by itself/);
    expect(version.hint("it")).toMatch(/riprova da solo/);
    expect(`${version.hint("en")} ${version.hint("it")}`).not.toMatch(/apt|install/i);
    tool("gpiomon", `if [ "$1" = --version ]; then echo 'gpiomon (libgpiod) v2.2.1'; exit 0; fi\n${lines}`);
    tool("gpioget", lines);
    const tools = await GpioTools.open(spec());
    expect((await failure(tools.get(5, "none"))).context).toMatchObject({
      reason: { en: "gpioget: connect: Connection refused" },
    });
    await using monitor = tools.monitor(5, "none");
    await monitor.ended;
    expect(monitor.died?.reason.en).toBe("gpiomon: connect: Connection refused");
  });

  it("end without a word: how they ended is the reason", async () => {
    tool("gpiomon", "exit 7");
    expect((await failure(GpioTools.open(spec()))).context).toEqual({
      reason: { it: "gpiomon è terminato con 7", en: "gpiomon ended with 7" },
    });
  });

  it("are missing: to install them is the next step", async () => {
    tool("gpiomon", "echo 'gpiomon (libgpiod) v2.2.1'");
    const tools = await GpioTools.open(spec());
    for (const missing of [await failure(tools.get(5, "none")), await failure(openMissing())]) {
      expect(missing.code).toBe("gpio.not-installed");
      expect(missing.hint("it")).toMatch(/apt install gpiod/);
    }
  });

  const openMissing = () => GpioTools.open({ ...spec(), tools: join(folder, "nowhere") });
});

it("an answer that came while the gateway stood still for longer than the tool has is taken", async () => {
  writeFileSync(join(folder, "gpiomon"), "#!/bin/bash\necho 'gpiomon (libgpiod) v2.2.1'\n", { mode: 0o755 });
  const open = GpioTools.open(busSchema.parse({ gpio: "gpiod", chip: "gpiochip0", tools: folder }) as GpioSpec);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500);
  expect(await open).toBeInstanceOf(GpioTools);
});
