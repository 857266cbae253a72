/** Opening hours as OpenStreetMap writes them, in the part that cities use; what it does not know it refuses. */
import { type DayNumber, dateOf, weekdayOf } from "./local-time.ts";

const WEEKDAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY = 24 * 60;

/** Minutes after midnight; `to` may lie in the next day. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** One part between semicolons: on which days, and when it is open then. */
interface Rule {
  /** Months of the year, 1 to 12; null: any. */
  readonly months: ReadonlySet<number> | null;
  /** Days of the week, 0 Monday; null: any, if holidays are not named alone. */
  readonly weekdays: ReadonlySet<number> | null;
  /** Public holidays too, or alone where no weekday is named. */
  readonly holidays: boolean;
  readonly spans: readonly Span[];
  /** It names no days and follows one that does: its times are added to those of the day, as opening_hours.js has it. */
  readonly adds: boolean;
}

export type OpeningHours = readonly Rule[];

/** What of the text is not understood. */
export class NotUnderstood extends Error {
  readonly part: string;

  constructor(part: string) {
    super(`not understood: ${part}`);
    this.part = part;
  }
}

/** Such as "Mo-Fr 08:00-13:00,15:00-20:00; Sa 08:00-13:00; PH off". Throws NotUnderstood. */
export function parseHours(text: string): OpeningHours {
  const parts = text.split(";").map((part) => part.trim());
  const rules = parts.filter((part, i) => part !== "" || i === 0 || i < parts.length - 1).map(ruleOf);
  return rules.map((rule, i) => {
    const before = rules[i - 1];
    return { ...rule, adds: before !== undefined && namesDays(before) && !namesDays(rule) && rule.spans.length > 0 };
  });
}

const namesDays = ({ months, weekdays, holidays }: Omit<Rule, "adds">): boolean =>
  months !== null || weekdays !== null || holidays;

/** The part of such a text that is not understood; null: all of it is. */
export function notUnderstood(text: string): string | null {
  try {
    parseHours(text);
    return null;
  } catch (error) {
    if (error instanceof NotUnderstood) return error.part === "" ? '""' : error.part;
    throw error;
  }
}

function ruleOf(part: string): Omit<Rule, "adds"> {
  if (part === "24/7") return { months: null, weekdays: null, holidays: false, spans: [{ from: 0, to: DAY }] };
  const words = part.split(/\s+/);
  const last = words.at(-1) ?? "";
  const isTime = /^\d/.test(last) || last === "off" || last === "closed" || last === "open";
  const days = isTime ? words.slice(0, -1) : words;
  let months: Set<number> | null = null;
  let weekdays: Set<number> | null = null;
  let holidays = false;
  for (const word of days) {
    const named = word.split(",");
    if (months === null && weekdays === null && !holidays && named.every((one) => within(one, MONTHS) !== null)) {
      months = new Set(named.flatMap((one) => within(one, MONTHS) ?? []).map((i) => i + 1));
      continue;
    }
    if (weekdays !== null || holidays) throw new NotUnderstood(part);
    for (const one of named) {
      const range = within(one, WEEKDAYS);
      if (one === "PH") holidays = true;
      else if (range === null) throw new NotUnderstood(one);
      else weekdays = new Set([...(weekdays ?? []), ...range]);
    }
  }
  if (words[0] === "" || (!isTime && days.length === 0)) throw new NotUnderstood(part);
  return { months, weekdays, holidays, spans: spansOf(isTime ? last : "open") };
}

/** Places of "Mo", "Fr-Mo" in a list that goes round; null: it is none of it. */
function within(text: string, list: readonly string[]): readonly number[] | null {
  const [first = "", last = first, more] = text.split("-");
  const [from, to] = [list.indexOf(first), list.indexOf(last)];
  if (from < 0 || to < 0 || more !== undefined) return null;
  const count = ((to - from + list.length) % list.length) + 1;
  return Array.from({ length: count }, (_, i) => (from + i) % list.length);
}

function spansOf(text: string): readonly Span[] {
  if (text === "off" || text === "closed") return [];
  if (text === "open") return [{ from: 0, to: DAY }];
  return text.split(",").map((one): Span => {
    const [, h1, m1, h2, m2] = /^(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)$/.exec(one) ?? [];
    const [from, to] = [Number(h1) * 60 + Number(m1), Number(h2) * 60 + Number(m2)];
    const isTime = [m1, m2].every((m) => Number(m) < 60) && from < DAY && to <= 2 * DAY;
    if (!isTime || from === to) throw new NotUnderstood(one);
    // 22:00-06:00 ends on the next day.
    return { from, to: to > from ? to : to + DAY };
  });
}

/**
 * When it is open that begins on a day: the last rule that speaks of the day decides, with those after it that only add times; what is said of
 * holidays goes before all others.
 */
export function spansOn(hours: OpeningHours, day: DayNumber, isHoliday: boolean): readonly Span[] {
  const { month } = dateOf(day);
  const ofDay = (rule: Rule): boolean => {
    if (rule.months !== null && !rule.months.has(month)) return false;
    if (rule.holidays && isHoliday) return true;
    return rule.weekdays === null ? !rule.holidays : rule.weekdays.has(weekdayOf(day));
  };
  const fitting = hours.filter(ofDay);
  const ofHolidays = isHoliday ? fitting.filter(({ holidays }) => holidays) : [];
  const deciding = ofHolidays.length > 0 ? ofHolidays : fitting;
  const last = deciding.findLastIndex(({ adds }) => !adds);
  return deciding.slice(Math.max(0, last)).flatMap(({ spans }) => spans);
}
