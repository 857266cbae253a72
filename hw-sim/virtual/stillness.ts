/** Knows when a process has nothing to do until a timer is due: no byte under way, no statement, no file. */
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";

const require = createRequire(import.meta.url);
/** Taken before anybody replaces it. */
const turn = setImmediate;

/** Work that Node itself has under way for this process, by the names of `process.getActiveResourcesInfo`. */
const UNDER_WAY = /Req|TCPConnectWrap|PipeConnectWrap|WriteWrap|ShutdownWrap/;
/**
 * Bytes on a loopback port are at the other end with the next look, and where there are none, nothing follows. What follows from some, such as the
 * end of a socket, may take one turn more.
 */
const QUIET_TURNS = 2;

export class Stillness {
  #statements = 0;
  #turns = 0;

  /** From now on the statements of sqlite3 are counted, which run on threads that Node does not show. */
  constructor() {
    const sqlite3 = require("sqlite3");
    const watched = (words: unknown[]): unknown[] => {
      const last = words.at(-1);
      if (typeof last !== "function") return words;
      this.#statements += 1;
      const ended = () => {
        this.#statements -= 1;
        this.#turns += 1;
      };
      return words.with(-1, function (this: unknown, ...told: unknown[]) {
        ended();
        return last.apply(this, told);
      });
    };
    for (const { prototype } of [sqlite3.Database, sqlite3.Statement])
      for (const name of ["run", "all", "get", "exec", "prepare", "finalize", "close"]) {
        const own = prototype[name];
        if (typeof own === "function")
          prototype[name] = function (this: unknown, ...words: unknown[]) {
            return own.apply(this, watched(words));
          };
      }
    sqlite3.Database = new Proxy(sqlite3.Database, {
      construct: (own, words, as) => Reflect.construct(own, watched(words), as),
    });
    // Work that somebody puts off to the next turn makes no event of its own.
    globalThis.setImmediate = Object.assign((...words: Parameters<typeof turn>) => {
      this.#turns += 1;
      return turn(...words);
    }, turn);
  }

  /** Resolves when nothing is under way. */
  async reached(): Promise<void> {
    let needed = 1;
    for (let quiet = 0; quiet < needed; ) {
      const before = this.#seen();
      await new Promise((resolve) => turn(resolve));
      if (this.#seen() === before && this.#statements === 0 && !process.getActiveResourcesInfo().some(isUnderWay)) quiet += 1;
      else [quiet, needed] = [0, QUIET_TURNS];
    }
  }

  #seen(): number {
    return performance.nodeTiming.uvMetricsInfo.events + this.#turns;
  }
}

const isUnderWay = (name: string): boolean => UNDER_WAY.test(name);
