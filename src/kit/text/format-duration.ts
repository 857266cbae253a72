/** Writes how long something took, as people do. */

/** How long as people write it: "850 ms", "1 s", "12 s", "3 min", "5 h", "2 d". */
export function formatDuration(ms: number): string {
  for (const [unit, size] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
  ] as const) {
    if (ms >= size * (unit === "s" ? 1 : 2) || (ms >= size && ms % size === 0)) return `${Math.round(ms / size)} ${unit}`;
  }
  return `${Math.round(ms)} ms`;
}
