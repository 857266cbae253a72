/** The levels that stood on each wire, with beginning and end, from the wire log. Pure. */
import type { PointSpec } from "../../../src/model/index.ts";
import type { WireRecord } from "../../site/wire-log.ts";

/** What the configuration says of a point, by which it is judged. */
export interface PointRule {
  readonly bus: string;
  readonly kind: PointSpec["kind"];
  readonly debounceMs: number;
  /** A change smaller than this need not be told. */
  readonly change: number;
  /** Its broker keeps what it says while the gateway is away: it arrives later, and is told at its arrival. */
  readonly isKept?: boolean;
  /** Of increments: what one pulse adds; absent: 1. */
  readonly perPulse?: number;
}

export interface Level {
  readonly value: boolean | number | string;
  readonly at: number;
  /** When the next one began, or the end of the run. */
  readonly end: number;
  /** It still stood at the end. */
  readonly stands: boolean;
  /** Shown so few times that a single lost reply hides it, or begun so late that it need not have come. */
  readonly weak: boolean;
}

export interface Levels {
  /** contact: the simulator logs each level. shown: what the replies or frames said, one after the other. */
  readonly of: "contact" | "shown";
  readonly list: readonly Level[];
}

interface Run {
  readonly value: boolean | number | string;
  readonly at: number;
  times: number;
}

const ENOUGH = 2;

export function levelsOf(
  served: readonly WireRecord[],
  points: ReadonlyMap<string, PointRule>,
  end: number,
  must = end,
): ReadonlyMap<string, Levels> {
  const runs = new Map<string, { of: Levels["of"]; list: Run[] }>();
  for (const one of served) {
    if (one.k !== "level" && one.k !== "shown") continue;
    const key = `${one.device}.${one.point}`;
    if (points.get(key)?.kind !== "state") continue;
    const at = one.k === "level" ? one.at : one.from;
    if (at > end) continue;
    const known = runs.get(key) ?? { of: one.k === "level" ? ("contact" as const) : ("shown" as const), list: [] };
    runs.set(key, known);
    const last = known.list.at(-1);
    if (last?.value === one.value) last.times += 1;
    else known.list.push({ value: one.value, at, times: 1 });
  }
  return new Map(
    [...runs].map(([key, { of, list }]) => [
      key,
      { of, list: list.map((run, i) => levelOf(of, run, list[i + 1], { end, must })) },
    ]),
  );
}

interface Bounds {
  readonly end: number;
  readonly must: number;
}

function levelOf(of: Levels["of"], { value, at, times }: Run, next: Run | undefined, { end, must }: Bounds): Level {
  const weak = at > must || (of === "shown" && times < ENOUGH);
  return { value, at, end: next?.at ?? end, stands: next === undefined, weak };
}
