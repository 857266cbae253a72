/** Remembers over restarts which records carry an uncertain time, and corrects each stretch once (contract, Time). */
import { driftMs, STEP_MS } from "../../kit/clock.ts";
import type { Contact } from "../../kit/held-clock.ts";
import { hostEvent } from "../../model/host-events.ts";
import type { EpochInfo, EventDraft, Now, Restated, Stream } from "../../model/index.ts";
import type { CommitBuffer } from "../commit/commit-buffer.ts";
import type { Store } from "../store/store.ts";
import { boundMs, type ClockNews, contactOf, correctedEvent, type Ranges, rangesOf, type Stretch } from "./record-clock.ts";

const STATE_KEY = "clock";
/** Runs without the right time, one after the other; the oldest beyond stay as they are, `unsynced`. */
const UNSETTLED_MOST = 1000;

/** A stretch that ended with its epoch. */
interface Unsettled {
  readonly epoch: string;
  readonly boot: string;
  readonly ranges: Ranges;
  readonly offset: number;
  /** Kernel monotonic ms of its boot. */
  readonly mono: number;
  /**
   * `notBefore`: a wall time that had surely passed when the stretch began, 0 when unknown. `notAfter`: one that surely had not come when it ended,
   * null when unknown.
   */
  readonly notBefore: number;
  readonly notAfter: number | null;
}

interface Saved {
  /** The epoch that wrote this. */
  readonly epoch: string;
  readonly boot: string;
  readonly synced: boolean;
  readonly notBefore: number;
  /** The last contact with a time server; null: in contact when this was written, or never. */
  readonly contact: Contact | null;
  readonly stretch: Stretch | null;
  readonly unsettled: readonly Unsettled[];
}

type Past = Pick<Store, "saved" | "formerEnd" | "epoch" | "heads">;

/** Of the open commit: nobody here needs the numbered event. */
export type StretchesBuffer = Pick<CommitBuffer, "save" | "stretch"> & { raise(draft: EventDraft, mono: number): unknown };

/** The last contact that a former run of this boot had. `end`: until when that run surely went on. */
export function contactBefore({ saved }: Pick<Store, "saved">, end: Store["formerEnd"], boot: string): Contact | null {
  const last = saved.get(STATE_KEY) as Partial<Saved> | undefined;
  if (last?.boot !== boot) return null;
  if (last.contact) return last.contact;
  if (last.synced !== true || end === null || end.boot !== boot || !end.synced) return null;
  return { offset: end.wall - end.mono, mono: end.mono };
}

/** When the epoch that saved this lost its contact, by kernel monotonic ms; null: it did not, never had any, or is another one. */
export function contactLost(saved: ReadonlyMap<string, unknown>, epoch: string): number | null {
  const last = saved.get(STATE_KEY) as Partial<Saved> | undefined;
  return last?.epoch === epoch ? (last.stretch?.contact ?? null) : null;
}

export class UnsyncedStretches {
  readonly #buffer: StretchesBuffer;
  readonly #restate: (of: Restated) => void;
  readonly #epoch: EpochInfo;
  /** Wall time that is surely over. */
  #notBefore: number;
  #unsettled: readonly Unsettled[];

  constructor(buffer: StretchesBuffer, past: Past, restate: (of: Restated) => void) {
    this.#buffer = buffer;
    this.#restate = restate;
    this.#epoch = past.epoch;
    const last = savedBy(past);
    const { formerEnd } = past;
    this.#notBefore = Math.max(last?.notBefore ?? 0, formerEnd?.synced ? formerEnd.wall - STEP_MS : 0);
    const ended = last && endedWith(last, past);
    this.#unsettled = [...(last?.unsettled ?? []), ...(ended ? [ended] : [])].slice(-UNSETTLED_MOST);
  }

  /** To be called once, when the epoch has said its first word. */
  opened(now: Now): void {
    const { stretch } = this.#buffer;
    if (stretch === null) this.#settle(now);
    else this.#join(stretch);
    this.#save(now);
  }

  told(news: ClockNews): void {
    if (news.what === "found") {
      this.#restate({ epoch: this.#epoch.id, offsetMs: news.offsetMs });
      this.#settle(news.now);
    }
    this.#save(news.now);
  }

