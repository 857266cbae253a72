/** Forgets commands that nobody can deliver again, and keeps the inbox from growing without bound. */

import { isWithoutEffect, STATES_WITHOUT_EFFECT } from "../../segments/event-worth.ts";
import type { Database } from "../database/sqlite.ts";
import type { InboxRow } from "../store.ts";

const DAY_MS = 86_400_000;
/** In running time after their expiry (CT-C2): an id whose effect may have happened must not have a second one. */
const KEEP_MS = 30 * DAY_MS;
/** Nothing was done for these: delivered once more they would be refused as expired. One that failed may have had an effect. */
const KEEP_WITHOUT_EFFECT_MS = DAY_MS;
const OPEN = ["accepted", "executing"];
const listed = (states: readonly string[]): string => `('${states.join("', '")}')`;
const WITHOUT_EFFECT = `state IN ${listed(STATES_WITHOUT_EFFECT)}`;
/** All are read into memory at opening. */
export const INBOX_MOST = 20_000;

/** Beyond `INBOX_MOST` those without effect go first, then those that ended and expired, each oldest first. Answers how many are left. */
export async function forgetCommands(db: Database, running: number): Promise<number> {
  await db.run(`DELETE FROM inbox WHERE expires < CASE WHEN ${WITHOUT_EFFECT} THEN ? ELSE ? END`, [
    running - KEEP_WITHOUT_EFFECT_MS,
    running - KEEP_MS,
  ]);
  const [row] = await db.all<{ count: number }>("SELECT count(*) AS count FROM inbox");
  const count = row?.count ?? 0;
  if (count <= INBOX_MOST) return count;
  const gone = await db.run(
    `DELETE FROM inbox WHERE id IN (
       SELECT id FROM inbox WHERE ${WITHOUT_EFFECT} OR (state NOT IN ${listed(OPEN)} AND expires < ?)
       ORDER BY NOT (${WITHOUT_EFFECT}), received, id LIMIT ?)`,
    [running, count - INBOX_MOST],
  );
  return count - gone;
}

/** Where there is no room: the oldest of which nothing was done; delivered once more they are judged anew. Answers how many went. */
export const forgetRefused = (db: Database, most: number): Promise<number> =>
  db.run(`DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE ${WITHOUT_EFFECT} ORDER BY received, id LIMIT ?)`, [most]);

/** The same of what is held in memory: the ids that can go. */
export function forgettable(inbox: Iterable<InboxRow>, running: number): readonly string[] {
  const gone: InboxRow[] = [];
  const kept: InboxRow[] = [];
  const idle = ({ state }: InboxRow) => isWithoutEffect(state);
  for (const row of inbox) (row.expires < running - (idle(row) ? KEEP_WITHOUT_EFFECT_MS : KEEP_MS) ? gone : kept).push(row);
  if (kept.length > INBOX_MOST) {
    const needless = kept.filter((row) => idle(row) || (!OPEN.includes(row.state) && row.expires < running));
    const order = (a: InboxRow, b: InboxRow) =>
      Number(idle(b)) - Number(idle(a)) || a.received - b.received || (a.id < b.id ? -1 : 1);
    gone.push(...needless.sort(order).slice(0, kept.length - INBOX_MOST));
  }
  return gone.map(({ id }) => id);
}
