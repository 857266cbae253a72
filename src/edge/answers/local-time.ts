/** Local days and hours of a time zone, daylight saving included. */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** No zone changes its offset within a quarter-hour. */
const BUCKET_MS = 900_000;

/** Days since 1 January 1970, as a calendar counts them. */
export type DayNumber = number;

export const dayOf = (year: number, month: number, date: number): DayNumber => Date.UTC(year, month - 1, date) / DAY_MS;

/** 0: Monday. */
export const weekdayOf = (day: DayNumber): number => (((day + 3) % 7) + 7) % 7;

export function dateOf(day: DayNumber): { readonly year: number; readonly month: number; readonly date: number } {
  const moment = new Date(day * DAY_MS);
  return { year: moment.getUTCFullYear(), month: moment.getUTCMonth() + 1, date: moment.getUTCDate() };
}

/** YYYY-MM-DD. */
export const dayText = (day: DayNumber): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

export class LocalTime {
  readonly #format: Intl.DateTimeFormat;
  #bucket = Number.NaN;
  #offset = 0;

  /** `zone`: a name of the IANA database. */
  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" },
    });
  }

  /** What local time is ahead of UTC, ms. */
  offset(wall: number): number {
    const bucket = Math.floor(wall / BUCKET_MS);
    if (bucket === this.#bucket) return this.#offset;
    const start = bucket * BUCKET_MS;
    const parts = Object.fromEntries(this.#format.formatToParts(start).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    this.#bucket = bucket;
    this.#offset = Date.UTC(year, month - 1, day, hour, minute, second) - start;
    return this.#offset;
  }

  day(wall: number): DayNumber {
    return Math.floor((wall + this.offset(wall)) / DAY_MS);
  }

  /**
   * The moment at which a day's clock shows so many minutes after midnight. An hour that the spring change skips is taken as much later; of an hour
   * that autumn has twice, the first is taken.
   */
  at(day: DayNumber, minutes: number): number {
    const local = day * DAY_MS + minutes * MINUTE_MS;
    const [before, after] = [local - this.offset(local - DAY_MS), local - this.offset(local + DAY_MS)];
    const isSo = (wall: number) => wall + this.offset(wall) === local;
    return [Math.min(before, after), Math.max(before, after)].find(isSo) ?? before;
  }

  /** The next quarter-hour of local time after a moment: offsets are whole quarters everywhere. */
  nextQuarter(wall: number): number {
    return (Math.floor(wall / BUCKET_MS) + 1) * BUCKET_MS;
  }
}
