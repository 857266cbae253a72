/** Options with a unit, such as 10s or 1200mm: checked, and as numbers in the unit that the code counts in. */
import * as z from "zod";

const TIME: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const LENGTH: Readonly<Record<string, number>> = { mm: 1, cm: 10, m: 1000 };

/** What a duration may be at least and at most, written like one. */
export interface Within {
  readonly least: string;
  readonly most: string;
}

/** A duration with its unit, as milliseconds. Bare numbers are refused: nobody should have to guess their unit. */
export function duration({ least, most }: Partial<Within> = {}) {
  const time = quantity(TIME, "a duration such as 500ms, 10s, 5min, 12h or 14d");
  const [from, to] = [least, most].map((bound) => (bound === undefined ? undefined : time.parse(bound)));
  return time
    .refine((ms) => from === undefined || ms >= from, { error: `expected at least ${least}` })
    .refine((ms) => to === undefined || ms <= to, { error: `expected at most ${most}` });
}

/** An interval of something repeated: at least 50 ms, to spare the processor, and at most what a Node timer can wait (2^31 ms). */
export const cadence = () => duration({ least: "50ms", most: "24d" });

/** A length with its unit, as millimetres. */
export const length = () => quantity(LENGTH, "a length such as 1200mm, 120cm or 1.2m");

function quantity(units: Readonly<Record<string, number>>, expected: string) {
  const pattern = new RegExp(`^(\\d+(?:\\.\\d+)?)\\s*(${Object.keys(units).join("|")})$`);
  return z
    .string({ error: `expected ${expected}` })
    .regex(pattern, { error: `expected ${expected}` })
    .transform((text) => {
      const [, amount = "0", unit = ""] = pattern.exec(text) ?? [];
      return Number(amount) * (units[unit] ?? 1);
    });
}
