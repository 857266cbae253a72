/** Housekeeping between commits: copies the WAL, lets old history go, and makes room below the quota. */

import type { Mutex } from "../../../kit/mutex.ts";
import type { KindOf } from "../../segments/thin.ts";
import type { Ballast } from "../database/ballast.ts";
import { FRAME } from "../database/database-file.ts";
import type { Database } from "../database/sqlite.ts";
import type { Commit, Shed, Tended, Waiting } from "../store.ts";
import { type Epoch, keyOf, NUMBERS, type StreamEntry, type StreamIndex, seqOf } from "../stream-index.ts";
import { forgetCommands, forgetRefused, INBOX_MOST } from "./command-retention.ts";
import { commitBytes } from "./commit-size.ts";
import { forgetEpochs } from "./former-epochs.ts";
import { freedBy, Shedder } from "./shedder.ts";

/** Segments deleted in one turn: 2–3 ms; 5000 would hold a commit back for 9–25 ms (measured). */
const SLICE = 1000;
const SLICES = 8;
/** Shares of the quota: acknowledged history goes first, then unsent readings are shed, events last. */
const TIGHT = 0.85;
const SHED = 0.92;
const LAST = 0.97;
/** What is dropped makes room down to this: a little more than needed, so that not every look drops something. */
const DROPPED_TO = 0.9;
/** Quiet for this long with this much in the WAL: it is copied now rather than at the next opening. */
const IDLE_MS = 60_000;
const IDLE_BYTES = 256 * 1024;
/** Share of the WAL at which it is copied; the rest is for what one commit may be larger than estimated. */
const WAL_FULL = 0.9;
const INBOX_EVERY_MS = 600_000;

const NOTHING_WAITS: Waiting = { bytes: 0, refusals: 0, shed: [] };
export const NOTHING_TENDED: Tended = { checkpointed: false, forgotten: [], deleted: 0, shed: [] };
export interface HousekeeperOptions {
  readonly db: Database;
  readonly mutex: Mutex;
  readonly index: StreamIndex;
  readonly epoch: Epoch;
  readonly ballast: Ballast;
  readonly quotaBytes: number;
  /** Above the quota, for what makes room. */
  readonly reserveBytes: number;
  readonly keepMs: number;
  readonly walBytes: number;
  readonly layout: number;
  readonly kindOf: KindOf;
  running(mono: number): number;
  /** Notes beside the file what it holds now. */
  note(): Promise<void>;
}

export class Housekeeper {
  /** Bytes in use and in the file. */
  used = 0;
  #file = 0;
  readonly #h: HousekeeperOptions;
  readonly #shedder: Shedder;
  /** Bytes written since the WAL was copied last, as estimated, and what the WAL really took per estimated byte. */
  #written: number;
  #ratio = 1;
  /** After an unclean stop nobody knows what lies in the WAL: nothing is learnt from that. */
  #guessed: boolean;
  #wroteAt = Number.POSITIVE_INFINITY;
  #inboxAt = Number.NEGATIVE_INFINITY;
  /** Commands at the last look, and every step of one written since: never fewer than there are. */
  #inbox = 0;
  #tending = false;
  /** Commands forgotten since the caller was told last. */
  #forgotten: string[] = [];
  /** Room that commits took since `used` was measured, counted only while the file is larger than the quota. */
  #since = 0;
  /** Bytes of a commit that did not fit. */
  #waiting = 0;

  constructor(household: HousekeeperOptions, unclean: boolean) {
    this.#h = household;
    this.#shedder = new Shedder(household.db, household.index, household.kindOf);
    this.#guessed = unclean;
    this.#written = unclean ? household.walBytes : 0;
  }

  /** To be told of each commit. A commit touches about seven pages besides its bodies. */
  wrote(bytes: number, commit: Commit, mono: number): void {
    this.#written += bytes * 1.1 + (7 + commit.events.length) * FRAME;
    this.#wroteAt = mono;
    if (this.#file > this.#h.quotaBytes) this.#since += commitBytes(commit);
    this.#inbox += commit.inbox.length;
  }

  /** The WAL is nearly as large as it was grown to: beyond that each commit would write the file system's journal too. */
  get due(): boolean {
    return this.#walBytes >= this.#h.walBytes * WAL_FULL;
  }

  get #walBytes(): number {
    return this.#written * this.#ratio;
  }

  /** False: the file is larger than the quota, and with this commit more would be in use than the quota allows. */
  fits(commit: Commit): boolean {
    const { quotaBytes } = this.#h;
    return this.#file <= quotaBytes || this.used + this.#since + commitBytes(commit) <= quotaBytes;
  }

