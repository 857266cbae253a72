/** A pay station that is out of service, unheard or full is told after its time, over restarts, and in both languages. */
import { expect, it } from "vitest";
import { replay } from "../../../../src/edge/engine/past/replay.ts";
import { payStation } from "../../../../src/edge/kinds/pay-station.ts";
import { LivedSite } from "../../../support/memory/lived-site.ts";
import fc from "../../../support/property.ts";

const MINUTE = 60_000;
const ASSETS = [
  {
    kind: payStation,
    asset: {
      id: "pay-1",
      urn: "urn:pay-1",
      kind: "pay-station",
      name: { it: "Cavalli", en: "Cavalli" },
      options: payStation.options.parse({ fault: "till.fault", cashBox: "till.cash-box" }),
      silentAfterMs: { fault: 30_000, cashBox: 30_000 },
    },
  },
];

async function opened() {
  const site = new LivedSite(ASSETS);
  await site.open();
  const reads = (point: string, value: boolean | null, more: object = {}) =>
    site.reads("till", { point, value, quality: "good", ...more });
  const told = () =>
    site.events.flatMap(({ event: e }) => (e.asset === "pay-1" ? [[e.kind, e.state, e.text.it, e.text.en]] : []));
  return { site, reads, told };
}

it("out of service for a minute is told once, a restart within it included, and so is its return", async () => {
  const { site, reads, told } = await opened();
  reads("fault", false);
  reads("cash-box", false);
  site.wait(MINUTE);
  reads("fault", true);
  site.wait(40_000);
  reads("fault", false);
  site.wait(10_000);
  reads("fault", true);
  site.wait(30_000);
  site.commit();
  await site.open({ offMs: 2000 });
  site.wait(MINUTE);
  reads("fault", false);
  site.wait(10_000);
  site.commit();
  expect(told()).toEqual([
    ["paystation.fault", "raised", "Parcometro Cavalli fuori servizio da 1 min", "Pay station Cavalli out of service for 1 min"],
    ["paystation.fault", "cleared", "Parcometro Cavalli: di nuovo in servizio", "Pay station Cavalli: in service again"],
  ]);
});

it("unheard for its time is told as such, and what stood stays in doubt", async () => {
  const { site, reads, told } = await opened();
  reads("fault", true);
  reads("cash-box", true);
  site.wait(2 * MINUTE);
  site.device("till", false);
  site.wait(10 * MINUTE);
  site.device("till", true);
  reads("fault", false);
  reads("cash-box", false);
  site.wait(10_000);
  site.commit();
  expect(told().map(([kind, state, , en]) => [kind, state, en])).toEqual([
    ["paystation.cash-box", "raised", "Pay station Cavalli: its cash box has needed attention for 2 s"],
    ["paystation.fault", "raised", "Pay station Cavalli out of service for 1 min"],
    ["paystation.fault", "updated", "Pay station Cavalli out of service: the sensor is silent now"],
    ["paystation.cash-box", "updated", "Pay station Cavalli: its cash box needs attention, the sensor is silent now"],
    ["paystation.silent", "raised", "Pay station Cavalli: no news of it for 5 min"],
    ["paystation.fault", "cleared", "Pay station Cavalli: in service again"],
    ["paystation.silent", "cleared", "Pay station Cavalli: can be read again"],
    ["paystation.cash-box", "cleared", "Pay station Cavalli: its cash box is in order"],
  ]);
});

it("that was never heard is not said to be silent: since when, nobody knows, and its device says that it is down", async () => {
  const { site, told } = await opened();
  site.wait(60 * MINUTE);
  site.commit();
  expect(told()).toEqual([]);
});

it("that comes and goes is told as unstable, once", async () => {
  const { site, reads, told } = await opened();
  for (let i = 0; i < 8; i += 1) {
    reads("fault", true);
    site.wait(2 * MINUTE);
    reads("fault", false);
    site.wait(2 * MINUTE);
  }
  site.commit();
  const kinds = told().map(([kind, state]) => `${kind} ${state}`);
  expect(kinds.filter((one) => one === "paystation.fault raised")).toHaveLength(3);
  expect(kinds.at(-1)).toBe("paystation.fault.unstable raised");
});

const WHAT = [
  "broken",
  "broken",
  "works",
  "full",
  "emptied",
  "blind",
  "down",
  "up",
  "commit",
  "kill",
  "stop",
  "reboot",
  "reboot unknown",
] as const;
const moves = fc.array(
  fc.record({
    gap: fc.oneof(fc.integer({ min: 0, max: 6000 }), fc.integer({ min: 0, max: 900_000 })),
    what: fc.constantFrom(...WHAT),
  }),
  {
    minLength: 3,
    maxLength: 40,
  },
);

it("says the same when its stored past is played again", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (list) => {
      const { site, reads } = await opened();
      for (const { gap, what } of list) {
        if (!/kill|stop|reboot/.test(what)) site.wait(gap);
        if (what === "broken" || what === "works") reads("fault", what === "broken");
        else if (what === "full" || what === "emptied") reads("cash-box", what === "full");
        else if (what === "blind") reads("fault", null, { quality: "bad", code: "bus.timeout" });
        else if (what === "down" || what === "up") site.device("till", what === "up");
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
