/** Which records of every stream the platform holds; memory changes only once the rows are committed. */

import { add, none, type RangeSet, setOf, subtract, union } from "../../../src/kit/range-set.ts";
import type { Range, Stream } from "../../../src/model/index.ts";
import type { Database, Transaction } from "./database.ts";

/** `record`: the rows are in the database. `ledger`: a held `ledger.gap` with kept 0 names them as lost. */
export type By = "record" | "ledger";

export interface StreamName {
  readonly gateway: string;
  readonly epoch: string;
  readonly stream: Stream;
}

export class Holdings {
  readonly #sets = new Map<string, RangeSet>();

  static async load(db: Database): Promise<Holdings> {
    const holdings = new Holdings();
    const found = new Map<string, Range[]>();
    for (const row of await db.all("SELECT * FROM ranges")) {
      const key = JSON.stringify([row["gateway"], row["epoch"], row["stream"], row["by"]]);
      const ranges = found.get(key) ?? [];
      found.set(key, ranges);
      ranges.push([Number(row["lo"]), Number(row["hi"])]);
    }
    for (const [key, ranges] of found) holdings.#sets.set(key, setOf(ranges));
    return holdings;
  }

  held(name: StreamName, by: By): RangeSet {
    return this.#sets.get(keyOf(name, by)) ?? none;
  }

  /** What an acknowledgement may count: held, or named as lost. */
  accounted(name: StreamName): RangeSet {
    return union(this.held(name, "record"), this.held(name, "ledger"));
  }

  /** Changes of one transaction: seen by the transaction itself at once, by everybody else after `apply`. */
  begin(): Change {
    return new Change(this, this.#sets);
  }
}

export class Change {
  readonly #of: Holdings;
  readonly #sets: Map<string, RangeSet>;
  readonly #next = new Map<string, { readonly name: StreamName; readonly by: By; set: RangeSet }>();

  constructor(of: Holdings, sets: Map<string, RangeSet>) {
    this.#of = of;
    this.#sets = sets;
  }

  held(name: StreamName, by: By): RangeSet {
    return this.#next.get(keyOf(name, by))?.set ?? this.#of.held(name, by);
  }

  add(name: StreamName, by: By, range: Range): void {
    this.#next.set(keyOf(name, by), { name, by, set: add(this.held(name, by), range) });
  }

  /** Inside the transaction: only the ranges that differ are written. */
  async write(tx: Transaction): Promise<void> {
    for (const { name, by, set } of this.#next.values()) {
      const before = this.#of.held(name, by);
      const { gateway, epoch, stream } = name;
      for (const [lo] of rangesNotIn(before, set))
        await tx.run(
          "DELETE FROM ranges WHERE gateway = ? AND epoch = ? AND stream = ? AND by = ? AND lo = ?",
          gateway,
          epoch,
          stream,
          by,
          lo,
        );
      for (const [lo, hi] of rangesNotIn(set, before))
        await tx.run(
          "INSERT INTO ranges (gateway, epoch, stream, by, lo, hi) VALUES (?, ?, ?, ?, ?, ?)",
          gateway,
          epoch,
          stream,
          by,
          lo,
          hi,
        );
    }
  }

  /** After the commit. Answers the streams that grew, and by how many numbers. */
  apply(): readonly (StreamName & { readonly fresh: number })[] {
    const grown = [...this.#next.values()].map(({ name, by, set }) => ({
      ...name,
      fresh: subtract(set, this.#of.held(name, by)).reduce((sum, [lo, hi]) => sum + hi - lo + 1, 0),
    }));
    for (const [key, { set }] of this.#next) this.#sets.set(key, set);
    return grown.filter((one) => one.fresh > 0);
  }
}

const keyOf = (name: StreamName, by: By): string => JSON.stringify([name.gateway, name.epoch, name.stream, by]);
const rangesNotIn = (a: RangeSet, b: RangeSet): RangeSet => {
  const known = new Set(b.map(([lo, hi]) => `${lo}-${hi}`));
  return a.filter(([lo, hi]) => !known.has(`${lo}-${hi}`));
};
