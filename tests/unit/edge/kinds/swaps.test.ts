/** Assets that come, go and change while a site lives: what is unchanged goes on, and replay says what was said. */

import { describe, expect, it } from "vitest";
import { replay } from "../../../../src/edge/engine/past/replay.ts";
import type { SiteAsset } from "../../../../src/edge/kinds/index.ts";
import { assetKind, held, word } from "../../../../src/edge/kinds/kind.ts";
import { parkingBay } from "../../../../src/edge/kinds/parking-bay/index.ts";
import { LivedSite } from "../../../support/memory/lived-site.ts";
import fc from "../../../support/property.ts";

const RUNS = Number(process.env["CIPPO_HISTORIES"] ?? 150);

/** An asset that hears another one: a bay that is taken for ten minutes. */
const busy = assetKind({
  kind: "busy",
  model: "Device",
  title: { it: "Stallo in uso", en: "Busy bay" },
  version: 1,
  options: null as never,
  senses: ({ of }: { of: string }) => ({ status: word(of) }),
  shows: { isTaken: { unit: "", kind: "state", meaning: "the bay is taken" } },
  alarms: {
    "bay.busy": {
      severity: "low",
      raised: { it: "{name} in uso da {for}", en: "{name} busy for {for}" },
      cleared: { it: "{name} libero", en: "{name} free" },
      todo: { it: "Nulla.", en: "Nothing." },
    },
  },
  facts: null,
  lookBackMs: 0,
  says(_, { sees: { status } }) {
    if (!status.known) return { shows: { isTaken: "unknown" }, claims: { "bay.busy": "unknown" } };
    const isTaken = status.value === "occupied";
    return { shows: { isTaken }, claims: { "bay.busy": isTaken && held(status.since, 600_000) } };
  },
});

const bay = (id: string, grace = "5min"): SiteAsset => ({
  asset: {
    id,
    urn: `urn:${id}`,
    kind: "parking-bay",
    name: { it: id, en: id },
    options: parkingBay.options.parse({ reservedFor: "disabled", occupancy: `${id}-sensor.presence`, permits: { grace } }),
    silentAfterMs: { occupancy: 10_000_000 },
  },
  kind: parkingBay,
});
const listener: SiteAsset = {
  asset: {
    id: "far",
    urn: "urn:far",
    kind: "busy",
    name: { it: "f", en: "f" },
    options: { of: "left.status" },
    silentAfterMs: {},
  },
  kind: busy,
};
const CONFIGS: readonly (readonly SiteAsset[])[] = [
  [bay("left"), bay("right")],
  [bay("left")],
  [bay("right"), bay("left", "20min"), listener],
  [listener, bay("left"), bay("third"), bay("right")],
];
const configOf = (rev: number): readonly SiteAsset[] => CONFIGS[rev] ?? [];

const WHAT = ["car", "car", "car", "empty", "blind", "badge", "down", "commit", "kill", "reboot", "swap", "swap"] as const;
const moves = fc.array(
  fc.record({
    gap: fc.oneof(fc.integer({ min: 0, max: 6000 }), fc.integer({ min: 0, max: 400_000 }), fc.integer({ min: 0, max: 900_000 })),
    what: fc.constantFrom(...WHAT),
    where: fc.constantFrom("left", "right", "third"),
    rev: fc.nat({ max: CONFIGS.length - 1 }),
  }),
  { minLength: 3, maxLength: 30 },
);

const car = (site: LivedSite, where: string, value = true) =>
  site.reads(`${where}-sensor`, { point: "presence", value, quality: "good" });

async function began(rev = 0): Promise<LivedSite> {
  const site = new LivedSite(configOf(rev));
  await site.open();
  site.commit();
  return site;
}

const briefly = (site: LivedSite) =>
  site.events
    .filter(({ event }) => event.asset !== undefined)
    .map(({ event: { asset, kind, state, reason } }) =>
      [asset, kind, state, reason].filter((one) => one !== undefined).join(" "),
    );

describe("assets that are exchanged while they live", () => {
  it("go on where they are unchanged: their grace runs, and nothing is told twice", async () => {
    const site = await began();
    car(site, "left");
    site.wait(250_000);
    await site.applies(configOf(3), 3);
    site.wait(60_000);
    await site.applies(configOf(1), 1);
    site.wait(60_000);
    site.commit();
    expect(briefly(site)).toEqual(["left bay.illegal-occupation raised"]);
  });

  it("end their alarms as removed where they are gone, and begin anew with what is stored when they come back", async () => {
    const site = await began();
    car(site, "right");
    site.wait(400_000);
    await site.applies(configOf(1), 1);
    site.wait(1000);
    expect(site.past.saved.get("asset/right")).toBe(null);
    await site.applies(configOf(0), 0);
    site.commit();
    const name = "right bay.illegal-occupation";
    expect(briefly(site)).toEqual([`${name} raised`, `${name} cleared removed`, `${name} raised`]);
  });

  it("act upon a changed option at once, with what they know", async () => {
    const site = await began();
    car(site, "left");
    site.wait(250_000);
    await site.applies(configOf(2), 2);
    site.wait(940_000);
    site.commit();
    expect(briefly(site)).toEqual(["far bay.busy raised"]);
    site.wait(10_000);
    site.commit();
    expect(briefly(site).slice(1)).toEqual(["left bay.illegal-occupation raised"]);
  });

  it("wait with what they are told until the past was heard", async () => {
    const site = await began(1);
    car(site, "third");
    site.wait(1000);
    const swapped = site.applies(configOf(3), 3);
    car(site, "third", false);
    site.wait(900_000);
    await swapped;
    site.commit();
    expect(briefly(site)).toEqual([]);
    const shown = site.records.filter(({ source, name }) => source === "third" && name === "status").map(({ value }) => value);
    expect(shown.at(-1)).toBe("free");
  });

  it("say what their replay says, which meets the same configurations in their places", { timeout: 120_000 }, async () => {
    let [told, removed] = [0, 0];
    await fc.assert(
      fc.asyncProperty(moves, async (list) => {
        const site = await began();
        for (const { gap, what, where, rev } of list) {
          if (what !== "kill" && what !== "reboot") site.wait(gap);
          if (what === "car" || what === "empty") car(site, where, what === "car");
          else if (what === "blind")
            site.reads(`${where}-sensor`, { point: "presence", value: null, quality: "bad", code: "sensor.no-echo" });
          else if (what === "badge") site.orders(where, "permit.confirm");
          else if (what === "down") site.device(`${where}-sensor`, false);
          else if (what === "commit") site.commit();
          else if (what === "swap") await site.applies(configOf(rev), rev);
          else {
            if (what === "reboot") site.commit();
            await site.open({ reboot: what === "reboot", offMs: gap % 20_000 });
            site.commit();
          }
        }
        site.wait(2_000_000);
        site.wait(90_000_000);
        site.commit();
        expect(site.told.filter((one) => one.includes("rule."))).toEqual([]);
        told += site.told.length;
        removed += briefly(site).filter((one) => one.endsWith("removed")).length;
        const { told: again } = await replay(site.past, configOf(0), {}, (event) => configOf(Number(event["rev"])));
        expect(
          again.map(
            ({ epoch, mono, asset, kind, state }) => `${epoch} ${Math.max(mono, site.openedAt(epoch))} ${asset} ${kind} ${state}`,
          ),
        ).toEqual(site.told);
      }),
      { numRuns: RUNS },
    );
    expect(told).toBeGreaterThan(RUNS / 4);
    expect(removed).toBeGreaterThan(0);
  });
});
