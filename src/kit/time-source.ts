/**
 * Knows whether a time server keeps the kernel's clock.
 *
 * By the mark that systemd-timesyncd leaves, or by asking the kernel through timedatectl, seldom.
 */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { dirname } from "node:path";

/** What systemd-timesyncd leaves when it has synchronised; its folder is there while it runs. A look costs microseconds. */
const MARK = "/run/systemd/timesync/synchronized";
const MARK_EVERY_MS = 1000;
/**
 * chrony, ntpd and PTP leave no mark: the kernel knows (STA_UNSYNC). Node cannot call adjtimex, and the unit's ProtectClock forbids even
 * reading it; timedatectl has it read outside of the sandbox. That costs two processes, and three lines of the system's journal.
 */
const ASK: readonly [string, ...string[]] = ["timedatectl", "show", "--property=NTPSynchronized", "--value"];
const TIMEOUT_MS = 10_000;
/** How soon it is asked again while all is well. */
const SELDOM_MS = 900_000;
/** While it is not synchronised, nothing else tells when it becomes so. */
const WAITING_MS = 60_000;
/** The system clock was set: usually by who synchronises it. */
const JUMPED_MS = 5000;
/** More than any slew from one moment to the next. */
const JUMP_MS = 500;

export interface TimeSourceOptions {
  readonly mark?: string;
  readonly ask?: readonly [command: string, ...args: string[]];
}

export class TimeSource {
  readonly #mark: string;
  readonly #command: string;
  readonly #args: readonly string[];
  /** Kernel monotonic ms: when the mark is looked for, and timedatectl asked, again. */
  #look = Number.NEGATIVE_INFINITY;
  #due = Number.NEGATIVE_INFINITY;
  #marked = false;
  #answer = false;
  #asking: Promise<void> | null = null;
  #offset: number | null = null;
  /** Raised by each event that makes a pending answer worthless. */
  #invalidations = 0;

  constructor({ mark = MARK, ask: [command, ...args] = ASK }: TimeSourceOptions = {}) {
    this.#mark = mark;
    this.#command = command;
    this.#args = args;
  }

  /** Called with each moment. Answers at once with what is known; a question that takes longer is answered by a later call. */
  synced(mono: number, wall: number): boolean {
    const jumped = this.#jumped(wall - mono);
    if (jumped || mono >= this.#look) this.#lookFor(mono);
    if (this.#marked) return true;
    if (jumped) this.#invalidate(mono + JUMPED_MS);
    if (mono >= this.#due) this.#asking ??= this.#ask(mono);
    return this.#answer;
  }

  /** Resolves when the first answer is there. */
  async first(mono: number, wall: number): Promise<void> {
    this.synced(mono, wall);
    await this.#asking;
  }

  #jumped(offset: number): boolean {
    const jumped = this.#offset !== null && Math.abs(offset - this.#offset) > JUMP_MS;
    this.#offset = offset;
    return jumped;
  }

  #lookFor(mono: number): void {
    this.#look = mono + MARK_EVERY_MS;
    const marked = exists(this.#mark);
    // A vanished mark may only mean that timesyncd restarted, while the kernel's clock is as right as before: ask again.
    if (this.#marked && !marked) this.#invalidate(mono);
    this.#marked = marked;
  }

  /** The last answer no longer counts. */
  #invalidate(due: number): void {
    this.#invalidations += 1;
    this.#answer = false;
    this.#due = Math.min(this.#due, due);
  }

  #ask(mono: number): Promise<void> {
    const invalidations = this.#invalidations;
    this.#due = Number.POSITIVE_INFINITY;
    return new Promise((resolve) => {
      const options = { timeout: TIMEOUT_MS, env: { ...process.env, LC_ALL: "C" } };
      const child = execFile(this.#command, this.#args, options, (error, answer) => {
        this.#asking = null;
        if (invalidations === this.#invalidations) this.#answer = error === null && answer.trim() === "yes";
        const seldom = this.#answer || exists(dirname(this.#mark));
        this.#due = Math.min(this.#due, mono + (seldom ? SELDOM_MS : WAITING_MS));
        resolve();
      });
      // Nobody waits for it at a stop.
      child.unref();
    });
  }
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;
