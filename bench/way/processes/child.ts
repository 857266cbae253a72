/** Runs one role of the bench in a process of its own, so that its CPU and bytes are its own, and asks it questions. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

export interface Usage {
  /** User and system time, µs. */
  readonly cpuUs: number;
  /** What this process made dirty, by /proc/self/io. */
  readonly writeBytes: number;
  readonly rssMB: number;
}

export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  const written = /^write_bytes: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1] ?? 0;
  return { cpuUs: user + system, writeBytes: Number(written), rssMB: process.memoryUsage.rss() / 2 ** 20 };
}

interface Question {
  readonly id: number;
  readonly what: string;
  readonly args: unknown;
}
interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

export type Handlers = Readonly<Record<string, (args: never) => unknown>>;

/** The child's side. Ends with its parent. */
export function serve(handlers: Handlers): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", async ({ id, what, args }: Question) => {
    const answer: Answer = await Promise.resolve()
      .then(() => handlers[what]?.(args as never))
      .then(
        (value) => ({ id, value }),
        (error: Error) => ({ id, error: error.stack ?? String(error) }),
      );
    process.send?.(answer);
  });
}

/** The parent's side: `program` is a bundle of this bench, which starts the named role. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #next = 1;

  constructor(program: string, role: string) {
    this.#process = fork(program, [role], { execArgv: ["--expose-gc"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#process.on("message", ({ id, value, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    });
    this.#process.once("exit", (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${role} ended: ${signal ?? code}`));
    });
  }

  /** `T` is trusted: both ends are this bench. */
  ask<T>(what: string, args: unknown = null): Promise<T> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (value) => resolve(value as T), reject });
      this.#process.send({ id, what, args });
    });
  }

  /** As a power cut ends it. */
  async kill(): Promise<void> {
    const gone = once(this.#process, "exit");
    if (this.#process.kill("SIGKILL")) await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, "exit");
    if (this.#process.connected) this.#process.disconnect();
    await gone;
  }
}
