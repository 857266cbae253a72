/** Runs cases one after the other and prints a line for each as soon as its result is known. */
import { monotonic } from "../src/kit/clock.ts";

/** Thrown by a case whose subject this machine cannot have; never counted as passed. */
export class NotHere extends Error {
  override readonly name = "NotHere";
}

type Result = "passed" | "FAILED" | "not here";
const WIDTH = 66;
const SEEN_MAX = 160;

export class Table {
  readonly results: Result[] = [];
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
    say(`${"CASE".padEnd(WIDTH)} ${"RESULT".padEnd(8)} ${"TIME".padStart(6)}  SEEN`);
  }

  count(result: Result): number {
    return this.results.filter((one) => one === result).length;
  }

  /** `judge` answers what it saw, and throws what is wrong. True: passed. */
  async is(name: string, judge: () => Promise<string>): Promise<boolean> {
    const began = monotonic();
    let result: Result = "passed";
    const seen = await judge().catch((error: unknown) => {
      result = error instanceof NotHere ? "not here" : "FAILED";
      return error instanceof Error ? error.message : String(error);
    });
    this.results.push(result);
    const took = `${((monotonic() - began) / 1000).toFixed(1)} s`;
    this.#say(
      `${name.padEnd(WIDTH)} ${result.padEnd(8)} ${took.padStart(6)}  ${seen.replaceAll(/\s+/g, " ").slice(0, SEEN_MAX)}`,
    );
    return result === "passed";
  }
}

/** A case that says what it wanted when it sees something else. */
export function expect(ok: boolean, wrong: string): asserts ok {
  if (!ok) throw new Error(wrong);
}
