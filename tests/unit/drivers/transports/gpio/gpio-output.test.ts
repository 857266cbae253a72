/** gpioset and gpioinfo as real processes in both syntaxes: an output is as it was set, or known to be lost. */

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Chip, type Level } from "../../../../../hw-sim/site/gpio/chip.ts";
import { openTools } from "../../../../../hw-sim/site/gpio/tools.ts";
import { busSchema, type GpioSpec } from "../../../../../src/drivers/buses.ts";
import type { ToolProcess } from "../../../../../src/drivers/transports/child/tool-process.ts";
import { GpioTools, lineError } from "../../../../../src/drivers/transports/gpio/gpio-tools.ts";
import { gpiodChip } from "../../../../../src/drivers/transports/gpio/gpiod-chip.ts";
import type { Text } from "../../../../../src/model/index.ts";
import { codeOf } from "../../support.ts";

const LINE = 26;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cippo-out-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const specOf = () => busSchema.parse({ gpio: "gpiod", tools: folder }) as GpioSpec;

/** Ends the gpioset of this test's folder as the kernel's memory killer would. */
function killHelper(): void {
  const { stdout } = spawnSync("pgrep", ["-f", `${folder}/gpioset`]);
  for (const pid of stdout.toString().split("\n").filter(Boolean)) process.kill(Number(pid), "SIGKILL");
}

describe.each([1, 2] as const)("an output held by gpioset of libgpiod %i", (version) => {
  /** A board that pulls the line low, and all that it sees. */
  async function bench(rest: Level = 0) {
    const chip = new Chip("pinctrl-bcm2711", 58);
    const seen: Level[] = [];
    chip.attach(LINE, { rest, see: ({ level }) => void seen.push(level) });
    const tools = await openTools({ chip, version, folder });
    return { chip, seen, gpio: await gpiodChip(specOf()), [Symbol.asyncDispose]: () => tools[Symbol.asyncDispose]() };
  }

  it("is at its first level at once, and held there: the board sees nothing else", async () => {
    await using site = await bench();
    await using output = await site.gpio.drive(LINE, 1);
    expect([site.seen, site.chip.driven(LINE), await output.level()]).toEqual([[0, 1], true, 1]);
  });

  it("changes once for each set, and not at all for the level that it has", async () => {
    await using site = await bench();
    await using output = await site.gpio.drive(LINE, 0);
    expect([await output.set(1), await output.set(1), await output.set(0), await output.level()]).toEqual([1, 1, 0, 0]);
    expect([site.seen, site.chip.level(LINE)]).toEqual([[0, 1, 0], 0]);
  });

  it("kept: holds the level at which it was found", async () => {
    await using site = await bench(1);
    await using output = await site.gpio.drive(LINE, "keep");
    expect([site.seen, site.chip.driven(LINE), await output.level()]).toEqual([[1], true, 1]);
  });

  it("is lost with its helper: the line falls where the board pulls it, and nothing is set again", async () => {
    await using site = await bench();
    await using output = await site.gpio.drive(LINE, 1);
    const lost = new Promise((resolve) => output.lost.addEventListener("abort", resolve, { once: true }));
    killHelper();
    await lost;
    expect(output.lost.reason).toMatchObject({ code: "gpio.line-busy" });
    expect([await codeOf(output.level()), await codeOf(output.set(1))]).toEqual(["gpio.line-busy", "gpio.line-busy"]);
    await expect.poll(() => site.seen).toEqual([0, 1, 0]);
    expect(site.chip.busy(LINE)).toBe(false);
    await using again = await site.gpio.drive(LINE, 0);
    expect(await again.level()).toBe(0);
  });

  it("that others hold is refused before anything is set, also when they drive it as we would", async () => {
    await using site = await bench();
    const release = site.chip.hold([LINE], "output");
    expect(await codeOf(site.gpio.drive(LINE, 1))).toBe("gpio.line-busy");
    expect(site.seen).toEqual([0]);
    if (release !== "busy") release();
    await using _output = await site.gpio.drive(LINE, 1);
    expect(site.seen).toEqual([0, 1]);
  });

  it("is given back when it is closed, and leaves no process", async () => {
    await using site = await bench();
    await (await site.gpio.drive(LINE, 1))[Symbol.asyncDispose]();
    await expect.poll(() => site.chip.busy(LINE)).toBe(false);
    expect(site.chip.level(LINE)).toBe(0);
    expect(spawnSync("pgrep", ["-f", `${folder}/gpioset`]).stdout.toString()).toBe("");
  });
});

/** Tools whose words the test writes: `info` is what gpioinfo prints, `set` the body of gpioset. */
function scripts(
  version: "v1.6.3" | "v2.1.3",
  words: { readonly info: string; readonly set: string; readonly get?: string },
): void {
  const bodies = {
    gpiomon: `echo "gpiomon (libgpiod) ${version}"`,
    gpiodetect: "echo 'gpiochip0 [pinctrl-bcm2711] (58 lines)'",
    gpioinfo: `echo "info $*" >> ${folder}/calls; ${words.info}`,
    gpioget: `echo "get $*" >> ${folder}/calls; ${words.get ?? "exit 9"}`,
    gpioset: `echo "set $*" >> ${folder}/calls; ${words.set}`,
  };
  for (const [tool, body] of Object.entries(bodies)) {
    writeFileSync(join(folder, tool), `#!/bin/bash\n${body}\n`);
    chmodSync(join(folder, tool), 0o755);
  }
}
const calls = () => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");

