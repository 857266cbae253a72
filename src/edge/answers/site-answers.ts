/** Answers what kinds ask of the calendar and of pushed lists: the local day, opening hours, whether an asset is listed. */
import type { Answers } from "./answers.ts";
import { type Holidays, isAmong, isHoliday } from "./holidays.ts";
import { type DayNumber, dayText, LocalTime } from "./local-time.ts";
import { type OpeningHours, parseHours, spansOn } from "./opening-hours.ts";
import { type ListNews, ToldLists } from "./told-lists.ts";

/** What does not change within a year is looked at again then. */
const FAR_DAYS = 370;
/** So far is looked for the end of what is open without a gap, such as 24/7. */
const OPEN_DAYS = 14;
/** Most signs change within these. */
const NEAR_DAYS = 4;

/** An answer, and from when to when it holds, epoch ms. */
export interface Stretch {
  readonly is: boolean;
  readonly from: number;
  readonly to: number;
}

type OpenStretch = Omit<Stretch, "is">;

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

  readonly #lists: ToldLists;

  /** `lists`: what was told of them before. */
  constructor(calendar: Calendar, lists = new ToldLists()) {
    this.#calendar = calendar;
    this.#lists = lists;
  }

  listed(list: string, asset: string, wall: number): Stretch | undefined {
    return this.#lists.listed(list, asset, wall);
  }

  isStale(list: string, wall: number): boolean {
    return this.#lists.isStale(list, wall);
  }

  tell(news: ListNews): void {
    this.#lists.tell(news);
    // Days that became holidays, or no longer are, may have other hours.
    if (news.days !== undefined) this.#newest.clear();
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

  /** The stretch around a moment, sought in the days near it, then in more, until no day outside them can change the answer. */
  #look(hours: OpeningHours, wall: number, days: number = NEAR_DAYS): Stretch {
    const today = this.#today(wall).number;
    const open = this.#merged(hours, today - days, today + days);
    const now = open.find(({ from, to }) => from <= wall && wall < to);
    const from = now?.from ?? open.findLast(({ to }) => to <= wall)?.to;
    const to = now?.to ?? open.find((one) => one.from > wall)?.from;
    // A span ends at most two days after the one on which it begins: what began before the first day is over by then.
    const [first, last] = [this.local.at(today - days + 2, 0), this.local.at(today + days, 0)];
    const isWhole = from !== undefined && from > first && to !== undefined && to < last;
    if (isWhole || days === FAR_DAYS || (now !== undefined && days === OPEN_DAYS))
      return { is: now !== undefined, from: from ?? first, to: to ?? last };
    return this.#look(hours, wall, days === NEAR_DAYS ? OPEN_DAYS : FAR_DAYS);
  }

  /** Open stretches that begin from one day to another, in epoch ms, in order; what touches or overlaps is one. */
  #merged(hours: OpeningHours, firstDay: DayNumber, lastDay: DayNumber): readonly OpenStretch[] {
    const { holidays } = this.#calendar;
    const all: OpenStretch[] = [];
    for (let day = firstDay; day <= lastDay; day += 1) {
      const isOff = (holidays !== undefined && isHoliday(day, holidays)) || isAmong(day, this.#lists.days);
      for (const { from, to } of spansOn(hours, day, isOff))
        all.push({ from: this.local.at(day, from), to: this.local.at(day, to) });
    }
    const merged: OpenStretch[] = [];
    for (const one of all.sort((a, b) => a.from - b.from)) {
      const last = merged.at(-1);
      if (last === undefined || one.from > last.to) merged.push(one);
      else if (one.to > last.to) merged[merged.length - 1] = { from: last.from, to: one.to };
    }
    return merged;
  }
}
