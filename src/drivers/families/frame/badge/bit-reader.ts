/** A driver for readers with a Wiegand interface behind a converter that writes each number as a line of ASCII. */
import * as z from "zod";
import type { Text } from "../../../../model/index.ts";
import type { FrameLayout, Golden } from "../../../driver.ts";
import type { WiegandBits, WiegandWriting } from "../wiegand.ts";
import { badgeReader, reverseBytes } from "./badge.ts";
import { aroundNumber, charsOf, lineShape } from "./text-reader.ts";

export interface WiegandReaderTable {
  readonly type: string;
  readonly title: Text;
  readonly baud: number;
  readonly goldens: readonly Golden[];
}

const shape = {
  ...lineShape,
  bits: z
    .literal([26, 34])
    .prefault(26)
    .describe(
      "The format: 26 bits (8 of facility, 16 of card) or 34 (16 and 16). The number is 6 or 8 hex digits, facility first.",
    ),
  writes: z
    .enum(["hex", "decimal", "bits"])
    .prefault("hex")
    .describe(
      "What the converter writes of it: the data as hex digits or as one decimal number, whose parity it has checked itself; or every bit, as 0 and 1, whose two parity bits are checked here.",
    ),
  length: z
    .union([z.int().min(1).max(34), z.tuple([z.int().min(1), z.int().max(34)])])
    .optional()
    .describe(
      "Characters of a number, or [least, most] where zeros in front are left out. Default: all digits, which is 6 or 8 in hex, 10 in decimal, 26 or 34 as bits.",
    ),
  bytes: z
    .enum(["as-sent", "reversed"])
    .prefault("as-sent")
    .describe("reversed: the last byte comes first, as some readers send the UID of a card in 34 bits."),
};
const optionsOf = z.object(shape);
type Options = z.output<typeof optionsOf> & { readonly again: number };

/** Digits that a converter writes unless the site says otherwise. */
const allDigits = (writes: Options["writes"], bits: WiegandBits): number => ({ hex: (bits - 2) / 4, decimal: 10, bits })[writes];

export const wiegandReader = (table: WiegandReaderTable) =>
  badgeReader<Options>({
    ...table,
    options: shape,
    frame({ bits, writes, length = allDigits(writes, bits), ...line }): FrameLayout {
      const decode: WiegandWriting = `wiegand-${writes}`;
      return { framing: "line", ...aroundNumber(line), fields: [{ name: "badge", decode, bits, chars: charsOf(length) }] };
    },
    normalise(number, { bytes }) {
      if (bytes === "reversed") reverseBytes(number);
    },
  });
