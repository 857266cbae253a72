/** A bay reserved for disabled people: status and illegal occupation, from its sensor and a patrol. */

import { describe, expect, it } from "vitest";
import { runBay, type Told, WALL } from "../../../support/memory/kind-run.ts";
import fc from "../../../support/property.ts";

const DISABLED = { reservedFor: "disabled", debounce: "5s", permits: { list: "disabled", grace: "5min" } };
const car = (at: number): Told => ({ at, record: { value: true } });
const empty = (at: number): Told => ({ at, record: { value: false } });
const blind = (at: number): Told => ({ at, record: { value: null, quality: "bad" } });
const until = (at: number): Told => ({ at, nothing: true });
const badge = (at: number, ends?: number): Told => ({
  at,
  command: "permit.confirm",
  ...(ends !== undefined && { args: { until: ends + WALL } }),
});
const brief = (told: readonly Told[], options: Record<string, unknown> = DISABLED) =>
  runBay(options, told).events.map(
    (e) => `${e.state}${e.reason ? `:${e.reason}` : ""}${e.quality === "uncertain" ? "?" : ""}@${e.mono}`,
  );

it("the end of a permit is not judged by a clock that may be wrong: one that is ahead would accuse at once", () => {
  const told = [car(0), badge(1000, 60_000), until(9_000_000)];
  expect(runBay(DISABLED, told).events.map(({ mono }) => mono)).toEqual([360_000]);
  expect(runBay(DISABLED, told, { synced: false }).events).toEqual([]);
});

describe("status", () => {
  it("is unknown until the sensor has spoken, then follows it after the debounce", () => {
    expect(runBay(DISABLED, [empty(100), until(6000), car(10_000), until(20_000)]).attributes).toEqual([
      "status=unknown@0",
      "permit=none@0",
      "status=free@5100",
      "status=occupied@15000",
    ]);
  });

  it("ignores what does not stand as long as the debounce", () => {
    expect(
      runBay(DISABLED, [empty(0), until(6000), car(10_000), empty(12_000), car(13_000), empty(17_999), until(60_000)]).attributes,
    ).toEqual(["status=unknown@0", "permit=none@0", "status=free@5000"]);
  });

  it("survives bad readings shorter than the sensor may be silent, and becomes unknown after that", () => {
    expect(runBay(DISABLED, [empty(0), until(6000), blind(7000), empty(9000), until(60_000)]).attributes.slice(2)).toEqual([
      "status=free@5000",
    ]);
    expect(runBay(DISABLED, [empty(0), until(6000), blind(7000), until(60_000)]).attributes.slice(2)).toEqual([
      "status=free@5000",
      "status=unknown@17000",
    ]);
  });

  it("is unknown at once when the sensor is declared silent", () => {
    expect(runBay(DISABLED, [empty(0), { at: 6000, device: "down" }]).attributes.at(-1)).toBe("status=unknown@6000");
  });

  it("speaks since the first sight on the wire, not since the debounce ended", () => {
    const { events } = runBay(DISABLED, [car(1000), until(400_000)]);
    expect(events[0]).toMatchObject({ state: "raised", since: 1000, mono: 301_000 });
  });
});

describe("illegal occupation", () => {
  it("is raised after the grace and cleared when the bay is left", () => {
    expect(brief([car(0), until(400_000), empty(500_000), until(600_000)])).toEqual(["raised@300000", "cleared:normal@505000"]);
  });

  it("keeps one id from raised to cleared", () => {
    const { events } = runBay(DISABLED, [car(0), until(400_000), empty(500_000), until(600_000)]);
    expect(new Set(events.map((e) => e.id)).size).toBe(1);
  });

  it("is not raised with a badge confirmed during the grace, nor before within two minutes", () => {
    expect(brief([car(0), badge(200_000), until(9_000_000)])).toEqual([]);
    expect(brief([empty(0), badge(10_000), car(100_000), until(9_000_000)])).toEqual([]);
  });

  it("is raised when the badge was shown more than two minutes before", () => {
    expect(brief([empty(0), badge(10_000), car(130_001), until(9_000_000)])).toEqual(["raised@430001"]);
  });

  it("is cleared by a badge confirmed after the alarm", () => {
    expect(brief([car(0), until(400_000), badge(450_000), until(9_000_000)])).toEqual(["raised@300000", "cleared:normal@450000"]);
  });

  it("is raised when the permit ends during the stay, after a new grace", () => {
    expect(brief([car(0), badge(100_000, 1_000_000), until(9_000_000)])).toEqual(["raised@1300000"]);
  });

  it("ends the permit with the stay", () => {
    expect(brief([car(0), badge(1000), empty(100_000), until(106_000), car(300_000), until(9_000_000)])).toEqual([
      "raised@600000",
    ]);
  });

  it("stays open, uncertain, while the sensor is silent, and certain again when it speaks", () => {
    expect(brief([car(0), { at: 400_000, device: "down" }, { at: 500_000, device: "up" }, car(500_000), until(600_000)])).toEqual(
      ["raised@300000", "updated?@400000", "updated@505000"],
    );
  });

  it("is given up as lost after 24 h without sight", () => {
    expect(brief([car(0), { at: 400_000, device: "down" }, until(90_000_000)])).toEqual([
      "raised@300000",
      "updated?@400000",
      "cleared:lost@86800000",
    ]);
  });

  it("begins its grace anew after the bay was not observed", () => {
    expect(
      brief([car(0), { at: 100_000, device: "down" }, { at: 200_000, device: "up" }, car(200_000), until(9_000_000)]),
    ).toEqual(["raised@500000"]);
  });

  it("does not concern bays that are not reserved for disabled people", () => {
    expect(brief([car(0), until(9_000_000)], { reservedFor: "charging", debounce: "5s" })).toEqual([]);
  });
});

