/** Remembers how long the platform is away or silent, and tells it as events and in the status (CT-U10). */
import type { Clock } from "../kit/clock.ts";
import { pluralise } from "../kit/text/pluralise.ts";
import { type HostEventKind, hostEvent } from "../model/host-events.ts";
import type { EventDraft, Text, UplinkStatus } from "../model/index.ts";

/** Bounds the events of a flapping link: so many outages at once, then one in each of these times, which sums up those between. */
const TOLD_AT_ONCE = 6;
const TELL_EVERY_MS = 600_000;
/** When the link has been up for so long, outages too short for an event of their own are summed up. */
const SETTLED_MS = 60_000;

/** An outage that has its `uplink.down` event and was not over when the run ended, as it is saved. */
interface Saved {
  readonly since: number;
  readonly mono: number;
  readonly boot: string;
}

interface Down {
  readonly wall: number;
  readonly mono: number;
  readonly code: string | undefined;
  told: boolean;
}

export interface UplinkOptions {
  readonly clock: Clock;
  /** An outage is told of when it has lasted this long. */
  readonly tellAfterMs: number;
  /** The platform is silent when it has acknowledged nothing for this long, though something waits for it; null: it need not. */
  readonly silentMs: number | null;
  raise(draft: EventDraft): void;
  readonly saved: unknown;
  save(value: unknown): void;
}

export class Uplink {
  readonly #o: UplinkOptions;
  #down: Down | null;
  #upSince = { wall: 0, mono: 0 };
  #ever = false;
  #outages = 0;
  #downMs = 0;
  #last: UplinkStatus["last"];
  #untold = { outages: 0, downMs: 0 };
  #tokens = TOLD_AT_ONCE;
  #refilled: number;
  #waiting: { readonly wall: number; readonly mono: number } | null = null;
  #silent: { readonly wall: number; readonly mono: number } | null = null;
  #heard: number | null = null;

  constructor(options: UplinkOptions) {
    this.#o = options;
    const { mono, wall } = options.clock.now();
    this.#refilled = mono;
    this.#down = former(options) ?? { mono, wall, code: undefined, told: false };
  }

  /** The broker has `state` and `alarms`: the link is up. */
  up(): void {
    const { mono, wall } = this.#o.clock.now();
    const down = this.#down;
    if (down === null) return;
    this.#down = null;
    this.#upSince = { wall, mono };
    const durationMs = Math.max(0, mono - down.mono);
    // The moment without a link after the start is not an outage.
    if (!this.#ever && !down.told) {
      this.#ever = true;
      return;
    }
    this.#ever = true;
    this.#outages += 1;
    this.#downMs += durationMs;
    this.#untold = { outages: this.#untold.outages + 1, downMs: this.#untold.downMs + durationMs };
    this.#last = { since: down.wall, durationMs, ...(down.code !== undefined && { code: down.code }) };
    if (down.told) this.#tellUp();
  }

