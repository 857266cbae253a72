/** Opening hours, holidays and local days, over both changes of daylight saving. */

import { describe, expect, it } from "vitest";
import { easterOf } from "../../../../src/edge/answers/holidays.ts";
import { dateOf, dayOf, dayText, LocalTime } from "../../../../src/edge/answers/local-time.ts";
import { NotUnderstood, parseHours } from "../../../../src/edge/answers/opening-hours.ts";
import { SiteAnswers } from "../../../../src/edge/answers/site-answers.ts";
import fc from "../../../support/property.ts";

const answers = () => new SiteAnswers({ timezone: "Europe/Rome", holidays: { country: "IT", extra: ["07-04"] } });
const at = (text: string) => Date.parse(text);
/** Such as "open 08:00–13:00". */
function hoursAt(hours: string, when: string): string {
  const { is, from, to } = answers().hours(hours, at(when));
  const local = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Rome", dateStyle: "short", timeStyle: "short" });
  return `${is ? "open" : "closed"} ${local.format(from)} – ${local.format(to)}`;
}
const SHOP = "Mo-Fr 08:00-13:00,15:00-20:00; Sa 08:00-13:00; PH off";

describe("opening hours", () => {
  it.each([
    // 2026-11-30 is a Monday; Rome is UTC+1.
    [SHOP, "2026-11-30T07:30:00Z", "open 2026-11-30 08:00 – 2026-11-30 13:00"],
    [SHOP, "2026-11-30T12:00:00Z", "closed 2026-11-30 13:00 – 2026-11-30 15:00"],
    [SHOP, "2026-11-30T12:00:00.001Z", "closed 2026-11-30 13:00 – 2026-11-30 15:00"],
    [SHOP, "2026-12-05T13:00:00Z", "closed 2026-12-05 13:00 – 2026-12-07 08:00"],
    // Immaculate Conception; the patron saint; Monday of Easter.
    [SHOP, "2026-12-08T10:00:00Z", "closed 2026-12-07 20:00 – 2026-12-09 08:00"],
    [SHOP, "2025-07-04T10:00:00Z", "closed 2025-07-03 20:00 – 2025-07-05 08:00"],
    [SHOP, "2026-04-06T10:00:00Z", "closed 2026-04-04 13:00 – 2026-04-07 08:00"],
    // Over midnight, from the day on which it began.
    ["Fr-Sa 22:00-02:00", "2026-12-05T00:30:00Z", "open 2026-12-04 22:00 – 2026-12-05 02:00"],
    ["Fr-Sa 22:00-02:00", "2026-12-06T00:30:00Z", "open 2026-12-05 22:00 – 2026-12-06 02:00"],
    ["Fr-Sa 22:00-02:00", "2026-12-06T01:00:00Z", "closed 2026-12-06 02:00 – 2026-12-11 22:00"],
    // What began two days ago may end after what began yesterday.
    ["Th 17:00-37:00; Fr 00:00-01:00", "2026-12-04T22:59:00Z", "closed 2026-12-04 13:00 – 2026-12-10 17:00"],
    ["Th 17:00-37:00; Fr 00:00-01:00", "2026-12-05T10:00:00Z", "closed 2026-12-04 13:00 – 2026-12-10 17:00"],
    ["Mo-Su 10:00-27:00,22:00-30:00", "2026-12-04T01:30:00Z", "open 2026-12-03 10:00 – 2026-12-04 06:00"],
    // Days that touch are one stretch.
    ["Sa-Su 00:00-24:00", "2026-12-05T12:00:00Z", "open 2026-12-05 00:00 – 2026-12-07 00:00"],
    ["Jun-Sep 09:00-19:00; PH off", "2026-11-30T12:00:00Z", "closed 2026-09-30 19:00 – 2027-06-01 09:00"],
    ["Dec-Feb Mo-Su 09:00-19:00", "2027-01-15T12:00:00Z", "open 2027-01-15 09:00 – 2027-01-15 19:00"],
    // The night that has no 02:30, and the one that has two.
    ["Mo-Su 02:30-04:00", "2026-03-29T01:29:00Z", "closed 2026-03-28 04:00 – 2026-03-29 03:30"],
    ["Mo-Su 02:30-04:00", "2026-10-25T00:45:00Z", "open 2026-10-25 02:30 – 2026-10-25 04:00"],
    ["Mo-Su 02:30-04:00", "2026-10-25T02:59:00Z", "open 2026-10-25 02:30 – 2026-10-25 04:00"],
  ])("%s at %s: %s", (hours, when, wanted) => expect(hoursAt(hours, when)).toBe(wanted));

  // What opening_hours.js 3.15.0 answers from Friday 4 to Wednesday 9 December 2026, Tuesday being a holiday. Made by that program, not by ours;
  // 1,500 random texts of parts without holidays gave no difference either.
  it.each([
    [
      "Mo-Fr 08:00-12:00; 14:00-18:00; PH off",
      "4 08:00-12:00, 4 14:00-18:00, 5 14:00-18:00, 6 14:00-18:00, 7 08:00-12:00, 7 14:00-18:00, 9 08:00-12:00, 9 14:00-18:00",
    ],
    ["08:00-12:00; 14:00-18:00; PH off", "4 14:00-18:00, 5 14:00-18:00, 6 14:00-18:00, 7 14:00-18:00, 9 14:00-18:00"],
    ["Mo-Fr 08:00-12:00; Mo-Fr 14:00-18:00; PH off", "4 14:00-18:00, 7 14:00-18:00, 9 14:00-18:00"],
    ["Mo-Fr 08:00-12:00; Mo 14:00-18:00; PH off", "4 08:00-12:00, 7 14:00-18:00, 9 08:00-12:00"],
    ["Mo-Fr 08:00-12:00; PH 14:00-16:00", "4 08:00-12:00, 7 08:00-12:00, 8 14:00-16:00, 9 08:00-12:00"],
    ["Mo-Fr 08:00-20:00; Dec Mo-Fr 09:00-10:00; PH off", "4 09:00-10:00, 7 09:00-10:00, 9 09:00-10:00"],
    ["Mo-Fr 08:00-12:00; off", ""],
  ])("%s is what opening_hours.js has it to be", (hours, theirs) => {
    const [from, to] = [at("2026-12-03T23:00:00Z"), at("2026-12-09T23:00:00Z")];
    const site = answers();
    const clock = (wall: number) => new Date(wall + 3_600_000).toISOString().slice(11, 16);
    const open: string[] = [];
    for (let wall = from; wall < to; ) {
      const now = site.hours(hours, wall);
      if (now.is) open.push(`${new Date(wall + 3_600_000).getUTCDate()} ${clock(now.from)}-${clock(now.to)}`);
      wall = now.to;
    }
    expect(open.join(", ")).toBe(theirs);
  });

  it("that never end and those that never begin are looked at again", () => {
    const now = at("2026-11-30T12:00:00Z");
    const [always, never] = [answers().hours("24/7", now), answers().hours("off", now)];
    expect([always.is, never.is]).toEqual([true, false]);
    expect(always.to - now).toBeGreaterThan(10 * 86_400_000);
    expect(never.to - now).toBeGreaterThan(300 * 86_400_000);
  });

  it.each(["Mo-Fr 8-20", "Mo-Fr 08:00-20:00 || off", "sunrise-sunset", "Mo-Xx 08:00-20:00", "week 1-10", "Mo 25:00-26:00", ""])(
    "%j is refused: a sign that is not understood is not guessed",
    (text) => expect(() => parseHours(text)).toThrow(NotUnderstood),
  );

  it("an answer holds from its beginning to its end, and is another one there", () => {
    const times = fc.record({
      hour: fc.nat(23),
      for: fc.integer({ min: 1, max: 24 }),
      half: fc.constantFrom("00", "30"),
      more: fc.boolean(),
    });
    const days = fc.constantFrom("Mo-Fr", "Sa-Su", "We", "PH", "Mo-Su", "Apr-Oct Fr", "PH,Su");
    const rule = fc.tuple(days, fc.option(times)).map(([day, time]) => {
      if (time === null) return `${day} off`;
      const two = (n: number) => String(n).padStart(2, "0");
      const span = `${two(time.hour)}:${time.half}-${two(time.hour + time.for)}:${time.half}`;
      return `${day} ${span}${time.more ? `,${two((time.hour + 9) % 24)}:00-${two(((time.hour + 9) % 24) + 20)}:00` : ""}`;
    });
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 366 * 24 * 4 }), (rules, quarter) => {
        const [hours, wall] = [rules.join("; "), at("2026-01-01T00:00:00Z") + quarter * 900_000];
        const { is, from, to } = answers().hours(hours, wall);
        expect(from).toBeLessThanOrEqual(wall);
        expect(to).toBeGreaterThan(wall);
        // Afresh at any moment within it is the same; at its end it is not, unless nobody looked so far ahead.
        const within = Math.floor((Math.max(from, wall - 86_400_000) + wall) / 2);
        expect(answers().hours(hours, within).is).toBe(is);
        if (to - wall < 10 * 86_400_000) expect(answers().hours(hours, to).is).toBe(!is);
      }),
      { numRuns: 300 },
    );
  });
});

