/** Forgets commands that nobody can deliver again, so that the inbox stays bounded, and says which they were. */

import { STATES_WITHOUT_EFFECT } from "../../segments/event-worth.ts";
import type { Database } from "../database/sqlite.ts";

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

/** Which commands were forgotten, and how many are left. */
export interface Forgotten {
  readonly ids: readonly string[];
  readonly left: number;
}

/** Beyond `INBOX_MOST` those without effect go first, then those that ended and expired, each oldest first. */
export async function forgetCommands(db: Database, running: number): Promise<Forgotten> {
  const over = await db.all<{ id: string }>(
    `DELETE FROM inbox WHERE expires < CASE WHEN ${WITHOUT_EFFECT} THEN ? ELSE ? END RETURNING id`,
    [running - KEEP_WITHOUT_EFFECT_MS, running - KEEP_MS],
  );
  const [row] = await db.all<{ count: number }>("SELECT count(*) AS count FROM inbox");
  const count = row?.count ?? 0;
  const surplus =
    count <= INBOX_MOST
      ? []
      : await db.all<{ id: string }>(
          `DELETE FROM inbox WHERE id IN (
             SELECT id FROM inbox WHERE ${WITHOUT_EFFECT} OR (state NOT IN ${listed(OPEN)} AND expires < ?)
             ORDER BY NOT (${WITHOUT_EFFECT}), received, id LIMIT ?) RETURNING id`,
          [running, count - INBOX_MOST],
        );
  return { ids: [...over, ...surplus].map(({ id }) => id), left: count - surplus.length };
}

/** Where there is no room: the oldest of which nothing was done; delivered once more they are judged anew. Answers which went. */
export async function forgetRefused(db: Database, most: number): Promise<readonly string[]> {
  const gone = await db.all<{ id: string }>(
    `DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE ${WITHOUT_EFFECT} ORDER BY received, id LIMIT ?) RETURNING id`,
    [most],
  );
  return gone.map(({ id }) => id);
}
