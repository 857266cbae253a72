/** Counts how each unit of a line answers, and says when a silent one may be asked again; pure. */
import type { AskedStatus } from "../../../model/index.ts";
import type { ModbusRequest } from "../../driver.ts";

/** Silences in a row after which a unit's polls are held back; one may be noise. */
const HELD_AFTER = 2;
/** Probes of silent units, all together, take at most one part in so many of the line. */
const SHARE = 33;
/** With many silent units each is still tried this often: a line that is mended comes back by itself. */
const HELD_MOST_MS = 60_000;
/** The newest answer's weight in the latency shown (RFC 6298, 2). */
const NEWEST = 1 / 8;

interface Unit {
  requests: number;
  timeouts: number;
  checksumErrors: number;
  exceptions: number;
  latencyMs: number | null;
  held: boolean;
  /** In a row. */
  silences: number;
  /** A late answer may still come: nobody asks before. */
  restsUntil: number;
  /** Until then polls and alarm points are held back; the first request after it is the probe. A command is not held back: it serves as the probe. */
  heldUntil: number;
}

export class CircuitBreakers {
  readonly #units = new Map<number, Unit>();
  #allRestUntil = 0;

  stats(unit: number): AskedStatus | undefined {
    const at = this.#units.get(unit);
    if (!at) return undefined;
    const { requests, timeouts, checksumErrors, exceptions, held } = at;
    const latencyMs = at.latencyMs === null ? null : Math.round(at.latencyMs);
    return { requests, timeouts, checksumErrors, exceptions, latencyMs, held };
  }

  /** Monotonic ms from which on this request may be sent. */
  due({ unit, priority }: ModbusRequest): number {
    const at = this.#units.get(unit);
    if (!at) return this.#allRestUntil;
    const rest = Math.max(at.restsUntil, this.#allRestUntil);
    return priority === "command" ? rest : Math.max(rest, at.heldUntil);
  }

  /** Whether its last request was lost. */
  isSilent(unit: number): boolean {
    return (this.#units.get(unit)?.silences ?? 0) > 0;
  }

  asked(unit: number): void {
    this.#of(unit).requests += 1;
  }

  answered(unit: number, tookMs: number): void {
    const at = this.#of(unit);
    at.latencyMs = at.latencyMs === null ? tookMs : at.latencyMs + (tookMs - at.latencyMs) * NEWEST;
    this.heard(unit);
  }

  /** It is there, whatever it said. */
  heard(unit: number): void {
    const at = this.#of(unit);
    at.silences = 0;
    at.held = false;
    at.heldUntil = 0;
  }

  refused(unit: number): void {
    this.#of(unit).exceptions += 1;
  }

  /** Something came from it or instead of it that cannot be used. */
  corrupted(unit: number): void {
    this.#of(unit).checksumErrors += 1;
  }

  timedOut(unit: number): void {
    this.#of(unit).timeouts += 1;
  }

  rests(unit: number, until: number): void {
    this.#of(unit).restsUntil = until;
  }

  /** Where a reply does not say whose it is, a late one could pass for any unit's. */
  allRest(until: number): void {
    this.#allRestUntil = until;
  }

  /** The next request is the probe. */
  letThrough(unit: number): void {
    const at = this.#units.get(unit);
    if (at) at.heldUntil = 0;
  }

  /** The unit gave no usable answer, which took `ms` of the line's time and ended at `now`. */
  silent(unit: number, ms: number, now: number): void {
    const at = this.#of(unit);
    at.silences += 1;
    at.held = at.silences >= HELD_AFTER;
    if (!at.held) return;
    const held = [...this.#units.values()].filter((other) => other.held).length;
    at.heldUntil = now + Math.max(ms * SHARE, Math.min(HELD_MOST_MS, ms * SHARE * held));
  }

  #of(unit: number): Unit {
    const known = this.#units.get(unit);
    if (known) return known;
    const fresh: Unit = {
      requests: 0,
      timeouts: 0,
      checksumErrors: 0,
      exceptions: 0,
      latencyMs: null,
      held: false,
      silences: 0,
      restsUntil: 0,
      heldUntil: 0,
    };
    this.#units.set(unit, fresh);
    return fresh;
  }
}
