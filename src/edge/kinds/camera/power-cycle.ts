/** When the power of a camera that does not answer is taken away for a moment, and when somebody must go there instead. */

const DAY_MS = 86_400_000;

/** As the configuration writes it, ms. */
export interface PowerCycle {
  readonly after: number;
  readonly off: number;
  readonly cooldown: number;
  readonly perDay: number;
}

/** What is remembered; all moments in `passed`. */
export interface Cycling {
  /** Since when the camera has not answered; null: it answers, or nobody knows. */
  readonly downAt: number | null;
  /** Since when nothing forbids it; null: something does, or nobody knows. */
  readonly allowedAt: number | null;
  /** How often it was tried since the camera answered last. */
  readonly tried: number;
  /** When the last few began. */
  readonly starts: readonly number[];
  readonly total: number;
}

export const noCycling: Cycling = { downAt: null, allowedAt: null, tried: 0, starts: [], total: 0 };

/** When the next one begins if nothing changes until then; null: none does. */
function nextStart({ downAt, allowedAt, tried, starts }: Cycling, o: PowerCycle): number | null {
  if (downAt === null || allowedAt === null || tried >= o.perDay) return null;
  const [last, first] = [starts.at(-1), starts.at(-o.perDay)];
  const rested = last === undefined ? 0 : last + o.cooldown;
  const nextDay = first === undefined ? 0 : first + DAY_MS;
  return Math.max(downAt + o.after, allowedAt, rested, nextDay);
}

/** With all that have begun by now. They follow from what is remembered, so that nothing is lost with a kill. */
export function begun(cycling: Cycling, o: PowerCycle, isReached: (passed: number) => boolean): Cycling {
  let now = cycling;
  for (;;) {
    const start = nextStart(now, o);
    if (start === null || !isReached(start)) return now;
    now = { ...now, tried: now.tried + 1, starts: [...now.starts, start].slice(-o.perDay), total: now.total + 1 };
  }
}

/** The power is off at this moment. What forbids a power-cycle ends one under way as well. */
export function isOff({ starts, allowedAt }: Cycling, o: PowerCycle, isReached: (passed: number) => boolean): boolean {
  const last = starts.at(-1);
  return last !== undefined && allowedAt !== null && !isReached(last + o.off);
}

/** When it is known that nothing more is to be hoped for: the last one had its time. null: something is still to be tried, or nothing was. */
export function givenUpAt({ tried, starts }: Cycling, o: PowerCycle): number | null {
  const last = starts.at(-1);
  return last === undefined || tried < o.perDay ? null : last + o.cooldown;
}
