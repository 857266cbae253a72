/** Measures what a gateway's process holds: memory, descriptors, children, listeners, timers. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { ask } from "../start/ask.ts";
import type { Wait } from "../start/judge/cpu-waits.ts";

/** What the probe in a process says that it holds; memory in bytes, functions that wait for an event of an emitter or a signal, timers that will fire. */
const own = z.object({ rss: z.number(), heap: z.number(), outside: z.number(), listeners: z.number(), timers: z.number() });
/** `from`, `to`: how long the look itself kept the process from its work, monotonic ms. */
const held = z.object({ own, from: z.number(), to: z.number() });
export type ProbeAnswer = z.output<typeof held>;

const sample = own.extend({ descriptors: z.number(), children: z.number() });
export type Sample = Readonly<z.output<typeof sample>>;
export const FIGURES = sample.keyof().options;

/** Requests under way hold timers and listeners, and short-lived tools are children: the least of a few looks is what stays. */
const LOOKS = 4;
const LOOK_MS = 130;

/** `probe`: the socket of hw-sim/soak/probe.ts in that process. Answers also when it kept the process waiting. */
export async function measure(pid: number, probe: string): Promise<{ readonly sample: Sample; readonly waits: readonly Wait[] }> {
  const looks: Sample[] = [];
  const waits: Wait[] = [];
  for (let i = 0; i < LOOKS; i += 1) {
    if (i > 0) await sleep(LOOK_MS);
    // Counted before the question, whose own connection is a descriptor for a moment longer than the answer takes.
    const kernel = { descriptors: readdirSync(`/proc/${pid}/fd`).length, children: childrenOf(pid) };
    const { own, from, to } = held.parse(await ask({ path: probe }, {}));
    waits.push({ span: [from, to], ms: to - from, isHold: true });
    looks.push({ ...own, ...kernel });
  }
  const least = FIGURES.map((figure) => [figure, Math.min(...looks.map((one) => one[figure]))]);
  return { sample: sample.parse(Object.fromEntries(least)), waits };
}

function childrenOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const list = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim());
  return list.flatMap((one) => (one === "" ? [] : one.split(" "))).length;
}
