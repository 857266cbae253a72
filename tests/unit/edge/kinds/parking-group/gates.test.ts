/** A car park behind gates counts who is inside, and says when the count cannot be right. */
import { describe, expect, it } from "vitest";
import { LivedSite, WALL } from "../../../../support/memory/lived-site.ts";
import { ANSWERS, carPark, Passing, shownOf } from "./sites.ts";

const HOUR_MS = 3_600_000;

async function opened(options: object = { capacity: 10 }) {
  const site = new LivedSite([carPark(options)], ANSWERS);
  await site.open();
  const gates = new Passing(site);
  gates.opens();
  return { site, gates };
}
const told = (site: LivedSite) => {
  site.commit();
  return site.events.flatMap(({ event }) => (event.asset === "park" ? [`${event.kind} ${event.state} ${event.text.en}`] : []));
};

it("knows nothing of who is inside until somebody counted, but who passes from the first moment on", async () => {
  const { site, gates } = await opened();
  gates.passes("way-in", 3);
  gates.passes("way-out");
  const shown = shownOf(site, "park");
  expect(shown).toMatchObject({
    status: "unknown?",
    totalSpotNumber: 10,
    passagesIn: 3,
    passagesOut: 1,
    countersSince: WALL + 1000,
  });
  expect(shown).not.toHaveProperty("occupiedSpotNumber");
  site.orders("park", "count.set", { inside: 8 });
  expect(shownOf(site, "park")).toMatchObject({ status: "spacesAvailable", occupiedSpotNumber: 8, availableSpotNumber: 2 });
  gates.passes("way-in", 2);
  expect(shownOf(site, "park")).toMatchObject({ status: "full", occupiedSpotNumber: 10, availableSpotNumber: 0, passagesIn: 5 });
  gates.passes("way-out");
  expect(shownOf(site, "park")).toMatchObject({ status: "spacesAvailable", occupiedSpotNumber: 9, passagesOut: 2 });
});

it("several gates lead into one car park", async () => {
  const gates = { in: ["north.passage", "south.passage"], out: "east.passage" };
  const { site } = await opened({ gates, capacity: 10 });
  const reads = (gate: string, value: number) => site.reads(gate, { point: "passage", value, quality: "good" });
  for (const gate of ["north", "south", "east"]) reads(gate, 100);
  site.orders("park", "count.set", { inside: 0 });
  reads("north", 102);
  reads("south", 101);
  reads("east", 101);
  expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: 2, passagesIn: 3, passagesOut: 1 });
});

describe("what cannot be", () => {
  it("below zero the count begins again at zero, is told once, and told as over after a day without another one", async () => {
    const { site, gates } = await opened();
    site.orders("park", "count.set", { inside: 1 });
    gates.passes("way-out", 3);
    expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: 0, availableSpotNumber: 10 });
    gates.passes("way-in");
    gates.passes("way-out", 2);
    expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: 0, passagesIn: 1, passagesOut: 5 });
    for (let hour = 0; hour < 25; hour += 1) {
      site.wait(HOUR_MS);
      gates.passes("way-in");
      gates.passes("way-out");
    }
    expect(told(site)).toEqual([
      "count.below-zero raised park: vehicles drove out that were never counted in: the count began again at 0",
      "count.below-zero cleared park: the count adds up again",
    ]);
  });

  it("above its capacity it is full and nobody is sure; told when that lasts, and over when somebody counted", async () => {
    const { site, gates } = await opened();
    site.orders("park", "count.set", { inside: 9 });
    gates.passes("way-in", 3);
    expect(shownOf(site, "park")).toMatchObject({ status: "full?", occupiedSpotNumber: "12?", availableSpotNumber: "0?" });
    site.wait(500_000);
    expect(told(site)).toEqual([]);
    site.wait(200_000);
    site.orders("park", "count.set", { inside: 10 });
    expect(shownOf(site, "park")).toMatchObject({ status: "full", occupiedSpotNumber: 10 });
    expect(told(site)).toEqual([
      "count.above-capacity raised park: 12 vehicles counted in 10 places for 10 min",
      "count.above-capacity cleared park: the count adds up again",
    ]);
  });

  it("a counter that goes back was exchanged: it adds nothing, and the count is in doubt until the next recount", async () => {
    const { site } = await opened();
    const reads = (gate: string, value: number) => site.reads(gate, { point: "passage", value, quality: "good" });
    reads("way-in", 1000);
    site.orders("park", "count.set", { inside: 4 });
    reads("way-in", 3);
    expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: "4?", passagesIn: 1000 });
    reads("way-in", 5);
    expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: "6?", passagesIn: 1002 });
    site.orders("park", "count.set", { inside: 6 });
    expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: 6 });
  });
});

