/** The process of an adapter: its words are checked, and it can neither outlive us, hang us nor fill our memory. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { monotonic } from "../../../kit/clock.ts";
import { withPipes } from "../../../kit/system/pipes.ts";
import { LineSplitter } from "../../../kit/text/line-splitter.ts";
import { endedWith, systemReason, verbatim } from "../../../kit/text/reasons.ts";
import type { Text } from "../../../model/index.ts";
import { type BleCommand, type BleMessage, LINE_MAX, messageSchema, parseLine } from "../../ble-child/ble-protocol.ts";
import { dieWithParent } from "../child/die-with-parent.ts";

const KILL_AFTER_MS = 1000;
const COMPLAINT_MAX = 256;
/** Words in a row that are none: this is another program. */
const GARBAGE_MAX = 10;
/** More than any radio can hear in a second, strange addresses left out. */
const FLOOD = { everyMs: 1000, bytes: 1_048_576 };
/** What it has not read of our orders: it hangs. */
const UNREAD_MAX = 65_536;

export interface BleProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly heard: (word: BleMessage) => void;
  /** Once, when it is gone for good; not after our own `end`. */
  readonly died: (reason: Text) => void;
}

export class BleProcess implements AsyncDisposable {
  /** When it last said a word, monotonic ms. */
  spoke = monotonic();
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #options: BleProcessOptions;
  readonly #lines = new LineSplitter(LINE_MAX);
  readonly #gone: Promise<void>;
  #complaint = "";
  #reason: Text | null = null;
  #garbage = 0;
  #window = { since: 0, bytes: 0 };
  #ended = false;

  /** Throws when there are no pipes to be had. */
  constructor(options: BleProcessOptions) {
    this.#options = options;
    this.#child = withPipes(
      spawn(...dieWithParent(options.command, options.args), {
        stdio: ["pipe", "pipe", "pipe"],
        // Nothing of ours is its business: no credentials folder, no notify socket, no watchdog.
        env: { PATH: process.env["PATH"], DBUS_SYSTEM_BUS_ADDRESS: process.env["DBUS_SYSTEM_BUS_ADDRESS"] },
      }),
    );
    this.#child.stdin.on("error", () => undefined); // it died while we spoke; `exit` follows
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => this.#take(text));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-COMPLAINT_MAX);
    });
    this.#gone = new Promise((resolve) => {
      const gone = (words: Text) => {
        resolve();
        const told = this.#complaint.trim().split("\n").at(-1) ?? "";
        this.#die(this.#reason ?? (told === "" ? words : verbatim(told)));
      };
      this.#child.once("error", (error) => gone(systemReason(error)));
      this.#child.once("exit", (code, signal) => gone(endedWith(signal ?? code)));
    });
  }

  say(order: BleCommand): void {
    if (this.#ended || !this.#child.stdin.writable) return;
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    if (this.#child.stdin.writableLength > UNREAD_MAX)
      this.kill({ it: "non legge i suoi ordini", en: "does not read its orders" });
  }

  /** At once: it hangs, or is not what it should be. `died` is called with this reason. */
  kill(reason: Text): void {
    this.#reason ??= reason;
    this.#child.stdout.removeAllListeners("data").resume();
    this.#child.kill("SIGKILL");
    this.#die(reason);
  }

  #die(reason: Text): void {
    if (this.#ended) return;
    this.#ended = true;
    // A grandchild may hold the pipes open.
    for (const pipe of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) pipe.destroy();
    this.#options.died(reason);
  }

  #take(text: string): void {
    const now = monotonic();
    if (now - this.#window.since >= FLOOD.everyMs) this.#window = { since: now, bytes: 0 };
    this.#window.bytes += text.length;
    const lines = this.#window.bytes > FLOOD.bytes ? [null] : this.#lines.push(text);
    for (const line of lines) {
      if (line === null) this.kill({ it: "manda troppo, o righe senza fine", en: "floods, or speaks lines without an end" });
      if (line === null || this.#ended) return;
      const word = parseLine(messageSchema, line);
      this.#garbage = word ? 0 : this.#garbage + 1;
      const head = line.slice(0, 40);
      if (this.#garbage >= GARBAGE_MAX)
        this.kill({ it: `parla un'altra lingua: ${head}`, en: `speaks another language: ${head}` });
      if (!word) continue;
      this.spoke = now;
      this.#options.heard(word);
    }
  }

  /** Softly first: it lets go of a connected device. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#child.stdin.end();
    this.#child.kill("SIGTERM");
    const hard = setTimeout(() => this.#child.kill("SIGKILL"), KILL_AFTER_MS);
    await this.#gone;
    clearTimeout(hard);
    for (const pipe of [this.#child.stdout, this.#child.stderr]) pipe.destroy();
  }
}
