/** A scenario file: what stands at the site and what happens there, checked as a whole. */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import * as z from "zod";
import { duration } from "../../src/kit/text/quantities.ts";
import { expectation } from "./expectation.ts";
import { busSpec } from "./wires/index.ts";

/** Times are of the play: a time factor makes them shorter. */
const bay = z.strictObject({
  sensor: z.string().describe("Device that sees the bay."),
  free: z.number().prefault(2600).describe("Distance without a car, mm."),
  occupied: z.number().prefault(650).describe("Distance to a car, mm."),
  point: z.string().optional().describe("Point that is true while a car stands there, of a sensor that tells no distance."),
  arrivals: z.array(z.strictObject({ at: duration(), stay: duration() })).prefault([]),
  random: z
    .strictObject({ from: duration(), free: duration(), stay: duration() })
    .optional()
    .describe("Mean times of a bay that fills and empties by itself."),
});

const opening = z.strictObject({
  at: z.array(duration()).prefault([]),
  for: duration(),
  every: duration().optional().describe("Mean time between further openings."),
  rest: z.boolean().prefault(false).describe("What it says while nothing happens: true where an opening makes it false."),
});

/** What is done to the gateway while it lives. */
const courseStep = z.discriminatedUnion("do", [
  z.strictObject({ at: duration(), do: z.enum(["restart", "kill"]), for: duration().describe("How long it is away.") }),
  z.strictObject({
    at: duration(),
    do: z.literal("power-off"),
    for: duration(),
    keepsTime: z
      .boolean()
      .prefault(true)
      .describe(
        "False: without a clock of its own it begins with the time at which its power failed, until a time server is found.",
      ),
  }),
  z.strictObject({
    at: duration(),
    do: z.literal("clock"),
    synced: z.boolean().describe("Whether a time server keeps its clock."),
    ahead: z.number().prefault(0).describe("By how many ms it is ahead of the right time."),
  }),
  z.strictObject({
    at: duration(),
    do: z.literal("list").describe("The platform pushes a list, or with `base` what changes in one."),
    name: z.string(),
    version: z.number(),
    base: z.number().optional(),
    entries: z.array(z.looseObject({ key: z.string(), from: duration(), to: duration() })),
  }),
]);
export type CourseStep = z.output<typeof courseStep>;

const scenario = z.strictObject({
  seed: z.number().int().prefault(1),
  timeFactor: z.number().positive().prefault(1),
  /** Wires by what they are at the site; ports and paths are found when it starts. */
  buses: z.record(z.string(), busSpec),
  devices: z
    .record(z.string(), z.looseObject({ type: z.string(), bus: z.string() }))
    .describe("As in the gateway's configuration."),
  assets: z.record(z.string(), z.looseObject({ kind: z.string() })).describe("As in the gateway's configuration."),
  permits: z.array(z.string()).prefault([]).describe("Bays whose badge a patrol confirms: the platform sends permit.confirm."),
  earlyPermits: z
    .array(z.string())
    .prefault([])
    .describe("Bays whose badge is confirmed while they are free, before a vehicle comes, and sometimes too long before."),
  virtual: z
    .strictObject({
      from: z.iso.datetime({ offset: true }).describe("The moment at which the play begins."),
      for: duration(),
      course: z.array(courseStep).prefault([]),
    })
    .optional()
    .describe("Lived in virtual time, in one process: all times may be those of a real day."),
  expect: expectation.optional().describe("What must be told; the play then begins when the gateway is ready, at its real pace."),
  play: z.strictObject({
    tick: duration().prefault("250ms").describe("How often curves, meters and distances move."),
    bays: z.record(z.string(), bay).prefault({}),
    contacts: z.record(z.string(), opening).prefault({}).describe("Doors and tamper contacts by device."),
    gates: z
      .record(z.string(), z.strictObject({ every: duration() }))
      .prefault({})
      .describe("Mean time between passages of a gate, or pulses of a meter, by device."),
    columns: z
      .record(z.string(), z.array(z.strictObject({ at: duration(), letter: z.string() })))
      .prefault({})
      .describe("The letter of IEC 61851 of a charging column from that time on, by device; before it is A."),
    steps: z
      .record(z.string(), z.array(z.strictObject({ at: duration(), value: z.union([z.boolean(), z.number(), z.string()]) })))
      .prefault({})
      .describe("What a point is set to at that time, by device.point."),
    meters: z
      .record(
        z.string(),
        z.strictObject({ base: z.number(), peak: z.number(), period: duration(), energy: z.number().prefault(0) }),
      )
      .prefault({})
      .describe("Load in W between base and peak, and the counter in kW.h at the start, by device."),
    curves: z
      .record(z.string(), z.strictObject({ mean: z.number(), swing: z.number(), period: duration() }))
      .prefault({})
      .describe("A slow wave for one point, by device.point."),
  }),
});

export type Scenario = z.output<typeof scenario>;
export type Play = Scenario["play"];

export async function readScenario(file: string): Promise<Scenario> {
  const read = scenario.safeParse(parse(await readFile(file, "utf8")));
  if (!read.success) throw new Error(`${file}: ${z.prettifyError(read.error)}`);
  const wrong = [...crossChecks(read.data)];
  if (wrong.length > 0) throw new Error(`${file}: ${wrong.join("; ")}`);
  return read.data;
}

function* crossChecks({ buses, devices, assets, permits, earlyPermits, expect, timeFactor, play }: Scenario): Iterable<string> {
  for (const [name, { bus: of }] of Object.entries(devices)) if (!buses[of]) yield `devices.${name}: no bus ${of}`;
  for (const [name, { sensor }] of Object.entries(play.bays)) {
    if (!assets[name]) yield `play.bays.${name}: no such asset`;
    if (!devices[sensor]) yield `play.bays.${name}.sensor: no device ${sensor}`;
  }
  for (const [key, names] of Object.entries({ permits, earlyPermits }))
    for (const name of names) if (!assets[name]) yield `${key}: no asset ${name}`;
  if (expect && timeFactor !== 1) yield "expect: times are of a play without a timeFactor";
  for (const name of Object.keys(expect?.assets ?? {})) if (!assets[name]) yield `expect.assets: no asset ${name}`;
  for (const name of Object.keys(assets)) if (expect && !expect.assets[name]) yield `expect.assets: ${name} is missing`;
  for (const part of ["contacts", "gates", "meters", "columns"] as const)
    for (const name of Object.keys(play[part])) if (!devices[name]) yield `play.${part}.${name}: no such device`;
  for (const part of ["curves", "steps"] as const)
    for (const name of Object.keys(play[part])) {
      const [device = "", point] = name.split(".");
      if (!devices[device] || !point) yield `play.${part}.${name}: expected device.point`;
    }
}
