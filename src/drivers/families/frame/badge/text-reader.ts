/** A driver for any reader that writes what it reads as a line of ASCII; the site says how that line looks. */
import * as z from "zod";
import type { Text } from "../../../../model/index.ts";
import type { FrameLayout, Golden } from "../../../driver.ts";
import { badgeReader, reverseBytes } from "./badge.ts";

export interface TextReaderTable {
  readonly type: string;
  readonly title: Text;
  readonly baud: number;
  readonly goldens: readonly Golden[];
}

const ENDS = { cr: "\r", lf: "\n", "cr-or-lf": "\r\n", etx: "\x03" } as const;
const printable = () =>
  z.string().regex(/^[\x20-\x7e]{0,16}$/, { error: "expected at most 16 printable ASCII characters, without accents" });

/** How any reader's line looks around its number. */
export const lineShape = {
  prefix: printable().prefault("").describe("What the reader writes before each number."),
  stx: z.boolean().prefault(false).describe("The control character STX (02) comes before everything."),
  suffix: printable().prefault("").describe("What it writes after it, before the end of the line."),
  ends: z.enum(["cr", "lf", "cr-or-lf", "etx"]).prefault("cr-or-lf").describe("What ends a line."),
};
type Line = Pick<z.output<z.ZodObject<typeof lineShape>>, keyof typeof lineShape>;

export const aroundNumber = ({ prefix, stx, suffix, ends }: Line) => ({
  begin: `${stx ? "\x02" : ""}${prefix}`,
  ...(suffix !== "" && { after: suffix }),
  end: ENDS[ends],
});

export const charsOf = (length: number | readonly [number, number]): readonly [number, number] =>
  typeof length === "number" ? [length, length] : length;

const shape = {
  ...lineShape,
  digits: z
    .enum(["hex", "text"])
    .prefault("hex")
    .describe("What a number consists of: hex digits, as most UIDs do, or any characters, as codes do."),
  length: z
    .union([z.int().min(1).max(128), z.tuple([z.int().min(1), z.int().max(128)])])
    .prefault([4, 64])
    .describe(
      "Characters of a number, or [least, most]. Say it when all have the same: what is left of a torn line is then never taken for one.",
    ),
  bytes: z
    .enum(["as-sent", "reversed", "iso-15693"])
    .prefault("as-sent")
    .describe(
      "Order of the bytes of hex digits. `iso-15693`: turned round unless E0 comes first, as makers differ and a UID begins with E0.",
    ),
};
const optionsOf = z.object(shape);
type Options = z.output<typeof optionsOf> & { readonly again: number };

export const textReader = ({ goldens, ...table }: TextReaderTable) =>
  badgeReader<Options>({
    ...table,
    goldens,
    options: shape,
    frame: ({ digits, length, ...line }): FrameLayout => ({
      framing: "line",
      ...aroundNumber(line),
      fields: [{ name: "badge", decode: digits, chars: charsOf(length) }],
    }),
    normalise(number, { bytes, digits }) {
      if (digits !== "hex" || bytes === "as-sent") return;
      if (bytes === "reversed" || !beginsWithE0(number)) reverseBytes(number);
    },
  });

const beginsWithE0 = (digits: Uint8Array): boolean => digits[0] === 0x45 && digits[1] === 0x30;
