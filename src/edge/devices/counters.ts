/** Totals of what devices count, saved in the commit of the record that shows them: drivers own no store. */

export class Counters {
  /** Device → point → total. */
  readonly #totals: ReadonlyMap<string, Record<string, number>>;
  readonly #save: (key: string, value: unknown) => void;

  constructor(
    devices: readonly { readonly id: string }[],
    saved: ReadonlyMap<string, unknown>,
    save: (key: string, value: unknown) => void,
  ) {
    const totalsOf = (id: string) => ({ ...((saved.get(keyOf(id)) ?? {}) as Record<string, number>) });
    this.#totals = new Map(devices.map(({ id }) => [id, totalsOf(id)]));
    this.#save = save;
  }

  /** `first`: nothing was known of this point, so the total says nothing about the past. */
  add(device: string, point: string, added: number): { readonly total: number; readonly first: boolean } {
    const totals = this.#totals.get(device) ?? {};
    const before = totals[point];
    const total = exact((before ?? 0) + added);
    totals[point] = total;
    this.#save(keyOf(device), { ...totals });
    return { total, first: before === undefined };
  }

  /** Undefined for a point that never counted. */
  total(device: string, point: string): number | undefined {
    return this.#totals.get(device)?.[point];
  }
}

const keyOf = (device: string): string => `counters/${device}`;

/** Rounds to the 15 digits that a double surely holds, so that adding 0.01 a million times gives exactly 10000. */
const exact = (sum: number): number => Number(sum.toPrecision(15));
