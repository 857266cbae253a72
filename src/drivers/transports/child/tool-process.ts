/** Runs a command that prints lines until it is stopped; it never outlives us. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import { PushQueue } from "../../../kit/loop/push-queue.ts";
import { AnyOf, broadcast } from "../../../kit/loop/signals.ts";
import { withPipes } from "../../../kit/system/pipes.ts";
import { firstLine } from "../../../kit/text/first-line.ts";
import { LineSplitter } from "../../../kit/text/line-splitter.ts";
import { endedWith, systemReason, verbatim } from "../../../kit/text/reasons.ts";
import type { Text } from "../../../model/index.ts";
import { dieWithParent } from "./die-with-parent.ts";

const KILL_AFTER_MS = 1000;
/** After its end what is still in the pipe is read; a grandchild that keeps the pipe open is not waited for. */
const PIPE_MS = 200;
export const LINE_MAX = 256;
/** Lines that wait for their reader: more than a pipe holds (64 KiB), so that one late turn of ours is no overflow. */
export const WAITING_MAX = 10_000;

export interface Death {
  readonly reason: Text;
  readonly cause: unknown;
  /** It could not be started, or ended by itself with a failure. Not: killed, or told to end. */
  readonly refused: boolean;
  /** Lines that were dropped because too many waited: it is killed then, for what it says after a gap would be taken for the whole. */
  readonly unread: number;
}

/** In place of a line that is too long: nobody understands it. */
const TOO_LONG = "…";

export class ToolProcess implements AsyncDisposable {
  /** Why it ended, unless we ended it. */
  died: Death | null = null;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  /** In order and without a gap. */
  readonly #lines = new PushQueue<string>({ most: WAITING_MAX, drops: "newest", dropped: () => this.#child.kill("SIGKILL") });
  readonly #closed: Promise<void>;
  #ended = false;
  #ending = false;
  /** Told to whoever waits for a line. */
  readonly #over = broadcast();

  /** Throws when there are no pipes to be had. */
  constructor(command: string, args: readonly string[]) {
    this.#child = withPipes(spawn(...dieWithParent(command, args), { stdio: ["ignore", "pipe", "pipe"] }));
    const splitter = new LineSplitter(LINE_MAX);
    let complaint = "";
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      for (const line of splitter.push(text)) this.#lines.push(line ?? TOO_LONG);
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (complaint.length < LINE_MAX) complaint = (complaint + text).slice(0, LINE_MAX);
    });
    this.#closed = new Promise((resolve) => {
      const end = (reason: Text, refused: boolean, cause?: unknown) => {
        if (this.#ended) return;
        this.#ended = true;
        const told = firstLine(complaint.replaceAll(command, basename(command)));
        if (!this.#ending || this.#lines.lost > 0)
          this.died = {
            reason: told === "" ? reason : verbatim(told),
            cause,
            refused,
            unread: this.#lines.lost,
          };
        this.#child.stdout.destroy();
        this.#child.stderr.destroy();
        this.#over.abort();
        resolve();
      };
      this.#child.once("error", (error) => end(systemReason(error), true, error));
      const ended = (code: number | null, signal: string | null) => end(endedWith(signal ?? code), code !== null && code > 0);
      this.#child.once("close", ended);
      this.#child.once("exit", (code, signal) => setTimeout(() => ended(code, signal), PIPE_MS));
    });
  }

  /** Resolves when it is over, whoever ended it. */
  get ended(): Promise<void> {
    return this.#closed;
  }

  /** Lines until the command has said nothing for `restMs`, has died, or `stop`; then it is ended and its last lines come out. */
  async *lines(restMs: number, stop: AbortSignal): AsyncGenerator<string> {
    using over = new AnyOf(stop, this.#over.signal);
    while (!over.signal.aborted) {
      const line = this.#lines.take();
      if (line !== undefined) yield line;
      else if (!(await this.#lines.more(over.signal, restMs))) break;
    }
    await this[Symbol.asyncDispose]();
    for (let line = this.#lines.take(); line !== undefined; line = this.#lines.take()) yield line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#ending = true;
    this.#child.kill("SIGTERM");
    const hard = setTimeout(() => this.#child.kill("SIGKILL"), KILL_AFTER_MS);
    await this.#closed;
    clearTimeout(hard);
  }
}
