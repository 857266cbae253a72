/** Counts the bays of a group by what each of them shows. */
import { type Seen, type Uncertain, word } from "../kind.ts";
import type { GroupOptions } from "./group-options.ts";

export const bayWords = ({ bays = [] }: GroupOptions) => Object.fromEntries(bays.map((bay) => [bay, word(`${bay}.status`)]));

/** The attributes of a group of bays. While a bay is unknown, the other numbers are uncertain: they are minimums. */
export function countBays(bays: readonly string[], sees: Readonly<Record<string, Seen<unknown> | undefined>>) {
  const count = { free: 0, occupied: 0, closed: 0, unknown: 0 };
  let code: string | undefined;
  for (const bay of bays) {
    const seen = sees[bay];
    const status = seen?.known ? seen.value : "unknown";
    if (status === "free" || status === "occupied" || status === "closed") count[status] += 1;
    else {
      count.unknown += 1;
      code ??= seen?.known === false ? seen.code : undefined;
    }
  }
  const atLeast = (value: number): number | Uncertain => (code === undefined ? value : { value, code });
  return {
    status: statusOf(count, code),
    availableSpotNumber: atLeast(count.free),
    occupiedSpotNumber: atLeast(count.occupied),
    outOfServiceSlotNumber: atLeast(count.closed),
    unknownSpotNumber: count.unknown,
    totalSpotNumber: bays.length,
  };
}

function statusOf(
  { free, occupied, unknown }: Readonly<Record<"free" | "occupied" | "unknown", number>>,
  code: string | undefined,
): string | Uncertain {
  if (free > 0) return "spacesAvailable";
  if (unknown > 0) return { value: "unknown", code: code ?? "" };
  return occupied > 0 ? "full" : "closed";
}
