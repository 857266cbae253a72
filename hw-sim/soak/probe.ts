/** Preloaded into a gateway (`--import`): tells at the socket CIPPO_PROBE what the process holds. */
import { EventEmitter, getEventListeners } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { monotonic } from "../../src/kit/clock.ts";
import type { ProbeAnswer } from "./measure.ts";

/** What was made and, by the last look, not yet collected. (The debugger could list it too, at the price of a quarter of a second each time.) */
class Made<T extends object> {
  readonly #refs = new Set<WeakRef<T>>();

  note(one: T): T {
    this.#refs.add(new WeakRef(one));
    return one;
  }

  count(of: (one: T) => number): number {
    let sum = 0;
    for (const ref of this.#refs) {
      const one = ref.deref();
      if (one) sum += of(one);
      else this.#refs.delete(ref);
    }
    return sum;
  }
}

const emitters = new Made<EventEmitter>();
const signals = new Made<AbortSignal>();
const timers = new Made<NodeJS.Timeout>();

// Node calls this function for every EventEmitter that is created, so counting here misses none.
const events = EventEmitter as unknown as { init(this: EventEmitter, ...options: unknown[]): void };
const { init } = events;
events.init = function (...options) {
  emitters.note(this);
  init.apply(this, options);
};

globalThis.AbortController = class extends AbortController {
  constructor() {
    super();
    signals.note(this.signal);
  }
};
for (const name of ["any", "timeout"] as const) {
  const make: (of: never) => AbortSignal = AbortSignal[name];
  Object.assign(AbortSignal, { [name]: (of: never) => signals.note(make.call(AbortSignal, of)) });
}

const module = createRequire(import.meta.url)("node:timers");
for (const name of ["setTimeout", "setInterval"] as const) {
  const make: (...words: unknown[]) => NodeJS.Timeout = module[name];
  const noted = (...words: unknown[]) => timers.note(make(...words));
  // `promisify(setTimeout)` looks for its own variant among these properties.
  Object.defineProperties(noted, Object.getOwnPropertyDescriptors(make));
  module[name] = noted;
  Object.assign(globalThis, { [name]: noted });
}

const listenersOf = (one: EventEmitter): number => one.eventNames().reduce((sum, name) => sum + one.listenerCount(name), 0);
const willFire = (one: NodeJS.Timeout): number => ("_destroyed" in one && one._destroyed === false && !one.hasRef() ? 1 : 0);

function look(): ProbeAnswer {
  const from = monotonic();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const own = {
    rss,
    heap: heapUsed,
    outside: external,
    listeners: emitters.count(listenersOf) + signals.count((one) => getEventListeners(one, "abort").length),
    // Node lists those that keep the process alive; the others are ours to count.
    timers: process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length + timers.count(willFire),
  };
  return { own, from, to: monotonic() };
}

const path = process.env["CIPPO_PROBE"];
if (path !== undefined)
  createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () => socket.end(`${JSON.stringify({ ok: true, data: look() })}\n`));
  })
    .listen(path)
    .unref();
