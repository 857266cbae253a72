/** Who is due next: a binary heap, so that one step costs the same with ten assets or a thousand. */

/** Kept in the heap by `due`, and among equals by `place`, the order of the configuration. */
export interface Entry {
  readonly place: number;
  /** Ms of observation; infinity: never. */
  due: number;
  /** Where it stands in the heap; -1: not yet in it. */
  slot: number;
}

export class Agenda<E extends Entry> {
  readonly #heap: E[] = [];

  get first(): E | undefined {
    return this.#heap[0];
  }

  /** Takes out whose moment comes next. */
  take(): E | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return undefined;
    first.slot = -1;
    if (last !== first) {
      this.#heap[0] = last;
      last.slot = 0;
      this.#sink(0);
    }
    return first;
  }

  /** Puts it where its `due` belongs; to be called whenever that changed. */
  put(entry: E): void {
    if (entry.slot < 0) {
      entry.slot = this.#heap.length;
      this.#heap.push(entry);
    }
    this.#rise(entry.slot);
    this.#sink(entry.slot);
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      const left = 2 * at + 1;
      let least = at;
      if (left < this.#heap.length && this.#isBefore(left, least)) least = left;
      if (left + 1 < this.#heap.length && this.#isBefore(left + 1, least)) least = left + 1;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return false;
    return one.due < other.due || (one.due === other.due && one.place < other.place);
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
    other.slot = a;
    one.slot = b;
  }
}
