/** The public holidays of a country and of a place. */
import { type DayNumber, dateOf, dayOf } from "./local-time.ts";

/** As the configuration writes them; `extra`: MM-DD or YYYY-MM-DD. */
export interface Holidays {
  readonly country: string;
  readonly extra: readonly string[];
}

/** Fixed days by country, as MM-DD. Italy: law 260/1949, with 4 October again from 2026 (law 151/2025). */
const FIXED: Readonly<Record<string, readonly string[]>> = {
  IT: ["01-01", "01-06", "04-25", "05-01", "06-02", "08-15", "11-01", "12-08", "12-25", "12-26"],
};
const SINCE: Readonly<Record<string, readonly { readonly day: string; readonly year: number }[]>> = {
  IT: [{ day: "10-04", year: 2026 }],
};

/** Countries whose holidays are known here. */
export const countries: readonly string[] = Object.keys(FIXED);

/** Whether a day is one of these: MM-DD of any year, or YYYY-MM-DD. */
export function isAmong(day: DayNumber, days: readonly string[]): boolean {
  if (days.length === 0) return false;
  const { year, text } = textOf(day);
  return days.includes(text) || days.includes(`${year}-${text}`);
}

function textOf(day: DayNumber): { readonly year: number; readonly text: string } {
  const { year, month, date } = dateOf(day);
  return { year, text: `${String(month).padStart(2, "0")}-${String(date).padStart(2, "0")}` };
}

export function isHoliday(day: DayNumber, { country, extra }: Holidays): boolean {
  const { year, text } = textOf(day);
  if (isAmong(day, extra)) return true;
  if (FIXED[country]?.includes(text) || SINCE[country]?.some((one) => one.day === text && year >= one.year)) return true;
  // Sunday and Monday of Easter.
  const easter = easterOf(year);
  return country in FIXED && (day === easter || day === easter + 1);
}

/** Gregorian Easter Sunday (Meeus, Jones, Butcher). */
export function easterOf(year: number): DayNumber {
  const a = year % 19;
  const [b, c] = [Math.floor(year / 100), year % 100];
  const [d, e] = [Math.floor(b / 4), b % 4];
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const [i, k] = [Math.floor(c / 4), c % 4];
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return dayOf(year, Math.floor(n / 31), (n % 31) + 1);
}
