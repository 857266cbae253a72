/** Each duty of who parks, from the sensor's reading to the sentence that a patrol reads. */
import { describe, expect, it } from "vitest";
import { LivedSite } from "../../../../support/memory/lived-site.ts";
import { ANSWERS, bay } from "../parking-group/sites.ts";

const MINUTE_MS = 60_000;

/** These lives begin on a Monday at 17:00 in Rome. */
async function opened(options: object) {
  const site = new LivedSite([bay("14", options)], ANSWERS);
  await site.open();
  return {
    site,
    stands: (value: boolean | null) =>
      site.reads("14-sensor", { point: "presence", value, quality: value === null ? "bad" : "good" }),
    socket: (word: string) => site.reads("column", { point: "socket-2", value: word, quality: "good" }),
    minutes: (count: number) => site.wait(count * MINUTE_MS),
    /** "raised 30 …": minutes since the life began. */
    told: (lang: "it" | "en" = "en") => {
      site.commit();
      return site.events.flatMap(({ event }) =>
        event.asset === "14" ? [`${event.kind} ${event.state} ${Math.round(event.mono / MINUTE_MS)} ${event.text[lang]}`] : [],
      );
    },
  };
}

describe("no longer than the longest stay", () => {
  const LOADING = { reservedFor: "loading", hours: "Mo-Sa 08:00-18:00; PH off", maxStay: "30min" };

  it("is told when it is over, and that the bay is empty", async () => {
    const { stands, minutes, told } = await opened(LOADING);
    stands(true);
    minutes(35);
    stands(false);
    expect(told()).toEqual([
      "bay.overstay raised 30 Bay 14 occupied for 30 min: the longest stay is 30 min",
      "bay.overstay cleared 35 Bay 14: the stay is over",
    ]);
    expect(told("it")).toEqual([
      "bay.overstay raised 30 Stallo 14 occupato da 30 min: la sosta massima è di 30 min",
      "bay.overstay cleared 35 Stallo 14: sosta terminata",
    ]);
  });

  it("rests outside the hours, and begins anew with them", async () => {
    const { stands, minutes, told } = await opened({ ...LOADING, hours: "Mo-Sa 08:00-17:20,17:40-20:00" });
    stands(true);
    minutes(240);
    expect(told().map((one) => one.split(" ").slice(0, 3).join(" "))).toEqual([
      "bay.overstay raised 70",
      "bay.overstay cleared 180",
    ]);
  });

  it("accuses nobody while nobody sees the bay, nor for the time in which nobody did", async () => {
    const { site, stands, minutes, told } = await opened(LOADING);
    stands(true);
    minutes(10);
    site.device("14-sensor", false);
    minutes(10);
    expect(told()).toEqual([]);
    site.device("14-sensor", true);
    stands(true);
    minutes(29);
    expect(told()).toEqual([]);
    minutes(2);
    // Since the sensor saw it again.
    expect(told()[0]).toContain("raised 50 Bay 14 occupied for 30 min");
  });

  it("is as long over a restart as without one", async () => {
    const { site, stands, minutes, told } = await opened(LOADING);
    stands(true);
    minutes(20);
    site.commit();
    await site.open({ reboot: true, offMs: MINUTE_MS });
    minutes(9);
    expect(told()).toEqual([]);
    minutes(2);
    expect(told()).toHaveLength(1);
  });
});

describe("not outside the hours, where that is forbidden", () => {
  const MARKET = { hours: "Mo-Sa 08:00-17:30", outside: "forbidden", leaveWithin: "15min" };

  it("gives who stands there the time to leave", async () => {
    const { stands, minutes, told } = await opened(MARKET);
    stands(true);
    minutes(44);
    expect(told()).toEqual([]);
    minutes(10);
    stands(false);
    expect(told()).toEqual([
      "bay.out-of-hours raised 45 Bay 14 occupied out of hours for 15 min",
      "bay.out-of-hours cleared 54 Bay 14: in order again",
    ]);
    expect(told("it")).toEqual([
      "bay.out-of-hours raised 45 Stallo 14 occupato fuori orario da 15 min",
      "bay.out-of-hours cleared 54 Stallo 14: di nuovo regolare",
    ]);
  });

  it("is over when the hours begin again, and nothing where it is free then", async () => {
    const { stands, minutes, told } = await opened(MARKET);
    minutes(60);
    stands(true);
    minutes(15 * 60);
    expect(told().map((one) => one.split(" ").slice(0, 3).join(" "))).toEqual([
      "bay.out-of-hours raised 75",
      "bay.out-of-hours cleared 900",
    ]);
    const free = await opened({ ...MARKET, outside: "free" });
    free.stands(true);
    free.minutes(900);
    expect(free.told()).toEqual([]);
  });
});

describe("not without charging, in a bay that is for charging", () => {
  const CHARGING = { reservedFor: "charging", charger: "column", socket: 2 };

  it("who does not begin, or stays when full, blocks it", async () => {
    const { stands, socket, minutes, told } = await opened(CHARGING);
    socket("free");
    stands(true);
    minutes(5);
    socket("occupied");
    socket("charging");
    minutes(60);
    expect(told()).toEqual([]);
    socket("occupied");
    minutes(12);
    stands(false);
    expect(told()).toEqual([
      "bay.blocked raised 75 Charging bay 14 occupied without charging for 10 min",
      "bay.blocked cleared 77 Charging bay 14: in order again",
    ]);
    expect(told("it")).toEqual([
      "bay.blocked raised 75 Stallo di ricarica 14 occupato senza ricaricare da 10 min",
      "bay.blocked cleared 77 Stallo di ricarica 14: di nuovo regolare",
    ]);
  });

  it("a socket that fails, is out of service or silent accuses nobody", async () => {
    for (const word of ["fault", "unavailable", null]) {
      const { site, stands, socket, minutes, told } = await opened(CHARGING);
      socket("free");
      stands(true);
      minutes(1);
      if (word === null) site.device("column", false);
      else socket(word);
      minutes(60);
      expect(told()).toEqual([]);
    }
  });
});

it("by a clock that may be wrong nobody is accused of hours; a longest stay without hours needs no clock", async () => {
  const { site } = await opened({ hours: "Mo-Sa 08:00-17:10", outside: "forbidden", maxStay: "30min" });
  await site.open({ reboot: true, isOffKnown: false });
  site.reads("14-sensor", { point: "presence", value: true, quality: "good" });
  site.wait(20 * 60 * MINUTE_MS);
  site.commit();
  expect(site.events.filter(({ event }) => event.asset === "14")).toEqual([]);
  const free = new LivedSite([bay("14", { maxStay: "30min" })], ANSWERS);
  await free.open();
  await free.open({ reboot: true, isOffKnown: false });
  free.reads("14-sensor", { point: "presence", value: true, quality: "good" });
  free.wait(31 * MINUTE_MS);
  free.commit();
  expect(free.events.filter(({ event }) => event.asset === "14").map(({ event }) => event.kind)).toEqual(["bay.overstay"]);
});
