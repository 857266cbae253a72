/** Holds what a source pushes until its one reader takes it, in order and bounded; a slow reader knows what it lost. */

export interface PushQueueOptions<T> {
  /** How much may wait, by `sizeOf`. One that is larger alone is kept whole. */
  readonly most: number;
  /** Default: each counts as one. */
  sizeOf?(value: T): number;
  /** `oldest`: the newest is the truth. `newest`: the order has no gap; after the first that is lost no other is kept. */
  readonly drops: "oldest" | "newest";
  /** Told of each that is lost. */
  dropped?(value: T): void;
  /** Where a gap ends the reading: what the reader is told when it has taken what came before it. */
  overrun?(lost: number): Error;
}

export class PushQueue<T> {
  readonly #o: PushQueueOptions<T>;
  readonly #values: T[] = [];
  #size = 0;
  #lost = 0;
  #error: unknown = null;
  #wake: () => void = () => undefined;

  constructor(options: PushQueueOptions<T>) {
    this.#o = options;
  }

  /** How many were dropped. */
  get lost(): number {
    return this.#lost;
  }

  push(value: T): void {
    if (this.#o.drops === "newest" && (this.#lost > 0 || this.#size + this.#sizeOf(value) > this.#o.most)) this.#drop(value);
    else {
      this.#values.push(value);
      this.#size += this.#sizeOf(value);
      while (this.#size > this.#o.most && this.#values.length > 1) this.#drop(this.take());
    }
    this.#wake();
  }

  /** The reader is told when it has taken what came before. The first reason counts. */
  fail(error: unknown): void {
    this.#error ??= error;
    this.#wake();
  }

  take(): T | undefined {
    const value = this.#values.shift();
    if (value !== undefined) this.#size -= this.#sizeOf(value);
    return value;
  }

  /** Resolves when there is something to take, a failure, or `stop`; false: nothing came for `quietMs`. */
  more(stop: AbortSignal, quietMs?: number): Promise<boolean> {
    if (this.#values.length > 0 || this.#error !== null || stop.aborted) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (came: boolean): void => {
        clearTimeout(timer);
        stop.removeEventListener("abort", wake);
        this.#wake = () => undefined;
        resolve(came);
      };
      const wake = (): void => end(true);
      const timer = quietMs === undefined ? undefined : setTimeout(end, quietMs, false);
      this.#wake = wake;
      stop.addEventListener("abort", wake, { once: true });
    });
  }

  /** Until `stop`. Throws what it failed with. `quiet` stands for each `quietMs` in which nothing came. */
  async *drain<Quiet = never>(stop: AbortSignal, quietMs?: number, quiet?: () => Quiet): AsyncGenerator<T | Quiet> {
    while (!stop.aborted) {
      const value = this.take();
      if (value !== undefined) yield value;
      else if (this.#lost > 0 && this.#o.overrun !== undefined) throw this.#o.overrun(this.#lost);
      else if (this.#error !== null) throw this.#error;
      else if (!(await this.more(stop, quietMs)) && quiet !== undefined) yield quiet();
    }
  }

  #sizeOf(value: T): number {
    return this.#o.sizeOf?.(value) ?? 1;
  }

  #drop(value: T | undefined): void {
    this.#lost += 1;
    if (value !== undefined) this.#o.dropped?.(value);
  }
}
