/** What lists say of assets and days is heard as events, so that a restart and a replay answer as life did. */
import { expect, it } from "vitest";
import { SiteAnswers } from "../../../../src/edge/answers/site-answers.ts";
import { ToldLists } from "../../../../src/edge/answers/told-lists.ts";
import { replay } from "../../../../src/edge/engine/past/replay.ts";
import { parkingBay } from "../../../../src/edge/kinds/parking-bay/index.ts";
import { LivedSite, WALL } from "../../../support/memory/lived-site.ts";

const MINUTE = 60_000;
const answers = () => new SiteAnswers({ timezone: "Europe/Rome" });
const options = { reservedFor: "disabled", occupancy: "sensor.presence", permits: { grace: "5min" } };
const bay = {
  asset: {
    id: "bay",
    urn: "urn:bay",
    kind: "parking-bay",
    name: { it: "14", en: "14" },
    options: parkingBay.options.parse(options),
    silentAfterMs: { occupancy: 3_600_000 },
  },
  kind: parkingBay,
};

it("suspends a bay for the time that a list names, live, after a kill and in replay", async () => {
  const site = new LivedSite([bay], answers());
  await site.open();
  site.reads("sensor", { point: "presence", value: true, quality: "good" });
  site.wait(10 * MINUTE);
  const from = WALL + 15 * MINUTE;
  site.listed({ list: "suspensions", version: 1 });
  site.listed({ list: "suspensions", version: 1, asset: "bay", spans: [[from, from + 10 * MINUTE]] });
  site.commit();
  await site.open({ offMs: 2000 });
  site.wait(20 * MINUTE);
  site.commit();
  const alarms = site.events.filter(({ event }) => event.kind === "bay.illegal-occupation");
  expect(alarms.map(({ event }) => [event.state, event.reason])).toEqual([
    ["raised", undefined],
    ["cleared", "suspended"],
    ["raised", undefined],
  ]);
  expect(alarms[1]?.event.at).toBe(from);
  const { told: again } = await replay(site.past, [bay], answers());
  expect(again.filter(({ asset }) => asset === "bay").map(({ state }) => state)).toEqual(["raised", "cleared", "raised"]);
});

it("answers nothing of a list that there is not, and no of an asset that a list does not name", () => {
  const lists = new ToldLists();
  expect(lists.listed("suspensions", "bay", 5)).toBeUndefined();
  lists.tell({ list: "suspensions", version: 1 });
  expect(lists.listed("suspensions", "bay", 5)).toMatchObject({ is: false });
  lists.tell({
    list: "suspensions",
    version: 1,
    asset: "bay",
    spans: [
      [10, 20],
      [30, 40],
    ],
  });
  expect([5, 10, 19, 20, 30, 40].map((wall) => lists.listed("suspensions", "bay", wall))).toEqual([
    { is: false, from: 0, to: 10 },
    { is: true, from: 10, to: 20 },
    { is: true, from: 10, to: 20 },
    { is: false, from: 20, to: 30 },
    { is: true, from: 30, to: 40 },
    { is: false, from: 40, to: Number.MAX_SAFE_INTEGER },
  ]);
});

it("knows from what was saved what it was told before a restart", () => {
  const before = new ToldLists();
  const saved = before.tell({ list: "holidays", version: 2, days: ["12-07"] });
  expect(new ToldLists(new Map([["list/holidays", saved]])).days).toEqual(["12-07"]);
});

it("takes the days of the list of holidays for holidays from the moment at which it comes", () => {
  const site = answers();
  const monday = Date.parse("2026-11-30T10:00:00+01:00");
  expect(site.hours("Mo-Fr 08:00-18:00; PH off", monday).is).toBe(true);
  site.tell({ list: "holidays", version: 1, days: ["11-30"] });
  expect(site.hours("Mo-Fr 08:00-18:00; PH off", monday).is).toBe(false);
  site.tell({ list: "holidays", version: 2, days: [] });
  expect(site.hours("Mo-Fr 08:00-18:00; PH off", monday).is).toBe(true);
});
