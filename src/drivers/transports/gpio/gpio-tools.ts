/** Speaks to the tools of libgpiod in the syntax of 1.6 (Bookworm) or of 2.x (Trixie). */
import { join } from "node:path";
import { EdgeError } from "../../../kit/errors.ts";
import { systemReason, verbatim } from "../../../kit/text/reasons.ts";
import type { Text } from "../../../model/index.ts";
import type { GpioSpec } from "../../buses.ts";
import type { GpioEdge, GpioWatch } from "../../driver.ts";
import { heardAt } from "../child/heard-at.ts";
import { type Refused, reasonOf, toolAnswer } from "../child/tool-answer.ts";
import { ToolProcess } from "../child/tool-process.ts";
import { chipAmong } from "./header-chip.ts";

export type Level = 0 | 1;
type Bias = GpioWatch["bias"];
type Tool = "gpiodetect" | "gpioget" | "gpiomon" | "gpioset" | "gpioinfo";

/** A tool that answers and ends does so within this time. */
const ANSWER_MS = 2000;

type Version = 1 | 2;

interface Syntax {
  readonly version: Version;
  get(chip: string, line: number, bias: Bias): readonly string[];
  /** Level of a line whatever its direction; null where reading would make an input of it. */
  asFound: ((chip: string, line: number) => readonly string[]) | null;
  info(chip: string, line: number): readonly string[];
  monitor(chip: string, line: number, bias: Bias): readonly string[];
  /** Holds the line until it is ended. */
  set(chip: string, line: number, level: Level): readonly string[];
}

// man gpiomon(1), gpioget(1), gpioset(1), gpioinfo(1) of libgpiod 1.6.3. %s %n: seconds and nanoseconds of the event.
const SYNTAX_1: Syntax = {
  version: 1,
  get: (chip, line, bias) => [...bias1(bias), chip, String(line)],
  asFound: null,
  info: (chip) => [chip],
  monitor: (chip, line, bias) => ["--line-buffered", "--format=%e %o %s %n", ...bias1(bias), chip, String(line)],
  set: (chip, line, level) => ["--mode=signal", chip, `${line}=${level}`],
};
const bias1 = (bias: Bias) => (bias === "none" ? [] : [`--bias=pull-${bias}`]);

// The same of libgpiod 2.1. %S: seconds.nanoseconds. The event clock is monotonic by default; naming it is avoided,
// because 2.1 takes `--event-clock monotonic` for `hte` (tools/gpiomon.c, parse_event_clock_or_die). So is `gpioset --interactive`: Debian may
// build without it, and at the end of its input it spins (tools/gpioset.c, interact). And `gpiomon --debounce-period`: where the chip has none of
// its own, as a Raspberry Pi's, the kernel waits for a whole tick or more (4 to 10 ms), anew at each edge (drivers/gpio/gpiolib-cdev.c,
// debounce_irq_handler). A contact that chatters faster is never heard of, and only we would say so.
const SYNTAX_2: Syntax = {
  version: 2,
  get: (chip, line, bias) => ["-c", chip, "--numeric", ...bias2(bias), String(line)],
  asFound: (chip, line) => ["-c", chip, "--numeric", "--as-is", String(line)],
  info: (chip, line) => ["-c", chip, String(line)],
  monitor: (chip, line, bias) => ["-c", chip, "--format", "%e %o %S", ...bias2(bias), String(line)],
  set: (chip, line, level) => ["-c", chip, `${line}=${level}`],
};
const bias2 = (bias: Bias) => (bias === "none" ? [] : ["--bias", `pull-${bias}`]);

export class GpioTools {
  readonly #syntax: Syntax;
  readonly #spec: GpioSpec;

  private constructor(spec: GpioSpec, syntax: Syntax) {
    this.#spec = spec;
    this.#syntax = syntax;
  }

  /** Asks the tools for their version and for the chip that is meant. Throws `gpio.unavailable` where there are none, or no such chip. */
  static async open(spec: GpioSpec): Promise<GpioTools> {
    const gpiomon = command(spec, "gpiomon");
    const answer = await toolAnswer(gpiomon, ["--version"], ANSWER_MS).catch((cause: Refused) => {
      throw unavailable(gpiomon, cause, {
        it: `${gpiomon} non ha detto la sua versione entro ${ANSWER_MS / 1000} s`,
        en: `${gpiomon} did not say its version within ${ANSWER_MS / 1000} s`,
      });
    });
    const major = /\bv(\d+)\./.exec(answer)?.[1];
    const syntax = major === "1" ? SYNTAX_1 : major === "2" ? SYNTAX_2 : null;
    if (syntax) return new GpioTools({ ...spec, chip: await chipName(spec) }, syntax);
    const [first] = answer.split("\n");
    throw new EdgeError("gpio.unavailable", {
      reason: { it: `versione di ${gpiomon} sconosciuta: ${first}`, en: `${gpiomon} has an unknown version: ${first}` },
    });
  }

