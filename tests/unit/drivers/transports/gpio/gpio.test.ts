/** Tools that behave like libgpiod 1.6 and 2.1: levels and edges, or an error that says what to do. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkFile } from "../../../../../src/config/index.ts";
import { busSchema, type GpioSpec } from "../../../../../src/drivers/buses.ts";
import type { GpioEdge } from "../../../../../src/drivers/driver.ts";
import { gpioChip } from "../../../../../src/drivers/transports/gpio/gpio-chip.ts";
import { gpiodChip } from "../../../../../src/drivers/transports/gpio/gpiod-chip.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { codeOf, never, wait } from "../../support.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cippo-gpio-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/**
 * The level lies in `level`, edges come through the pipe `edges` as "level seconds nanoseconds", and while gpiomon runs the line is busy for
 * others, as the kernel has it. Both syntaxes check their arguments and refuse each other's.
 */
function tools(version: "v1.6.3" | "v2.1.3"): GpioSpec {
  const v1 = version === "v1.6.3";
  spawnSync("mkfifo", [join(folder, "edges")]);
  writeFileSync(join(folder, "level"), "0\n");
  const head = `#!/bin/bash
cd ${folder}; [ "$1" = --version ] && { echo "$(basename $0) (libgpiod) ${version}"; exit 0; }
echo "$(basename $0) $*" >> calls
[ -f busy ] && kill -0 $(cat busy) 2>/dev/null && { echo "$(basename $0): error: Device or resource busy" >&2; exit 1; }
[ -f broken ] && { cat broken >&2; exit 1; }
`;
  const get = v1 ? `[ "$*" = "gpiochip0 17" ] || exit 9` : `[ "$*" = "-c gpiochip0 --numeric 17" ] || exit 9`;
  const monitor = v1
    ? `[ "$*" = "--line-buffered --format=%e %o %s %n gpiochip0 17" ] || exit 9`
    : `[ "$*" = "-c gpiochip0 --format %e %o %S 17" ] || exit 9`;
  const print = v1 ? `echo "$l 17 $s $n"` : `[ $l = 0 ] && l=2; printf '%s 17 %s.%09d\\n' $l $s $n`;
  writeFileSync(join(folder, "gpioget"), `${head}${get}\ncat level\n`);
  writeFileSync(
    join(folder, "gpiomon"),
    `${head}${monitor}\necho $$ > busy; exec 3<>edges\nwhile read -r -u 3 l s n; do [ $l = die ] && exit 3; [ $l = raw ] && { echo "$s $n"; continue; }; ${print}; done\n`,
  );
  // As on a Pi 5 with an older kernel: the header is not what was found first.
  const detected = ["gpiochip10 [gpio-brcmstb@107d508500] (32 lines)", "gpiochip0 [pinctrl-rp1] (54 lines)"];
  writeFileSync(join(folder, "gpiodetect"), `#!/bin/bash\nprintf '%s\\n' '${detected.join("' '")}'\n`);
  for (const name of ["gpiodetect", "gpioget", "gpiomon"]) chmodSync(join(folder, name), 0o755);
  return busSchema.parse({ gpio: "gpiod", tools: folder }) as GpioSpec;
}

const stamp = (mono: number) => `${Math.floor(mono / 1000)} ${(mono % 1000) * 1_000_000}`;
const say = (level: 0 | 1 | "die", mono = monotonic()) => appendFile(join(folder, "edges"), `${level} ${stamp(mono)}\n`);
const running = () => spawnSync("pgrep", ["-f", folder]).stdout.toString().trim();

async function take(edges: AsyncIterator<GpioEdge>, n: number): Promise<GpioEdge[]> {
  const got: GpioEdge[] = [];
  while (got.length < n) {
    const { done, value } = await edges.next();
    if (done) break;
    got.push(value);
  }
  return got;
}

