/** Writes a time as Tasmota's PulseTime has it (docs, Commands): up to 111 tenths of a second, above that seconds + 100. */

const TENTHS_MOST = 111;
const AHEAD = 100;
/** 64900 is the largest number that it takes. */
export const PULSE_MOST_MS = (64_900 - AHEAD) * 1000;

/** Never shorter than it should be: it is the second to switch off, not the first. */
export function pulseTimeOf(ms: number): number {
  const tenths = Math.max(1, Math.ceil(ms / 100));
  return tenths <= TENTHS_MOST ? tenths : AHEAD + Math.ceil(ms / 1000);
}
