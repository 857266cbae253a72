/** Who may stand in a reserved bay: by a badge at its reader, by a list that names the bay, by a session that is paid. */
import { describe, expect, it } from "vitest";
import type { Answers } from "../../../../../src/edge/answers/answers.ts";
import { LivedSite, WALL } from "../../../../support/memory/lived-site.ts";
import { ANSWERS, bay } from "../parking-group/sites.ts";

const MINUTE_MS = 60_000;
const VALID = { verdict: "valid", version: 7 };
const UNKNOWN = { verdict: "unknown", version: 7 };
const NO_LIST = { verdict: "unknown", version: null };

/** `admitted`: from and to, minutes of the life, in which an entry of a list names the bay; null: there is no list. */
async function opened(options: object, admitted: readonly [from: number, to: number] | null = null) {
  const listed: Answers["listed"] = (list, _asset, wall) => {
    if (admitted === null || list === "suspensions") return undefined;
    const [from, to] = admitted.map((minute) => WALL + 1000 + minute * MINUTE_MS) as [number, number];
    if (wall < from) return { is: false, from: 0, to: from };
    return wall < to ? { is: true, from, to } : { is: false, from: to, to: Number.POSITIVE_INFINITY };
  };
  const hours: Answers["hours"] = (...of) => ANSWERS.hours(...of);
  const site = new LivedSite([bay("14", options)], { hours, listed });
  await site.open();
  return {
    site,
    stands: (value: boolean) => site.reads("14-sensor", { point: "presence", value, quality: "good" }),
    shows: (permit: { readonly verdict: string; readonly version: number | null }, until: number | null = null) =>
      site.badge("reader", "14", permit, until),
    minutes: (count: number) => site.wait(count * MINUTE_MS),
    told: (lang: "it" | "en" = "en") => {
      site.commit();
      return site.events.flatMap(({ event }) =>
        event.asset === "14" && event.kind.startsWith("bay.")
          ? [`${event.state} ${Math.round(event.mono / MINUTE_MS)} ${event.text[lang]}`]
          : [],
      );
    },
    permit: () => {
      site.commit();
      return site.records.findLast(({ name }) => name === "permit")?.value;
    },
  };
}

describe("a badge at the reader", () => {
  const DISABLED = { reservedFor: "disabled", permits: { reader: "reader", list: "disabled" } };

  it("that is valid makes the stay lawful: before it, in its grace, and after the alarm", async () => {
    for (const at of [-1, 3, 20]) {
      const { site, stands, shows, minutes, told, permit } = await opened(DISABLED);
      if (at < 0) {
        stands(false);
        shows(VALID);
        minutes(1);
      }
      stands(true);
      minutes(Math.max(0, at));
      if (at >= 0) shows(VALID);
      minutes(60);
      expect(permit()).toBe("valid");
      expect(told().map((one) => one.split(" ")[0])).toEqual(at === 20 ? ["raised", "cleared"] : []);
      site.commit();
    }
  });

  it("that no list knows, or that is expired or revoked, changes nothing", async () => {
    for (const verdict of ["unknown", "expired", "revoked"]) {
      const { stands, shows, minutes, told, permit } = await opened(DISABLED);
      stands(true);
      shows({ verdict, version: 7 });
      minutes(6);
      expect(told()).toEqual(["raised 5 Disabled bay 14 occupied without a badge for 5 min"]);
      expect(permit()).toBe("none");
      shows(VALID);
      shows({ verdict, version: 7 });
      expect(permit()).toBe("valid");
    }
  });

  it("whose permit ends during the stay gives a new grace from there", async () => {
    const { stands, shows, minutes, told, permit } = await opened(DISABLED);
    stands(true);
    shows(VALID, WALL + 30 * MINUTE_MS);
    minutes(34);
    expect([told(), permit()]).toEqual([[], "expired"]);
    minutes(2);
    expect(told()[0]).toMatch(/^raised 35 /);
  });

  it("that no list here can judge accuses nobody, and keeps in doubt what stands", async () => {
    const { stands, shows, minutes, told, permit } = await opened(DISABLED);
    stands(true);
    shows(NO_LIST);
    minutes(60);
    expect([told(), permit()]).toEqual([[], "unknown"]);
    stands(false);
    stands(true);
    minutes(6);
    shows(NO_LIST);
    expect(told("it").slice(-1)).toEqual([
      "updated 66 Stallo disabili 14 occupato senza contrassegno: manca la lista da consultare",
    ]);
    shows(VALID);
    expect(told("en").slice(-1)).toEqual(["cleared 66 Disabled bay 14: in order again"]);
    shows(UNKNOWN);
    expect(permit()).toBe("valid");
  });

  it("counts after a restart as it did before", async () => {
    const { site, stands, shows, minutes, told, permit } = await opened(DISABLED);
    stands(true);
    shows(VALID, WALL + 10 * MINUTE_MS);
    site.commit();
    await site.open({ offMs: 2000 });
    minutes(14);
    expect([told(), permit()]).toEqual([[], "expired"]);
    minutes(2);
    expect(told()).toHaveLength(1);
  });
});

