/** What a pay station has told of a bay: which sessions were paid there, and when each begins and ends. */
import type { Moment } from "../kind.ts";

/** Both in ms of `Moment.passed`: no clock but this box's own says how long a session lasts. */
export interface PaidSession {
  readonly number: string;
  readonly from: number;
  readonly until: number;
}

export interface PaidHere {
  /** What was told last, as it came: the station's state is shown again and again, and a session must not begin anew with that. */
  readonly last: string;
  readonly sessions: readonly PaidSession[];
}

/** More sessions of one bay at once than anybody pays for. */
const MOST = 8;

/** `told`: number, stall, seconds until it starts, seconds that it lasts, cents. What is told of another stall, or is no session, changes nothing. */
export function paidAt(before: PaidHere | null, told: string, stall: string, { passed }: Moment): PaidHere | null {
  const [number = "", at, starts, lasts] = told.split(" ");
  if (at !== stall || told === before?.last) return before;
  const from = passed + Number(starts) * 1000;
  const until = from + Number(lasts) * 1000;
  if (!Number.isFinite(until)) return before;
  // Told again with another end, it is the same session: extended, or ended early.
  const others = (before?.sessions ?? []).filter((one) => one.number !== number);
  const running = others.filter((one) => one.until > passed);
  // An end that has just come counts as any other: whoever stands there has time to leave.
  return { last: told, sessions: [...running, { number, from, until }].sort((a, b) => b.until - a.until).slice(0, MOST) };
}

/** Whether what was told last is a session that begins now: not one that is repeated, extended, over or still to come. */
export function isNewSession(before: PaidHere | null, after: PaidHere | null): boolean {
  if (after === null || after === before) return false;
  const [number = "", , starts, lasts] = after.last.split(" ");
  const isKnown = before?.sessions.some((one) => one.number === number) === true;
  return !isKnown && Number(starts) === 0 && Number(lasts) > 0;
}
