/** A device of the network that is looked at at each tick; and what is said of one that did not answer. */
import type { Device, Reading } from "../../../model/index.ts";
import type { ProbeResult } from "../../driver.ts";

export type NoAnswer = Exclude<ProbeResult, { readonly answerMs: number }>;

export const NO_ANSWER = {
  refused: "net.refused",
  unreachable: "net.unreachable",
  timeout: "net.timeout",
  "unknown-host": "net.unknown-host",
  "not-tried": "net.not-tried",
} as const;

/** Nothing is opened before it is looked at, and nothing stays open. */
export const polledHost = (look: (stop: AbortSignal) => Promise<readonly Reading[]>): Device => ({
  async *readings(ticks, stop) {
    while (!stop.aborted) {
      await ticks.next(stop);
      if (stop.aborted) return;
      const readings = await look(stop);
      if (!stop.aborted) yield readings;
    }
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

/**
 * `alive` is false, and of the other points nothing is known. A host name that has no address says nothing about the device, as the name server may
 * be down; nor does a gateway without a network: then `alive` is not known either.
 */
export function unanswered(not: NoAnswer, points: readonly string[]): readonly Reading[] {
  const { failed, mono } = not;
  const code = NO_ANSWER[failed];
  const why = "reason" in not ? { why: { reason: not.reason } } : {};
  const none = points.map((point): Reading => ({ point, value: null, quality: "bad", code, mono, ...why }));
  const isKnown = failed !== "unknown-host" && failed !== "not-tried";
  const alive: Reading = isKnown
    ? { point: "alive", value: false, quality: "good", mono }
    : { point: "alive", value: null, quality: "bad", code, mono, ...why };
  return [alive, ...none];
}

/** How soon it answered, to a tenth of a millisecond. */
export const answered = (answerMs: number, mono: number): readonly Reading[] => [
  { point: "alive", value: true, quality: "good", mono },
  { point: "answer-time", value: Math.round(answerMs * 10) / 10, quality: "good", mono },
];
