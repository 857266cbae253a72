/** The clocks and timers of a whole process, which pass only when somebody lets them: a day in seconds. */
import { createRequire, syncBuiltinESMExports } from "node:module";
import { promisify } from "node:util";

const require = createRequire(import.meta.url);
/** Node's longest. */
const MOST_MS = 2 ** 31 - 1;

type Callback = (...words: never[]) => unknown;

interface Wake {
  due: number;
  /** Of two that are due at one moment the older is first. */
  order: number;
}

class VirtualTimer implements Wake {
  due = 0;
  order = 0;
  readonly #time: VirtualTime;
  readonly #ms: number;
  readonly #repeats: boolean;
  readonly #call: () => unknown;
  #keepsAlive = true;

  constructor(time: VirtualTime, call: () => unknown, ms: number, repeats: boolean) {
    this.#time = time;
    this.#call = call;
    this.#ms = Number(ms) >= 1 && Number(ms) <= MOST_MS ? Math.trunc(Number(ms)) : 1;
    this.#repeats = repeats;
    this.refresh();
  }

  fire(): void {
    if (this.#repeats) this.refresh();
    this.#call();
  }

  refresh(): this {
    this.#time.forget(this);
    this.#time.remember(this, this.#ms);
    return this;
  }

  close(): this {
    this.#time.forget(this);
    return this;
  }

  ref(): this {
    this.#keepsAlive = true;
    return this;
  }

  unref(): this {
    this.#keepsAlive = false;
    return this;
  }

  hasRef(): boolean {
    return this.#keepsAlive;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

export interface VirtualTimeOptions {
  /** Kernel monotonic ms at the beginning. */
  readonly mono: number;
  /** Epoch ms at the beginning. */
  readonly wall: number;
}

export class VirtualTime {
  /** In order of their dues. */
  readonly #timers: VirtualTimer[] = [];
  readonly #wallAhead: number;
  #now: number;
  #made = 0;

  constructor({ mono, wall }: VirtualTimeOptions) {
    this.#now = mono;
    this.#wallAhead = wall - mono;
  }

  /** Kernel monotonic ms. */
  get mono(): number {
    return this.#now;
  }

  /** Epoch ms of a clock that is right. */
  get wall(): number {
    return this.#now + this.#wallAhead;
  }

  /** Goes on to the next moment at which timers are due, and lets them act, one after the other. False: none will ever be. */
  async step(): Promise<boolean> {
    const first = this.#timers[0];
    if (first === undefined) return false;
    this.#now = Math.max(this.#now, first.due);
    for (let timer = this.#timers[0]; timer !== undefined && timer.due <= this.#now; timer = this.#timers[0]) {
      this.#timers.shift();
      timer.fire();
      // As Node does: what follows from one timer comes before the next one.
      await null;
    }
    return true;
  }

  remember(timer: VirtualTimer, ms: number): void {
    timer.due = this.#now + ms;
    this.#made += 1;
    timer.order = this.#made;
    let at = this.#timers.length;
    while (at > 0 && (this.#timers[at - 1]?.due ?? 0) > timer.due) at -= 1;
    this.#timers.splice(at, 0, timer);
  }

  forget(timer: VirtualTimer): void {
    const at = this.#timers.indexOf(timer);
    if (at >= 0) this.#timers.splice(at, 1);
  }

  timer(call: () => unknown, ms = 1, repeats = false): VirtualTimer {
    return new VirtualTimer(this, call, ms, repeats);
  }

  /** As that of `node:timers/promises`. */
  sleep(ms?: number, value?: unknown, { signal }: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const aborted = () => {
        timer.close();
        const error = new Error("The operation was aborted", { cause: signal?.reason });
        reject(Object.assign(error, { name: "AbortError", code: "ABORT_ERR" }));
      };
      const timer = this.timer(() => {
        signal?.removeEventListener("abort", aborted);
        resolve(value);
      }, ms);
      if (signal?.aborted) aborted();
      else signal?.addEventListener("abort", aborted, { once: true });
    });
  }

  /** For this process and for good. Whoever keeps a function of Node's must be loaded afterwards. */
  install(): this {
    const set =
      (repeats: boolean) =>
      (call: Callback, ms?: number, ...words: never[]) =>
        this.timer(() => call(...words), ms, repeats);
    const clear = (timer: unknown) => void (timer instanceof VirtualTimer && timer.close());
    const sleep = this.sleep.bind(this);
    const setTimeout = Object.assign(set(false), { [promisify.custom]: sleep });
    const own = { setTimeout, setInterval: set(true), clearTimeout: clear, clearInterval: clear };
    Object.assign(globalThis, own);
    Object.assign(require("node:timers"), own);
    Object.assign(require("node:timers/promises"), { setTimeout: sleep });
    syncBuiltinESMExports();
    this.#installClocks();
    return this;
  }

  #installClocks(): void {
    const mono = () => this.#now;
    const hrtime = (before: readonly [number, number] = [0, 0]): [number, number] => {
      const ms = mono() - before[0] * 1000 - before[1] / 1e6;
      const s = Math.floor(ms / 1000);
      return [s, Math.round((ms - s * 1000) * 1e6)];
    };
    process.hrtime = Object.assign(hrtime, { bigint: () => BigInt(mono()) * 1_000_000n });
    Object.defineProperty(performance, "now", { value: mono, configurable: true, writable: true });
    const wall = () => this.wall;
    const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...words: []) {
        if (words.length === 0) super(wall());
        else super(...words);
      }

      static override now(): number {
        return wall();
      }
    } as DateConstructor;
  }
}
