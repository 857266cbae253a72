/** What a kind may ask at a moment, and when time alone may change an answer that it was given. */
import type { Value } from "../../model/index.ts";
import type { Answers } from "../answers/answers.ts";
import type { Assessment, Context, Moment, Seen, Sense, Spell, Uncertain } from "../kinds/kind.ts";
import type { AssetRun } from "./asset/asset-run.ts";

const NEVER = Number.POSITIVE_INFINITY;
/** Hours that speak of holidays. */
const HOLIDAYS = /\bPH\b/;

/** The moment at which a kind is asked, and what it may ask; `again` is when time alone may change an answer that it was given. */
export class KindContext implements Context<unknown, Record<string, Sense<unknown>>> {
  readonly now: Moment;
  readonly o: unknown;
  readonly sees: Record<string, Seen<unknown>>;
  readonly asset: string;
  again = NEVER;
  readonly #answers: Answers;

  constructor(run: AssetRun, now: Moment, answers: Answers) {
    this.now = now;
    this.o = run.asset.options;
    this.asset = run.asset.id;
    this.#answers = answers;
    this.sees = {};
    for (const { name } of run.roles) {
      const state = run.senses[name];
      if (state !== undefined) this.sees[name] = state.seen;
    }
  }

  // Functions of their own, so that a kind may take them out of the context by name.

  readonly ended = (passed: number): number | null => {
    const at = passed - (this.now.passed - this.now.at);
    if (this.now.at >= at) return at;
    this.#until(at);
    return null;
  };

  readonly beforeDay = (day: string, aheadDays = 0): boolean | "unknown" => {
    const today = this.now.synced ? this.#answers.day?.(this.now.wall, aheadDays) : undefined;
    if (today === undefined) return "unknown";
    this.#untilWall(today.to);
    return today.day < day;
  };

  readonly open = (hours: string): Spell =>
    this.#spell(this.#answers.hours?.(hours, this.now.wall), HOLIDAYS.test(hours) ? "holidays" : null);

  readonly listed = (list: string): Spell => this.#spell(this.#answers.listed?.(list, this.asset, this.now.wall), list);

  /** `list`: which was asked for it. */
  #spell(answer: ReturnType<NonNullable<Answers["hours"]>>, list: string | null): Spell {
    // By a clock that may be wrong nothing is open or shut; when it is found, the kind is asked again.
    if (answer === undefined || !this.now.synced) return { is: "unknown", since: 0 };
    this.#untilWall(answer.to);
    const isStale = list !== null && this.#answers.isStale?.(list, this.now.wall) === true;
    return { is: answer.is, since: this.now.at - (this.now.wall - answer.from), ...(isStale && { isStale }) };
  }

  #untilWall(wall: number): void {
    this.#until(this.now.at + (wall - this.now.wall));
  }

  #until(at: number): void {
    if (at > this.now.at && at < this.again) this.again = at;
  }
}

export const isUncertain = (value: Value | Uncertain): value is Uncertain => typeof value === "object" && value !== null;
export type AnyAssessment = Assessment<string, string>;