  /** What stands since a former run of this boot is told in the time of this one, and corrected with it. */
  #join(stretch: Stretch): void {
    const { boot, id: into } = this.#epoch;
    for (const one of this.#unsettled)
      if (one.boot === boot) this.#restate({ epoch: one.epoch, offsetMs: stretch.offset - one.offset, into });
  }

  #settle(now: Now): void {
    for (const one of this.#unsettled) {
      if (one.boot === this.#epoch.boot) this.#correct(one, now);
      else this.#bound(one, now);
    }
    this.#unsettled = [];
  }

  #correct(one: Unsettled, now: Now): void {
    const offsetMs = now.wall - now.mono - one.offset;
    this.#buffer.raise(correctedEvent(one.epoch, offsetMs, boundMs(one, now), one.ranges), now.mono);
    this.#restate({ epoch: one.epoch, offsetMs });
  }

  #bound({ epoch, ranges, notBefore, notAfter: known }: Unsettled, now: Now): void {
    const { opened } = this.#epoch;
    const over = now.wall - (now.mono - opened) + boundMs({ mono: opened }, now);
    const notAfter = Math.max(notBefore, Math.min(over, known ?? over));
    const text = { it: "Periodo senza ora esatta, ora delimitato", en: "A period without the right time is now bounded" };
    const extra = { epoch, ...ranges, notBefore, notAfter };
    this.#buffer.raise({ ...hostEvent("clock.bounded"), state: "noted", text, extra }, now.mono);
    this.#restate({ epoch, notBefore, notAfter });
  }

  #save(now: Now): void {
    const { stretch } = this.#buffer;
    const { mono, wall } = now;
    const last = contactOf(now);
    const contact = last === null || last === mono ? null : { offset: wall - mono, mono: last };
    if (stretch === null) this.#notBefore = wall - STEP_MS;
    else if (contact)
      this.#notBefore = Math.floor(stretch.mono + stretch.offset - STEP_MS - driftMs(stretch.mono - contact.mono));
    const saved: Saved = {
      epoch: this.#epoch.id,
      boot: this.#epoch.boot,
      synced: stretch === null,
      notBefore: this.#notBefore,
      contact,
      stretch,
      unsettled: this.#unsettled,
    };
    this.#buffer.save(STATE_KEY, saved);
  }
}

/** What the last run left unsettled itself; null: nothing that anybody could hold. */
function endedWith({ epoch, boot, stretch, contact, notBefore }: Saved, past: Past): Unsettled | null {
  if (!stretch) return null;
  const { formerEnd } = past;
  const { former } = past.epoch;
  const stored = past.heads(epoch);
  const told = former?.epoch === epoch ? former.last : stored;
  const last = (stream: Stream): number => Math.max(stored[stream], told[stream]);
  const ranges = rangesOf(stretch, { readings: last("readings") + 1, events: last("events") + 1 });
  if (ranges.readings === null && ranges.events === null) return null;
  const { mono, offset } = stretch;
  const held = contact !== null && formerEnd?.boot === boot;
  const notAfter = held ? Math.ceil(formerEnd.mono + offset + STEP_MS + driftMs(formerEnd.mono - contact.mono)) : null;
  return { epoch, boot, ranges, offset, mono, notBefore, notAfter };
}

/** What the release before this one saved: whole epochs, of which it kept neither boot nor numbers. */
interface Earlier {
  readonly epoch: string;
  readonly synced: boolean;
  readonly notBefore: number;
  readonly unbounded: readonly { readonly epoch: string; readonly notBefore: number }[];
}

function savedBy(past: Past): Saved | undefined {
  const last = past.saved.get(STATE_KEY) as Saved | Earlier | undefined;
  if (last === undefined || !("unbounded" in last)) return last;
  const { epoch, synced, notBefore, unbounded } = last;
  const whole = (one: Earlier["unbounded"][number]): Unsettled => {
    const { readings, events } = past.heads(one.epoch);
    const ranges = rangesOf({ readings: 1, events: 1 }, { readings: readings + 1, events: events + 1 });
    return { ...one, boot: "", ranges, offset: 0, mono: 0, notAfter: null };
  };
  const unsettled = [...unbounded, ...(synced ? [] : [{ epoch, notBefore }])].map(whole);
  return { epoch, boot: "", synced, notBefore, contact: null, stretch: null, unsettled };
}
