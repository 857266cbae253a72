/** Keeps a gateway running as systemd would, and notes when it was not ready. */
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { monotonic } from "../../../src/kit/clock.ts";
import type { GatewayStatus, Text } from "../../../src/model/index.ts";
import { ask } from "../ask.ts";
import type { Period } from "../judge/readings.ts";
import { Child } from "./child.ts";

export interface GatewayOptions {
  /** Program and first words: what follows is `run --config FILE`. */
  readonly command: readonly string[];
  readonly config: string;
  readonly socket: string;
  /** What a kill may lose: the commit window. */
  readonly commitMs: number;
  readonly say: (what: Text) => void;
}

const RESTART_MS = 1000;
const OPENING_MS = 5000;
const LOOK_EVERY_MS = 50;
/** After so many ends without ever being ready it is not started again. */
const MAX_FAILURES = 3;
const status = z.custom<GatewayStatus>((value) => typeof value === "object" && value !== null && "streams" in value);

export class Gateway implements AsyncDisposable {
  readonly #options: GatewayOptions;
  #child: Child;
  #stopping = false;
  #failures = 0;
  readonly #blind: Period[] = [];
  #blindSince = Number.NEGATIVE_INFINITY;
  /** Rejects when it cannot be kept running. */
  readonly broken: Promise<never>;
  #break: (error: Error) => void = () => undefined;
  restarts = 0;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.broken = new Promise<never>((_, reject) => {
      this.#break = reject;
    });
    this.broken.catch(() => undefined);
    this.#child = this.#start();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Bytes of log since its last start. */
  get outputBytes(): number {
    return this.#child.outputBytes;
  }

  get ready(): Promise<unknown> {
    return Promise.race([this.#child.ready, this.broken]);
  }

  /** When no gateway was ready, with the commit window before each sudden end; open-ended while none is. */
  get blind(): readonly Period[] {
    return this.#blindSince === Number.POSITIVE_INFINITY
      ? this.#blind
      : [...this.#blind, [this.#blindSince, Number.POSITIVE_INFINITY]];
  }

  async status(): Promise<GatewayStatus> {
    return status.parse(await ask({ path: this.#options.socket }, { v: 1, id: 1, do: "status" }));
  }

  /** Kills it without warning, as a power cut would; it is started again by itself. */
  async kill(): Promise<void> {
    // Noted before the kill: on a busy machine the exit is reported later.
    this.#goesBlind();
    await this.#child.kill();
  }

  /** What was read in the last moments may not be stored. */
  #goesBlind(): void {
    this.#blindSince = Math.min(this.#blindSince, monotonic() - this.#options.commitMs - 250);
  }

  #start(): Child {
    const { config, command } = this.#options;
    const [first = process.execPath, ...words] = command;
    const child = new Child({
      name: "gateway",
      command: first,
      args: [...words, "run", "--config", config],
      isReady: (line) => line["event"] === "gateway.ready",
    });
    child.ready.then(
      () => this.#watches(child),
      () => {
        this.#failures += 1;
      },
    );
    void child.exited.then(() => this.#ended(child));
    return child;
  }

  /** Ready means that every device has been tried: what moved before its line was open, nobody could see. */
  async #watches(child: Child): Promise<void> {
    this.#failures = 0;
    const latest = monotonic() + OPENING_MS;
    const starting = async () =>
      (await this.status().catch(() => null))?.devices.some(({ state }) => state === "starting") ?? true;
    while (child.running && monotonic() < latest && (await starting())) await sleep(LOOK_EVERY_MS);
    if (!child.running) return;
    this.#blind.push([this.#blindSince, monotonic()]);
    this.#blindSince = Number.POSITIVE_INFINITY;
  }

  async #ended(child: Child): Promise<void> {
    if (this.#stopping) return;
    this.#goesBlind();
    const { it, en } = child.ending;
    const times = this.#failures;
    if (times >= MAX_FAILURES)
      return this.#break(child.failure({ it: `${it} ${times} volte, mai pronto`, en: `${en} ${times} times, never ready` }));
    const seconds = RESTART_MS / 1000;
    this.#options.say({ it: `${it}; riparte fra ${seconds} s`, en: `${en}; it starts again in ${seconds} s` });
    await sleep(RESTART_MS);
    if (this.#stopping) return;
    this.restarts += 1;
    this.#child = this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await this.#child[Symbol.asyncDispose]();
  }
}