it("each reservation is called by its name, in both languages", async () => {
  const sentences = [];
  for (const reservedFor of ["disabled", "loading", "resident"]) {
    const { stands, minutes, told } = await opened({ reservedFor, permits: {} });
    stands(true);
    minutes(6);
    stands(false);
    sentences.push(...told("it"), ...told("en"));
  }
  expect(sentences).toEqual([
    "raised 5 Stallo disabili 14 occupato senza contrassegno da 5 min",
    "cleared 6 Stallo disabili 14: situazione regolare",
    "raised 5 Disabled bay 14 occupied without a badge for 5 min",
    "cleared 6 Disabled bay 14: in order again",
    "raised 5 Stallo carico e scarico 14 occupato senza contrassegno da 5 min",
    "cleared 6 Stallo carico e scarico 14: situazione regolare",
    "raised 5 Loading bay 14 occupied without a badge for 5 min",
    "cleared 6 Loading bay 14: in order again",
    "raised 5 Stallo residenti 14 occupato senza contrassegno da 5 min",
    "cleared 6 Stallo residenti 14: situazione regolare",
    "raised 5 Residents' bay 14 occupied without a badge for 5 min",
    "cleared 6 Residents' bay 14: in order again",
  ]);
});

describe("an entry of a list that names the bay", () => {
  const LOADING = { reservedFor: "loading", permits: { list: "loading" } };

  it("admits who stands there while it holds, with the grace from its end on", async () => {
    const { stands, minutes, told, permit } = await opened(LOADING, [10, 40]);
    minutes(8);
    stands(true);
    minutes(20);
    expect([told(), permit()]).toEqual([[], "valid"]);
    minutes(20);
    expect(told()).toEqual(["raised 45 Loading bay 14 occupied without a badge for 5 min"]);
  });

  it("that does not hold admits nobody; and without the list nobody is accused", async () => {
    const late = await opened(LOADING, [100, 200]);
    late.stands(true);
    late.minutes(10);
    expect(late.told()).toHaveLength(1);
    const without = await opened(LOADING);
    without.stands(true);
    without.minutes(100);
    expect(without.told()).toEqual([]);
  });

  it("does not admit to a bay of the disabled, where the badge must be shown", async () => {
    const { stands, minutes, told } = await opened({ reservedFor: "disabled", permits: { list: "disabled" } }, [0, 100]);
    stands(true);
    minutes(6);
    expect(told()).toHaveLength(1);
  });
});

describe("paid parking", () => {
  const PAID = { reservedFor: "paid", payments: { grace: "10min" } };

  it("is unpaid after the grace, from the arrival and from the end of the session", async () => {
    const { stands, minutes, told } = await opened(PAID, [5, 60]);
    stands(true);
    minutes(69);
    expect(told()).toEqual([]);
    minutes(3);
    stands(false);
    expect(told()).toEqual(["raised 70 Bay 14 occupied unpaid for 10 min", "cleared 72 Bay 14: paid or free"]);
    expect(told("it")).toEqual([
      "raised 70 Stallo 14 occupato senza pagamento da 10 min",
      "cleared 72 Stallo 14: pagato o libero",
    ]);
  });

  it("accuses nobody without the list, nor outside the hours", async () => {
    const without = await opened(PAID);
    without.stands(true);
    without.minutes(200);
    expect(without.told()).toEqual([]);
    const evening = await opened({ ...PAID, hours: "Mo-Sa 08:00-17:05" }, [1000, 1001]);
    evening.stands(true);
    evening.minutes(200);
    expect(evening.told()).toEqual([]);
  });
});
