/** Random lives of a site, with kills, reboots, badges and silence: played again from what is stored they say the same. */
import { describe, expect, it } from "vitest";
import { SiteAnswers } from "../../../../src/edge/answers/site-answers.ts";
import { replay } from "../../../../src/edge/engine/past/replay.ts";
import type { SiteAsset } from "../../../../src/edge/kinds/index.ts";
import { parkingBay } from "../../../../src/edge/kinds/parking-bay/index.ts";
import { arrivals, chime, idle, light } from "../../../support/memory/lived-kinds.ts";
import { LivedSite, shownOf, WALL } from "../../../support/memory/lived-site.ts";
import fc from "../../../support/property.ts";

const RUNS = Number(process.env["CIPPO_HISTORIES"] ?? 150);
const SILENT_AFTER_MS = 10_000;

const ANSWERS = new SiteAnswers({ timezone: "Europe/Rome", holidays: undefined });

const bay = (id: string): SiteAsset => ({
  asset: {
    id,
    urn: `urn:${id}`,
    kind: "parking-bay",
    name: { it: id, en: id },
    options: parkingBay.options.parse({ reservedFor: "disabled", occupancy: `${id}-sensor.presence`, permits: {} }),
    silentAfterMs: { occupancy: SILENT_AFTER_MS },
  },
  kind: parkingBay,
});
const ASSETS: readonly SiteAsset[] = [
  bay("left"),
  bay("right"),
  {
    asset: {
      id: "rest",
      urn: "urn:rest",
      kind: "idle",
      name: { it: "r", en: "r" },
      options: { of: "left.status" },
      silentAfterMs: {},
    },
    kind: idle,
  },
  {
    asset: {
      id: "light",
      urn: "urn:light",
      kind: "light",
      name: { it: "l", en: "l" },
      options: { of: "right.status", lamp: "relay.lamp", level: "dimmer.level" },
      silentAfterMs: {},
    },
    kind: light,
  },
  {
    asset: {
      id: "arrivals",
      urn: "urn:arrivals",
      kind: "arrivals",
      name: { it: "a", en: "a" },
      options: { of: "left.status" },
      silentAfterMs: {},
    },
    kind: arrivals,
  },
  {
    asset: { id: "bell", urn: "urn:bell", kind: "bell", name: { it: "c", en: "b" }, options: {}, silentAfterMs: {} },
    kind: chime,
  },
];

const WHAT = [
  "car",
  "car",
  "car",
  "empty",
  "empty",
  "blind",
  "presumed",
  "down",
  "up",
  "badge",
  "badge until",
  "commit",
  "commit",
  "kill",
  "stop",
  "reboot",
  "reboot unknown",
  "clock found",
  "order done",
  "order failed",
  "relay down",
  "relay up",
] as const;
const moves = fc.array(
  fc.record({
    gap: fc.oneof(fc.integer({ min: 0, max: 6000 }), fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 0, max: 900_000 })),
    what: fc.constantFrom(...WHAT),
    where: fc.constantFrom("left", "right"),
  }),
  { minLength: 3, maxLength: 30 },
);
type Move = { readonly gap: number; readonly what: (typeof WHAT)[number]; readonly where: string };

