/** What is known of a command that goes out over a broker: whether it was sent, and what answered it in time. */
import { type EdgeError, toldOf } from "../../../kit/errors.ts";
import { pause } from "../../../kit/loop/pause.ts";
import { AnyOf } from "../../../kit/loop/signals.ts";
import type { Outcome } from "../../../model/index.ts";

/** It surely has not gone out. `away`: why the broker is not there, if that is the reason. */
export const unsentFor = (away: EdgeError | null): Outcome => ({
  state: "failed",
  code: away?.code ?? "command.device-down",
  ...(away && { told: toldOf(away) }),
});

/** Null: not in time. */
export async function within<T>(ms: number, answered: Promise<T>, stop: AbortSignal): Promise<T | null> {
  const came = new AbortController();
  using over = new AnyOf(stop, came.signal);
  const answer = await Promise.race([answered, pause(ms, over.signal).then(() => null)]);
  came.abort();
  return answer;
}