describe("a bay whose sensor sees nothing", () => {
  const noEcho = (at: number): Told => ({ at, record: { value: null, quality: "bad", code: "sensor.no-echo" } });
  const presumed = (at: number): Told => ({
    at,
    record: { value: true, quality: "uncertain", code: "sensor.nothing-in-range" },
  });

  it("raises no alarm while it is blind, however short of the end of the grace that begins", () => {
    expect(brief([car(0), noEcho(299_000), until(9_000_000)])).toEqual([]);
    expect(brief([car(0), noEcho(299_000), car(302_000), until(9_000_000)])).toEqual(["raised@302000"]);
    expect(brief([car(0), noEcho(100_000), car(105_000), until(9_000_000)])).toEqual(["raised@300000"]);
  });

  it("is unknown when that lasts, and says why; what stood stands, uncertain", () => {
    const ran = runBay(DISABLED, [car(0), until(400_000), noEcho(500_000), until(600_000)]);
    expect(ran.attributes.at(-1)).toBe("status=unknown@510000");
    expect(ran.asset?.quality).toBe("uncertain");
    expect(ran.events.map(({ state, quality, text }) => [state, quality, text])).toEqual([
      ["raised", "good", "Disabled bay 14 occupied without a badge for 5 min"],
      ["updated", "uncertain", "Disabled bay 14 occupied without a badge: the sensor sees nothing now"],
    ]);
  });

  it("is shown as uncertain, what stood standing, before it is unknown; and as certain as before when it is seen again", () => {
    const told = [empty(0), until(6000), noEcho(7000)];
    expect(runBay(DISABLED, [...told, until(11_000)]).asset?.quality).toBe("good");
    const doubted = runBay(DISABLED, [...told, until(12_000)]);
    expect(doubted.asset).toMatchObject({ quality: "uncertain", state: { status: "free" } });
    const seenAgain = runBay(DISABLED, [...told, until(12_000), empty(13_000), until(60_000)]);
    expect(seenAgain.asset).toMatchObject({ quality: "good", state: { status: "free" } });
    const shortly = runBay(DISABLED, [...told, empty(9000), until(60_000)]);
    expect(shortly.asset?.quality).toBe("good");
  });

  it("is shown as occupied, uncertain, where the site says that this is what it means, and accuses nobody", () => {
    const ran = runBay(DISABLED, [empty(0), until(6000), presumed(10_000), until(9_000_000)]);
    expect(ran.attributes.at(-1)).toBe("status=occupied@15000");
    expect([ran.asset?.quality, ran.events]).toEqual(["uncertain", []]);
    // Seen at last: the grace begins then.
    expect(brief([empty(0), presumed(10_000), car(500_000), until(9_000_000)])).toEqual(["raised@800000"]);
  });

  it("keeps an alarm that stands, uncertain, while its car is only presumed", () => {
    expect(brief([car(0), until(400_000), presumed(500_000), car(600_000), empty(700_000), until(800_000)])).toEqual([
      "raised@300000",
      "updated?@505000",
      "updated@605000",
      "cleared:normal@705000",
    ]);
  });
});

