/** Whether one device is up, and where it is not well: what is wrong, since when, and what to do next. */

import { type Code, CodedError, type Context, type EdgeError, isCode } from "../../kit/errors.ts";
import { formatDuration } from "../../kit/text/format-duration.ts";
import { pluralise } from "../../kit/text/pluralise.ts";
import type { DeviceInfo, DeviceProblem, DeviceState, Reading, Text, WireStatus } from "../../model/index.ts";
import { RecentFalls } from "./recent-falls.ts";

/** A point whose last reading was not good. */
interface Trouble {
  readonly code: string;
  readonly isBad: boolean;
  readonly isUnread: boolean;
  readonly since: number;
  readonly why: Context;
}

/** What is wrong, as an error whose sentences people read, and the moment at which it began. */
export interface Cause {
  readonly error: EdgeError;
  readonly since: number;
  readonly points?: readonly string[];
}

/** Something that goes on. */
type Lasting = Readonly<{ code: string; context: Context; since: number }>;

/**
 * Codes of readings that are no fault of the device: pulses missed while it was not open, and "nothing in range", which the site may have declared
 * normal.
 */
const NO_FAULT: readonly string[] = ["counter.unobserved", "sensor.nothing-in-range"];

/** A wire that was opened may fail in the next moment. */
const SETTLED_MS = 5000;

/** A reading of which nothing could be read. A device that sends nothing else is as good as silent. */
export const isUnread = ({ quality, code = "" }: Reading): boolean =>
  quality === "bad" && (code.startsWith("bus.") || ["frame.invalid", "ble.key", "mqtt.malformed"].includes(code));

/** A device that failed so often within this time, or within so many of its periods, has a problem even while it answers. */
const UNSTEADY = { times: 3, withinMs: 600_000, periods: 10 };

export class DeviceHealth {
  readonly #info: DeviceInfo;
  readonly #falls: RecentFalls;
  readonly #troubled = new Map<string, Trouble>();
  /** Its last failure, until something comes again. */
  #error: EdgeError | null = null;
  #failing = 0;
  /** When its wire was opened; null: it is not open. */
  #opened: number | null = null;
  #isSilent: boolean;
  /** It sends only when something happens. */
  #isTriggered = false;
  /** What of its messages cannot be read; why nothing can come from it though it is open. */
  #unread: Lasting | null = null;
  #outage: Lasting | null = null;
  #ever = false;
  /** When something of it was last understood, and what its wire had counted by then. */
  #understood: number;
  #wireStatus: WireStatus | undefined;

