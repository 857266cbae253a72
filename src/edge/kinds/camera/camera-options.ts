/** The options of a camera, as the configuration writes them. */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import { ref } from "../references.ts";

/** Things that may forbid a power-cycle. */
export const MOST_UNLESS = 4;

const powerCycle = z.strictObject({
  after: duration({ least: "1min" }).prefault("5min").describe("How long the camera must not have answered."),
  off: duration({ least: "1s", most: "5min" }).prefault("10s").describe("How long its power stays off."),
  cooldown: duration({ least: "10min" })
    .prefault("15min")
    .describe("Shortest time from one to the next: a camera takes minutes to start."),
  perDay: z.int().min(1).max(10).prefault(3).describe("How many within 24 hours; after so many in vain somebody is called."),
  unless: z
    .array(ref.point({ kind: "state" }))
    .max(MOST_UNLESS)
    .prefault([])
    .describe(
      "Points that forbid it while they are true or not known: its recorder that must not stop, or the other cameras on the same relay, such as cam-2.alive.",
    ),
});

export const cameraOptions = z.strictObject({
  health: ref.point({ kind: "state" }).describe("The point that is true while it answers, such as cam-1.alive."),
  authorised: ref
    .point({ kind: "state" })
    .optional()
    .describe("The point that is true while it lets the gateway in, such as cam-1.authorised."),
  clock: ref
    .point({ kind: "number", unit: "s" })
    .optional()
    .describe("How far its clock is from the right time, such as cam-1.clock-offset."),
  firmware: ref.point({ kind: "word" }).optional().describe("The version of its firmware, such as cam-1.firmware."),
  restarts: ref
    .point({ kind: "number", unit: "1" })
    .optional()
    .describe("How often it said that it was switched on, such as cam-1.restarts of a VISCA head."),
  tamper: ref.point({ kind: "state" }).optional().describe("The contact that is true while its housing is open or it was moved."),
  supply: ref.point({ kind: "state" }).optional().describe("The contact that is true while its power supply has voltage."),
  power: ref
    .relay()
    .optional()
    .describe("The relay of its power: a device whose point `on` means that it is powered, or DEVICE.POINT."),
  powerCycle: powerCycle.optional().describe("What is done by itself when it does not answer. With `power`."),
  faultAfter: duration().prefault("5min").describe("How long it may not answer before that is an alarm."),
  noPowerAfter: duration().prefault("1min").describe("How long its supply may be without voltage."),
  unauthorisedAfter: duration().prefault("10min").describe("How long it may refuse user and password."),
  clockWithin: duration({ least: "2s" }).prefault("1min").describe("How wrong its clock may be."),
  clockAfter: duration().prefault("10min").describe("How long its clock may be wrong by more."),
});
export type CameraOptions = z.output<typeof cameraOptions>;

/** Options that do nothing without the relay. */
export const cameraIdle = (o: CameraOptions): Readonly<Record<string, readonly string[]>> =>
  o.powerCycle !== undefined && o.power === undefined ? { powerCycle: ["power"] } : {};
