/** A GPIO chip and the tools of libgpiod go in; levels and edges of its lines come out. Speaks the syntax of 1.6 (Bookworm) and of 2.x (Trixie). */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { monotonic } from "../../kit/clock.ts";
import { EdgeError } from "../../kit/errors.ts";
import { pause } from "../../kit/loop.ts";
import type { GpioSpec } from "../buses.ts";
import type { GpioChip, GpioEdge } from "../driver.ts";
import { ToolProcess } from "./tool-process.ts";

/**
 * gpiomon owns its line: the kernel answers EBUSY to gpioget meanwhile, in 1.x and in 2.x. So the level is read first and the monitor
 * started at once after it; and a line at rest is read again, between two monitors, soon after opening and then once a minute.
 */
const CHECKS = { firstMs: 5000, everyMs: 60_000 };
const GET_MS = 2000;
const AGAIN_MS = 200;

type Bias = "none" | "up" | "down";
type Level = 0 | 1;

interface Syntax {
  get(chip: string, line: number, bias: Bias): readonly string[];
  monitor(chip: string, line: number, bias: Bias): readonly string[];
}

// man gpiomon(1), gpioget(1) of libgpiod 1.6.3. %e: 0 falling, 1 rising; %s %n: seconds and nanoseconds of the event.
const SYNTAX_1: Syntax = {
  get: (chip, line, bias) => [...bias1(bias), chip, String(line)],
  monitor: (chip, line, bias) => ["--line-buffered", "--format=%e %o %s %n", ...bias1(bias), chip, String(line)],
};
const bias1 = (bias: Bias) => (bias === "none" ? [] : [`--bias=pull-${bias}`]);

// man gpiomon(1), gpioget(1) of libgpiod 2.1. %e: 1 rising, 2 falling; %S: seconds.nanoseconds. The event clock is monotonic by default;
// naming it is avoided, because 2.1 takes `--event-clock monotonic` for `hte` (tools/gpiomon.c, parse_event_clock_or_die).
const SYNTAX_2: Syntax = {
  get: (chip, line, bias) => ["-c", chip, "--numeric", ...bias2(bias), String(line)],
  monitor: (chip, line, bias) => ["-c", chip, "--format", "%e %o %S", ...bias2(bias), String(line)],
};
const bias2 = (bias: Bias) => (bias === "none" ? [] : ["--bias", `pull-${bias}`]);

/** Asks the tools for their version. Throws `gpio.unavailable` where there are none. */
export async function gpiodChip({ chip, tools }: GpioSpec, checks = CHECKS): Promise<GpioChip> {
  const tool = (name: string) => (tools === undefined ? name : join(tools, name));
  const syntax = await syntaxOf(tool("gpiomon"));
  const get = (line: number, bias: Bias) => readLevel(tool("gpioget"), syntax.get(chip, line, bias), line);
  return {
    async *watch(line, { bias }, stop) {
      let known = null as { readonly level: Level; readonly mono: number } | null;
      for (let restMs = checks.firstMs; !stop.aborted; restMs = checks.everyMs) {
        const level = await get(line, bias).catch(async (error) => {
          if (!known) throw error;
          // Somebody's gpioget may hold the line for a moment, between our two monitors.
          await pause(AGAIN_MS, stop);
          return get(line, bias);
        });
        // Found different from the last edge: an edge was lost, and the state is the truth.
        if (known?.level !== level) yield { level, mono: monotonic() };
        known = { level, mono: monotonic() };
        await using monitor = new ToolProcess(tool("gpiomon"), syntax.monitor(chip, line, bias));
        for await (const text of monitor.lines(restMs, stop)) {
          const edge = parseEdge(text);
          if (!edge) continue;
          // Two edges of one kind: the one between fell into the gap before the monitor had the line, or the kernel's queue overflowed.
          if (edge.level === known.level) yield { level: edge.level === 1 ? 0 : 1, mono: known.mono };
          known = edge;
          yield edge;
        }
        const died = monitor.died;
        if (died && !stop.aborted) throw lineError(line, died.message, died.cause);
      }
    },
  };
}

async function syntaxOf(gpiomon: string): Promise<Syntax> {
  const { stdout } = await promisify(execFile)(gpiomon, ["--version"], { timeout: GET_MS }).catch(
    (cause: NodeJS.ErrnoException) => {
      throw new EdgeError(
        "gpio.unavailable",
        { reason: cause.code === "ENOENT" ? `${gpiomon} is not installed` : cause.message },
        cause,
      );
    },
  );
  const major = /\bv(\d+)\./.exec(stdout)?.[1];
  if (major === "1") return SYNTAX_1;
  if (major === "2") return SYNTAX_2;
  throw new EdgeError("gpio.unavailable", { reason: `unknown version of gpiomon: ${stdout.split("\n")[0]}` });
}

async function readLevel(gpioget: string, args: readonly string[], line: number): Promise<Level> {
  const { stdout } = await promisify(execFile)(gpioget, [...args], { timeout: GET_MS }).catch(
    (cause: Error & { readonly stderr?: string }) => {
      throw lineError(line, cause.stderr?.trim() || cause.message, cause);
    },
  );
  const level = stdout.trim();
  if (level !== "0" && level !== "1") throw lineError(line, `gpioget says ${JSON.stringify(level)}`, undefined);
  return level === "1" ? 1 : 0;
}

/** The tools have no error codes, only these texts of the C library. */
function lineError(line: number, reason: string, cause: unknown): EdgeError {
  const whole = /permission denied|no such (file|device)|cannot find|ENOENT|EACCES/i.test(reason);
  return new EdgeError(whole ? "gpio.unavailable" : "gpio.line-busy", { line, reason }, cause);
}

/** Kernels before 5.7 stamp events with wall time; those, and anything from another clock, take the time of arrival. */
const PLAUSIBLE_MS = 60_000;

function parseEdge(text: string): GpioEdge | null {
  const [, type, seconds, fraction] = /^(\d) \d+ (\d+)[ .](\d+)$/.exec(text.trim()) ?? [];
  if (type === undefined || seconds === undefined || fraction === undefined) return null;
  const now = monotonic();
  const mono = Number(seconds) * 1000 + Math.floor(Number(fraction) / 1e6);
  return { level: type === "1" ? 1 : 0, mono: mono <= now && now - mono < PLAUSIBLE_MS ? mono : now };
}