describe("restart", () => {
  it("in one boot neither repeats nor forgets an alarm, and counts the time off", () => {
    const off = (at: number, offMs: number): Told => ({ at, restart: { offMs, shiftMs: 0 } });
    expect(brief([car(0), until(100_000), off(105_000, 5000), until(400_000), off(400_000, 0), until(500_000)])).toEqual([
      "raised@300000",
    ]);
  });

  it("after a longer time off the bay is unknown and the alarm uncertain until a reading", () => {
    const told: Told[] = [
      car(0),
      until(400_000),
      { at: 900_000, restart: { offMs: 500_000, shiftMs: 0 } },
      empty(901_000),
      until(910_000),
    ];
    expect(brief(told)).toEqual(["raised@300000", "updated?@900000", "cleared:normal@906000"]);
  });

  it("after a reboot goes on with the elapsed time, without the time off", () => {
    // 200 s of grace ran; the new boot's clock is at 50 s; 8 s were off.
    const told: Told[] = [
      car(0),
      until(200_000),
      { at: 50_000, restart: { offMs: 8000, shiftMs: 50_000 - 200_000 } },
      until(149_999),
      until(150_001),
    ];
    expect(brief(told)).toEqual(["raised@150000"]);
  });

  it("after a reboot of unknown length the bay is unknown and its grace begins anew", () => {
    const told: Told[] = [
      car(0),
      until(200_000),
      { at: 50_000, restart: { offMs: null, shiftMs: -150_000 } },
      car(51_000),
      until(900_000),
    ];
    expect(brief(told)).toEqual(["raised@351000"]);
  });
});

describe("hours in which the bay is reserved", () => {
  // These lives begin on a Monday at 17:00.
  const EVENING = { ...DISABLED, hours: "Mo-Sa 17:10-20:00" };

  it("give whoever stood there before the grace from then on, and end what was raised", () => {
    const { events } = runBay(EVENING, [car(0), until(20_000_000)]);
    expect(events.map(({ state, mono, since, reason }) => [state, mono, since, reason])).toEqual([
      ["raised", 900_000, 600_000, undefined],
      ["cleared", 10_800_000, 600_000, "normal"],
    ]);
    expect(events[0]?.text).toContain("for 5 min");
  });

  it("accuse nobody by a clock that may be wrong", () => {
    expect(runBay(EVENING, [car(0), until(20_000_000)], { synced: false }).events).toEqual([]);
  });
});

describe("properties", () => {
  const input = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ gap: fc.integer({ min: 0, max: 200_000 }), what: fc.constantFrom("car", "empty", "blind") }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        gap: fc.integer({ min: 0, max: 400_000 }),
        what: fc.constantFrom("down", "up", "badge", "short badge", "wait"),
      }),
    },
  );
  const tell = (list: readonly { gap: number; what: string }[]): Told[] => {
    let at = 0;
    const told = list.map(({ gap, what }): Told => {
      at += gap;
      switch (what) {
        case "car":
          return car(at);
        case "empty":
          return empty(at);
        case "blind":
          return blind(at);
        case "down":
        case "up":
          return { at, device: what };
        case "badge":
          return badge(at);
        case "short badge":
          return badge(at, at + 60_000);
        default:
          return until(at);
      }
    });
    return [...told, until(at + 1_000_000)];
  };

  it("any split of the same inputs into restarts within one boot gives the same effects", () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 30 }), fc.array(fc.nat(), { maxLength: 6 }), (list, cuts) => {
        const told = tell(list);
        const at = new Set(cuts.map((cut) => cut % told.length));
        const split = told.flatMap((one, i): Told[] =>
          at.has(i) ? [one, { at: one.at, restart: { offMs: 0, shiftMs: 0 } }] : [one],
        );
        const whole = runBay(DISABLED, told);
        const parts = runBay(DISABLED, split);
        expect(parts.events).toEqual(whole.events);
        expect(parts.attributes).toEqual(whole.attributes);
        expect(parts.open).toEqual(whole.open);
      }),
      { numRuns: 500 },
    );
  });

  it("never has more than one alarm open, and every alarm that is cleared was raised", () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 40 }), (list) => {
        let open = 0;
        for (const { state } of runBay(DISABLED, tell(list)).events) {
          if (state === "raised") open += 1;
          if (state === "cleared") open -= 1;
          expect(open === 0 || open === 1).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("an alarm never stands while a valid permit does", () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 40 }), (list) => {
        const { asset, open } = runBay(DISABLED, tell(list));
        if (asset?.state["permit"] === "valid") expect(open).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