describe.each(["v1.6.3", "v2.1.3"] as const)("the chip that is meant, with gpiod %s", (version) => {
  /** Tools that note what they are asked; of the machine's chips they know what is given. */
  function machine(...detected: readonly string[]): void {
    const head = `#!/bin/bash\n[ "$1" = --version ] && { echo "$(basename $0) (libgpiod) ${version}"; exit 0; }\n`;
    writeFileSync(join(folder, "calls"), "");
    writeFileSync(join(folder, "gpiodetect"), `${head}printf '%s\\n' '${detected.join("' '")}'\n`);
    for (const name of ["gpioget", "gpiomon", "gpioset", "gpioinfo"])
      writeFileSync(join(folder, name), `${head}echo "$*" >> ${folder}/calls; exit 1\n`);
    for (const name of ["gpiodetect", "gpioget", "gpiomon", "gpioset", "gpioinfo"]) chmodSync(join(folder, name), 0o755);
  }
  const calls = () => readFileSync(join(folder, "calls"), "utf8").split("\n").filter(Boolean);
  const read = async (chip?: string) => {
    const spec = busSchema.parse({ gpio: "gpiod", tools: folder, ...(chip !== undefined && { chip }) }) as GpioSpec;
    const error = await gpioChip(spec)
      .drive(17, 1)
      .catch((reason: unknown) => reason);
    return error as { readonly code: string; readonly context: { readonly reason: { readonly en: string } } };
  };
  const PI5 = ["gpiochip0 [gpio-brcmstb@107d508500] (32 lines)", "gpiochip4 [pinctrl-rp1] (54 lines)"];

  it.each([
    ["a Pi 5 with an older kernel", PI5, undefined, "gpiochip4"],
    [
      "a Pi 5 with a newer one, which tells a link too",
      ["gpiochip0 [pinctrl-rp1] (54 lines)", "gpiochip0 [pinctrl-rp1] (54 lines)"],
      undefined,
      "gpiochip0",
    ],
    ["a Pi 4", ["gpiochip0 [pinctrl-bcm2711] (58 lines)", "gpiochip1 [raspberrypi-exp-gpio] (8 lines)"], undefined, "gpiochip0"],
    ["a Pi 3", ["gpiochip0 [pinctrl-bcm2835] (54 lines)"], undefined, "gpiochip0"],
    ["a chip named by its label", PI5, "gpio-brcmstb@107d508500", "gpiochip0"],
    ["a chip named by its name", PI5, "gpiochip0", "gpiochip0"],
  ] as const)("is, on %s, told to the tools by its name", async (_, detected, chip, wanted) => {
    machine(...detected);
    await read(chip);
    expect(calls()).toHaveLength(1);
    expect(calls()[0]?.split(" ")).toContain(wanted);
  });

  it.each([
    ["a board that is no Raspberry Pi", ["gpiochip0 [sun50i-pinctrl] (224 lines)"], undefined],
    ["two headers", ["gpiochip0 [pinctrl-rp1] (54 lines)", "gpiochip1 [pinctrl-bcm2711] (58 lines)"], undefined],
    ["a label that is not there", PI5, "my-expander"],
  ] as const)("%s: unavailable before any line is asked or driven", async (_, detected, chip) => {
    machine(...detected);
    const { code, context } = await read(chip);
    expect(code).toBe("gpio.unavailable");
    expect(context.reason.en).toContain("`chip:`");
    expect(calls()).toEqual([]);
  });

  it("`config check` on the box says so too, and is content where the header is there", async () => {
    const site = join(folder, "site.yaml");
    writeFileSync(
      site,
      `gateway: { id: g, site: { id: s } }\nsync: { broker: "mqtt://127.0.0.1:1883" }\nbuses: { pins: { gpio: gpiod, tools: ${folder} } }\n`,
    );
    machine("gpiochip0 [sun50i-pinctrl] (224 lines)");
    const { problems } = await checkFile(site, "it");
    expect(problems).toMatchObject([{ severity: "warning", code: "gpio.unavailable", path: "buses.pins", line: 3 }]);
    expect(problems[0]?.hint).toContain("`chip:`");
    machine(...PI5);
    expect((await checkFile(site)).problems).toEqual([]);
    expect(calls()).toEqual([]);
  });
});

