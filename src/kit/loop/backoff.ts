/** How long to wait before the next try, by how many failed in a row. */

/** Doubling from `first` to `max`, each half fixed and half random: many boxes never come back in step. */
export const backoff =
  (first: number, max: number, random: () => number = Math.random) =>
  (failures: number): number => {
    const full = Math.min(max, first * 2 ** Math.min(20, Math.max(0, failures - 1)));
    return full / 2 + (full / 2) * random();
  };
