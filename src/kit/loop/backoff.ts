/** How long to wait before the next try, by how many failed in a row. */

/** `firstMs` after the first failure, twice as long after each further one, never beyond `maxMs`. */
export const doubling =
  (firstMs: number, maxMs: number) =>
  (failures: number): number =>
    Math.min(maxMs, firstMs * 2 ** Math.min(20, Math.max(0, failures - 1)));

/** Half of it fixed and half random. */
export const backoff =
  (firstMs: number, maxMs: number, random: () => number = Math.random) =>
  (failures: number): number => {
    const full = doubling(firstMs, maxMs)(failures);
    return full / 2 + (full / 2) * random();
  };