  async measure(): Promise<void> {
    this.#since = 0;
    const [row] = await this.#h.db.all<{ file: number; free: number }>(
      `SELECT page_count * page_size AS file, freelist_count * page_size AS free
       FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
    );
    this.#file = row?.file ?? 0;
    this.used = this.#file - (row?.free ?? 0);
  }

  /** Called while a call goes on, it answers nothing: no loss is named twice. */
  async tend(mono: number, waiting: Waiting = NOTHING_WAITS): Promise<Tended> {
    if (this.#tending) return NOTHING_TENDED;
    this.#tending = true;
    try {
      return await this.#tend(mono, waiting);
    } finally {
      this.#tending = false;
    }
  }

  async #tend(mono: number, waiting: Waiting): Promise<Tended> {
    const { mutex } = this.#h;
    const checkpointed = await mutex.run(() => this.#checkpoint(mono));
    await mutex.run(() => this.measure());
    let deleted = await this.#expire(mono);
    this.#waiting = waiting.bytes;
    if (this.#pressure() >= TIGHT) deleted += await this.#makeRoom();
    await mutex.run(() => this.#forget(mono));
    await this.#h.ballast.lay().catch(() => undefined);
    await mutex.run(() => this.measure());
    const shed = this.#pressure() >= SHED ? await mutex.run(() => this.#shed(mono, waiting)) : [];
    const forgotten = this.#forgotten.splice(0);
    return { checkpointed, forgotten, deleted, shed };
  }

  /** PASSIVE never waits for a reader; TRUNCATE would give back what the WAL was grown to. */
  async #checkpoint(mono: number): Promise<boolean> {
    const idle = mono - this.#wroteAt >= IDLE_MS && this.#walBytes >= IDLE_BYTES;
    if (!this.due && !idle) return false;
    const [row] = await this.#h.db.all<{ log: number; checkpointed: number }>("PRAGMA wal_checkpoint(PASSIVE)");
    const { log = 0, checkpointed = 0 } = row ?? {};
    if (!this.#guessed && this.#written > 0 && log > 0) this.#ratio = Math.min(4, Math.max(0.25, (log * FRAME) / this.#written));
    const whole = log === checkpointed;
    this.#guessed &&= !whole;
    this.#written = whole ? 0 : this.#written / 2;
    if (!whole) return true;
    // This small commit makes SQLite start the WAL from its beginning: damage to frames that are already in the database can then not bring back
    // older pages.
    await this.#h.db.script(`PRAGMA user_version = ${this.#h.layout}`);
    await this.#h.note();
    return true;
  }

  /** On a full file system the file cannot grow: what it has is then the quota. */
  #pressure(): number {
    return (this.used + this.#waiting) / this.#allowedBytes();
  }

  #allowedBytes(): number {
    const { ballast, quotaBytes } = this.#h;
    return ballast.freed ? Math.min(quotaBytes, Math.max(this.#file, 1)) : quotaBytes;
  }

  async #expire(mono: number): Promise<number> {
    const until = this.#h.running(mono) - this.#h.keepMs;
    let deleted = 0;
    for (const entry of this.#h.index.entries) {
      const before = until - entry.epoch.ran0;
      for (let slice = 0; slice < SLICES && entry.oldest <= entry.upTo && entry.oldestMono < before; slice += 1) {
        const gone = await this.#h.mutex.run(() => this.#deleteSlice(entry, before));
        deleted += gone;
        if (gone < SLICE) break;
      }
    }
    return deleted;
  }

  /** Refused commands, then acknowledged history, oldest first, readings before events. */
  async #makeRoom(): Promise<number> {
    let deleted = 0;
    for (let gone = SLICE; gone === SLICE && this.#pressure() >= TIGHT; ) {
      gone = await this.#h.mutex.run(async () => {
        const ids = await forgetRefused(this.#h.db, SLICE);
        this.#forgotten.push(...ids);
        if (ids.length > 0) await this.measure();
        return ids.length;
      });
    }
    for (const stream of ["readings", "events"] as const) {
      for (const entry of this.#h.index.entries.filter((one) => one.stream === stream)) {
        for (let slice = 0; slice < SLICES && entry.oldest <= entry.head && this.#pressure() >= TIGHT; slice += 1) {
          const gone = await this.#h.mutex.run(async () => {
            const count = (await this.#deleteSlice(entry, Number.MAX_SAFE_INTEGER)) + (await this.#deleteHeld(entry));
            await this.measure();
            return count;
          });
          deleted += gone;
          if (gone === 0) break;
        }
      }
    }
    return deleted;
  }

  /** One slice from the beginning of the entry: acknowledged, and made before `before` ms of its epoch. Urgent ones wait until they are sent. */
  async #deleteSlice(entry: StreamEntry, before: number): Promise<number> {
    const upTo = this.#acknowledged(entry);
    if (entry.oldest > upTo) return 0;
    const { n } = entry.epoch;
    // Inside the slice: outside, a slice full of urgent ones would end it, and nothing behind them would ever go.
    const [columns, may] = entry.stream === "readings" ? ["key, span", ""] : ["key, 1 AS span", "AND urgent = 0"];
    const gone = await this.#h.db.run(
      `DELETE FROM ${entry.stream} WHERE key IN (
         SELECT key FROM (SELECT ${columns}, mono FROM ${entry.stream} WHERE key BETWEEN ? AND ? ${may} ORDER BY key LIMIT ${SLICE})
         WHERE key + span - 1 <= ? AND mono < ?)`,
      [keyOf(n, entry.oldest), keyOf(n, upTo), keyOf(n, upTo), before],
    );
    await this.findOldest(entry);
    return gone;
  }

  /** Up to where it may go. Of the newest epoch with records the last one stays: it tells the next opening how long the gateway has run. */
  #acknowledged({ epoch, upTo, head }: StreamEntry): number {
    const newest = this.#h.index.entries.findLast((entry) => entry.head > 0)?.epoch;
    return epoch === newest ? Math.min(upTo, head - 1) : upTo;
  }

  /** Behind a hole that the platform still waits for: what it holds already can go too, but never the newest, which tells the head. */
  async #deleteHeld(entry: StreamEntry): Promise<number> {
    if (entry.stream !== "readings") return 0;
    const { n } = entry.epoch;
    let gone = 0;
    for (const [from, to] of entry.held) {
      const end = keyOf(n, Math.min(to, entry.head - 1));
      gone += await this.#h.db.run(
        `DELETE FROM readings WHERE key IN (SELECT key FROM readings WHERE key BETWEEN ? AND ? AND key + span - 1 <= ? LIMIT ${SLICE})`,
        [keyOf(n, from), end, end],
      );
      entry.goneTo = Math.max(entry.goneTo, to);
      if (gone >= SLICE) break;
    }
    await this.findOldest(entry);
    return gone;
  }

  async findOldest(entry: StreamEntry): Promise<void> {
    const { n } = entry.epoch;
    const [row] = await this.#h.db.all<{ key: number; mono: number }>(
      `SELECT key, mono FROM ${entry.stream} WHERE key BETWEEN ? AND ? ORDER BY key LIMIT 1`,
      [keyOf(n, 1), keyOf(n, NUMBERS - 1)],
    );
    entry.oldest = row ? seqOf(row.key) : entry.head + 1;
    entry.oldestMono = row?.mono ?? Number.POSITIVE_INFINITY;
    this.#h.index.changed();
  }

  /** Former epochs of which nothing is left, and commands long over. */
  async #forget(mono: number): Promise<void> {
    const { db, index, epoch, note } = this.#h;
    await forgetEpochs(db, index, epoch, () => note());
    if (mono - this.#inboxAt < INBOX_EVERY_MS && this.#inbox <= INBOX_MOST) return;
    this.#inboxAt = mono;
    const { ids, left } = await forgetCommands(db, this.#h.running(mono));
    this.#forgotten = [...this.#forgotten, ...ids];
    this.#inbox = left;
  }

  /**
   * Refusals first, so that they push nothing else out; then readings, thinned before any are dropped; events last. Where a commit waits that did
   * not fit, all that it needs is found in one look: with what is found the commit is written into the reserve, and ends below the quota.
   */
  async #shed(mono: number, { bytes, refusals, shed: pending }: Waiting): Promise<readonly Shed[]> {
    const full = bytes > 0;
    // One look at a time, unless that was not enough.
    if (pending.length > 0 && !full) return [];
    const reason = this.#h.ballast.freed ? "disk" : "quota";
    const allowed = this.#allowedBytes();
    const most = full ? this.used + bytes + this.#h.reserveBytes / 2 - allowed : this.used - DROPPED_TO * allowed;
    const found: Shed[] = [];
    const drop = async (what: "refusals" | "readings" | "events", enough: number) => {
      const left = enough - freedBy(pending) - freedBy(found);
      if (left > 0)
        found.push(...(await this.#shedder.dropped(what, reason, { bytes: left, pending: [...pending, ...found], full })));
    };
    await drop("refusals", most);
    if (freedBy(pending) + freedBy(found) >= most - refusals) return found;
    const thinned = await this.#shedder.thinned(this.#h.running(mono));
    found.push(...thinned.shed);
    // Nothing is dropped before all was looked at, unless it is the last moment.
    if (!full && (thinned.shed.length > 0 || (thinned.more && this.#pressure() < LAST))) return found;
    await drop("readings", most - refusals);
    if (full || (found.length === 0 && this.#pressure() >= LAST)) await drop("events", most - refusals);
    return found;
  }
}
