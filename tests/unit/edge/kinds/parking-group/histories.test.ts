/** Random lives of bays, their group and a car park: played again they say the same, and no number is impossible. */
import { expect, it } from "vitest";
import { replay } from "../../../../../src/edge/engine/past/replay.ts";
import type { SiteAsset } from "../../../../../src/edge/kinds/index.ts";
import { LivedSite } from "../../../../support/memory/lived-site.ts";
import fc from "../../../../support/property.ts";
import { ANSWERS, bay, carPark, groupOf, Passing } from "./sites.ts";

const RUNS = Number(process.env["CIPPO_HISTORIES"] ?? 100);
const CAPACITY = 4;
const ASSETS: readonly SiteAsset[] = [
  groupOf("left", "right"),
  bay("left", { maxStay: "10min", hours: "Mo-Su 16:50-17:20,17:40-19:30", outside: "forbidden", leaveWithin: "2min" }),
  bay("right", {
    charger: "column",
    grace: "3min",
    neighbours: ["left"],
    stuck: { after: "20min", moves: 2 },
    swapped: {},
    unstable: { changes: 4, within: "5min" },
  }),
  carPark({ capacity: CAPACITY, rezero: { at: "18:00", to: 1 } }),
];

const SOCKET = { charges: "charging", "is full": "occupied", unplugged: "free", fails: "fault", hides: null };
const WHAT = [
  ...["car", "car", "empty", "blind", "down", "up"],
  ...["charges", "is full", "unplugged", "fails", "hides"],
  ...["in", "in", "in", "out", "out", "out", "recount"],
  ...["commit", "commit", "kill", "stop", "reboot", "reboot unknown", "clock found"],
] as const;
const moves = fc.array(
  fc.record({
    gap: fc.oneof(
      fc.integer({ min: 0, max: 6000 }),
      fc.integer({ min: 0, max: 200_000 }),
      fc.integer({ min: 0, max: 2_000_000 }),
    ),
    what: fc.constantFrom(...WHAT),
    where: fc.constantFrom("left", "right"),
  }),
  { minLength: 3, maxLength: 40 },
);

async function live(list: readonly { readonly gap: number; readonly what: string; readonly where: string }[]) {
  const site = new LivedSite(ASSETS, ANSWERS);
  await site.open();
  const gates = new Passing(site);
  gates.opens();
  site.orders("park", "count.set", { inside: 1 });
  site.commit();
  for (const { gap, what, where } of list) {
    const reads = (value: boolean | null, more: object = {}) =>
      site.reads(`${where}-sensor`, { point: "presence", value, quality: "good", ...more });
    if (!/kill|stop|reboot/.test(what)) site.wait(gap);
    if (what === "car") reads(true);
    else if (what === "empty") reads(false);
    else if (what === "blind") reads(null, { quality: "bad", code: "sensor.no-echo" });
    else if (what === "down" || what === "up") site.device(gap % 2 === 0 ? `${where}-sensor` : "way-in", what === "up");
    else if (what in SOCKET) {
      const word = SOCKET[what as keyof typeof SOCKET];
      const bad = { quality: "bad", code: "modbus.timeout" } as const;
      site.reads("column", { point: "socket-1", value: word, quality: "good", ...(word === null && bad) });
    } else if (what === "in" || what === "out") gates.passes(`way-${what}`, 1 + (gap % 3));
    else if (what === "recount") site.orders("park", "count.set", { inside: gap % (CAPACITY + 1) });
    else if (what === "clock found") site.findsClock();
    else if (what === "commit") site.commit();
    else {
      if (what !== "kill") site.commit();
      await site.open({ reboot: what.startsWith("reboot"), offMs: gap % 20_000, isOffKnown: what !== "reboot unknown" });
      gates.opens();
      site.commit();
    }
  }
  site.wait(3_000_000);
  site.commit();
  return site;
}

it("says what its replay says, and never a number that cannot be", { timeout: 120_000 }, async () => {
  let told = 0;
  await fc.assert(
    fc.asyncProperty(moves, async (list) => {
      const site = await live(list);
      told += site.told.length;
      expect(site.told.filter((one) => one.includes("rule.failed"))).toEqual([]);
      const { told: played } = await replay(site.past, ASSETS, ANSWERS);
      expect(
        played.map(
          ({ epoch, mono, asset, kind, state }) => `${epoch} ${Math.max(mono, site.openedAt(epoch))} ${asset} ${kind} ${state}`,
        ),
      ).toEqual(site.told);
      for (const { state } of site.states) {
        const of = (name: string) => Number(state.state[name] ?? 0);
        // At its very first moment nothing of it is shown.
        if (state.state["status"] === undefined) continue;
        if (state.asset === "group")
          expect(of("availableSpotNumber") + of("occupiedSpotNumber") + of("unknownSpotNumber")).toBe(2);
        if (state.asset !== "park" || state.state["status"] === "unknown") continue;
        expect(of("occupiedSpotNumber")).toBeGreaterThanOrEqual(0);
        expect(of("availableSpotNumber")).toBe(Math.max(0, CAPACITY - of("occupiedSpotNumber")));
      }
    }),
    { numRuns: RUNS },
  );
  expect(told).toBeGreaterThan(RUNS);
});
