/** What a configured register is told by the gateway itself: values repeated, and values that it must hold. */
import * as z from "zod";
import { cadence } from "../../../../kit/text/quantities.ts";
import type { RegisterPoint } from "../../../driver.ts";
import { encodePoint } from "../registers.ts";
import { type Complaint, complaintIf, isBool, isPartOfRegister, isWords } from "./configured-register.ts";

/** How often it is read and written, beside the device's own rounds. */
export const upkeep = <V extends z.ZodType>(value: V) => ({
  leastEvery: cadence()
    .optional()
    .describe(
      "Asked for at most this often, however often the device is: for what hardly changes, or for a device that bears no more.",
    ),
  keepAlive: z
    .strictObject({
      every: cadence().describe("How often; not shorter than the device's `every`."),
      value: value
        .optional()
        .describe("What is written; without it what the point was last commanded to be, on this connection."),
    })
    .optional()
    .describe(
      "Written again and again, so that the device knows that somebody is in command and keeps its fail-safe values for later.",
    ),
  atConnect: value
    .optional()
    .describe(
      "What it must hold: written once when the device is met, or has lost it, and only if it holds something else. For fail-safe values, which wear out when written often.",
    ),
});

type Kept = Pick<RegisterPoint, "fc" | "decode"> & {
  readonly scale: number;
  readonly offset: number;
  readonly writable: boolean;
  readonly bit?: number | undefined;
  readonly mask?: number | undefined;
  readonly map?: object | undefined;
  readonly keepAlive?: { readonly value?: number | boolean | undefined } | undefined;
  readonly atConnect?: number | boolean | undefined;
};

export function keptWrongly(point: Kept): readonly Complaint[] {
  return [...repeatedWrongly(point), ...setWrongly(point)];
}

const isWholeRegister = (point: Kept): boolean =>
  !isPartOfRegister(point) && !isWords(point) && (point.fc === 1 || point.fc === 3);

function isHeld(value: number | boolean, point: Kept): boolean {
  const { fc, decode, scale, offset } = point;
  return (typeof value === "boolean") === isBool(point) && encodePoint(value, { fc, decode, scale, offset })?.value === value;
}

function setWrongly(point: Kept): readonly Complaint[] {
  const { writable, keepAlive, atConnect } = point;
  if (atConnect === undefined) return [];
  const isWhole = isWholeRegister(point);
  return [
    ...complaintIf(!isWhole, "none: only a coil or a whole holding register is written", "atConnect"),
    ...complaintIf(writable, "none: what is commanded would be undone", "atConnect"),
    ...complaintIf(keepAlive !== undefined, "none: keepAlive writes it already", "atConnect"),
    ...complaintIf(isWhole && !isHeld(atConnect, point), "a value that the register holds exactly", "atConnect"),
  ];
}

function repeatedWrongly(point: Kept): readonly Complaint[] {
  const { writable, keepAlive } = point;
  if (!keepAlive) return [];
  const { value } = keepAlive;
  const isWhole = isWholeRegister(point);
  return [
    ...complaintIf(!isWhole, "none: only a coil or a whole holding register is written", "keepAlive"),
    ...complaintIf(value === undefined && !writable, "a value, or writable: true", "keepAlive", "value"),
    ...complaintIf(value !== undefined && writable, "none: what is commanded is repeated", "keepAlive", "value"),
    ...complaintIf(
      isWhole && value !== undefined && !isHeld(value, point),
      "a value that the register holds exactly",
      "keepAlive",
      "value",
    ),
  ];
}
