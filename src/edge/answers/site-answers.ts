/** Answers what kinds ask of the calendar: the local day, and whether opening hours run. */
import type { Answers } from "./answers.ts";
import { type Holidays, isHoliday } from "./holidays.ts";
import { type DayNumber, dayText, LocalTime } from "./local-time.ts";
import { type OpeningHours, parseHours, spansOn } from "./opening-hours.ts";

/** What does not change within a year is looked at again then. */
const FAR_DAYS = 370;
/** So far is looked for the end of what is open without a gap, such as 24/7. */
const OPEN_DAYS = 14;

/** An answer, and from when to when it holds, epoch ms. */
export interface Stretch {
  readonly is: boolean;
  readonly from: number;
  readonly to: number;
}

interface Today {
  readonly number: DayNumber;
  readonly from: number;
  readonly to: number;
}

export interface Calendar {
  /** Name of the IANA database. */
  readonly timezone: string;
  readonly holidays?: Holidays | undefined;
}

/** Costs nothing until the first question: time zones take milliseconds and memory to load. */
export class SiteAnswers implements Answers {
  readonly #calendar: Calendar;
  #local: LocalTime | undefined;
  readonly #parsed = new Map<string, OpeningHours>();
  /** The newest answer to each question: kinds ask at every reading. */
  readonly #newest = new Map<string, Stretch>();
  #day: Today | undefined;

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  get local(): LocalTime {
    this.#local ??= new LocalTime(this.#calendar.timezone);
    return this.#local;
  }

  /** The local day some days ahead, YYYY-MM-DD, and when that changes. */
  day(wall: number, aheadDays: number): { readonly day: string; readonly to: number } {
    const today = this.#today(wall);
    return { day: dayText(today.number + aheadDays), to: today.to };
  }

  #today(wall: number): Today {
    if (this.#day === undefined || wall < this.#day.from || wall >= this.#day.to) {
      const number = this.local.day(wall);
      this.#day = { number, from: this.local.at(number, 0), to: this.local.at(number + 1, 0) };
    }
    return this.#day;
  }

  hours(text: string, wall: number): Stretch {
    const known = this.#newest.get(text);
    if (known !== undefined && wall >= known.from && wall < known.to) return known;
    const hours = this.#parsed.get(text) ?? parseHours(text);
    this.#parsed.set(text, hours);
    const found = this.#look(hours, wall);
    this.#newest.set(text, found);
    return found;
  }

  #look(hours: OpeningHours, wall: number): Stretch {
    const today = this.#today(wall).number;
    // What began yesterday may still run.
    const near = [...this.#open(hours, today - 1), ...this.#open(hours, today)];
    const now = near.find(({ from, to }) => from <= wall && wall < to);
    if (now !== undefined) {
      // Without a gap one follows the other.
      let { from, to } = now;
      for (let day = today; day < today + OPEN_DAYS; day += 1) {
        const next = this.#open(hours, day).find((one) => one.from <= to && one.to > to);
        if (next === undefined && day > today + 1) break;
        if (next !== undefined) to = next.to;
      }
      for (let day = today; day > today - OPEN_DAYS; day -= 1) {
        const last = this.#open(hours, day).findLast((one) => one.to >= from && one.from < from);
        if (last === undefined && day < today - 1) break;
        if (last !== undefined) from = last.from;
      }
      return { is: true, from, to };
    }
    let [from, to] = [this.local.at(today - FAR_DAYS, 0), this.local.at(today + FAR_DAYS, 0)];
    for (let day = today - 1; day < today + FAR_DAYS; day += 1) {
      const next = this.#open(hours, day).find((one) => one.from > wall);
      if (next === undefined) continue;
      to = next.from;
      break;
    }
    for (let day = today; day > today - FAR_DAYS; day -= 1) {
      // What began the day before may have ended later.
      const ends = [...this.#open(hours, day - 1), ...this.#open(hours, day)].flatMap((one) => (one.to <= wall ? [one.to] : []));
      if (ends.length === 0) continue;
      from = Math.max(...ends);
      break;
    }
    return { is: false, from, to };
  }

  /** Of one day, in epoch ms, in order. */
  #open(hours: OpeningHours, day: DayNumber): readonly { readonly from: number; readonly to: number }[] {
    const { holidays } = this.#calendar;
    const spans = spansOn(hours, day, holidays !== undefined && isHoliday(day, holidays));
    return [...spans]
      .sort((a, b) => a.from - b.from)
      .map(({ from, to }) => ({ from: this.local.at(day, from), to: this.local.at(day, to) }));
  }
}
