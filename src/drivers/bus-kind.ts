/** What each kind of bus declares: how it is written in the configuration, and which physical port it occupies. */
import type * as z from "zod";

export interface BusKind {
  /** Every form in which it is written; the key that all of them begin with is the name of the kind. */
  readonly forms: readonly z.ZodType[];
  /** One, as it is written: for whoever has described none yet. */
  readonly example: string;
  /**
   * The physical port of a bus as written, so that no two buses open the same one. `word` gives the text under a key; the rest of the
   * bus may still be wrong. Undefined: any number of buses may share it.
   */
  port(word: (key: string) => string | undefined): string | undefined;
}