describe("local days", () => {
  it("begin and end at local midnight, also when they have 23 or 25 hours", () => {
    const local = new LocalTime("Europe/Rome");
    const length = (text: string) => {
      const day = local.day(at(text));
      return (local.at(day + 1, 0) - local.at(day, 0)) / 3_600_000;
    };
    expect(["2026-03-29T12:00Z", "2026-10-25T12:00Z", "2026-11-30T12:00Z"].map(length)).toEqual([23, 25, 24]);
    expect(answers().day(at("2026-11-30T23:00:00Z"), 0)).toEqual({ day: "2026-12-01", to: at("2026-12-01T23:00:00Z") });
    expect(answers().day(at("2026-11-30T22:59:59Z"), 30).day).toBe("2026-12-30");
  });

  it("of other zones are theirs", () => {
    for (const zone of ["Pacific/Chatham", "America/St_Johns", "Asia/Kathmandu", "UTC"]) {
      const local = new LocalTime(zone);
      const now = at("2026-06-15T12:00:00Z");
      expect(local.at(local.day(now), 0), zone).toBeLessThanOrEqual(now);
      expect(local.at(local.day(now) + 1, 0), zone).toBeGreaterThan(now);
    }
  });

  it("know Easter", () => {
    // Astronomical Applications Department, US Naval Observatory.
    const found = [2024, 2025, 2026, 2027, 2038].map((year) => dayText(easterOf(year)));
    expect(found).toEqual(["2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25"]);
    expect(dateOf(dayOf(2026, 2, 29))).toEqual({ year: 2026, month: 3, date: 1 });
  });
});
