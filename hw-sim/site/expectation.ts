/** What a scenario says that every asset must tell: its events in order, and its retained state, each with its time. */
import * as z from "zod";
import { duration } from "../../src/kit/text/quantities.ts";

/** All times count from the begin of the play. */
export const expectation = z.strictObject({
  within: duration().prefault("2s").describe("Every time may be wrong by so much."),
  assets: z.record(
    z.string(),
    z.strictObject({
      events: z
        .array(
          z.strictObject({
            at: duration(),
            kind: z.string(),
            state: z.enum(["raised", "updated", "cleared", "noted"]),
            reason: z.string().optional(),
          }),
        )
        .prefault([])
        .describe("In order; there must be no other."),
      states: z
        .array(z.looseObject({ at: duration(), quality: z.enum(["good", "uncertain"]).optional().describe("Default: good.") }))
        .prefault([])
        .describe("Attributes of the retained state from that time on."),
    }),
  ),
});
export type Expectation = z.output<typeof expectation>;
export type ExpectedAsset = Expectation["assets"][string];
