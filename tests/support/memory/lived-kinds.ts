/** Small kinds for random lives: one hears another asset, one the clock, one orders, one measures. */
import { assetKind, daily, held, type Output, quarter, want, withActs, word } from "../../../src/edge/kinds/kind.ts";

/** An asset that hears another one: a bay that stands empty for ten minutes while the market is open. */
export const idle = assetKind({
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
export const chime = assetKind({
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

/** A lamp that is to burn while a bay is taken, and a light that is to be dim at night. */
export const light = assetKind({
  kind: "light",
  model: "Device",
  title: { it: "Luce", en: "Light" },
  version: 1,
  options: null as never,
  senses: ({ of }: { of: string; lamp: Output<boolean>; level: Output<number> }) => ({
    status: word(of),
    night: daily("22:00-06:00"),
  }),
  shows: { isLit: { unit: "", kind: "state", meaning: "" } },
  alarms: {},
  facts: null,
  lookBackMs: 0,
  says(_, { o, sees: { status, night } }) {
    const isTaken = status.known ? status.value === "occupied" : undefined;
    return {
      shows: { isLit: isTaken ?? "unknown" },
      claims: {},
      wants: [
        ...(isTaken === undefined ? [] : [want(o.lamp, isTaken)]),
        ...(night.known ? [want(o.level, night.value ? 10 : 80)] : []),
      ],
    };
  },
});

/** How many arrived in each quarter-hour. */
export const arrivals = assetKind({
  kind: "arrivals",
  model: "Device",
  title: { it: "Arrivi", en: "Arrivals" },
  version: 1,
  options: null as never,
  senses: ({ of }: { of: string }) => ({ status: word(of), quarter: quarter() }),
  shows: {
    total: { unit: "1", kind: "counter", meaning: "" },
    arrived: { unit: "1", kind: "interval", meaning: "" },
  },
  alarms: {},
  facts: { total: 0, since: null as number | null, count: 0 },
  lookBackMs: 0,
  learn({ total, since, count }, heard) {
    if (heard.of === "status") {
      const isArrival = heard.seen.known && heard.seen.value === "occupied";
      return { total: total + Number(isArrival), since, count: count + Number(isArrival) };
    }
    if (heard.of !== "quarter" || !heard.seen.known) return { total, since: null, count: 0 };
    const begun = heard.seen.value;
    const facts = { total, since: begun, count: 0 };
    if (since === null) return facts;
    return withActs(facts, { do: "measure", name: "arrived", value: count, complete: begun - since === 900_000 });
  },
  says: ({ total }) => ({ shows: { total }, claims: {} }),
});
