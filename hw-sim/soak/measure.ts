/** A gateway's process goes in; what it holds while nothing is wrong comes out: memory, descriptors, children, listeners, timers. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { ask } from "../start/ask.ts";
import type { Wait } from "../start/waits.ts";

/** What the witness in a process says that it holds; memory in bytes. */
const held = z.object({
  rss: z.number(),
  heap: z.number(),
  outside: z.number(),
  /** Functions that wait for an event of an emitter or a signal. */
  listeners: z.number(),
  /** Timers that will fire. */
  timers: z.number(),
  /** How long the look itself kept the process from its work, monotonic ms. */
  from: z.number(),
  to: z.number(),
});
export type Held = z.output<typeof held>;

export interface Sample extends Omit<Held, "from" | "to"> {
  readonly descriptors: number;
  readonly children: number;
}

/** A request on its way holds a timer and a listener, and a tool that runs for a moment is a child: the least of a few looks is what stays. */
const LOOKS = 4;
const LOOK_MS = 130;

/** `witness`: the socket of hw-sim/soak/witness.ts in that process. Answers also when it kept the process waiting. */
export async function measure(
  pid: number,
  witness: string,
): Promise<{ readonly sample: Sample; readonly waits: readonly Wait[] }> {
  const looks: (Held & Sample)[] = [];
  for (let i = 0; i < LOOKS; i += 1) {
    if (i > 0) await sleep(LOOK_MS);
    looks.push({
      ...held.parse(await ask({ path: witness }, {})),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      children: childrenOf(pid),
    });
  }
  const waits = looks.map(({ from, to }): Wait => ({ span: [from, to], ms: to - from }));
  const least = (of: (one: Sample) => number) => Math.min(...looks.map(of));
  const sample = {
    rss: least((one) => one.rss),
    heap: least((one) => one.heap),
    outside: least((one) => one.outside),
    listeners: least((one) => one.listeners),
    timers: least((one) => one.timers),
    descriptors: least((one) => one.descriptors),
    children: least((one) => one.children),
  };
  return { sample, waits };
}

function childrenOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const list = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim());
  return list.flatMap((one) => (one === "" ? [] : one.split(" "))).length;
}
