/** Outputs that obey, stick, refuse or are lost: the relay's state as read back, and an honest outcome of each command. */
import { describe, expect, it } from "vitest";
import { gpioRelay } from "../../../../../src/drivers/devices/gpio-relay.ts";
import type { GpioOutput, Wires } from "../../../../../src/drivers/driver.ts";
import { EdgeError } from "../../../../../src/kit/errors.ts";
import { pause } from "../../../../../src/kit/loop/pause.ts";
import type { Device, Reading } from "../../../../../src/model/index.ts";
import { codeOf, never } from "../../support.ts";

class Output implements GpioOutput {
  at: 0 | 1 | null;
  readonly sets: (0 | 1)[] = [];
  /** What a set does; by default what it should. */
  obey: (level: 0 | 1) => 0 | 1 | null = (level) => (this.at = level);
  readonly gone = new AbortController();
  closed = false;

  constructor(at: 0 | 1 | null) {
    this.at = at;
  }
  get lost(): AbortSignal {
    return this.gone.signal;
  }
  async level(): Promise<0 | 1 | null> {
    if (this.lost.aborted) throw this.lost.reason;
    return this.at;
  }
  async set(level: 0 | 1): Promise<0 | 1 | null> {
    this.sets.push(level);
    return this.obey(level);
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
  }
}

async function relay(written: Readonly<Record<string, unknown>>, found: 0 | 1 | null = 0) {
  const options = gpioRelay.options.parse({ line: 26, ...written });
  const stop = new AbortController();
  const asked: unknown[] = [];
  let output = new Output(found);
  const drive = async (_line: number, first: 0 | 1 | "keep") => {
    asked.push(first);
    if (first !== "keep") output.at = first;
    return output;
  };
  const wires = { gpio: () => ({ drive }) } as unknown as Wires;
  const open = () => gpioRelay.open({ id: "r", options, bus: "pins", wires, stop: stop.signal });
  const device: Device = await open();
  /** Ticks every 5 ms. */
  const ticks = { next: (until: AbortSignal) => pause(5, until).then(() => 0) };
  const readings = device.readings(ticks, stop.signal)[Symbol.asyncIterator]();
  const told = async (): Promise<Reading | undefined> => (await readings.next()).value?.[0];
  const perform = (value: boolean) => device.perform?.("on", value, never);
  const reopened = async () => {
    output = new Output(0);
    return { device: await open(), output };
  };
  return { device, output, asked, stop, told, perform, readings, reopened };
}