  constructor(info: DeviceInfo, isSilent: boolean, mono: number) {
    this.#info = info;
    this.#falls = new RecentFalls(Math.max(UNSTEADY.withinMs, UNSTEADY.periods * (info.everyMs ?? 0)));
    this.#isSilent = isSilent;
    this.#understood = mono;
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  get isDown(): boolean {
    return this.#isSilent || this.#error !== null || (this.#outage !== null && !this.#ever);
  }

  state(mono: number): DeviceState {
    if (this.isDown) return "down";
    if (this.#troubled.size > 0 || (this.#unread ?? this.#outage) !== null || this.#falls.within(mono) >= UNSTEADY.times)
      return "problem";
    return this.#ever ? "up" : "starting";
  }

  /** Its wire is open since then; null: not any more. */
  opened(mono: number | null): void {
    this.#opened = mono;
    // It sends only when something happens: an open wire is all that can be expected of it.
    if (mono !== null && this.#isTriggered) this.#error = null;
  }

  /** What it says of itself: whether it sends only when something happens, and what of its last message could not be read. */
  says(isTriggered: boolean, unread: { readonly code: string; readonly context: Context } | null, mono: number): void {
    this.#isTriggered = isTriggered;
    this.#unread = lasting(unread, this.#unread, mono);
  }

  /** Why nothing can come from it though it is open; null: it can. What it said stands all the same, until it is silent. */
  outage(why: { readonly code: string; readonly context: Context } | null, mono: number): void {
    this.#outage = lasting(why, this.#outage, mono);
  }

  /** Takes a batch of readings. True: the device was down, and this batch brings it up again. */
  heard(batch: readonly Reading[], mono: number): boolean {
    const wasIll = this.#isIll;
    for (const reading of batch) this.#judge(reading, mono);
    const unread = batch.find(isUnread);
    if (unread !== undefined && !wasIll) this.#falls.add(mono, unread.code ?? "internal", unread.why ?? {});
    if (unread !== undefined && batch.every(isUnread)) {
      // Unreadable data do not bring a device up: it stays down, now for this reason.
      if (this.#error !== null) this.#error = errorOf(unread);
      return false;
    }
    // A retained message may be years old: its values are shown, but it is no sign of life.
    if (batch.length > 0 && batch.every(({ code }) => code === "mqtt.retained")) return false;
    this.#error = null;
    this.#understood = mono;
    this.#ever = true;
    const wire = this.#info.wire?.();
    this.#wireStatus = wire && { ...wire };
    const wasSilent = this.#isSilent;
    this.#isSilent = false;
    return wasSilent;
  }

  #judge(reading: Reading, mono: number): void {
    const { point, quality, code = "internal", why = {} } = reading;
    if (quality === "good" || NO_FAULT.includes(code)) {
      if (this.#troubled.size > 0) this.#troubled.delete(point);
      return;
    }
    const known = this.#troubled.get(point);
    const since = known?.code === code ? known.since : mono;
    this.#troubled.set(point, { code, isBad: quality === "bad", isUnread: isUnread(reading), since, why });
  }

  /** Something of it cannot be had at the moment. */
  get #isIll(): boolean {
    return this.isDown || (this.#troubled.size > 0 && [...this.#troubled.values()].some(({ isUnread }) => isUnread));
  }

  failed(error: EdgeError, mono: number): void {
    if (!this.#isIll) this.#falls.add(mono, error.code, error.context);
    if (this.#error === null) this.#failing = mono;
    this.#error = error;
  }

  /** True: it has just become silent. */
  becomesSilent(mono: number): boolean {
    const { silentAfterMs } = this.#info;
    if (this.#isSilent || this.#isTriggered || mono - this.#understood < silentAfterMs) return false;
    if (!this.#isIll && this.#ever) this.#falls.add(mono, "device.silent", { lasted: formatDuration(silentAfterMs) });
    this.#isSilent = true;
    return true;
  }

  /** Since something of it was last understood; null: never. */
  ageMs(mono: number): number | null {
    return this.#ever ? mono - this.#understood : null;
  }

  /** What is most wrong with it; null: all is well. */
  cause(mono: number): Cause | null {
    if (this.#outage !== null) return this.#causeOf(this.#outage);
    if (!this.isDown) return this.#troubled.size > 0 ? this.#worst() : (this.#causeOf(this.#unread) ?? this.#unsteady(mono));
    if (this.#error !== null && !this.#isOver(this.#error, mono))
      return { error: this.#errorOf(this.#error.code, this.#error.context), since: this.#failing };
    return this.#silence(mono);
  }

  /** Why a person who asks now does not get every value; null: all of them are there. */
  failure(mono: number): Cause | null {
    return this.isDown || [...this.#troubled.values()].some(({ isBad }) => isBad) ? this.cause(mono) : null;
  }

  #causeOf(what: Lasting | null): Cause | null {
    return what && { error: this.#errorOf(what.code, what.context), since: what.since };
  }

  /** Whether an old error no longer explains why a pushed device is down: its wire has been open again for a while. */
  #isOver({ code }: EdgeError, mono: number): boolean {
    if (this.#info.everyMs !== undefined) return false;
    return code === "frame.invalid" || (this.#opened !== null && mono - this.#opened >= SETTLED_MS);
  }

  /** It is well at the moment, and was not again and again. */
  #unsteady(mono: number): Cause | null {
    const times = this.#falls.within(mono);
    if (times < UNSTEADY.times) return null;
    const { since, code, context } = this.#falls.of();
    const lasted = formatDuration(mono - since);
    const figures = { it: `${times} volte in ${lasted}, ora risponde`, en: `${times} times in ${lasted}, it answers now` };
    return { error: this.#errorOf(code, context, figures), since };
  }

  #silence(mono: number): Cause {
    const since = this.#understood;
    const lasted = formatDuration(mono - since);
    const stray = strayIn(this.#info.wire?.()) - strayIn(this.#wireStatus);
    if (stray > 0)
      return { error: this.#errorOf("frame.invalid", {}, strayText(stray, lasted, framesIn(this.#info.wire?.()))), since };
    const unread = this.#troubled.size > 0 ? this.#worst() : null;
    if (unread !== null && unread.points === undefined) return { error: unread.error, since };
    if (framesIn(this.#info.wire?.()) > framesIn(this.#wireStatus)) return { error: this.#errorOf("ble.replayed", {}), since };
    return { error: this.#errorOf("device.silent", { lasted }), since };
  }

  /** The largest group of points with the same problem, bad ones before doubtful ones. */
  #worst(): Cause {
    const alike = new Map<string, [string, Trouble][]>();
    for (const [point, trouble] of this.#troubled) {
      const key = `${trouble.isBad ? 0 : 1} ${trouble.code}`;
      const group = alike.get(key) ?? [];
      alike.set(key, group);
      group.push([point, trouble]);
    }
    const [first, ...others] = [...alike].sort(([a, of], [b, with_]) => Number(a[0]) - Number(b[0]) || with_.length - of.length);
    const group = first?.[1] ?? others.flatMap(([, more]) => more);
    const { code, why } = group[0]?.[1] ?? { code: "internal", why: {} };
    const points = group.map(([point]) => point);
    const list = points.join(", ");
    const since = Math.min(...group.map(([, trouble]) => trouble.since));
    return points.length === Object.keys(this.#info.points).length
      ? { error: this.#errorOf(code, why), since }
      : { error: this.#errorOf(code, why, { it: list, en: list }), since, points };
  }

  /** `figures` are said after the sentence of the code. */
  #errorOf(code: string, context: Context, given?: Text): EdgeError {
    const { id, bus } = this.#info;
    const known: Code = isCode(code) ? code : "internal";
    const figures = given ?? askedText(known, this.#info.wire?.());
    return new CodedError(known, { message: code, ...context, device: id, bus, ...(figures && { figures }) });
  }
}

const errorOf = ({ code = "internal", why = {} }: Reading): EdgeError =>
  new CodedError(isCode(code) ? code : "internal", { message: code, ...why });

/** The same thing goes on since it began. */
const lasting = (now: Pick<Lasting, "code" | "context"> | null, before: Lasting | null, mono: number): Lasting | null =>
  now && { code: now.code, context: now.context, since: before?.code === now.code ? before.since : mono };

/** For people; with the figures that belong to it. */
export function problemOf({ error, since, points }: Cause, mono: number): DeviceProblem {
  return {
    code: error.code,
    forMs: mono - since,
    what: { it: error.what("it"), en: error.what("en") },
    next: { it: error.hint("it"), en: error.hint("en") },
    ...(points && { points }),
  };
}

const strayIn = (wire: WireStatus | undefined): number => (wire !== undefined && "strayBytes" in wire ? wire.strayBytes : 0);

const framesIn = (wire: WireStatus | undefined): number => (wire !== undefined && "frames" in wire ? wire.frames : 0);

/** `before`: how many frames had come before, so that the text agrees with the counts shown beside it. */
const strayText = (stray: number, lasted: string, before: number): Text => ({
  it: `${pluralise(stray, "byte senza senso|byte senza senso")} in ${lasted}, ${before === 0 ? "nessun messaggio" : `più nessun messaggio (prima ${pluralise(before, "messaggio|messaggi")})`}`,
  en: `${pluralise(stray, "stray byte|stray bytes")} in ${lasted}, ${before === 0 ? "no frame" : `no frame any more (${pluralise(before, "frame|frames")} before)`}`,
});

/** How often it happened since the start, of a unit that is asked. */
function askedText(code: Code, wire: WireStatus | undefined): Text | undefined {
  if (wire === undefined || !("requests" in wire)) return undefined;
  const { requests, timeouts, checksumErrors, exceptions } = wire;
  const of = (count: number, it: string, en: string): Text => ({
    it: `${count} di ${pluralise(requests, `richiesta ${it}|richieste ${it}`)}`,
    en: `${count} of ${pluralise(requests, "request|requests")} ${en}`,
  });
  if (code === "bus.timeout") return of(timeouts, "senza risposta", "unanswered");
  if (code === "bus.checksum" || code === "bus.not-modbus-tcp")
    return of(checksumErrors, "con risposta corrotta", "answered corruptly");
  return code === "bus.exception" ? of(exceptions, "con rifiuto", "refused") : undefined;
}
