/** A group of bays, or a car park behind gates: how many of its places are free, occupied or unknown. */
import type { CommandSpec } from "../../../model/index.ts";
import { assetKind, daily, type Sense, withActs } from "../kind.ts";
import { bayWords, countBays } from "./bay-count.ts";
import { countGates, gateAlarms, gateClaims, gateSense, nothingCounted, passed, recounted } from "./gate-count.ts";
import { type GroupOptions, gatesOf, groupIdle, groupMisfits, groupOptions } from "./group-options.ts";

const NIGHT_AND_DAY_MS = 25 * 3_600_000;
const MINUTES = 24 * 60;

/** The minute in which the count begins anew. */
function minuteOf(at: string): string {
  const [hours = 0, minutes = 0] = at.split(":").map(Number);
  const end = (hours * 60 + minutes + 1) % MINUTES;
  return `${at}-${String(Math.floor(end / 60)).padStart(2, "0")}:${String(end % 60).padStart(2, "0")}`;
}

function sensesOf(o: GroupOptions): Readonly<Record<string, Sense<unknown> | undefined>> {
  if (o.gates === undefined) return bayWords(o);
  const gates = Object.entries(gatesOf(o)).map(([gate, from]) => [gate, gateSense(from)]);
  const minute = o.rezero === undefined || o.part ? undefined : daily(minuteOf(o.rezero.at));
  return { ...Object.fromEntries(gates), rezero: minute };
}

export const parkingGroup = assetKind({
  kind: "parking-group",
  model: "ParkingGroup",
  modelOf: ({ gates }) => (gates === undefined ? "ParkingGroup" : "OffStreetParking"),
  title: { it: "Gruppo di stalli o parcheggio a varchi", en: "Group of bays, or car park behind gates" },
  version: 1,
  options: groupOptions,
  idle: groupIdle,
  misfits: groupMisfits,
  senses: sensesOf,
  shows: {
    status: {
      unit: "",
      kind: "word",
      meaning: "`spacesAvailable`, `full`, `closed` (all its bays are) or `unknown`. Absent with `part`.",
    },
    availableSpotNumber: {
      unit: "1",
      kind: "gauge",
      meaning: "Free places; a minimum, marked uncertain, while some are unknown.",
    },
    occupiedSpotNumber: { unit: "1", kind: "gauge", meaning: "Taken places; behind gates the vehicles inside." },
    outOfServiceSlotNumber: { unit: "1", kind: "gauge", meaning: "Bays that are closed. Absent with `gates`." },
    unknownSpotNumber: { unit: "1", kind: "gauge", meaning: "Bays whose state is unknown. Absent with `gates`." },
    totalSpotNumber: { unit: "1", kind: "gauge", meaning: "All places." },
    passagesIn: {
      unit: "1",
      kind: "counter",
      meaning: "Vehicles that drove in; with `gates`. Never goes back under one `countersSince`.",
    },
    passagesOut: { unit: "1", kind: "counter", meaning: "Vehicles that drove out; with `gates`." },
    countersSince: { unit: "ms", kind: "gauge", meaning: "Epoch ms since which passages are counted; with `gates`." },
    drift: {
      unit: "1",
      kind: "interval",
      meaning: "At each recount: by how many vehicles the count was too high; below zero: too low.",
    },
  },
  is: ({ part, gates }) => (part && gates !== undefined ? "passagesIn" : "status"),
  alarms: gateAlarms,
  actions: ({ gates, capacity, part }): Readonly<Record<string, CommandSpec>> =>
    gates === undefined || part
      ? {}
      : {
          "count.set": {
            args: { inside: { type: "number", required: true, min: 0, ...(capacity !== undefined && { max: capacity }) } },
            impact: "low",
            safe: true,
          },
        },
  statics: (o) => ({
    occupancyDetectionType: o.gates === undefined ? "singleSpaceDetection" : "balancing",
    ...(o.category !== undefined && { category: o.category }),
    ...(o.bays !== undefined && { bays: o.bays }),
    // The platform sums the parts of a car park: it must know what they have in common.
    ...(o.part && { part: true, totalSpotNumber: o.capacity, rezero: o.rezero }),
  }),
  facts: nothingCounted,
  lookBackMs: NIGHT_AND_DAY_MS,
  commands: {
    "count.set": {
      meaning: "Somebody counted the vehicles inside: counting goes on from there. With `gates`, unless it is a `part`.",
      args: { inside: "How many stand there; at most `capacity`, where that is set." },
    },
  },

  learn(facts, heard, { now, o }) {
    if (o.gates === undefined) return facts;
    if ("args" in heard) {
      const { inside } = heard.args;
      if (typeof inside !== "number") return facts;
      const { facts: sure, acts } = recounted(facts, Math.round(inside), now, o.capacity);
      return withActs(sure, ...acts);
    }
    const { of, seen } = heard;
    if (of !== "rezero") return passed(facts, of, seen, now, o.capacity);
    if (!seen.known || seen.value !== true || o.rezero === undefined) return facts;
    const { facts: sure, acts } = recounted(facts, o.rezero.to, now, o.capacity);
    return withActs(sure, ...acts);
  },

  says(facts, cx) {
    const { o, sees } = cx;
    if (o.gates === undefined)
      return { shows: countBays(o.bays ?? [], sees), claims: { "count.below-zero": false, "count.above-capacity": false } };
    const gates = Object.keys(gatesOf(o)).map((gate) => sees[gate]);
    return { shows: countGates(facts, o, gates), claims: gateClaims(facts, cx) };
  },
});
