/** What a record says of others: lost ranges, corrected clocks, epochs, results, newer retained states. */

import { absent, add, none } from "../../../src/kit/range-set.ts";
import type { Range } from "../../../src/model/index.ts";
import * as read from "../messages.ts";
import type { Transaction } from "./database.ts";
import type { Change, StreamName } from "./holdings.ts";

/** The end of a command, where the event tells of one. */
export function endOf({ kind, command, code, value }: read.Event): readonly read.Result[] {
  const [, state] = /^command\.(succeeded|failed|expired|refused|unknown)$/.exec(kind) ?? [];
  if (state === undefined || typeof command !== "string") return [];
  return [{ id: command, state, ...(typeof code === "string" && { code }), ...(value !== undefined && { value }) }];
}

/** Events that say something about other records. */
export async function understand(
  tx: Transaction,
  change: Change,
  { gateway, epoch: own }: StreamName,
  event: read.Event,
): Promise<void> {
  if (event.kind === "epoch.opened") {
    const { n, boot, cause, opened = null } = read.check(read.openedFields, event);
    await openedEpoch(tx, gateway, { epoch: own, n, boot, cause, opened });
  } else if (event.kind === "ledger.gap") {
    const lost = read.gap(event);
    if (lost.kept === 0) change.add({ gateway, epoch: lost.epoch, stream: lost.stream }, "ledger", lost.range);
  } else if (event.kind === "clock.corrected") {
    await settle(tx, gateway, read.check(read.correctedFields, event));
  } else if (event.kind === "clock.bounded") {
    await settle(tx, gateway, read.check(read.boundedFields, event));
  }
}

interface Settled {
  readonly epoch: string;
  readonly readings: Range | null;
  readonly events: Range | null;
  readonly offsetMs?: number;
  readonly boundMs?: number;
  readonly notBefore?: number;
  readonly notAfter?: number;
}

/** The time of a number is settled once: what a restored backup says of it later is ignored. */
async function settle(tx: Transaction, gateway: string, { epoch, offsetMs, boundMs, notBefore, notAfter, ...of }: Settled) {
  for (const stream of ["readings", "events"] as const) {
    const range = of[stream];
    if (range === null) continue;
    const name = [gateway, epoch, stream] as const;
    const known = await tx.all("SELECT lo, hi FROM settled WHERE gateway = ? AND epoch = ? AND stream = ? ORDER BY lo", ...name);
    const set = known.reduce((all, { lo, hi }) => add(all, [Number(lo), Number(hi)]), none);
    for (const [lo, hi] of absent(set, range))
      await tx.run(
        "INSERT INTO settled VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ...name,
        ...[lo, hi, offsetMs ?? null, boundMs ?? null, notBefore ?? null, notAfter ?? null],
      );
  }
}

interface Opened {
  readonly epoch: string;
  readonly n: number;
  readonly boot: string | null;
  readonly cause?: string;
  readonly opened?: number | null;
}

export async function openedEpoch(
  tx: Transaction,
  gateway: string,
  { epoch, n, boot, cause = "", opened = null }: Opened,
): Promise<void> {
  await tx.run(
    `INSERT INTO epochs (gateway, epoch, n, boot, cause, opened) VALUES (?, ?, ?, ?, nullif(?, ''), ?)
     ON CONFLICT DO UPDATE SET n = excluded.n, boot = coalesce(excluded.boot, boot), cause = coalesce(excluded.cause, cause),
       opened = coalesce(excluded.opened, opened)`,
    ...[gateway, epoch, n, boot, cause, opened],
  );
}

export async function repeats(tx: Transaction, { gateway, epoch, stream }: StreamName, count: number): Promise<void> {
  if (count === 0) return;
  await tx.run(
    "INSERT INTO repeats VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
    ...[gateway, epoch, stream, count],
  );
}

/**
 * The epoch that the newest `state` names is the current one, and every other epoch is earlier, even one with a higher n: after a backup was
 * restored, n counts from an earlier value again. Between two epochs that are not named, the one with the lower n is older. An epoch that no `state`
 * has named yet is taken for current, so it is never older.
 */
export async function isOlder(
  tx: Transaction,
  gateway: string,
  topic: string,
  next: { readonly epoch: string; readonly seq: number },
): Promise<boolean> {
  const [row] = await tx.all(
    `SELECT c.epoch, c.seq, was.n AS was, now.n AS now, s.epoch AS named FROM current c
     LEFT JOIN current s ON s.gateway = c.gateway AND s.topic = 'state'
     LEFT JOIN epochs was ON was.gateway = c.gateway AND was.epoch = c.epoch
     LEFT JOIN epochs now ON now.gateway = c.gateway AND now.epoch = ?
     WHERE c.gateway = ? AND c.topic = ?`,
    ...[next.epoch, gateway, topic],
  );
  if (!row) return false;
  if (row["epoch"] === next.epoch) return next.seq < Number(row["seq"]);
  if (row["now"] === null || row["now"] === undefined || row["named"] === next.epoch) return false;
  if (row["named"] === row["epoch"]) return true;
  return row["was"] === null ? true : Number(row["now"]) < Number(row["was"]);
}
