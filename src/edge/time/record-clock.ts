/** Decides which wall time records carry, and says when the clock was found, lost or stepped (contract, Time). */
import { type Clock, clockOf, driftMs, STEP_MS } from "../../kit/clock.ts";
import { type HostEventKind, hostEvent } from "../../model/host-events.ts";
import type { EventDraft, Now, Range, Stream } from "../../model/index.ts";

/** Numbers stamped one after the other under one unsynchronised offset: from these on, and since `mono`. */
export interface Stretch {
  readonly readings: number;
  readonly events: number;
  readonly mono: number;
  /** wall − mono of all of them. */
  readonly offset: number;
  /** Kernel monotonic ms of the last contact with a time server before it; null: there was none. */
  readonly contact: number | null;
}

/** The ranges of a stretch that has ended; null: none of that stream. */
export type Ranges = Readonly<Record<Stream, Range | null>>;

/** `held`: the time server was lost or is back, and the records go on as they were. */
export type ClockNews =
  | { readonly what: "found"; readonly now: Now; readonly offsetMs: number; readonly boundMs: number; readonly ranges: Ranges }
  | { readonly what: "lost"; readonly now: Now; readonly stretch: Stretch }
  | { readonly what: "stepped"; readonly now: Now; readonly deltaMs: number }
  | { readonly what: "held"; readonly now: Now };

export class RecordClock {
  /** wall − mono for what is stamped now. */
  offset: number;
  /** What is stamped now, and since when, while the time is not known. */
  stretch: Stretch | null = null;
  readonly #clock: Clock;
  #held = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.offset = 0;
    this.#begin(clock.now());
  }

  get synced(): boolean {
    return this.stretch === null;
  }

  get clock(): "synced" | "unsynced" {
    return this.synced ? "synced" : "unsynced";
  }

  /**
   * Follows the clock. `stamped`: records wait under the present offset, which a slew must not split. `next`: the numbers to be given next.
   * A stretch keeps its one offset, whatever the system clock does, so that one event corrects it.
   */
  look(stamped: boolean, next: Readonly<Record<Stream, number>>): ClockNews | null {
    const now = this.#clock.now();
    // No record has a number yet: the state of the clock at the beginning is in the `epoch.opened` event.
    if (next.readings === 1 && next.events === 1) {
      this.#begin(now);
      return null;
    }
    const offset = now.wall - now.mono;
    const change = offset - this.offset;
    const right = clockOf(now) === "synced";
    if (this.stretch !== null) return right ? this.#found(this.stretch, now, change, next) : null;
    if (!right) return this.#lost(now, next);
    if (Math.abs(change) > STEP_MS) {
      this.offset = offset;
      return { what: "stepped", now, deltaMs: change };
    }
    if (!stamped) this.offset = offset;
    return this.#holds(now);
  }

  #begin(now: Now): void {
    this.offset = now.wall - now.mono;
    this.#held = isHeld(now);
    const begun = { readings: 1, events: 1, mono: now.mono, offset: this.offset, contact: contactOf(now) };
    this.stretch = clockOf(now) === "synced" ? null : begun;
  }

  #found(stretch: Stretch, now: Now, offsetMs: number, next: Readonly<Record<Stream, number>>): ClockNews {
    this.offset += offsetMs;
    this.stretch = null;
    this.#held = isHeld(now);
    return { what: "found", now, offsetMs, boundMs: boundMs(stretch, now), ranges: rangesOf(stretch, next) };
  }

  #lost(now: Now, next: Readonly<Record<Stream, number>>): ClockNews {
    this.stretch = { ...next, mono: now.mono, offset: this.offset, contact: contactOf(now) };
    this.#held = true;
    return { what: "lost", now, stretch: this.stretch };
  }

  #holds(now: Now): ClockNews | null {
    if (isHeld(now) === this.#held) return null;
    this.#held = !this.#held;
    return { what: "held", now };
  }
}

const isHeld = ({ heldMs = 0 }: Now): boolean => heldMs > 0;

/** Kernel monotonic ms of the last contact with a time server; null: there was none. */
export const contactOf = ({ mono, heldMs = Number.POSITIVE_INFINITY }: Now): number | null =>
  Number.isFinite(heldMs) ? mono - heldMs : null;

/** How wrong a record of the stretch may be after its correction: the crystal went on alone from it until now. */
export const boundMs = ({ mono }: Pick<Stretch, "mono">, now: Now): number => STEP_MS + Math.ceil(driftMs(now.mono - mono));

/** Up to the numbers before `next`. */
export const rangesOf = (from: Readonly<Record<Stream, number>>, next: Readonly<Record<Stream, number>>): Ranges => ({
  readings: next.readings > from.readings ? [from.readings, next.readings - 1] : null,
  events: next.events > from.events ? [from.events, next.events - 1] : null,
});

const note = (kind: HostEventKind, it: string, en: string, extra: EventDraft["extra"]): EventDraft => ({
  ...hostEvent(kind),
  state: "noted",
  text: { it, en },
  ...(extra !== undefined && { extra }),
});

/** `bound`: what a record of the ranges may still be wrong by; `offMs`: how long nobody looked before the epoch, where that is known only now. */
export const correctedEvent = (
  epoch: string,
  offsetMs: number,
  bound: number,
  ranges: Ranges,
  offMs: number | null = null,
): EventDraft =>
  note("clock.corrected", "Orologio sincronizzato", "Clock synchronised", {
    epoch,
    offsetMs,
    boundMs: bound,
    ...ranges,
    ...(offMs !== null && { offMs }),
  });

/** The event of what the wall told; null where nobody need know. `offMs`: see `correctedEvent`. */
export function newsEvent(news: ClockNews, epoch: string, offMs: number | null): EventDraft | null {
  switch (news.what) {
    case "found":
      return correctedEvent(epoch, news.offsetMs, news.boundMs, news.ranges, offMs);
    case "lost": {
      const { heldMs = Number.POSITIVE_INFINITY } = news.now;
      const known = Number.isFinite(heldMs) ? { heldMs, boundMs: Math.ceil(driftMs(heldMs)) } : { heldMs: null, boundMs: null };
      return note("clock.lost", "Ora non più sicura: server dell'ora perso", "Time no longer sure: time server lost", {
        epoch,
        ...known,
      });
    }
    case "stepped":
      return note("clock.stepped", "L'orologio ha fatto un salto", "The clock stepped", { epoch, deltaMs: news.deltaMs });
    case "held":
      return null;
  }
}