  async get(line: number, bias: Bias): Promise<Level> {
    return levelIn(line, await this.#ask("gpioget", this.#syntax.get(this.#spec.chip, line, bias), line));
  }

  /** Without changing anything on the line; null where these tools cannot: an output of gpiod 1. */
  async asFound(line: number): Promise<Level | null> {
    const { asFound } = this.#syntax;
    if (asFound) return levelIn(line, await this.#ask("gpioget", asFound(this.#spec.chip, line), line));
    return (await this.state(line)).output ? null : this.get(line, "none");
  }

  /**
   * While a line is held nobody else can read its level, but everybody can see how it is held:
   * `line 26: "GPIO26" "gpioset" output active-high [used]` (1.6), `gpiochip0 26 "GPIO26" output consumer="gpioset"` (2.x).
   */
  async state(line: number): Promise<{ readonly output: boolean; readonly used: boolean }> {
    const answer = await this.#ask("gpioinfo", this.#syntax.info(this.#spec.chip, line), line);
    const own = answer.split("\n").find((text) => new RegExp(`^(\\s*line\\s+${line}:|\\S+ ${line}\\s)`).test(text));
    if (own === undefined)
      throw lineError(
        line,
        { it: `gpioinfo non la elenca: ${answer.split("\n")[0]}`, en: `gpioinfo does not name it: ${answer.split("\n")[0]}` },
        undefined,
      );
    return { output: /\soutput\b/.test(own), used: /\[used|\sconsumer=/.test(own) };
  }

  monitor(line: number, bias: Bias): ToolProcess {
    return this.#held("gpiomon", this.#syntax.monitor(this.#spec.chip, line, bias), line);
  }

  /** `started`: when its gpiomon was. Null: no edge. */
  edge(answer: string, started: number): GpioEdge | null {
    return edgeIn(answer, this.#syntax.version, started);
  }

  drive(line: number, level: Level): ToolProcess {
    return this.#held("gpioset", this.#syntax.set(this.#spec.chip, line, level), line);
  }

  /** A tool that goes on until it is ended. */
  #held(tool: Tool, args: readonly string[], line: number): ToolProcess {
    try {
      return new ToolProcess(command(this.#spec, tool), args);
    } catch (cause) {
      throw lineError(line, systemReason(cause), cause);
    }
  }

  #ask(tool: Tool, args: readonly string[], line: number): Promise<string> {
    const asked = command(this.#spec, tool);
    return toolAnswer(asked, args, ANSWER_MS).catch((cause: Refused) => {
      throw lineError(line, cause.late ? lateText(tool) : reasonOf(asked, cause), cause);
    });
  }
}

/** Words that all tools take for a chip, whatever is on the machine. */
const NAME = /^(gpiochip\d+|\d+|\/dev\/.+)$/;
/** Both versions, each chip on a line: `gpiochip0 [pinctrl-bcm2711] (58 lines)`. */
const DETECTED = /^(\S+) \[(.*)\] \(\d+ lines\)$/;

/** Of a label its name, which both versions take. The header's number is another one on another kernel. */
async function chipName(spec: GpioSpec): Promise<string> {
  const { chip } = spec;
  if (NAME.test(chip)) return chip;
  const gpiodetect = command(spec, "gpiodetect");
  const answer = await toolAnswer(gpiodetect, [], ANSWER_MS).catch((cause: Refused) => {
    throw unavailable(gpiodetect, cause);
  });
  const chips = new Map<string, { readonly name: string; readonly label: string }>();
  for (const text of answer.split("\n")) {
    const [, name, label] = DETECTED.exec(text.trim()) ?? [];
    // Where one is a link to another, 1.6 tells it twice.
    if (name !== undefined && label !== undefined) chips.set(name, { name, label });
  }
  return chipAmong([...chips.values()], chip, ({ name }) => name === chip, gpiodetect).name;
}

/** Not: a file that the tool did not find. */
const isMissing = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && cause.code === "ENOENT" && "syscall" in cause;
const lateText = (tool: string): Text => ({
  it: `${tool} non ha risposto entro ${ANSWER_MS / 1000} s`,
  en: `${tool} gave no answer within ${ANSWER_MS / 1000} s`,
});

/** Nobody is told to install what is there. */
function unavailable(tool: string, cause: Refused, late = lateText(tool)): EdgeError {
  if (isMissing(cause)) return new EdgeError("gpio.not-installed", { tool }, cause);
  return new EdgeError("gpio.unavailable", { reason: cause.late ? late : reasonOf(tool, cause) }, cause);
}

const command = ({ tools }: GpioSpec, tool: Tool): string => (tools === undefined ? tool : join(tools, tool));

function levelIn(line: number, answer: string): Level {
  const level = answer.trim();
  if (level !== "0" && level !== "1") throw lineError(line, verbatim(`gpioget: ${JSON.stringify(level)}`), undefined);
  return level === "1" ? 1 : 0;
}

/** What `%e` says, by the man pages of both versions; any other digit is no edge. */
const LEVELS: Readonly<Record<Version, Readonly<Record<string, Level>>>> = { 1: { 0: 0, 1: 1 }, 2: { 1: 1, 2: 0 } };
/** A line of gpiomon's. Kernels before 5.7 stamp events with wall time; those, and anything from another clock, take the time of arrival. */
export function edgeIn(answer: string, version: Version, started: number): GpioEdge | null {
  const [, type = "", seconds, fraction] = /^(\d) \d+ (\d+)[ .](\d+)$/.exec(answer.trim()) ?? [];
  const level = LEVELS[version][type];
  if (level === undefined) return null;
  return { level, mono: heardAt(Number(seconds) * 1000 + Math.floor(Number(fraction) / 1e6), started) };
}

/** The tools have no error codes, only these texts of the C library. */
export function lineError(line: number, reason: Text, cause: unknown): EdgeError {
  if (isMissing(cause))
    return new EdgeError("gpio.not-installed", { tool: (cause as NodeJS.ErrnoException).path ?? "gpiod" }, cause);
  const whole = /permission denied|no such (file|device)|cannot find|ENOENT|EACCES/i.test(reason.en);
  return new EdgeError(whole ? "gpio.unavailable" : "gpio.line-busy", { line, reason }, cause);
}
