/** The options that camera heads on a serial line share. */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import { every, report } from "../options.ts";

export const headOptions = (mostAddress: number) =>
  z.strictObject({
    address: z.int().min(1).max(mostAddress).prefault(1).describe("Address that is set on the camera."),
    every: every("1min"),
    timeout: duration({ least: "10ms", most: "10s" }).prefault("1s").describe("How long to wait for its answer."),
    report: report(),
  });
