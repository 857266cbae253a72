/** Waits for some time, unless it is told to stop. */
import { setTimeout as sleep } from "node:timers/promises";

/** Resolves after `ms`, or at once when stopped; never throws. */
export async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => undefined);
}
