/** A GPIO chip by way of the tools of libgpiod: its lines are watched and driven. */
import { monotonic } from "../../../kit/clock.ts";
import { EdgeError } from "../../../kit/errors.ts";
import { pause } from "../../../kit/loop/pause.ts";
import { verbatim } from "../../../kit/text/reasons.ts";
import type { GpioSpec } from "../../buses.ts";
import type { GpioChip, GpioWatch } from "../../driver.ts";
import { GpioTools, type Level, lineError } from "./gpio-tools.ts";
import { GpiosetOutput } from "./gpioset-output.ts";

/**
 * gpiomon owns its line: the kernel answers EBUSY to gpioget meanwhile, in 1.x and in 2.x. So the level is read first and the monitor
 * started at once after it; and a line at rest is read again, between two monitors, soon after opening and then once a minute. Not one whose
 * every edge counts: a pulse may be as short as that gap, and an edge lost before the first monitor shows in the next.
 */
const CHECKS = { firstMs: 5000, everyMs: 60_000 };
const AGAIN_MS = 200;
/** The longest that a timer can wait. */
const FOREVER_MS = 2 ** 31 - 1;

/** Asks the tools for their version. Throws `gpio.unavailable` where there are none. */
export async function gpiodChip(spec: GpioSpec, checks = CHECKS): Promise<GpioChip> {
  const tools = await GpioTools.open(spec);
  return {
    watch: (line, watch, stop) => watchLine(tools, line, watch, checks, stop),
    drive: (line, first) => GpiosetOutput.open(tools, line, first),
  };
}

async function* watchLine(tools: GpioTools, line: number, watch: GpioWatch, checks: typeof CHECKS, stop: AbortSignal) {
  const { bias, counts = false } = watch;
  let known = null as { readonly level: Level; readonly mono: number } | null;
  for (let restMs = checks.firstMs; !stop.aborted; restMs = checks.everyMs) {
    const level = await tools.get(line, bias).catch(async (error) => {
      if (!known) throw error;
      // Somebody's gpioget may hold the line for a moment, between our two monitors.
      await pause(AGAIN_MS, stop);
      return tools.get(line, bias);
    });
    // Found different from the last edge: an edge was lost, and the state is the truth.
    if (known?.level !== level) yield { level, mono: monotonic() };
    const started = monotonic();
    known = { level, mono: started };
    await using monitor = tools.monitor(line, bias);
    for await (const text of monitor.lines(counts ? FOREVER_MS : restMs, stop)) {
      const edge = tools.edge(text, started);
      // A line that is not understood may have been an edge. If it were ignored, the last level would go on being reported as good.
      if (!edge) throw lineError(line, verbatim(`gpiomon: ${JSON.stringify(text.slice(0, 40))}`), undefined);
      // Two edges of one kind: the one between fell into the gap before the monitor had the line, or the kernel's queue overflowed.
      if (edge.level === known.level)
        yield { level: edge.level === 1 ? (0 as const) : (1 as const), mono: Math.min(known.mono + 1, edge.mono) };
      known = edge;
      yield edge;
    }
    const died = monitor.died;
    if (!died || stop.aborted) continue;
    if (died.unread > 0) throw new EdgeError("gpio.overrun", { line, lost: died.unread });
    throw lineError(line, died.reason, died.cause);
  }
}