it("who passed while nobody counted is unknown: after a restart, a silent gate or a chattering contact nobody is sure", async () => {
  const { site, gates } = await opened();
  site.orders("park", "count.set", { inside: 4 });
  gates.passes("way-in");
  expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: 5 });
  await site.open({ offMs: 2000 });
  gates.opens();
  expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: "5?", status: "spacesAvailable?", passagesIn: 1 });
  gates.passes("way-in");
  expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: "6?", passagesIn: 2 });
  site.orders("park", "count.set", { inside: 7 });
  expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: 7 });
  site.device("way-out", false);
  expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: "7?" });
  site.device("way-out", true);
  gates.passes("way-out");
  expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: "6?" });
});

describe("a time of day at which it is known who is inside", () => {
  // These lives begin on a Monday at 17:00 in Rome: half past three is 10.5 hours later.
  const NIGHT = { capacity: 10, rezero: { at: "03:30", to: 2 } };

  it("begins the count anew then, and says by how much it was wrong", async () => {
    const { site, gates } = await opened(NIGHT);
    site.orders("park", "count.set", { inside: 3 });
    gates.passes("way-in", 4);
    gates.passes("way-out", 1);
    site.wait(11 * HOUR_MS);
    expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: 2, drift: 4, passagesIn: 4 });
    site.wait(24 * HOUR_MS);
    site.commit();
    const drifts = site.records.filter(({ name }) => name === "drift");
    expect(drifts.map(({ value, quality }) => [value, quality])).toEqual([
      [4, "good"],
      [0, "good"],
    ]);
  });

  it("counts what was missed below zero into that", async () => {
    const { site, gates } = await opened(NIGHT);
    site.orders("park", "count.set", { inside: 0 });
    gates.passes("way-out", 3);
    site.wait(11 * HOUR_MS);
    expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: 2, drift: -5 });
    expect(told(site).map((one) => one.split(" ").slice(0, 2).join(" "))).toEqual([
      "count.below-zero raised",
      "count.below-zero cleared",
    ]);
  });

  it("a gateway that is off then does not make it up later, when nobody knows any more", async () => {
    const { site, gates } = await opened(NIGHT);
    site.orders("park", "count.set", { inside: 3 });
    site.commit();
    await site.open({ offMs: 12 * HOUR_MS });
    gates.opens();
    expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: "3?" });
    site.wait(23 * HOUR_MS);
    gates.passes("way-in");
    expect(shownOf(site, "park")).toMatchObject({ occupiedSpotNumber: 3 });
  });

  it("is once in the night in which the clock is turned, and never by a clock that may be wrong", async () => {
    const { site } = await opened({ capacity: 10, rezero: { at: "02:30", to: 0 } });
    site.orders("park", "count.set", { inside: 5 });
    site.commit();
    // 24 March 2026, five days before the night without a 02:30.
    await site.open({ offMs: 120 * 24 * HOUR_MS });
    for (let day = 0; day < 6; day += 1) site.wait(24 * HOUR_MS);
    site.commit();
    const drifts = () => site.records.filter(({ name }) => name === "drift").map(({ wall }) => new Date(wall).toISOString());
    expect(drifts()).toEqual([
      "2026-03-25T01:30:00.000Z",
      "2026-03-26T01:30:00.000Z",
      "2026-03-27T01:30:00.000Z",
      "2026-03-28T01:30:00.000Z",
      "2026-03-29T01:30:00.000Z",
      "2026-03-30T00:30:00.000Z",
    ]);
    await site.open({ reboot: true, isOffKnown: false });
    site.wait(24 * HOUR_MS);
    site.commit();
    expect(drifts().length).toBe(6);
  });
});

it("a part of a car park shows only who passed, and since when that is counted", async () => {
  const { site, gates } = await opened({ part: true, capacity: 800, rezero: { at: "03:30", to: 0 } });
  gates.passes("way-in", 3);
  gates.passes("way-out", 4);
  site.wait(24 * HOUR_MS);
  expect(shownOf(site, "park")).toEqual({ passagesIn: 3, passagesOut: 4, countersSince: WALL + 1000 });
  expect(site.states.at(-1)?.state).toMatchObject({ quality: "good", state: { passagesIn: 3 } });
  expect(told(site)).toEqual([]);
});