describe.each(["v1.6.3", "v2.1.3"] as const)("gpiod %s", (version) => {
  it("yields the level first, then each edge with its own time, and leaves no process", async () => {
    const chip = await gpiodChip(tools(version));
    const stop = new AbortController();
    const edges = chip.watch(17, { bias: "none" }, stop.signal)[Symbol.asyncIterator]();
    expect(await take(edges, 1)).toMatchObject([{ level: 0 }]);
    const next = take(edges, 2);
    await wait(50);
    const at = monotonic() - 20;
    await say(1, at);
    await say(0, at + 5);
    expect(await next).toEqual([
      { level: 1, mono: at },
      { level: 0, mono: at + 5 },
    ]);
    const last = edges.next();
    await wait(20);
    stop.abort();
    expect((await last).done).toBe(true);
    await wait(20);
    expect(running()).toBe("");
  });

  it("names a missed edge before the one that proves it", async () => {
    const chip = await gpiodChip(tools(version));
    const stop = new AbortController();
    const edges = chip.watch(17, { bias: "none" }, stop.signal)[Symbol.asyncIterator]();
    await take(edges, 1);
    const next = take(edges, 2);
    await wait(50);
    await say(0);
    expect((await next).map(({ level }) => level)).toEqual([1, 0]);
    stop.abort();
    await edges.return?.();
  });

  it("asks for no debounce of the kernel's, which would hide chatter: that is ours to tell", async () => {
    const chip = await gpiodChip(tools(version));
    const stop = new AbortController();
    const edges = chip.watch(17, { bias: "none", debounceMs: 50 }, stop.signal)[Symbol.asyncIterator]();
    await take(edges, 1);
    const next = take(edges, 1);
    await wait(50);
    await say(1);
    expect((await next).map(({ level }) => level)).toEqual([1]);
    stop.abort();
    await edges.return?.();
  });

  it("never lets go of a line whose every edge counts, and dates a missed edge after the one before it", async () => {
    const chip = await gpiodChip(tools(version), { firstMs: 100, everyMs: 100 });
    const stop = new AbortController();
    const edges = chip.watch(17, { bias: "none", counts: true }, stop.signal)[Symbol.asyncIterator]();
    const [first] = await take(edges, 1);
    const next = take(edges, 2);
    await wait(400);
    await say(0);
    const [missed, seen] = await next;
    expect([missed?.level, seen?.level]).toEqual([1, 0]);
    expect(missed?.mono).toBeGreaterThan(first?.mono ?? Number.POSITIVE_INFINITY);
    expect(readFileSync(join(folder, "calls"), "utf8").match(/gpiomon/g)?.length).toBe(1);
    stop.abort();
    await edges.return?.();
  });

  it("throws when its helper dies, and when the line is somebody else's", async () => {
    const spec = tools(version);
    const chip = await gpiodChip(spec);
    const edges = chip.watch(17, { bias: "none" }, never)[Symbol.asyncIterator]();
    await take(edges, 1);
    const next = codeOf(edges.next());
    await wait(50);
    await say("die");
    expect(await next).toBe("gpio.line-busy");
    writeFileSync(join(folder, "broken"), "gpiomon: error: Permission denied");
    expect(await codeOf(chip.watch(17, { bias: "none" }, never)[Symbol.asyncIterator]().next())).toBe("gpio.unavailable");
    writeFileSync(join(folder, "broken"), "gpiomon: error: Invalid argument");
    expect(await codeOf(chip.watch(17, { bias: "none" }, never)[Symbol.asyncIterator]().next())).toBe("gpio.line-busy");
    expect(running()).toBe("");
  });

  it("takes no edge for a falling one but that which its version calls so", async () => {
    const chip = await gpiodChip(tools(version));
    for (const type of ["7", version === "v1.6.3" ? "2" : "0"]) {
      const edges = chip.watch(17, { bias: "none" }, never)[Symbol.asyncIterator]();
      await take(edges, 1);
      const next = codeOf(edges.next());
      await appendFile(join(folder, "edges"), `raw ${type} 17 ${version === "v1.6.3" ? "1 000000000" : "1.000000000"}\n`);
      expect(await next).toBe("gpio.line-busy");
    }
  });

  it("reads a resting line again, and tells a level that changed unseen", async () => {
    const chip = await gpiodChip(tools(version), { firstMs: 300, everyMs: 60_000 });
    const stop = new AbortController();
    const edges = chip.watch(17, { bias: "none" }, stop.signal)[Symbol.asyncIterator]();
    await take(edges, 1);
    writeFileSync(join(folder, "level"), "1\n");
    expect(await take(edges, 1)).toMatchObject([{ level: 1 }]);
    stop.abort();
    await edges.return?.();
    expect(readFileSync(join(folder, "calls"), "utf8").match(/gpioget/g)?.length).toBe(2);
  });
});

describe("tools that are others than they say", () => {
  const replaced = (name: string, body: string): GpioSpec => {
    const spec = tools("v1.6.3");
    const head = `#!/bin/bash\n[ "$1" = --version ] && { echo "${name} (libgpiod) v1.6.3"; exit 0; }\n`;
    writeFileSync(join(folder, name), `${head}${body}\n`);
    return spec;
  };

  it.each([
    ["words", "echo 'event: RISING EDGE offset: 17'; exec sleep 60"],
    ["words for ever", "exec yes rubbish"],
    ["a line without an end", "exec tr '\\0' x < /dev/zero"],
  ])("%s where an edge is due: the line is not what it was, so it is down and not at its last level", async (_, says) => {
    const chip = await gpiodChip(replaced("gpiomon", says));
    const edges = chip.watch(17, { bias: "none" }, never)[Symbol.asyncIterator]();
    expect(await take(edges, 1)).toMatchObject([{ level: 0 }]);
    expect(await codeOf(edges.next())).toBe("gpio.line-busy");
    expect(running()).toBe("");
  });

  it("one that hangs and hears no signal is ended after two seconds", async () => {
    const chip = await gpiodChip(replaced("gpioget", "trap '' TERM; while :; do sleep 0.1; done"));
    const begun = monotonic();
    expect(await codeOf(chip.watch(17, { bias: "none" }, never)[Symbol.asyncIterator]().next())).toBe("gpio.line-busy");
    expect(monotonic() - begun).toBeLessThan(15_000);
  });
});

describe("choosing", () => {
  it("gpiod without tools, and auto without anything, say so", async () => {
    const first = (spec: unknown) =>
      gpioChip(busSchema.parse(spec) as GpioSpec)
        .watch(17, { bias: "none" }, never)
        [Symbol.asyncIterator]()
        .next();
    expect(await codeOf(first({ gpio: "gpiod", tools: "/nonexistent" }))).toBe("gpio.not-installed");
    expect(await codeOf(first({ gpio: "auto", tools: "/nonexistent", chip: "none" }))).toBe("gpio.not-installed");
  });
});
