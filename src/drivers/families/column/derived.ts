/** What follows from several registers of a column: the letter of IEC 61851, and counters whose unit depends on the model. */
import type { PointSpec, Value } from "../../../model/index.ts";

/** A: no car; B: a car that does not charge; C: a car that charges; F: a fault; U: the column is not available. */
export type Letter = "A" | "B" | "C" | "F" | "U";

export type Values = Readonly<Record<string, Value | undefined>>;

/** `isDoubtful`: the document is not sure of it. */
export interface Derivation {
  readonly value: Value;
  readonly isDoubtful?: true;
}

/** A value made of others. */
export interface Derived {
  readonly spec: PointSpec;
  /** What it is made of: all of them read in the same round. */
  readonly from: readonly string[];
  /** What it is made of besides, that is read seldom: what was read last. */
  readonly given?: readonly string[];
  /** undefined: these values do not decide it. `before`: what it was last. */
  of(values: Values, before: Value | undefined): Derivation | undefined;
}

const STATE: PointSpec = { unit: "", kind: "state", isWord: true, report: { atLeastMs: 15 * 60_000 } };

/** The letter by what the column's registers say. */
export const letter = (
  from: readonly string[],
  decide: (values: Values, before: Value | undefined) => Letter | Derivation | undefined,
): Derived => ({
  spec: STATE,
  from,
  of(values, before) {
    const found = decide(values, before);
    return typeof found === "string" ? { value: found } : found;
  },
});

interface Codes {
  readonly letters: Readonly<Partial<Record<Letter, readonly (number | string)[]>>>;
  /** Codes under which the letter stays what it was. */
  readonly keeps?: readonly (number | string)[];
  /** Codes whose letter the document is not sure of. */
  readonly doubtful?: readonly (number | string)[];
}

/** The letter by one register, `state-code`. A code that its document does not have decides nothing. */
export const letterOf = ({ letters, keeps = [], doubtful = [] }: Codes): Derived =>
  letter(["state-code"], ({ "state-code": code }, before) => {
    if (typeof code !== "number" && typeof code !== "string") return undefined;
    if (keeps.includes(code)) return before === undefined || before === null ? undefined : { value: before };
    const found = (Object.keys(letters) as Letter[]).find((name) => letters[name]?.includes(code));
    return found && { value: found, ...(doubtful.includes(code) && { isDoubtful: true as const }) };
  });
