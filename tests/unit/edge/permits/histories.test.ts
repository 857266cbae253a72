/** Random lives of a gate with a reader: what was shown and until when it holds is the same when it is played again. */
import { expect, it } from "vitest";
import { replay } from "../../../../src/edge/engine/past/replay.ts";
import { LivedSite, WALL } from "../../../support/memory/lived-site.ts";
import fc from "../../../support/property.ts";
import { gate } from "./gate.ts";

const ASSETS = [
  {
    kind: gate,
    asset: {
      id: "north",
      urn: "urn:north",
      kind: "gate",
      name: { it: "Nord", en: "North" },
      options: { reader: "reader", list: "disabled" },
      silentAfterMs: { shown: 60_000 },
    },
  },
];
const WHAT = [
  ...["valid", "valid until", "unknown", "down", "up"],
  ...["commit", "kill", "stop", "reboot", "reboot unknown", "clock found"],
] as const;
const moves = fc.array(
  fc.record({
    gap: fc.oneof(fc.integer({ min: 0, max: 6000 }), fc.integer({ min: 0, max: 200_000 })),
    what: fc.constantFrom(...WHAT),
  }),
  { minLength: 3, maxLength: 30 },
);

async function live(list: readonly { readonly gap: number; readonly what: string }[]): Promise<LivedSite> {
  const site = new LivedSite(ASSETS);
  await site.open();
  site.commit();
  let wall = WALL;
  for (const { gap, what } of list) {
    if (!/kill|stop|reboot/.test(what)) site.wait(gap);
    wall += gap;
    if (what === "valid" || what === "unknown") site.shows("north", "reader", what, null);
    else if (what === "valid until") site.shows("north", "reader", "valid", wall + 60_000);
    else if (what === "down" || what === "up") site.device("reader", what === "up");
    else if (what === "clock found") site.findsClock();
    else if (what === "commit") site.commit();
    else {
      if (what !== "kill") site.commit();
      await site.open({ reboot: what.startsWith("reboot"), offMs: gap % 20_000, isOffKnown: what !== "reboot unknown" });
      site.commit();
    }
  }
  site.wait(300_000);
  site.commit();
  return site;
}

it("says what its replay says", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (list) => {
      const site = await live(list);
      const { told } = await replay(site.past, ASSETS);
      const again = told.map(
        ({ epoch, mono, asset, kind, state }) => `${epoch} ${Math.max(mono, site.openedAt(epoch))} ${asset} ${kind} ${state}`,
      );
      expect(again).toEqual(site.told.filter((one) => !one.includes("badge.shown")));
    }),
    { numRuns: Number(process.env["CIPPO_HISTORIES"] ?? 100) },
  );
});
