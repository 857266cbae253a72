/** Random lives of a site, with kills, reboots, badges and silence: played again from what is stored they say the same. */

import { describe, expect, it } from "vitest";
import { SiteAnswers } from "../../../../src/edge/answers/site-answers.ts";
import { replay } from "../../../../src/edge/engine/past/replay.ts";
import type { SiteAsset } from "../../../../src/edge/kinds/index.ts";
import { assetKind, daily, held, quarter, withActs, word } from "../../../../src/edge/kinds/kind.ts";
import { parkingBay } from "../../../../src/edge/kinds/parking-bay/index.ts";
import { LivedSite, WALL } from "../../../support/memory/lived-site.ts";
import fc from "../../../support/property.ts";

const RUNS = Number(process.env["CIPPO_HISTORIES"] ?? 250);
const SILENT_AFTER_MS = 10_000;

const ANSWERS = new SiteAnswers({ timezone: "Europe/Rome", holidays: undefined });

/** An asset that hears another one: a bay that stands empty for ten minutes while the market is open. */
const idle = assetKind({
  kind: "idle",
  model: "Device",
  title: { it: "Stallo vuoto", en: "Empty bay" },
  version: 1,
  options: null as never,
  senses: ({ of }: { of: string }) => ({ status: word(of) }),
  shows: { isEmpty: { unit: "", kind: "state", meaning: "no bay is taken" } },
  alarms: {
    "bay.idle": {
      severity: "low",
      unstable: { times: 3, withinMs: 7_200_000 },
      raised: { it: "{name} vuoto da {for}", en: "{name} empty for {for}" },
      cleared: { it: "{name} in uso", en: "{name} in use" },
      todo: { it: "Nulla.", en: "Nothing." },
    },
  },
  facts: null,
  lookBackMs: 0,
  says(_, { sees: { status }, open, beforeDay }) {
    const market = open("Mo-Su 00:05-00:20,06:00-17:10,17:20-23:00");
    const isEmpty = status.known && status.value === "free";
    const isOver = beforeDay("2025-11-25") === false;
    const claim = !status.known || market.is === "unknown" ? "unknown" : isEmpty && market.is && !isOver;
    return {
      shows: { isEmpty: status.known ? isEmpty : "unknown" },
      claims: { "bay.idle": claim === true ? held(Math.max(status.since, market.since), 600_000) : claim },
    };
  },
});

/** An asset that hears the clock alone, and says each time that it did. */
const chime = assetKind({
  kind: "bell",
  model: "Device",
  title: { it: "Campana", en: "Bell" },
  version: 1,
  options: null as never,
  senses: (_: object) => ({ quarter: quarter(), night: daily("22:00-06:00") }),
  shows: { isNight: { unit: "", kind: "state", meaning: "" } },
  alarms: {},
  facts: { strokes: 0 },
  lookBackMs: 3_600_000,
  learn({ strokes }, heard) {
    if (heard.of === "action" || !heard.seen.known) return { strokes };
    const what = heard.of === "night" ? "bell.night" : "bell.stroke";
    const text = `${strokes}: ${heard.seen.value}`;
    return withActs({ strokes: strokes + 1 }, { do: "note", kind: what, severity: "info", text: { it: text, en: text } });
  },
  says: (_, { sees: { night } }) => ({ shows: { isNight: night.known ? night.value : "unknown" }, claims: {} }),
});

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

const played = async (site: LivedSite, past: Parameters<typeof replay>[0] = site.past) =>
  (await replay(past, ASSETS, ANSWERS)).map(
    ({ epoch, mono, asset, kind, state }) => `${epoch} ${Math.max(mono, site.openedAt(epoch))} ${asset} ${kind} ${state}`,
  );

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
    await fc.assert(
      fc.asyncProperty(moves, async (list) => {
        const site = await live(list);
        told += site.told.length;
        strokes += site.told.filter((one) => one.includes("bell.stroke")).length;
        nights += site.told.filter((one) => one.includes("bell.night")).length;
        idle += site.told.filter((one) => one.includes("bay.idle")).length;
        expect(site.told.filter((one) => one.includes("rule.failed"))).toEqual([]);
        expect(await played(site)).toEqual(site.told);
      }),
      { numRuns: RUNS, examples: [[[...SETTLED_AT_THE_END]]] },
    );
    expect(told).toBeGreaterThan(RUNS);
    expect(idle).toBeGreaterThan(RUNS / 10);
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
        expect(await played(site, past)).toEqual(site.told);
      }),
      { numRuns: Math.ceil(RUNS / 4), examples: [[[...SETTLED_AT_THE_END]]] },
    );
  });
});
