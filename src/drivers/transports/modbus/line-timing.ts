/** How long a line must be silent between frames, and how long to wait for a reply, by its baud rate; pure. */
import type { ModbusSpec } from "../../buses.ts";
import type { ModbusRequest } from "../../driver.ts";

/** Start, eight bits, parity or a second stop bit, stop (Modbus over Serial Line V1.02, 2.5.1). */
const BITS_PER_CHARACTER = 11;
/** Above 19200 baud the silence between frames is fixed (2.5.1.1). */
const FIXED_ABOVE_BAUD = 19_200;
const FIXED_SILENCE_MS = 1.75;
const SILENT_CHARACTERS = 3.5;
const TURNAROUND_MS = 100;
const LEAST_TIMEOUT_MS = 500;
/** Baud rate assumed behind a TCP address when the default deadline is computed. */
const ASSUMED_BAUD = 9600;

/** A line that never falls silent is used all the same after this: every reply is verified anyway. */
export const DRAIN_MAX_MS = 1000;
/** Least silence that ends a drain: USB adapters, and networks even more, deliver in bursts. */
export const DRAIN_QUIET_MS = { rtu: 20, "rtu-tcp": 50, tcp: 50 };
/** Long enough to read what lies there, through serialport's threads too. */
export const READ_MS = 10;

export const silenceMs = (baud: number): number =>
  baud > FIXED_ABOVE_BAUD ? FIXED_SILENCE_MS : (SILENT_CHARACTERS * BITS_PER_CHARACTER * 1000) / baud;

/** Twice the time on the line and a turnaround, but never less than slow meters need. */
export function defaultTimeoutMs({ fc, quantity = 1, values = [] }: ModbusRequest, baud: number): number {
  const bytes = 16 + (fc <= 2 || fc === 15 ? Math.ceil(quantity / 8) : quantity * 2) + values.length * 2;
  return Math.max(LEAST_TIMEOUT_MS, (2 * bytes * BITS_PER_CHARACTER * 1000) / baud + TURNAROUND_MS);
}

/** How long a reply is waited for: as the device says, or its bus, or as long as it takes on the line. */
export function timeoutOf(request: ModbusRequest, spec: ModbusSpec): number {
  const baud = spec.modbus === "rtu" ? spec.baud : ASSUMED_BAUD;
  return request.timeoutMs ?? spec.timeout ?? defaultTimeoutMs(request, baud);
}

/** How late a reply may still come. A request with a time-out longer than `replyDeadline` may be answered as late as twice its time-out. */
export function replyDeadlineOf(request: ModbusRequest, spec: ModbusSpec): number {
  const replyDeadline = request.replyDeadlineMs ?? spec.replyDeadline;
  const timeout = timeoutOf(request, spec);
  return replyDeadline < timeout ? 2 * timeout : replyDeadline;
}
