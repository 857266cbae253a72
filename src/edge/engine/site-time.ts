/** The two times of a site that never go back, over reboots too: what was observed, and what has passed. */
import type { EpochInfo } from "../../model/index.ts";

/** One epoch's place in them. */
export interface EpochTime {
  readonly epoch: string;
  /** Number of the epoch in its file. */
  readonly n: number;
  /** Kernel monotonic ms at which the epoch opened; `at` and `passed` are those of that moment. */
  readonly opened: number;
  readonly at: number;
  readonly passed: number;
  /** How long nobody looked before it; null where that cannot be known. */
  readonly offMs: number | null;
  /** Where the length of the time off became known only during the epoch: when, and how long it was. It counts in `passed` from then on. */
  readonly found?: { readonly mono: number; readonly ms: number };
}

/** Under this key of the store: the newest epochs, oldest first, so that the past can be heard again without their first events. */
export const SITE_TIME_KEY = "site-time";
const EPOCHS_KEPT = 64;

export class SiteTime {
  readonly #opened: number;
  readonly #at: number;
  #passed: number;

  constructor({ opened, at, passed }: Pick<EpochTime, "opened" | "at" | "passed">) {
    this.#opened = opened;
    this.#at = at;
    this.#passed = passed;
  }

  /** Ms of observation at a kernel monotonic moment of this boot. */
  at(mono: number): number {
    return this.#at + (mono - this.#opened);
  }

  /** The kernel monotonic moment of this boot; before its zero where it lies in an earlier one. */
  mono(at: number): number {
    return at - this.#at + this.#opened;
  }

  /** What `passed` is ahead of `at`: the time off, as far as it is known. */
  get offMs(): number {
    return this.#passed - this.#at;
  }

  /** The length of the time off became known. */
  wasOff(ms: number): void {
    this.#passed += ms;
  }
}

/**
 * The times at which an epoch opens. `lastMono`: kernel monotonic ms of the former run's last look, in its own boot; `isSameBoot`: then the clock
 * went on, and so does the observation; `offMs`: how long nobody looked, null where it cannot be known.
 */
export function nextEpochTime(
  former: EpochTime | undefined,
  epoch: Pick<EpochInfo, "id" | "n" | "opened">,
  off: { readonly lastMono: number | null; readonly isSameBoot: boolean; readonly offMs: number | null },
): EpochTime {
  const { id, n, opened } = epoch;
  if (former === undefined || off.lastMono === null) return { epoch: id, n, opened, at: 0, passed: 0, offMs: off.offMs };
  const ran = Math.max(0, (off.isSameBoot ? opened : off.lastMono) - former.opened);
  const unseen = off.isSameBoot ? 0 : (off.offMs ?? 0);
  return {
    epoch: id,
    n,
    opened,
    at: former.at + ran,
    passed: former.passed + (former.found?.ms ?? 0) + ran + unseen,
    offMs: off.offMs,
  };
}

/** By how much `passed` is ahead of what was observed, at a kernel monotonic moment of the epoch. */
export const offAt = ({ at, passed, found }: EpochTime, mono: number): number =>
  passed - at + (found !== undefined && mono >= found.mono ? found.ms : 0);

/** What is saved of them, with the newest one added. */
export const withEpochTime = (saved: unknown, time: EpochTime): readonly EpochTime[] =>
  [...epochTimes(saved).filter(({ epoch }) => epoch !== time.epoch), time].slice(-EPOCHS_KEPT);

/** What was saved; empty where it is not what this version writes. */
export const epochTimes = (saved: unknown): readonly EpochTime[] => (Array.isArray(saved) ? saved.filter(isEpochTime) : []);

const isEpochTime = (one: unknown): one is EpochTime => {
  const { epoch, n, opened, at, passed, offMs } = (one ?? {}) as Partial<Record<keyof EpochTime, unknown>>;
  return typeof epoch === "string" && [n, opened, at, passed, offMs ?? 0].every((ms) => typeof ms === "number");
};
