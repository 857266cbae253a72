/** How long a line must be silent between frames, and how long to wait for a reply, by its baud rate; pure. */
import type { ModbusRequest } from "../../driver.ts";

/** Start, eight bits, parity or a second stop bit, stop (Modbus over Serial Line V1.02, 2.5.1). */
const BITS_PER_CHARACTER = 11;
/** Above 19200 baud the silence between frames is fixed (2.5.1.1). */
const FIXED_ABOVE_BAUD = 19_200;
const FIXED_SILENCE_MS = 1.75;
const SILENT_CHARACTERS = 3.5;
const TURNAROUND_MS = 100;
const LEAST_TIMEOUT_MS = 500;

export const silenceMs = (baud: number): number =>
  baud > FIXED_ABOVE_BAUD ? FIXED_SILENCE_MS : (SILENT_CHARACTERS * BITS_PER_CHARACTER * 1000) / baud;

/** Twice the time on the line and a turnaround, but never less than slow meters need. */
export function defaultTimeoutMs({ fc, quantity = 1, values = [] }: ModbusRequest, baud: number): number {
  const bytes = 16 + (fc <= 2 || fc === 15 ? Math.ceil(quantity / 8) : quantity * 2) + values.length * 2;
  return Math.max(LEAST_TIMEOUT_MS, (2 * bytes * BITS_PER_CHARACTER * 1000) / baud + TURNAROUND_MS);
}
