/** The real onoff over a sysfs of files: the right line, the value read back, no glitch; every trap of that library. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { busSchema, type GpioSpec } from "../../../../../src/drivers/buses.ts";
import type { GpioChip, GpioEdge } from "../../../../../src/drivers/driver.ts";
import { EDGES_MAX, onoffChip } from "../../../../../src/drivers/transports/gpio/onoff-chip.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { SysfsGpio } from "../../../../support/machine/sysfs-gpio.ts";
import { codeOf, never } from "../../support.ts";

let folder: string;
let sysfs: SysfsGpio;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cippo-sysfs-"));
  sysfs = new SysfsGpio(join(folder, "gpio"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const BASE = 512;
const specOf = (chip?: string) => busSchema.parse({ gpio: "onoff", ...(chip !== undefined && { chip }) }) as GpioSpec;
const chip = (): Promise<GpioChip> => onoffChip(specOf(), sysfs.chip(BASE, "pinctrl-bcm2711"));
const watching = (of: GpioChip, line = 17, stop = never): AsyncIterator<GpioEdge> =>
  of.watch(line, { bias: "none" }, stop)[Symbol.asyncIterator]();
const level = async (edges: AsyncIterator<GpioEdge>): Promise<number | undefined> => (await edges.next()).value?.level;

describe("the right line", () => {
  it.each([
    [0, "pinctrl-bcm2835", undefined],
    [399, "pinctrl-rp1", undefined],
    [512, "pinctrl-bcm2711", undefined],
    [571, "pinctrl-rp1", undefined],
    [1008, "gpio-mockup-A", "gpio-mockup-A"],
  ])("with base %i of %s: BCM 17 is read and BCM 26 is driven there, and no other", async (base, label, named) => {
    sysfs.chip(base + 100, "something-else").chip(base, label);
    sysfs.drive(base + 17, 1);
    const here = await onoffChip(specOf(named), sysfs);
    const edges = watching(here);
    expect(await level(edges)).toBe(1);
    await using _output = await here.drive(26, 1);
    expect(sysfs.pin(base + 26)).toMatchObject({ direction: "out", level: 1 });
    const touched = sysfs.written.map((what) => /^gpio(\d+)/.exec(what)?.[1] ?? what.split(" ")[1]);
    expect(new Set(touched.map(Number))).toEqual(new Set([base + 17, base + 26]));
    await edges.return?.();
  });

  it.each([
    ["the header's by default, though another was found first", undefined, 520],
    ["the one of this label", "my-expander", 570],
    ["the one of this name as a character device", "gpiochip1", 570],
  ])("with an expander beside the header: %s", async (_, named, base) => {
    sysfs.chip(400, "firmware", "gpiochip0").chip(520, "pinctrl-rp1", "gpiochip4").chip(570, "my-expander", "gpiochip1");
    await using _output = await (await onoffChip(specOf(named), sysfs)).drive(3, 1);
    expect(sysfs.pin(base + 3)).toMatchObject({ direction: "out", level: 1 });
    expect(sysfs.written.filter((what) => what.startsWith("export"))).toEqual([`export ${base + 3}`]);
  });

  it("what is called gpiochip0 is that chip and no other, whatever it is", async () => {
    sysfs.chip(400, "brcmvirt-gpio", "gpiochip0").chip(520, "pinctrl-rp1", "gpiochip4");
    await using _output = await (await onoffChip(specOf("gpiochip0"), sysfs)).drive(3, 1);
    expect(sysfs.written.filter((what) => what.startsWith("export"))).toEqual(["export 403"]);
  });

  it.each([
    ["a board without a header", () => sysfs.chip(512, "sun50i-pinctrl", "gpiochip0")],
    ["two of them", () => sysfs.chip(512, "pinctrl-rp1").chip(600, "pinctrl-bcm2711")],
  ])("of %s nothing is touched: the chip must be named", async (_, board) => {
    const error = await onoffChip(specOf(), board()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "gpio.unavailable", context: { reason: { en: expect.stringContaining("`chip:`") } } });
    expect(sysfs.written).toEqual([]);
  });

  it.each([
    [
      "several chips behind one device",
      () => onoffChip(specOf("gpiochip1"), sysfs.chip(512, "GPIOA", "gpiochip1").chip(528, "GPIOB", "gpiochip1")),
    ],
    [
      "no chip of this name, though there is a header",
      () => onoffChip(specOf("my-expander"), sysfs.chip(512, "pinctrl-bcm2711")),
    ],
    ["no chip of this name", () => onoffChip(specOf("my-expander"), sysfs.chip(300, "something-else"))],
    [
      "no sysfs at all",
      () => onoffChip(specOf(), new Proxy(sysfs, { get: (of, key) => (key === "root" ? "/nowhere" : Reflect.get(of, key)) })),
    ],
    [
      "a sysfs whose export cannot be opened",
      () => {
        rmSync(join(sysfs.root, "export"));
        return onoffChip(specOf(), sysfs.chip(BASE, "pinctrl-bcm2711"));
      },
    ],
  ])("%s: unavailable, in words", async (_, open) => {
    expect(await codeOf(open())).toBe("gpio.unavailable");
  });
});

describe("an input", () => {
  it("yields its level, then each of a thousand edges, in order; and gives the line back", async () => {
    const stop = new AbortController();
    const edges = watching(await chip(), 17, stop.signal);
    expect(await level(edges)).toBe(0);
    const got: number[] = [];
    for (let i = 1; i <= 1000; i += 1) {
      const next = level(edges);
      sysfs.drive(BASE + 17, (i % 2) as 0 | 1);
      got.push((await next) ?? -1);
    }
    expect(got).toEqual(Array.from({ length: 1000 }, (_, i) => (i + 1) % 2));
    stop.abort();
    expect((await edges.next()).done).toBe(true);
    expect([sysfs.isExported(BASE + 17), sysfs.open]).toEqual([false, 0]);
  });

  it("whose edges nobody reads is given up with how many were lost, after those that could wait", async () => {
    const edges = watching(await chip());
    await level(edges);
    for (let i = 1; i <= EDGES_MAX + 10; i += 1) {
      sysfs.drive(BASE + 17, (i % 2) as 0 | 1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const got: number[] = [];
    const all = async () => {
      for (;;) got.push((await level(edges)) ?? -1);
    };
    expect(await all().catch((error: unknown) => error)).toMatchObject({
      code: "gpio.overrun",
      context: { line: 17, lost: 10 },
    });
    expect(got).toEqual(Array.from({ length: EDGES_MAX }, (_, i) => (i + 1) % 2));
  });

  it("is reconciled by level every few seconds: an interrupt that was lost is no state that was lost", async () => {
    const edges = watching(await chip());
    await level(edges);
    sysfs.drive(BASE + 17, 1, true);
    expect(await level(edges)).toBe(1);
    await edges.return?.();
  });

  it("tells an edge while the contact goes on chattering, and none for an interrupt without a change", async () => {
    const edges = watching(await chip());
    await level(edges);
    sysfs.drive(BASE + 17, 0); // the first interrupt after watching begins, which the kernel raises for nothing
    let now: 0 | 1 = 0;
    const chattering = setInterval(() => {
      now = now === 0 ? 1 : 0;
      sysfs.drive(BASE + 17, now);
    }, 1);
    const got: (number | undefined)[] = [];
    const begun = monotonic();
    for (let i = 0; i < 20; i += 1) got.push(await level(edges));
    clearInterval(chattering);
    // The look at the level, which comes every two seconds, has not told them.
    expect(monotonic() - begun).toBeLessThan(10_000);
    expect(got).toEqual(Array.from({ length: 20 }, (_, i) => (i + 1) % 2));
    await edges.return?.();
  });

  it("never waits in the library for udev: the event loop goes on while a line is being granted", async () => {
    sysfs.grantMs = 600;
    const here = await chip();
    let ticks = 0;
    const turning = setInterval(() => (ticks += 1), 10);
    const edges = watching(here);
    expect(await level(edges)).toBe(0);
    clearInterval(turning);
    expect(ticks).toBeGreaterThan(5);
    await edges.return?.();
  });

  it("of a line exported before, whose errors the library swallows: what was not set is seen by reading back", async () => {
    const here = await chip();
    await sysfs.write("export", String(BASE + 17));
    sysfs.stubborn.add("edge");
    expect(await codeOf(watching(here).next())).toBe("gpio.line-busy");
    expect(sysfs.written.filter((what) => what.startsWith("unexport"))).not.toEqual([]);
    expect([sysfs.isExported(BASE + 17), sysfs.open]).toEqual([false, 0]);
    sysfs.stubborn.clear();
    const again = watching(here);
    expect(await level(again)).toBe(0);
    expect(sysfs.pin(BASE + 17).edge).toBe("both");
    await again.return?.();
  });

  it("of a line that somebody turned: read as it is on the pin", async () => {
    const here = await chip();
    await sysfs.write("export", String(BASE + 17));
    sysfs.pin(BASE + 17).activeLow = true;
    sysfs.drive(BASE + 17, 1);
    const edges = watching(here);
    expect(await level(edges)).toBe(1);
    await edges.return?.();
  });

  it("held by others (EBUSY), or not there (EINVAL), is one line that cannot be had; the next one can", async () => {
    sysfs.refused.set(BASE + 17, "EBUSY").set(BASE + 18, "EINVAL");
    const here = await chip();
    expect(await codeOf(watching(here, 17).next())).toBe("gpio.line-busy");
    expect(await codeOf(watching(here, 18).next())).toBe("gpio.line-busy");
    const other = watching(here, 19);
    expect(await level(other)).toBe(0);
    await other.return?.();
  });

  it("that cannot be read when an interrupt comes is one line lost: the library reads it where nobody catches", async () => {
    const edges = watching(await chip());
    await level(edges);
    const next = edges.next();
    const begun = monotonic();
    sysfs.deaf.set(BASE + 17, 0);
    sysfs.drive(BASE + 17, 1);
    await expect(next).rejects.toMatchObject({
      code: "gpio.line-busy",
      context: { reason: { en: expect.stringMatching(/EIO/) } },
    });
    // Not the look that comes every two seconds.
    expect(monotonic() - begun).toBeLessThan(1500);
    expect([sysfs.isExported(BASE + 17), sysfs.open]).toEqual([false, 0]);
  });

  it("cannot be pulled by sysfs, and says so", async () => {
    const edges = (await chip()).watch(17, { bias: "up" }, never)[Symbol.asyncIterator]();
    expect(await codeOf(edges.next())).toBe("gpio.unavailable");
  });

  it("100 times opened and closed leaves nothing open, and reads nothing that is closed", async () => {
    const here = await chip();
    for (let i = 0; i < 100; i += 1) {
      const edges = watching(here);
      await edges.next();
      // An interrupt in the very moment of closing, or just heard of, meets no file that is closed.
      sysfs.drive(BASE + 17, (i % 2) as 0 | 1);
      if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      await edges.return?.();
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([sysfs.isExported(BASE + 17), sysfs.open, sysfs.strayReads]).toEqual([false, 0, 0]);
  });
});

describe("an output", () => {
  it.each([
    ["high", 1, [1]],
    ["low", 0, []],
  ] as const)("begins %s in the write that makes it an output: the pin never has another level", async (word, first, seen) => {
    await using output = await (await chip()).drive(26, first);
    expect(sysfs.written).toContain(`gpio${BASE + 26}/direction ${word}`);
    expect(sysfs.written).not.toContain(`gpio${BASE + 26}/direction out`);
    expect(sysfs.seen.get(BASE + 26) ?? []).toEqual(seen);
    expect(await output.level()).toBe(first);
  });

  it("that is kept is adopted without being written, and found at its level; an input becomes an output at the level that it has", async () => {
    const here = await chip();
    await sysfs.write("export", String(BASE + 26));
    sysfs.pin(BASE + 26).direction = "out";
    sysfs.drive(BASE + 26, 1);
    sysfs.drive(BASE + 27, 1);
    sysfs.seen.clear();
    await using adopted = await here.drive(26, "keep");
    await using turned = await here.drive(27, "keep");
    expect([await adopted.level(), await turned.level()]).toEqual([1, 1]);
    expect(sysfs.written.filter((what) => what.startsWith(`gpio${BASE + 26}/direction`))).toEqual([]);
    expect(sysfs.written).toContain(`gpio${BASE + 27}/direction high`);
    expect([...sysfs.seen.values()].flat()).toEqual([]);
  });

  it("is read back after it was set", async () => {
    await using output = await (await chip()).drive(26, 0);
    expect([await output.set(1), await output.level(), sysfs.pin(BASE + 26).level]).toEqual([1, 1, 1]);
    sysfs.stubborn.add("value");
    expect(await codeOf(output.set(0))).toBe("gpio.line-busy");
    expect(await output.level()).toBe(1);
  });

  it("stays driven when it is closed, for whoever comes next; its file is closed", async () => {
    const here = await chip();
    await (await here.drive(26, 1))[Symbol.asyncDispose]();
    expect(sysfs.pin(BASE + 26)).toMatchObject({ direction: "out", level: 1 });
    sysfs.seen.clear();
    await using again = await here.drive(26, 1);
    expect(await again.level()).toBe(1);
    expect(sysfs.seen.get(BASE + 26) ?? []).toEqual([]);
  });

  it("that cannot be set up is not left exported", async () => {
    const here = await chip();
    await sysfs.write("export", String(BASE + 26));
    sysfs.stubborn.add("direction");
    expect(await codeOf(here.drive(26, 1))).toBe("gpio.line-busy");
    expect(sysfs.isExported(BASE + 26)).toBe(false);
  });

  it.each([
    ["at all", 0],
    ["once it is set up", 1],
  ])("and an input that cannot be read %s leave no file open, however often they are tried", async (_, reads) => {
    const here = await chip();
    for (let i = 0; i < 5; i += 1) {
      sysfs.deaf.set(BASE + 26, reads).set(BASE + 17, reads);
      expect(await codeOf(here.drive(26, 1))).toBe("gpio.line-busy");
      expect(await codeOf(watching(here).next())).toBe("gpio.line-busy");
    }
    expect([sysfs.isExported(BASE + 26), sysfs.isExported(BASE + 17), sysfs.open]).toEqual([false, false, 0]);
  });

  it("whose line is taken away says so when it is read", async () => {
    await using output = await (await chip()).drive(26, 1);
    await sysfs.write("unexport", String(BASE + 26));
    expect(await codeOf(output.set(0))).toBe("gpio.line-busy");
  });
});
