/** A command that prints lines goes in; its lines come out, and it never outlives us. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import { firstLine } from "../../../kit/text/first-line.ts";
import { withPipes } from "../../../kit/system/pipes.ts";
import { dieWithParent } from "./die-with-parent.ts";

const KILL_AFTER_MS = 1000;
/** After its end what is still in the pipe is read; a grandchild that keeps the pipe open is not waited for. */
const PIPE_MS = 200;
export const LINE_MAX = 256;
/** Lines that wait for their reader: more than a pipe holds (64 KiB), so that one late turn of ours is no overflow. */
export const WAITING_MAX = 10_000;

export interface Death {
  readonly message: string;
  readonly cause: unknown;
  /** It could not be started, or ended by itself with a failure. Not: killed, or told to end. */
  readonly refused: boolean;
  /** Lines that were dropped because too many waited: it is killed then, for what it says after a gap would be taken for the whole. */
  readonly unread: number;
}

/** Text in pieces goes in, whole lines come out. */
export class SaidLines {
  #rest = "";

  /** One without an end comes out cut: a line that nobody understands. */
  push(text: string): readonly string[] {
    const lines = (this.#rest + text).split("\n");
    const rest = lines.pop() ?? "";
    if (rest.length > LINE_MAX) lines.push(rest.slice(0, LINE_MAX));
    this.#rest = rest.slice(-LINE_MAX);
    return lines;
  }
}

export class ToolProcess implements AsyncDisposable {
  /** Why it ended, unless we ended it. */
  died: Death | null = null;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #lines: string[] = [];
  readonly #closed: Promise<void>;
  #unread = 0;
  #ended = false;
  #ending = false;
  #wake: () => void = () => undefined;

  /** Throws when there are no pipes to be had. */
  constructor(command: string, args: readonly string[]) {
    this.#child = withPipes(spawn(...dieWithParent(command, args), { stdio: ["ignore", "pipe", "pipe"] }));
    const said = new SaidLines();
    let complaint = "";
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#take(said.push(text));
      this.#wake();
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (complaint.length < LINE_MAX) complaint = (complaint + text).slice(0, LINE_MAX);
    });
    this.#closed = new Promise((resolve) => {
      const end = (message: string, refused: boolean, cause?: unknown) => {
        if (this.#ended) return;
        this.#ended = true;
        if (!this.#ending || this.#unread > 0)
          this.died = {
            message: firstLine(complaint.replaceAll(command, basename(command))) || message,
            cause,
            refused,
            unread: this.#unread,
          };
        this.#child.stdout.destroy();
        this.#child.stderr.destroy();
        this.#wake();
        resolve();
      };
      this.#child.once("error", (error) => end(error.message, true, error));
      const ended = (code: number | null, signal: string | null) =>
        end(`ended with ${signal ?? code}`, code !== null && code > 0);
      this.#child.once("close", ended);
      this.#child.once("exit", (code, signal) => setTimeout(() => ended(code, signal), PIPE_MS));
    });
  }

  /** In order and without a gap: after the first line that is dropped no other is kept. */
  #take(lines: readonly string[]): void {
    const room = this.#unread > 0 ? 0 : WAITING_MAX - this.#lines.length;
    for (const line of lines.slice(0, room)) this.#lines.push(line);
    this.#unread += Math.max(0, lines.length - room);
    if (this.#unread > 0) this.#child.kill("SIGKILL");
  }

  /** Resolves when it is over, whoever ended it. */
  get ended(): Promise<void> {
    return this.#closed;
  }

  /** Lines until the command has said nothing for `restMs`, has died, or `stop`; then it is ended and its last lines come out. */
  async *lines(restMs: number, stop: AbortSignal): AsyncGenerator<string> {
    while (!stop.aborted && !this.#ended) {
      if (this.#lines.length === 0 && !(await this.#more(restMs, stop))) break;
      yield* this.#lines.splice(0);
    }
    await this[Symbol.asyncDispose]();
    yield* this.#lines.splice(0);
  }

  /** False when nothing came. */
  #more(restMs: number, stop: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (something: boolean) => {
        clearTimeout(timer);
        stop.removeEventListener("abort", aborted);
        this.#wake = () => undefined;
        resolve(something);
      };
      const aborted = () => end(false);
      const timer = setTimeout(() => end(false), restMs);
      stop.addEventListener("abort", aborted, { once: true });
      this.#wake = () => end(true);
    });
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
