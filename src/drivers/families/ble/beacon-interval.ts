/** How often a beacon sends, as far as a radio that does not hear each packet can tell. */
import type { PointSpec, Reading } from "../../../model/index.ts";

const ROW_AT_LEAST_MS = 15 * 60_000;
/** How many of the last gaps are compared: some packets are missed, so the shortest gap is nearest to the true interval. */
const GAPS = 10;
/** A beacon sends each packet on three channels: two that are heard within this time are one packet. */
const SAME_MS = 50;

export const intervalPoint: PointSpec = { unit: "s", kind: "gauge", report: { change: 0.5, atLeastMs: ROW_AT_LEAST_MS } };

/** Each packet of one beacon is noted; told is the shortest gap between the last ones, once there are two. */
export function intervals(): (mono: number) => readonly Reading[] {
  const gaps: number[] = [];
  let last: number | null = null;
  return (mono) => {
    const gap = last === null ? null : mono - last;
    if (gap !== null && gap < SAME_MS) return [];
    last = mono;
    if (gap === null) return [];
    gaps.push(gap);
    if (gaps.length > GAPS) gaps.shift();
    const value = Math.round(Math.min(...gaps) / 100) / 10;
    return [{ point: "interval", value, quality: "good", mono }];
  };
}
