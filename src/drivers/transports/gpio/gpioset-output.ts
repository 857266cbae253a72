/** An output that a gpioset process of ours holds; a line that is lost with its process stays lost. */
import { monotonic } from "../../../kit/clock.ts";
import { asEdgeError, type EdgeError } from "../../../kit/errors.ts";
import { Mutex } from "../../../kit/mutex.ts";
import type { GpioOutput } from "../../driver.ts";
import type { ToolProcess } from "../child/tool-process.ts";
import { type GpioTools, type Level, lineError } from "./gpio-tools.ts";

/** The line must be seen as held within this time of starting the process. */
const HELD_MS = 2000;

/**
 * gpioset sets a line in the request that takes it, and holds it while it lives. For another level it is ended and started anew: for some
 * milliseconds the line is at the old level or where a pull draws it, so each way there is one change and no other.
 */
export class GpiosetOutput implements GpioOutput {
  readonly #tools: GpioTools;
  readonly #line: number;
  readonly #lost = new AbortController();
  #held: { readonly process: ToolProcess; readonly level: Level } | null = null;
  /** One after the other: a level is not told while it is being changed. */
  readonly #mutex = new Mutex();

  private constructor(tools: GpioTools, line: number) {
    this.#tools = tools;
    this.#line = line;
  }

  static async open(tools: GpioTools, line: number, first: Level | "keep"): Promise<GpiosetOutput> {
    const output = new GpiosetOutput(tools, line);
    const level = first === "keep" ? await tools.asFound(line) : first;
    if (level === null) return output;
    if ((await output.#take(level)) === null) throw output.lost.reason;
    return output;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  level(): Promise<Level | null> {
    return this.#alone(async () => this.#held?.level ?? null);
  }

  set(level: Level): Promise<Level | null> {
    return this.#alone(async () => {
      if (this.#held?.level === level) return level;
      await this.#letGo();
      return this.#take(level);
    });
  }

  /** Null: it may have been set. Throws when it surely was not set. Either way the line is lost then. */
  async #take(level: Level): Promise<Level | null> {
    const process = await this.#start(level);
    const wrong = await this.#wrongWith(process);
    if (wrong === null) return level;
    await this.#letGo();
    this.#lose(wrong);
    if (process.died?.refused) throw wrong;
    return null;
  }

  async #start(level: Level): Promise<ToolProcess> {
    try {
      // Held by others as an output, it could not be told from ours.
      if ((await this.#tools.state(this.#line)).used)
        throw lineError(this.#line, { it: "già in uso", en: "Device or resource busy" }, undefined);
      const process = this.#tools.drive(this.#line, level);
      this.#held = { process, level };
      // Also the end of a process that we did not end.
      void process.ended.then(() => process.died && this.#lose(lineError(this.#line, process.died.reason, process.died.cause)));
      return process;
    } catch (raw) {
      const error = asEdgeError(raw);
      this.#lose(error);
      throw error;
    }
  }

  /** Why a process that was started cannot be said to hold the line; null: it does. */
  async #wrongWith(process: ToolProcess): Promise<EdgeError | null> {
    const seen = await this.#isHeldBy(process).catch(asEdgeError);
    if (seen === true) return null;
    const { died } = process;
    if (!died && seen) return seen;
    return lineError(
      this.#line,
      died ? died.reason : { it: "gpioset non riesce a tenerla", en: "gpioset does not come to hold it" },
      died?.cause,
    );
  }

  async #isHeldBy(process: ToolProcess): Promise<boolean> {
    for (const until = monotonic() + HELD_MS; process.died === null && monotonic() < until; ) {
      const { output, used } = await this.#tools.state(this.#line);
      if (output && used) return process.died === null;
    }
    return false;
  }

  async #letGo(): Promise<void> {
    const held = this.#held;
    this.#held = null;
    await held?.process[Symbol.asyncDispose]();
  }

  #lose(error: EdgeError): void {
    this.#held = null;
    this.#lost.abort(error);
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#mutex.run(() => {
      if (this.#lost.signal.aborted) throw this.#lost.signal.reason;
      return work();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#mutex.run(() => this.#letGo());
  }
}
