/** The options of every serial line in the configuration: speed, parity and stop bits. */
import * as z from "zod";

const RATES: ReadonlySet<number> = new Set([
  ...[300, 600, 1200, 1800, 2400, 4800, 9600, 10_400, 14_400, 19_200, 28_800, 31_250, 38_400, 56_000, 57_600, 62_500, 74_880],
  ...[76_800, 100_000, 115_200, 128_000, 230_400, 250_000, 256_000, 460_800, 500_000, 576_000, 921_600, 1_000_000],
  ...[1_152_000, 1_500_000, 2_000_000, 2_500_000, 3_000_000, 3_500_000, 4_000_000],
]);
const baud = z
  .int()
  .min(300)
  .max(4_000_000)
  .refine((rate) => RATES.has(rate), {
    error: "expected a rate that serial devices have, such as 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200",
  })
  .prefault(9600)
  .describe("Bits per second; must be the one set in the devices.");
const parity = z.enum(["none", "even", "odd"]).prefault("none").describe("Parity bit of each character.");
const stopBits = z
  .union([z.literal(1), z.literal(2)])
  .prefault(1)
  .describe("Stop bits; most meters use 1 even without parity.");

export const lineSettings = { baud, parity, stopBits };
