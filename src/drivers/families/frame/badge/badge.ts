/** Makes the driver of a reader of badges, tags or codes: what it reads is hashed here, and goes nowhere as a number. */
import * as z from "zod";
import { duration } from "../../../../kit/text/quantities.ts";
import type { Text } from "../../../../model/index.ts";
import type { FrameLayout, Golden } from "../../../driver.ts";
import { frameDriver } from "../frame.ts";
import { badgeKeysIn, hashed } from "./badge-key.ts";

export interface BadgeTable<O> {
  readonly type: string;
  readonly title: Text;
  readonly baud: number;
  /** Its field `badge` is the number, as hex digits or text. */
  frame(options: O): FrameLayout;
  /** Beside `again`. */
  readonly options: z.ZodRawShape;
  /** The number as the platform hashes it, whichever way round this reader writes it. In place. */
  normalise?(number: Uint8Array, options: O): void;
  readonly goldens: readonly Golden[];
}

/** A reader says nothing as long as nobody shows a badge: its silence means nothing, its wire is what can fail. */
const SILENT_AFTER_MS = 60_000;

const again = duration()
  .prefault("3s")
  .describe("The same badge, held or shown again, is told once in this time; readers repeat one that is held.");

export function badgeReader<O extends { readonly again: number }>(table: BadgeTable<O>) {
  return frameDriver<O>({
    ...table,
    options: z.strictObject({ ...table.options, again }) as unknown as z.ZodType<O>,
    silentAfterMs: () => SILENT_AFTER_MS,
    points: () => ({ badge: { unit: "", kind: "credential" } }),
    isEach: true,
    key: (wires) => wires.badgeKey(),
    interpreter: (options, file) => {
      const keys = badgeKeysIn(file ?? new Uint8Array(0));
      let last = { value: "", mono: Number.NEGATIVE_INFINITY };
      return ({ badge }, mono) => {
        if (!(badge instanceof Uint8Array)) return [];
        upperCase(badge);
        table.normalise?.(badge, options);
        const value = hashed(badge, keys);
        const isHeld = value === last.value && mono - last.mono < options.again;
        last = { value, mono };
        return isHeld ? [] : [{ point: "badge", value, quality: "good", mono }];
      };
    },
  });
}

function upperCase(text: Uint8Array): void {
  for (const [i, byte] of text.entries()) if (byte >= 0x61 && byte <= 0x7a) text[i] = byte - 0x20;
}

/** Turns pairs of hex digits round, so that the last byte is the first. In place. */
export function reverseBytes(digits: Uint8Array): void {
  digits.reverse();
  for (let i = 0; i + 1 < digits.length; i += 2) digits.subarray(i, i + 2).reverse();
}
