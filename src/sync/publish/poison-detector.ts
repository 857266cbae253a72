/** Finds the one message that a broker ends the connection for, so that all others go on (CT-U8). */
import { doubling } from "../../kit/loop/backoff.ts";
import type { Range } from "../../model/index.ts";

/** After so many links died with it in flight, it is sent alone; after so many more died with it alone, it is at fault. */
const SUSPECT = 3;
const MOST = 256;
const REST_FIRST_MS = 60_000;
const REST_MAX_MS = 3_600_000;

/** What a message is about: numbers of a stream, or one document. */
export interface Subject {
  readonly name: string;
  readonly range: Range;
}

interface Entry extends Subject {
  readonly deaths: number;
  readonly alone: number;
  /** Of these deaths, those that the broker caused: a network that loses large packets proves nothing against a record. */
  readonly ours: number;
  /** How many publishes its topic had accepted when the link first died with it alone. */
  readonly takenThen: number;
  /** Until when, in monotonic ms, it is not tried, and until when it counts as at fault. */
  readonly until: number;
  readonly guiltyUntil: number;
}

/** `alone`: only it may be in flight. `resting`: not now. `condemned`: the broker takes others on this topic, and not this one. */
export type Suspicion = "free" | "alone" | "resting" | "condemned";

export class PoisonDetector {
  #entries: readonly Entry[] = [];
  /** topic → publishes taken. */
  readonly #taken = new Map<string, number>();
  /** Bytes of the smallest message with which a link died while it was alone, and of the largest accepted since. */
  #deadly = Number.POSITIVE_INFINITY;
  #harmless = 0;

  /** Bytes that a broker is likely to take, where it names no limit but ends the link. */
  get likelyMaxBytes(): number {
    return this.#deadly > this.#harmless ? Math.max(this.#harmless, this.#deadly / 2) : Number.POSITIVE_INFINITY;
  }

  suspicion(subject: Subject, topic: string, mono: number): Suspicion {
    const { deaths, ours, alone, takenThen, until, guiltyUntil } = this.#of(subject);
    if (deaths < SUSPECT) return "free";
    if (ours >= SUSPECT && mono < guiltyUntil && this.#takenOn(topic) > takenThen) return "condemned";
    return alone >= SUSPECT && mono < until ? "resting" : "alone";
  }

  /** Whether a link died with it alone: if it can be cut in two, it is then cut. */
  diedAlone(subject: Subject): boolean {
    return this.#of(subject).alone > 0;
  }

  isSuspect(subject: Subject): boolean {
    return this.#entries.length > 0 && this.#of(subject).deaths >= SUSPECT;
  }

  /** `bytes`: of its payload. `local`: the link did not end by the broker's act. */
  died(
    subject: Subject,
    topic: string,
    {
      bytes,
      alone,
      local,
      mono,
    }: { readonly bytes: number; readonly alone: boolean; readonly local: boolean; readonly mono: number },
  ): void {
    if (alone && !local && bytes < this.#deadly) {
      this.#deadly = bytes;
      this.#harmless = 0;
    }
    const was = this.#of(subject);
    const times = was.alone + Number(alone);
    const rest = times < SUSPECT ? 0 : doubling(REST_FIRST_MS, REST_MAX_MS)(times - SUSPECT + 1);
    const entry = {
      ...subject,
      deaths: was.deaths + 1,
      alone: times,
      ours: was.ours + Number(alone && !local),
      takenThen: was.alone === 0 ? this.#takenOn(topic) : was.takenThen,
      until: mono + rest,
      guiltyUntil: mono + REST_MAX_MS,
    };
    this.survived(subject);
    this.#entries = [...this.#entries, entry].slice(-MOST);
  }

  /** The broker answered, whatever it said: this message does not end the link. */
  survived({ name, range: [from, to] }: Subject): void {
    if (this.#entries.length === 0) return;
    this.#entries = this.#entries.flatMap((entry) => {
      const [low, high] = entry.range;
      if (entry.name !== name || high < from || low > to) return [entry];
      const left: Entry[] = low < from ? [{ ...entry, range: [low, from - 1] }] : [];
      const right: Entry[] = high > to ? [{ ...entry, range: [to + 1, high] }] : [];
      return [...left, ...right];
    });
  }

  taken(topic: string, bytes: number): void {
    this.#harmless = Math.max(this.#harmless, bytes);
    // Counted only for topics on which a message is suspected.
    if (this.#entries.length === 0) this.#taken.clear();
    else this.#taken.set(topic, this.#takenOn(topic) + 1);
  }

  #takenOn(topic: string): number {
    return this.#taken.get(topic) ?? 0;
  }

  /** The most severe suspicion against any part of it. */
  #of({ name, range: [from, to] }: Subject): Pick<Entry, "deaths" | "alone" | "ours" | "takenThen" | "until" | "guiltyUntil"> {
    let worst = { deaths: 0, alone: 0, ours: 0, takenThen: 0, until: 0, guiltyUntil: 0 };
    for (const entry of this.#entries)
      if (
        entry.name === name &&
        entry.range[0] <= to &&
        entry.range[1] >= from &&
        entry.deaths + entry.alone > worst.deaths + worst.alone
      )
        worst = entry;
    return worst;
  }
}
