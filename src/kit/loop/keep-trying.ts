/**
 * Runs work that may fail again and again until it is stopped.
 *
 * The only place that retries and that logs a failure; the log says how often.
 */
import { asEdgeError, type EdgeError } from "../errors.ts";
import { fieldsBeside, type Log } from "../log.ts";
import { pause } from "./pause.ts";
import { AnyOf } from "./signals.ts";

export interface Tries {
  readonly log: Log;
  readonly stop: AbortSignal;
  /** Wait before the next try, by the number of failures in a row; 0 failures: the work returned by itself. */
  waitMs(failures: number, error?: EdgeError): number;
  /** Work that has run this long counts as healthy, and the back-off starts anew. Infinity: only a call of `works` does that. Default: a minute. */
  readonly healthyMs?: number;
  /** Resolves when it is worth trying before the wait is over. */
  woken?(stop: AbortSignal): Promise<void>;
  /** Told of each failure before the wait. */
  failed?(error: EdgeError, failures: number): void;
}

const HEALTHY_MS = 60_000;

/** Runs `work` until `stop`; never throws. `work` gets a function by which it reports "now it works", which resets the back-off. */
export async function keepTrying(
  name: string,
  work: (stop: AbortSignal, works: () => void) => Promise<void>,
  tries: Tries,
): Promise<void> {
  const { log, stop, healthyMs = HEALTHY_MS } = tries;
  let failures = 0;
  let last: EdgeError | undefined;
  const works = () => {
    if (failures > 0) log.info("loop.recovered", { name, failures });
    failures = 0;
  };
  while (!stop.aborted) {
    const begun = performance.now();
    try {
      await work(stop, works);
      failures = 0;
      last = undefined;
    } catch (raw) {
      if (stop.aborted) return;
      const error = asEdgeError(raw);
      last = error;
      if (performance.now() - begun > healthyMs) failures = 0;
      failures += 1;
      tries.failed?.(error, failures);
      log.warn("loop.failed", fieldsBeside({ name, failures, code: error.code, cause: error.cause }, error.context));
    }
    // After a stop there is nothing to wait for.
    if (!stop.aborted) await wait(tries.waitMs(failures, last), tries);
  }
}

async function wait(ms: number, { stop, woken }: Tries): Promise<void> {
  if (woken === undefined) return pause(ms, stop);
  const waited = new AbortController();
  using over = new AnyOf(stop, waited.signal);
  await Promise.race([pause(ms, over.signal), woken(over.signal)]);
  waited.abort();
}