describe("a relay", () => {
  it.each([
    [{}, 0, false],
    [{ onStart: "on" }, 1, true],
    [{ onStart: "off", active: "low" }, 1, false],
    [{ onStart: "on", active: "low" }, 0, true],
  ] as const)("with %o begins at level %i, in the request that takes the line", async (written, first, on) => {
    const { asked, told } = await relay(written);
    expect(asked).toEqual([first]);
    expect(await told()).toMatchObject({ point: "on", value: on, quality: "good" });
  });

  it("that is kept is what it was found to be", async () => {
    const { asked, told } = await relay({ onStart: "keep", active: "low" }, 0);
    expect(asked).toEqual(["keep"]);
    expect(await told()).toMatchObject({ value: true, quality: "good" });
  });

  it("whose level cannot be told without disturbing it is bad until it is commanded", async () => {
    const { told, perform } = await relay({ onStart: "keep" }, null);
    expect(await told()).toMatchObject({ value: null, quality: "bad", code: "gpio.level-unknown" });
    expect(await perform(true)).toEqual({ state: "succeeded", value: true });
    expect(await told()).toMatchObject({ value: true, quality: "good" });
  });

  it("is set once for a command, and succeeds by what is read back", async () => {
    const { perform, output, told } = await relay({ active: "low" });
    expect(await perform(true)).toEqual({ state: "succeeded", value: true });
    expect([output.sets, (await told())?.value]).toEqual([[0], true]);
  });

  it.each([
    ["reads another level", () => 0 as const, { state: "unknown", code: "gpio.not-as-set" }],
    ["cannot be read back", () => null, { state: "unknown", code: "command.no-answer" }],
    [
      "refuses",
      () => {
        throw new EdgeError("gpio.line-busy", { line: 26, reason: "EPERM" });
      },
      {
        state: "failed",
        code: "gpio.line-busy",
        told: {
          what: { it: "La linea GPIO 26 non si può avere: EPERM", en: "GPIO line 26 cannot be had: EPERM" },
          next: expect.anything(),
        },
      },
    ],
  ])("that %s does not succeed, and is not set again", async (_, obey, outcome) => {
    const { perform, output } = await relay({});
    output.obey = obey;
    expect(await perform(true)).toEqual(outcome);
    expect(output.sets).toEqual([1]);
  });

  it("knows no other point and no number", async () => {
    const { device, output } = await relay({});
    expect(await device.perform?.("off", true, never)).toMatchObject({ state: "failed", code: "command.out-of-range" });
    expect(await device.perform?.("on", 1, never)).toMatchObject({ state: "failed", code: "command.out-of-range" });
    expect(output.sets).toEqual([]);
  });

  it("whose line is lost goes down at once; it begins again at onStart, and no command comes back", async () => {
    const { perform, output, told, readings, reopened, asked, device } = await relay({});
    await told();
    await perform(true);
    await told();
    const next = codeOf(readings.next());
    output.gone.abort(new EdgeError("gpio.line-busy", { line: 26, reason: "ended with SIGKILL" }));
    expect(await next).toBe("gpio.line-busy");
    await device[Symbol.asyncDispose]();
    const again = await reopened();
    expect([asked, again.output.sets, await again.output.level()]).toEqual([[0, 0], [], 0]);
    expect([output.closed, output.sets]).toEqual([true, [1]]);
  });

  it.each([
    ["off", { active: "low" }, [1]],
    ["on", {}, [1]],
    ["keep", {}, []],
  ] as const)("is left %s when the gateway stops", async (onStop, written, sets) => {
    const { device, output, stop } = await relay({ ...written, onStop });
    stop.abort();
    await device[Symbol.asyncDispose]();
    expect([output.sets, output.closed]).toEqual([sets, true]);
  });

  it("that failed is let go of as it is: only a stop is a stop", async () => {
    const { device, output } = await relay({ onStop: "on" });
    await device[Symbol.asyncDispose]();
    expect([output.sets, output.closed]).toEqual([[], true]);
  });

  it("found on, or on from the start, goes off after maxOn: no command did it, so the gateway has no deadline for it", async () => {
    const { told, output } = await relay({ onStart: "keep", limits: { maxOn: "1s" } }, 1);
    expect((await told())?.value).toBe(true);
    await expect.poll(async () => (await told())?.value).toBe(false);
    expect(output.sets).toEqual([0]);
    const commanded = await relay({ onStart: "on", limits: { maxOn: "40ms" } });
    await commanded.perform(true);
    for (let i = 0; i < 20; i += 1) await commanded.told();
    expect(commanded.output.sets).toEqual([1]);
  });

  it("is told again at each look while it stays on past maxOn", async () => {
    const { told, output } = await relay({ onStart: "keep", limits: { maxOn: "10ms" } }, 1);
    let stuck = 3;
    output.obey = (level) => {
      stuck -= 1;
      if (stuck <= 0) output.at = level;
      return output.at;
    };
    await expect.poll(async () => (await told())?.value).toBe(false);
    for (let i = 0; i < 5; i += 1) await told();
    expect(output.sets).toEqual([0, 0, 0]);
  });

  it("is high impact unless the site says otherwise, and carries its limits to who commands", () => {
    const points = (written: object) => gpioRelay.points(gpioRelay.options.parse({ line: 26, ...written }));
    expect(points({})["on"]?.writable).toEqual({ value: "boolean", impact: "high", safe: false });
    expect(points({ impact: "low", limits: { maxOn: "12h", minInterval: "1min" } })["on"]?.writable).toEqual({
      value: "boolean",
      impact: "low",
      safe: false,
      limits: { maxOnMs: 43_200_000, minIntervalMs: 60_000 },
    });
    expect(gpioRelay.options.safeParse({ line: 26, limits: { min: 1 } }).success).toBe(false);
  });
});