describe("what the tools are asked", () => {
  it("an output that nobody holds is not touched by gpiod 1 before the first command: it cannot read it without making an input of it", async () => {
    const info = `if [ -f ${folder}/held ]; then w='"gpioset"  output  active-high [used]'; else w='unused  output  active-high '; fi
printf 'gpiochip0 - 54 lines:\\n\\tline  2:      unnamed   %s\\n\\tline  26:      unnamed   %s\\n' 'unused   input  active-high ' "$w"`;
    scripts("v1.6.3", { info, set: `touch ${folder}/held; exec sleep 60` });
    await using output = await (await gpiodChip(specOf())).drive(LINE, "keep");
    expect([await output.level(), calls()]).toEqual([null, ["info gpiochip0"]]);
    expect(await output.set(1)).toBe(1);
    expect(calls()).toContain("set --mode=signal gpiochip0 26=1");
  });

  it("gpiod 2 reads it as it is", async () => {
    const info = `if [ -f ${folder}/held ]; then u=' consumer="gpioset"'; fi
printf 'gpiochip0 26\\t"GPIO26"        \\toutput%s\\n' "$u"`;
    scripts("v2.1.3", { info, set: `touch ${folder}/held; exec sleep 60`, get: "echo 1" });
    await using output = await (await gpiodChip(specOf())).drive(LINE, "keep");
    expect(await output.level()).toBe(1);
    expect(calls()).toContain("get -c gpiochip0 --numeric --as-is 26");
    expect(calls()).toContain("set -c gpiochip0 26=1");
  });

  it("a gpioset that complains has set nothing: that is a failure; one that is killed may have: that is not known", async () => {
    const unused = `printf 'gpiochip0 - 54 lines:\\n\\tline  26:  unnamed  unused  input  active-high \\n'`;
    scripts("v1.6.3", { info: unused, set: "echo 'gpioset: error setting the GPIO line values: Permission denied' >&2; exit 1" });
    expect(await codeOf((await gpiodChip(specOf())).drive(LINE, 1))).toBe("gpio.unavailable");
    scripts("v1.6.3", { info: `printf '\\tline  26:  unnamed  unused  output  active-high \\n'`, set: "kill -9 $$" });
    await using output = await (await gpiodChip(specOf())).drive(LINE, "keep");
    expect(await output.set(1)).toBe(null);
    expect(output.lost.aborted).toBe(true);
  });
});

describe("a gpioinfo that fails once gpioset was started", () => {
  /** Fails from then on that `mute` lies in the folder; the line is held for as long as its process lives. */
  async function bench() {
    const info = `held=$(ls ${folder}/held 2>/dev/null)
[ -n "$held" ] && [ -e ${folder}/mute ] && { echo 'gpioinfo: Input/output error' >&2; exit 1; }
printf 'gpiochip0 26\\t"GPIO26"\\t%s\\n' "$([ -n "$held" ] && echo 'output consumer="gpioset"' || echo input)"`;
    const set = `trap 'rm ${folder}/held; exit 0' TERM; touch ${folder}/held; while :; do sleep 0.02; done`;
    scripts("v2.1.3", { info, set });
    return gpiodChip(specOf());
  }
  const mute = () => writeFileSync(join(folder, "mute"), "");

  it("leaves it unknown whether the line was set, never not set: it is let go of, and lost", async () => {
    await using output = await (await bench()).drive(LINE, 0);
    mute();
    expect(await output.set(1)).toBe(null);
    expect(output.lost.reason).toMatchObject({
      code: "gpio.line-busy",
      context: { reason: { en: expect.stringMatching(/^gpioinfo/) } },
    });
    expect([existsSync(join(folder, "held")), calls().filter((call) => call.startsWith("set"))]).toEqual([
      false,
      ["set -c gpiochip0 26=0", "set -c gpiochip0 26=1"],
    ]);
  });

  it("is why a line cannot be taken", async () => {
    const chip = await bench();
    mute();
    await expect(chip.drive(LINE, 0)).rejects.toMatchObject({ context: { reason: { en: expect.stringMatching(/^gpioinfo/) } } });
    expect(existsSync(join(folder, "held"))).toBe(false);
  });
});

/**
 * The tools of this machine, where it has them (`.ci/run` installs them) and no chip: they complain of the chip, and would of a wrong word
 * before that. So each call is in the words of the version that this Debian has, 1.6 in Bookworm, 2.2 in Trixie; what either does with a line
 * of a kernel's is shown by hw-sim/vm/gpio.ts.
 */
const installed = existsSync("/usr/bin/gpioset") && !existsSync("/dev/gpiochip0");

it.runIf(installed)("Debian's own tools take every call as it is made: what they miss is a chip", async () => {
  const here = await gpiodChip(busSchema.parse({ gpio: "gpiod", chip: "gpiochip0" }) as GpioSpec);
  const refused = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      code: "gpio.unavailable",
      context: { reason: { en: expect.stringMatching(/chip|No such file/) } },
    });
    return (error as { context: { reason: Text } }).context.reason.en;
  };
  const tools = await GpioTools.open(busSchema.parse({ gpio: "gpiod", chip: "gpiochip0" }) as GpioSpec);
  const dying = async (process: ToolProcess) => {
    await process.ended;
    throw lineError(LINE, process.died?.reason ?? { it: "", en: "" }, undefined);
  };
  expect(await refused(here.drive(LINE, 1))).toMatch(/^gpioinfo/);
  expect(await refused(GpioTools.open(busSchema.parse({ gpio: "gpiod" }) as GpioSpec))).toContain("Raspberry Pi's header");
  expect(await refused(tools.get(LINE, "down"))).toMatch(/^gpioget/);
  expect(await refused(dying(tools.drive(LINE, 1)))).toMatch(/^gpioset/);
  expect(await refused(dying(tools.monitor(LINE, "up")))).toMatch(/^gpiomon/);
});
