/** What a store is opened with: its file, how large it may grow, and how long it keeps what the platform holds. */
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { KindOf } from "../segments/thin.ts";
import type { Database } from "./database/sqlite.ts";

export interface StoreOptions {
  readonly file: string;
  readonly quotaMB: number;
  /** How long acknowledged history stays, in running time. */
  readonly keepMs: number;
  readonly clock: Pick<Clock, "mono" | "boot">;
  readonly log: Log;
  /** What may be left out of a point when the quota is reached; unknown: numbers are gauges. */
  readonly kindOf?: KindOf;
  /** How long another gateway on the file, or a busy file, is waited for. */
  readonly lockWaitMs?: number;
  /** Size to which the WAL is grown before use, and at which it is copied into the database. */
  readonly walBytes?: number;
  /** Size of the file that is given up when the file system is full. */
  readonly ballastBytes?: number;
  /** After an unclean stop the file is checked in the background, this long after opening. */
  readonly checkAfterMs?: number;
  /** A folder that outlives the process and lies on no card: for what a disk that cannot be written never saw. */
  readonly runtime?: string | undefined;
  /** What stands between the store and its file: a test's disk that refuses one statement. */
  readonly through?: (db: Database) => Database;
}

/** Above the quota: a share of it, at most so much. */
const RESERVE_MOST = 8 * 2 ** 20;
const RESERVE_SHARE = 1 / 8;

export const quotaOf = ({ quotaMB }: Pick<StoreOptions, "quotaMB">): number => quotaMB * 2 ** 20;
export const reserveOf = (options: Pick<StoreOptions, "quotaMB">): number =>
  Math.min(RESERVE_MOST, quotaOf(options) * RESERVE_SHARE);
