/** A process with a ready line, its last lines, and an end that is certain. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { endedWith } from "../../../src/kit/text/reasons.ts";
import type { Text } from "../../../src/model/index.ts";
import { Told } from "../failure.ts";
import { guardOrphans } from "./orphan-guard.ts";

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The first JSON line of standard output for which this returns true says that the process is ready. */
  readonly isReady: (line: Json) => boolean;
  readonly readyWithinMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}
export type Json = Readonly<Record<string, unknown>>;

const READY_WITHIN_MS = 20_000;
/** SIGTERM first; after this time SIGKILL. */
const STOP_WITHIN_MS = 12_000;
const TAIL_LINES = 30;

const notReady = (name: string, ms: number): Text => ({
  it: `${name} non era pronto dopo ${ms / 1000} s`,
  en: `${name} was not ready within ${ms / 1000} s`,
});

export class Child implements AsyncDisposable {
  readonly name: string;
  readonly ready: Promise<Json>;
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  /** The last lines of both outputs: what a failure shows. */
  readonly tail: string[] = [];
  /** Bytes of both outputs so far. */
  outputBytes = 0;
  #stopping = false;

  constructor({ name, command, args, isReady, readyWithinMs = READY_WITHIN_MS, env }: ChildOptions) {
    this.name = name;
    // Detached: Ctrl-C reaches this process alone, which then stops the others in order. They hold our end of stdin.
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], detached: true, env: { ...process.env, ...env } });
    this.#child.stdin?.on("error", () => undefined);
    // Even if this process ends by an error of its own, nothing it started stays behind.
    const last = () => this.#child.kill("SIGKILL");
    // Before the run's folder is taken away: none may still write into it.
    process.prependOnceListener("exit", last);
    const callOff = this.#child.pid === undefined ? () => undefined : guardOrphans(this.#child.pid);
    this.#child.once("exit", () => {
      process.off("exit", last);
      callOff();
    });
    this.exited = once(this.#child, "exit").then(
      () => undefined,
      (error: unknown) => this.#keep(String(error)),
    );
    this.ready = this.#watch(isReady, readyWithinMs);
    this.ready.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  get ending(): Text {
    const { it, en } = endedWith(this.#child.exitCode ?? this.#child.signalCode ?? "?");
    return { it: `${this.name} ${it}`, en: `${this.name} ${en}` };
  }

  #watch(isReady: ChildOptions["isReady"], withinMs: number): Promise<Json> {
    return new Promise<Json>((resolve, reject) => {
      const late = setTimeout(() => reject(this.failure(notReady(this.name, withinMs))), withinMs);
      const lines = (stream: NodeJS.ReadableStream | null, then: (line: string) => void) => {
        if (stream)
          createInterface({ input: stream })
            .on("line", then)
            .on("error", () => undefined);
      };
      lines(this.#child.stderr, (line) => this.#keep(line));
      lines(this.#child.stdout, (line) => {
        this.#keep(line);
        const json = parse(line);
        if (!json || !isReady(json)) return;
        clearTimeout(late);
        resolve(json);
      });
      void this.exited.then(() => {
        clearTimeout(late);
        reject(this.failure(this.ending));
      });
    });
  }

  #keep(line: string): void {
    this.outputBytes += Buffer.byteLength(line) + 1;
    this.tail.push(line);
    if (this.tail.length > TAIL_LINES) this.tail.shift();
  }

  failure(what: Text): Told {
    const tail = this.tail.map((line) => `\n  ${this.name}: ${line}`).join("");
    return new Told({ it: `${what.it}${tail}`, en: `${what.en}${tail}` });
  }

  /** At once and without warning, as a power cut would. */
  async kill(): Promise<void> {
    if (this.running) this.#child.kill("SIGKILL");
    await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    if (!this.running) return;
    this.#child.kill("SIGTERM");
    const hard = setTimeout(() => this.#child.kill("SIGKILL"), STOP_WITHIN_MS);
    await this.exited;
    clearTimeout(hard);
  }
}

function parse(line: string): Json | null {
  if (!line.startsWith("{")) return null;
  try {
    const json: unknown = JSON.parse(line);
    return typeof json === "object" && json !== null ? { ...json } : null;
  } catch {
    return null;
  }
}
