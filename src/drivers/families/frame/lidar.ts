/** A driver for the laser rangers of the TF family, which all send the same nine bytes. */
import type { Text } from "../../../model/index.ts";
import type { Golden } from "../../driver.ts";
import { distanceSensor } from "./distance.ts";

export interface LidarTable {
  readonly type: string;
  readonly title: Text;
  readonly blindBelow: number;
  readonly farthest: number;
  readonly goldens: readonly Golden[];
}

/** Less came back than it can measure by (TF-Luna manual A05, 6.8; TFmini Plus manual, 5.4). */
const WEAK = 100;
const SATURATED = 0xffff;
/** In place of a distance, in cm: the signal is weak; there is too much light. */
const NO_SIGNAL = 0xffff;
const TOO_BRIGHT = 0xfffc;
const MM_PER_CM = 10;

/** 115200 8N1, 100 frames a second: 59 59, distance in cm, strength and temperature, low bytes first, low byte of the sum. */
export const lidarSensor = (table: LidarTable) =>
  distanceSensor({
    ...table,
    baud: 115_200,
    everyMs: 10,
    frame: {
      framing: "fixed",
      header: [0x59, 0x59],
      fields: [
        { name: "distance", decode: "uint16", bytes: "low-first", scale: MM_PER_CM },
        { name: "strength", decode: "uint16", bytes: "low-first" },
        { name: "temperature", decode: "uint16", bytes: "low-first" },
      ],
      check: "sum8",
    },
    spoilt({ distance, strength }) {
      if (strength === SATURATED || distance === TOO_BRIGHT * MM_PER_CM) return "sensor.dazzled";
      return distance === NO_SIGNAL * MM_PER_CM || Number(strength) < WEAK ? "unseen" : undefined;
    },
  });