async function live(list: readonly Move[]): Promise<LivedSite> {
  const site = new LivedSite(ASSETS, ANSWERS);
  await site.open();
  site.commit();
  let wall = WALL;
  for (const { gap, what, where } of list) {
    const sensor = `${where}-sensor`;
    const reads = (value: boolean | null, more: object = {}) =>
      site.reads(sensor, { point: "presence", value, quality: "good", ...more });
    if (!/kill|stop|reboot/.test(what)) site.wait(gap);
    wall += gap;
    if (what === "car") reads(true);
    else if (what === "empty") reads(false);
    else if (what === "blind") reads(null, { quality: "bad", code: "sensor.no-echo" });
    else if (what === "presumed") reads(true, { quality: "uncertain", code: "sensor.nothing-in-range" });
    else if (what === "down" || what === "up") site.device(sensor, what === "up");
    else if (what === "order done" || what === "order failed") site.endsOrder(what === "order done");
    else if (what === "relay down" || what === "relay up") site.device("relay", what === "relay up");
    else if (what === "badge") site.orders(where, "permit.confirm");
    else if (what === "badge until") site.orders(where, "permit.confirm", { until: wall + 60_000 });
    else if (what === "clock found") site.findsClock();
    else if (what === "commit") site.commit();
    else {
      if (what !== "kill") site.commit();
      const isReboot = what === "reboot" || what === "reboot unknown";
      await site.open({ reboot: isReboot, offMs: gap % 20_000, isOffKnown: what !== "reboot unknown" });
      site.commit();
    }
  }
  site.wait(1_000_000);
  site.wait(90_000_000);
  site.commit();
  return site;
}

/** What its replay says, orders and measures. */
async function played(site: LivedSite, past: Parameters<typeof replay>[0] = site.past) {
  const { told, orders, records } = await replay(past, ASSETS, ANSWERS);
  const at = (one: { readonly epoch: string; readonly mono: number }) => Math.max(one.mono, site.openedAt(one.epoch));
  return {
    told: told.map((one) => `${one.epoch} ${at(one)} ${one.asset} ${one.kind} ${one.state}`),
    ordered: orders.map((one) => `${one.epoch} ${at(one)} ${one.id} ${one.target}=${one.value}`),
    measured: records.filter(({ name }) => name === "arrived").map((one) => shownOf(one, site.openedAt(one.epoch))),
  };
}

const lived = (site: LivedSite) => ({ told: site.told, ordered: site.ordered, measured: site.recordsOf("arrived") });

/** Settles just before the end of an epoch, and is heard by an asset that loses sight at once in the next one. */
const SETTLED_AT_THE_END: readonly Move[] = [
  { gap: 0, what: "empty", where: "left" },
  { gap: 5001, what: "commit", where: "left" },
  { gap: 1, what: "reboot", where: "left" },
  { gap: 0, what: "car", where: "right" },
];

describe("a life with its restarts", () => {
  it("says what its replay says", { timeout: 120_000 }, async () => {
    let told = 0;
    let idle = 0;
    let [strokes, nights] = [0, 0];
    let [ordered, again, measured] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(moves, async (list) => {
        const site = await live(list);
        told += site.told.length;
        strokes += site.told.filter((one) => one.includes("bell.stroke")).length;
        nights += site.told.filter((one) => one.includes("bell.night")).length;
        ordered += site.ordered.length;
        again += site.ordered.length - new Set(site.ordered.map((one) => one.split(" ").at(-1))).size;
        measured += site.recordsOf("arrived").length;
        idle += site.told.filter((one) => one.includes("bay.idle")).length;
        expect(site.told.filter((one) => one.includes("rule.failed"))).toEqual([]);
        expect(await played(site)).toEqual(lived(site));
      }),
      { numRuns: RUNS, examples: [[[...SETTLED_AT_THE_END]]] },
    );
    expect(told).toBeGreaterThan(RUNS);
    expect(idle).toBeGreaterThan(RUNS / 10);
    expect(ordered).toBeGreaterThan(RUNS);
    expect(again).toBeGreaterThan(RUNS / 10);
    expect(measured).toBeGreaterThan(RUNS * 20);
    expect(strokes).toBeGreaterThan(RUNS * 50);
    expect(nights).toBeGreaterThan(RUNS);
  });

  it("and so it does when the first events of its epochs are gone", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(moves, async (list) => {
        const site = await live(list);
        const past = {
          ...site.past,
          async *events() {
            for await (const one of site.past.events()) if (one.event.kind !== "epoch.opened") yield one;
          },
        };
        expect(await played(site, past)).toEqual(lived(site));
      }),
      { numRuns: Math.ceil(RUNS / 4), examples: [[[...SETTLED_AT_THE_END]]] },
    );
  });
});
