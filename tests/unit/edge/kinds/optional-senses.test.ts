/** A sense that a site may leave out keeps its type, and a kind works with it and without it. */
import { describe, expect, it } from "vitest";
import { assetKind, held, optional, shown, state, value } from "../../../../src/edge/kinds/kind.ts";
import { LivedSite } from "../../../support/memory/lived-site.ts";

const MINUTE_MS = 60_000;
const ALARM = {
  severity: "low" as const,
  raised: { it: "{name}: {missing} cm in meno", en: "{name}: {missing} cm too low" },
  cleared: { it: "{name}: regolare", en: "{name}: in order" },
  todo: { it: "Riempire.", en: "Fill it." },
};

/** A fountain of which some have a sensor of their water. That this compiles is part of the test: a level is a number here, and nothing else. */
const fountain = assetKind({
  kind: "fountain",
  model: "Device",
  title: { it: "Fontana", en: "Fountain" },
  version: 1,
  options: null as never,
  senses: ({ plays, level }: { readonly plays: string; readonly level?: string }) => ({
    plays: state(plays),
    level: optional(level, value),
  }),
  shows: {
    status: { unit: "", kind: "word", meaning: "`plays` or `still`" },
    low: { unit: "cm", kind: "gauge", meaning: "its least" },
  },
  alarms: { "fountain.low": ALARM },
  facts: { least: null as number | null },
  lookBackMs: 0,
  learn(facts, heard) {
    if (heard.of !== "level" || !heard.seen.known) return facts;
    return { least: Math.min(facts.least ?? heard.seen.value, heard.seen.value) };
  },
  says({ least }, { sees: { plays, level } }) {
    const missing = level?.known ? 20 - level.value : 0;
    return {
      since: plays.since,
      shows: { status: shown(plays, (is) => (is ? "plays" : "still")), low: level === undefined ? undefined : least },
      claims: {
        "fountain.low": level !== undefined && !level.known ? "unknown" : missing > 0 && held(plays.since, 0, { missing }),
      },
    };
  },
});

async function lived(options: { readonly plays: string; readonly level?: string }): Promise<LivedSite> {
  const asset = { id: "f", urn: "urn:f", kind: "fountain", name: { it: "Nettuno", en: "Neptune" }, options };
  const site = new LivedSite([{ asset: { ...asset, silentAfterMs: { plays: MINUTE_MS, level: MINUTE_MS } }, kind: fountain }]);
  await site.open();
  site.reads("pump", { point: "on", value: true, quality: "good" });
  for (const cm of [30, 12, 15]) site.reads("tank", { point: "level", value: cm, quality: "good" });
  site.commit();
  return site;
}

describe("an optional sense", () => {
  const levels = (site: LivedSite) =>
    site.records.flatMap(({ name, value }) => (name === "low" && value !== null ? [value] : []));
  const told = (site: LivedSite) => site.events.flatMap(({ event }) => (event.asset === "f" ? [event.text.en] : []));

  it("is heard where the site names it", async () => {
    const site = await lived({ plays: "pump.on", level: "tank.level" });
    expect(levels(site)).toEqual([30, 12]);
    expect(told(site)).toEqual(["Neptune: 8 cm too low"]);
  });

  it("is nothing where it does not", async () => {
    const site = await lived({ plays: "pump.on" });
    expect([levels(site), told(site)]).toEqual([[], []]);
  });
});
