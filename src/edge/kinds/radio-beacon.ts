/** A Bluetooth beacon: heard or silent, how often it sends, and whether its battery is low. */
import * as z from "zod";
import { duration } from "../../kit/text/quantities.ts";
import { type AlarmSpec, assetKind, type Claim, held, optional, type Seen, value } from "./kind.ts";
import { ref } from "./references.ts";

const SILENT = "device.silent";

const silent: AlarmSpec = {
  severity: "medium",
  raised: { it: "Beacon {name}: non si sente da {for}", en: "Beacon {name} has not been heard for {for}" },
  doubted: { it: "Beacon {name}: non si sentiva, {why}", en: "Beacon {name} was not heard, {why}" },
  cleared: { it: "Beacon {name}: si sente di nuovo", en: "Beacon {name}: heard again" },
  todo: {
    it: "Cercare il beacon sul posto e cambiarne la batteria. Se tacciono tutti, guardare l'adattatore Bluetooth: `cippo status` dice come sta.",
    en: "Look for it on site and change its battery. If all of them are silent, look at the Bluetooth adapter: `cippo status` says how it is.",
  },
};

const batteryLow: AlarmSpec = {
  severity: "low",
  raised: { it: "Beacon {name}: batteria quasi scarica da {for}", en: "Beacon {name}: battery low for {for}" },
  doubted: { it: "Beacon {name}: batteria quasi scarica, {why}", en: "Beacon {name}: battery low, {why}" },
  cleared: { it: "Beacon {name}: batteria a posto", en: "Beacon {name}: battery in order" },
  todo: { it: "Cambiare la batteria entro poche settimane.", en: "Change the battery within a few weeks." },
};

/** Of `below`: so much more counts as a battery that was changed. Cold nights move it by less. */
const RISEN = 1.03;

/** Since when it has been low; null: it is not, or nobody has told. */
interface Facts {
  readonly lowSince: number | null;
}

function silence(heard: Seen<number>, afterMs: number): Claim {
  // One that was never heard has no time since which it is silent: its device is reported down instead.
  if (heard.known || heard.since === 0) return false;
  return heard.code === SILENT ? held(heard.since, afterMs) : "unknown";
}

function lowness(battery: Seen<number> | undefined, { lowSince }: Facts, afterMs: number): Claim {
  if (battery === undefined) return false;
  if (!battery.known) return "unknown";
  return lowSince !== null && held(lowSince, afterMs);
}

const statusOf = (heard: Seen<number>): string =>
  heard.known ? "heard" : heard.code === SILENT && heard.since > 0 ? "silent" : "unknown";

export const beacon = assetKind({
  kind: "beacon",
  model: "Device",
  title: { it: "Beacon", en: "Beacon" },
  version: 1,
  options: z.strictObject({
    heard: ref
      .point({ kind: "number", unit: "s" })
      .describe("The point that says how often it is heard: `interval` of an iBeacon or an Eddystone beacon."),
    silentFor: duration()
      .prefault("30min")
      .describe("How long it may be silent, after the `silentAfter` of its device: some packets are always missed."),
    battery: z
      .strictObject({
        point: ref.point({ kind: "number" }).describe("The point that says how full it is, in V or %."),
        below: z.number().positive().describe("Less than this is low, in the unit of the point; the maker says how much."),
        for: duration().prefault("12h").describe("How long it must be low: a cold night lowers it for some hours."),
      })
      .optional()
      .describe("When its battery counts as low. Without this nobody looks."),
  }),
  senses: (o) => ({ heard: value(o.heard), battery: optional(o.battery?.point, value) }),
  shows: {
    status: { unit: "", kind: "word", meaning: "`heard`, `silent` or `unknown`." },
    interval: { unit: "s", kind: "gauge", change: 0.5, meaning: "How often it sends, as far as the radio hears it." },
    battery: { unit: "", kind: "word", meaning: "`inOrder`, `low` or `unknown`. Absent where no point says it." },
  },
  alarms: { "beacon.silent": silent, "beacon.battery-low": batteryLow },
  facts: { lowSince: null } as Facts,
  lookBackMs: 0,

  learn(facts, heard, { now, o: { battery } }) {
    if (heard.of !== "battery" || battery === undefined || !heard.seen.known) return facts;
    if (facts.lowSince === null) return heard.seen.value < battery.below ? { lowSince: now.at } : facts;
    return heard.seen.value >= battery.below * RISEN ? { lowSince: null } : facts;
  },

  says(facts, { o, sees: { heard, battery } }) {
    const isLow = facts.lowSince !== null;
    return {
      since: heard.since,
      shows: {
        status: statusOf(heard),
        interval: heard.known ? heard.value : undefined,
        battery: battery && (battery.known ? (isLow ? "low" : "inOrder") : "unknown"),
      },
      claims: {
        "beacon.silent": silence(heard, o.silentFor),
        "beacon.battery-low": lowness(battery, facts, o.battery?.for ?? 0),
      },
    };
  },
});