  /** The link ended, or could not be made; `code` says why. */
  lost(code: string): void {
    const { mono, wall } = this.#o.clock.now();
    if (this.#down === null) this.#down = { mono, wall, code, told: false };
    else if (this.#down.code === undefined) this.#down = { ...this.#down, code };
  }

  /** The platform acknowledged something. */
  heard(): void {
    const { mono } = this.#o.clock.now();
    this.#heard = mono;
    this.#waiting = null;
    const silent = this.#silent;
    if (silent === null) return;
    this.#silent = null;
    const durationMs = mono - silent.mono;
    const text = {
      it: `La piattaforma conferma di nuovo, dopo ${minutes(durationMs).it}`,
      en: `The platform acknowledges again, after ${minutes(durationMs).en}`,
    };
    this.#o.raise({ ...noted("platform.heard", text), sinceMono: silent.mono, extra: { durationMs } });
  }

  /** Called regularly. `waits`: something is stored that the platform has not acknowledged. */
  look(waits: boolean): void {
    const { mono } = this.#o.clock.now();
    const down = this.#down;
    if (down === null) {
      if (this.#untold.outages > 0 && mono - this.#upSince.mono >= SETTLED_MS && this.#mayTell(mono)) this.#tellUp();
    } else if (!down.told && mono - down.mono >= this.#o.tellAfterMs && this.#mayTell(mono)) this.#tellDown(down);
    this.#lookForPlatform(waits && down === null);
  }

  status(): UplinkStatus {
    const { mono } = this.#o.clock.now();
    const since = this.#down ?? this.#upSince;
    return {
      state: this.#down === null ? "up" : this.#ever || this.#down.told ? "down" : "starting",
      since: since.wall,
      forMs: Math.max(0, mono - since.mono),
      outages: this.#outages,
      downMs: this.#downMs,
      ...(this.#last !== undefined && { last: this.#last }),
      platform: {
        silent: this.#silent !== null,
        heardAgoMs: this.#heard === null ? null : mono - this.#heard,
        ...(this.#silent !== null && { since: this.#silent.wall }),
      },
    };
  }

  #lookForPlatform(waits: boolean): void {
    const { silentMs, clock } = this.#o;
    const { mono, wall } = clock.now();
    if (silentMs === null || this.#silent !== null) return;
    this.#waiting = waits ? (this.#waiting ?? { mono, wall }) : null;
    if (this.#waiting === null || mono - this.#waiting.mono < silentMs) return;
    this.#silent = this.#waiting;
    const text = {
      it: `Il broker risponde, ma la piattaforma non conferma nulla da ${minutes(silentMs).it}`,
      en: `The broker answers, but the platform has acknowledged nothing for ${minutes(silentMs).en}`,
    };
    this.#o.raise({ ...noted("platform.silent", text), sinceMono: this.#silent.mono });
  }

  #tellDown(down: Down): void {
    down.told = true;
    const { clock, raise, save } = this.#o;
    save({ since: down.wall, mono: down.mono, boot: clock.boot } satisfies Saved);
    raise({
      ...noted("uplink.down", { it: "Collegamento con il broker perso", en: "The link to the broker is lost" }),
      sinceMono: down.mono,
      ...(down.code !== undefined && { extra: { code: down.code } }),
    });
  }

  #tellUp(): void {
    const { outages, downMs } = this.#untold;
    this.#untold = { outages: 0, downMs: 0 };
    const { since = 0, durationMs = 0, code } = this.#last ?? {};
    const many = {
      it: `${pluralise(outages, "interruzione|interruzioni")} in tutto`,
      en: `${pluralise(outages, "outage|outages")} in all`,
    };
    const after = (lang: keyof Text) => (outages > 1 ? `${minutes(durationMs)[lang]}; ${many[lang]}` : minutes(durationMs)[lang]);
    const text = {
      it: `Collegamento con il broker ristabilito dopo ${after("it")}`,
      en: `The link to the broker is back after ${after("en")}`,
    };
    this.#o.save(null);
    this.#o.raise({
      ...noted("uplink.up", text),
      sinceWall: since,
      extra: { durationMs, outages, downMs, ...(code !== undefined && { code }) },
    });
  }

  #mayTell(mono: number): boolean {
    const more = Math.floor((mono - this.#refilled) / TELL_EVERY_MS);
    if (more > 0) {
      this.#tokens = Math.min(TOLD_AT_ONCE, this.#tokens + more);
      this.#refilled += more * TELL_EVERY_MS;
    }
    if (this.#tokens === 0) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** An outage of an earlier run whose end was never told; measured by the wall clock if that run was in another boot. */
function former({ saved, clock }: UplinkOptions): Down | null {
  if (typeof saved !== "object" || saved === null) return null;
  const { since, mono, boot } = saved as Saved;
  const now = clock.now();
  const began = boot === clock.boot ? mono : now.mono - Math.max(0, now.wall - since);
  return { wall: since, mono: began, code: undefined, told: true };
}

const noted = (kind: HostEventKind, text: Text) => ({ ...hostEvent(kind), state: "noted" as const, text });

function minutes(ms: number): Text {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 120) return { it: pluralise(seconds, "secondo|secondi"), en: pluralise(seconds, "second|seconds") };
  const whole = Math.round(seconds / 60);
  return { it: pluralise(whole, "minuto|minuti"), en: pluralise(whole, "minute|minutes") };
}
