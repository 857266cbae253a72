/** What simulated charging columns mean by their state registers: written from the documents again, apart from the product. */
import type { Named } from "./unit.ts";

/** By type: what its register says for each letter of IEC 61851, the first number where it has several. */
const CODES: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  // Heidelberg Modbus register table, register 5.
  "heidelberg-energy-control": { A: [2, 3], B: [4, 5], C: [6, 7], F: [9, 11], U: [10] },
  // Bender charge controller, register 122.
  "bender-cc612": { A: [1], B: [2], C: [3, 4], F: [5] },
};

export interface ColumnLetters {
  /** The number for a letter. Throws a plain sentence for one that it does not have. */
  codeOf(letter: string): number;
  /** What a master must make of what it was shown, beside the registers themselves. */
  madeOf(shown: readonly Named[]): readonly Named[];
}

export function columnLetters(type: string): ColumnLetters | undefined {
  const codes = CODES[type];
  return (
    codes && {
      codeOf(letter) {
        const code = codes[letter]?.[0];
        if (code === undefined) throw new Error(`${type} has no state ${letter}: it has ${Object.keys(codes).join(", ")}`);
        return code;
      },
      madeOf: (shown) =>
        shown.flatMap(({ point, value: code }) => {
          if (point !== "state-code" || typeof code !== "number") return [];
          const letter = Object.keys(codes).find((one) => codes[one]?.includes(code));
          const derating = type === "heidelberg-energy-control" ? [{ point: "derating", value: code === 8 }] : [];
          return [...(letter === undefined ? [] : [{ point: "state", value: letter }]), ...derating];
        }),
    }
  );
}
