/** The options of a defibrillator: what watches it, and what the law asks to be known of it. */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import { ref } from "../references.ts";
import { FAULT_SIGNS } from "./light-signs.ts";

const celsius = (otherwise: number, meaning: string) => z.number().min(-40).max(80).prefault(otherwise).describe(meaning);
const state = (meaning: string) => ref.point({ kind: "state" }).optional().describe(meaning);
const text = (meaning: string) => z.string().min(1).optional().describe(meaning);

const temperatures = z
  .strictObject({
    warnBelow: celsius(5, "Below this, °C, it is told: the heater of the cabinet does not manage."),
    warnAbove: celsius(45, "Above this, °C, it is told."),
    below: celsius(0, "Below this, °C, the unit may not be stored, and counts as not usable; its manual says it."),
    above: celsius(50, "Above this, °C, likewise."),
    for: duration().prefault("1h").describe("How long it must last."),
  })
  .refine((o) => o.below <= o.warnBelow && o.warnBelow < o.warnAbove && o.warnAbove <= o.above, {
    error: "expected below ≤ warnBelow < warnAbove ≤ above",
  })
  .prefault({});

export const aedOptions = z.strictObject({
  door: state("The point that is true while the cabinet is open."),
  present: state("The point that is true while the unit lies in its cabinet."),
  light: ref
    .point({ kind: "word" })
    .optional()
    .describe("What the status light or sign of the unit shows: the point of a `gpio-blink` or a `gpio-colour`."),
  chirp: state("The point that is true while the unit chirps: the contact of a detector of sound."),
  tamper: state("The point that is true while somebody tampers with the cabinet."),
  heater: state("The point that is true while the heater of the cabinet has current."),
  thermostat: state("The point that is true while the thermostat of the cabinet says too cold or too warm."),
  temperature: ref.point({ kind: "number", unit: "Cel" }).optional().describe("Temperature in the cabinet."),
  battery: ref
    .point({ kind: "number", unit: "%" })
    .optional()
    .describe("Charge of the unit's battery where something tells it, or else of the sensor in its cabinet."),
  faultSigns: z
    .array(z.enum(FAULT_SIGNS))
    .min(1)
    .optional()
    .describe("Which of the words of `light` mean a fault; default: what the manual of the `make` says, of one not known all."),
  faultAfter: duration().prefault("1min").describe("How long a dark light must last until it is a fault."),
  selfTest: duration()
    .prefault("5min")
    .describe("How long a self-test may take: a light that is red or steady for less is no fault."),
  doorOpenFor: duration()
    .prefault("10min")
    .describe("How long the cabinet may stand open: with the unit in it, nobody is using it any more."),
  removedAfter: duration()
    .prefault("30min")
    .describe("How long the unit may be out of its cabinet: until then it is in use, afterwards it is missing."),
  silentFor: duration().prefault("5min").describe("How long nobody may know whether it is ready."),
  heaterAfter: duration().prefault("15min").describe("How long the heater may be off while it is too cold."),
  temperatures: temperatures.describe("What the unit may be stored at."),
  batteryBelow: z.number().min(0).max(100).prefault(20).describe("Charge, %, below which it is told."),
  expiryAhead: duration({ least: "1d", most: "366d" }).prefault("60d").describe("How long before an expiry it is told."),
  make: z
    .string()
    .min(1)
    .describe("Who made it: it decides what its light means (Philips, Defibtech, HeartSine, Cardiac Science, ZOLL)."),
  model: z.string().min(1).describe("Its model."),
  serial: text("Its serial number."),
  units: z.int().min(1).prefault(1).describe("How many units are kept here."),
  operation: z.enum(["semi", "auto"]).optional().describe("Semi-automatic, or automatic."),
  installed: ref.day().optional().describe("Since when it is here. The law asks to report it to 118 within 60 days."),
  batteryExpiry: ref.day().optional().describe("Last day of its battery."),
  pads: z
    .array(
      z.strictObject({
        type: z.enum(["adult", "child"]).describe("For whom they are."),
        expiry: ref.day().describe("Their last day."),
      }),
    )
    .prefault([])
    .describe("Its pads."),
  address: text("Street and number, as 118 asks for the exact place."),
  floor: text("On which floor."),
  access: ref.hours().optional().describe("When people can get at it, such as 24/7 or Mo-Fr 08:00-18:00."),
  trained: z
    .int()
    .min(0)
    .optional()
    .describe("How many persons here are trained in its use. Their names belong into the report to 118, never here."),
  register118: z
    .strictObject({
      centre: z.string().min(1).describe("The 118 centre that it is reported to."),
      id: text("Its number in the register."),
      date: ref.day().optional().describe("When it was reported."),
    })
    .optional()
    .describe("Its entry in the register of 118."),
  responsible: z
    .strictObject({
      office: z.string().min(1).describe("An office, never a person."),
      phone: text("Its telephone number."),
    })
    .optional()
    .describe("Who answers for it."),
});
export type AedOptions = z.output<typeof aedOptions>;

/** Options that do nothing as long as others are not written. */
export function aedIdle(o: AedOptions): Readonly<Record<string, readonly string[]>> {
  return {
    ...(o.faultSigns !== undefined && o.light === undefined && { faultSigns: ["light"] }),
  };
}
