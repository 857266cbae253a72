/** What is kept of a command in the inbox, so that no restart repeats it and the same id gets the same answer. */
import type { CommandResult, Origin } from "../../model/index.ts";
import type { InboxRow } from "../store/store.ts";
import type { Envelope } from "./envelope.ts";
import { LIFETIME_MAX_MS } from "./refusal.ts";

export interface InboxBody extends Pick<Envelope, "target" | "action" | "args" | "expiresAt" | "issuer"> {
  readonly origin: Origin;
  readonly result?: CommandResult;
}

/** `running`: running time of the database, ms; `former`: what was kept of it before; `wall`: null where the time is not known. */
export function rowOf(
  command: Envelope,
  now: { readonly running: number; readonly wall: number | null; readonly former: InboxRow | undefined },
  step: { readonly state: string; readonly origin: Origin; readonly result: CommandResult | undefined },
): InboxRow {
  const { id, target, action, args, issuedAt, expiresAt, issuer } = command;
  const { state, origin, result } = step;
  const { running, wall, former } = now;
  // Without the right time, the lifetime that its sender gave it begins now.
  const lives = Math.min(LIFETIME_MAX_MS, Math.max(0, expiresAt - (wall ?? issuedAt)));
  const body: InboxBody = { target, action, args, expiresAt, issuer, origin, ...(result !== undefined && { result }) };
  return { id, received: former?.received ?? running, expires: former?.expires ?? running + lives, state, body };
}

/** The answer as the platform gets it: the sentences for people at the box are not stored. */
export function toBeKept(row: InboxRow): InboxRow {
  const { result, ...body } = row.body as InboxBody;
  if (result === undefined) return row;
  const { told: _, ...kept } = result;
  return { ...row, body: { ...body, result: kept } };
}

/** A command that was accepted and not begun went on ageing while nothing ran. */
export const afterTimeOff = (row: InboxRow, offMs: number): InboxRow =>
  row.state === "accepted" ? { ...row, expires: row.expires - offMs } : row;
