/** How often a beacon sends, as far as a radio that does not hear each packet can tell. */
import type { PointSpec, Reading } from "../../../model/index.ts";

const ROW_AT_LEAST_MS = 15 * 60_000;
/** Gaps that are looked back upon: packets are missed, so the shortest of some is nearest to the truth. */
const GAPS = 10;
/** Packets on two of the three channels that are heard a moment apart are one. */
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
