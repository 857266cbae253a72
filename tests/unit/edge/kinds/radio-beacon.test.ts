/** A beacon that falls silent or whose battery runs low is told after its time, over restarts, and in both languages. */
import { expect, it } from "vitest";
import { replay } from "../../../../src/edge/engine/past/replay.ts";
import { beacon } from "../../../../src/edge/kinds/radio-beacon.ts";
import { LivedSite } from "../../../support/memory/lived-site.ts";
import fc from "../../../support/property.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ASSETS = [
  {
    kind: beacon,
    asset: {
      id: "duomo",
      urn: "urn:duomo",
      kind: "beacon",
      name: { it: "Duomo", en: "Cathedral" },
      options: beacon.options.parse({ heard: "tag.interval", battery: { point: "tag.battery", below: 2.4 } }),
      silentAfterMs: { heard: 15 * MINUTE, battery: 15 * MINUTE },
    },
  },
];

async function opened() {
  const site = new LivedSite(ASSETS);
  await site.open();
  const reads = (point: string, value: number | null, more: object = {}) =>
    site.reads("tag", { point, value, quality: "good", ...more });
  const hear = (volts: number) => {
    reads("interval", 1.3);
    reads("battery", volts);
  };
  const told = () =>
    site.events.flatMap(({ event: e }) => (e.asset === "duomo" ? [[e.kind, e.state, e.text.it, e.text.en]] : []));
  return { site, reads, hear, told };
}

it("not heard for its time is told once, a restart within it included, and so is its return", async () => {
  const { site, hear, told } = await opened();
  hear(3);
  site.wait(MINUTE);
  site.device("tag", false);
  site.wait(20 * MINUTE);
  site.commit();
  await site.open({ offMs: 2000 });
  site.wait(10 * MINUTE - 5000);
  expect(told()).toEqual([]);
  site.wait(MINUTE);
  site.device("tag", true);
  hear(3);
  site.commit();
  expect(told()).toEqual([
    ["beacon.silent", "raised", "Beacon Duomo: non si sente da 30 min", "Beacon Cathedral has not been heard for 30 min"],
    ["beacon.silent", "cleared", "Beacon Duomo: si sente di nuovo", "Beacon Cathedral: heard again"],
  ]);
});

it("is no silent beacon while the radio itself is not there", async () => {
  const { site, reads, hear, told } = await opened();
  hear(3);
  reads("interval", null, { quality: "bad", code: "ble.adapter" });
  site.wait(3 * HOUR);
  site.commit();
  expect(told()).toEqual([]);
  expect(site.recordsOf("status").at(-1)).toContain("unknown");
});

it("a battery that one cold hour lowers is not low; one that stays low is, until it is changed", async () => {
  const { site, hear, told } = await opened();
  for (const [volts, hours] of [
    [2.5, 1],
    [2.39, 11],
    [2.5, 1],
    [2.39, 6],
    [2.42, 7],
    [3, 1],
  ] as const)
    for (let quarter = 0; quarter < hours * 4; quarter++) {
      hear(volts);
      site.wait(HOUR / 4);
    }
  site.commit();
  expect(told()).toEqual([
    ["beacon.battery-low", "raised", "Beacon Duomo: batteria quasi scarica da 12 h", "Beacon Cathedral: battery low for 12 h"],
    ["beacon.battery-low", "cleared", "Beacon Duomo: batteria a posto", "Beacon Cathedral: battery in order"],
  ]);
});

const WHAT = ["fresh", "low", "low", "blind", "down", "up", "commit", "kill", "stop", "reboot", "reboot unknown"] as const;
const moves = fc.array(
  fc.record({
    gap: fc.oneof(fc.integer({ min: 0, max: 6000 }), fc.integer({ min: 0, max: 14 * HOUR })),
    what: fc.constantFrom(...WHAT),
  }),
  { minLength: 3, maxLength: 40 },
);

it("says the same when its stored past is played again", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (list) => {
      const { site, reads, hear } = await opened();
      for (const { gap, what } of list) {
        if (!/kill|stop|reboot/.test(what)) site.wait(gap);
        if (what === "fresh" || what === "low") hear(what === "low" ? 2.3 : 3);
        else if (what === "blind") reads("interval", null, { quality: "bad", code: "ble.adapter" });
        else if (what === "down" || what === "up") site.device("tag", what === "up");
        else if (what === "commit") site.commit();
        else {
          if (what !== "kill") site.commit();
          await site.open({ reboot: what.startsWith("reboot"), offMs: gap % 20_000, isOffKnown: what !== "reboot unknown" });
          site.commit();
        }
      }
      site.commit();
      const { told } = await replay(site.past, ASSETS);
      const again = told.map(
        ({ epoch, mono, asset, kind, state }) => `${epoch} ${Math.max(mono, site.openedAt(epoch))} ${asset} ${kind} ${state}`,
      );
      expect(again).toEqual(site.told);
    }),
    { numRuns: Number(process.env["CIPPO_HISTORIES"] ?? 100) },
  );
});
