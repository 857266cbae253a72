/** Compares the databases of a gateway and of the platform, read apart from each other. */
import { Database } from "../../../hw-sim/platform/store/database.ts";
import { delivered, duplicates } from "../../../hw-sim/start/judge/delivered.ts";
import { stored } from "../../../hw-sim/start/judge/stored.ts";
import { size } from "../../../src/kit/range-set.ts";
import type { Value } from "../../../src/model/index.ts";
import { type Gateway, until } from "./processes.ts";

export interface Proof {
  /** Records in the gateway's file, rows at the platform, records that the gateway knows to be held there. */
  readonly stored: number;
  readonly delivered: number;
  readonly acknowledged: number;
  /** Numbers neither held nor named by the ledger. */
  readonly gaps: number;
  /** The same happening under two numbers. */
  readonly duplicates: readonly string[];
}

const GATEWAY = "gw-1";

/** `devices`: which of the sources are devices; of attributes two may change within a millisecond. */
export async function proofOf(gatewayDb: string, platformDb: string, devices: readonly string[]): Promise<Proof> {
  await using store = await Database.open(gatewayDb, "readonly");
  await using platform = await Database.open(platformDb, "readonly");
  const kept = await stored(store, new Map());
  const held = await delivered(platform, GATEWAY, kept, new Map());
  const twice = await duplicates(platform, GATEWAY, new Set(devices));
  const sum = <T>(list: readonly T[], of: (one: T) => number) => list.reduce((total, one) => total + of(one), 0);
  return {
    stored: sum(kept, (one) => one.stored),
    delivered: sum(held, (one) => one.rows),
    acknowledged: sum(kept, (one) => one.acknowledged),
    gaps: sum(held, (one) => size(one.gaps)),
    duplicates: twice.map(({ what }) => what),
  };
}

/** Resolves when the gateway itself knows that everything it ever numbered is held. */
export function proved(gateway: Gateway, withinMs = 15_000): Promise<unknown> {
  const all = async () => {
    const { streams, store } = await gateway.status();
    return store.waiting === 0 && streams.every(({ upTo, head }) => upTo === head);
  };
  return until(all, withinMs, "everything is acknowledged");
}

export interface Told {
  readonly n: number;
  readonly seq: number;
  readonly value: Value;
  readonly quality: string;
  readonly unit: string;
  /** Kernel monotonic ms at which the gateway saw it, and at which the platform stored it. */
  readonly mono: number;
  readonly wall: number;
  readonly live: boolean;
  readonly arrived: number;
}

/** What the platform holds of one point, in the order in which it was numbered. */
export async function told(platformDb: string, source: string, name: string): Promise<readonly Told[]> {
  const rows = await rowsOf(
    platformDb,
    `SELECT e.n, r.seq, r.value, r.quality, r.unit, e.opened + r.mono AS mono, r.wall, r.live, r.arrived
     FROM readings r JOIN epochs e USING (gateway, epoch) WHERE r.source = ? AND r.name = ? ORDER BY e.n, r.seq`,
    source,
    name,
  );
  return rows.map((row) => ({
    n: Number(row["n"]),
    seq: Number(row["seq"]),
    value: JSON.parse(String(row["value"])) as Value,
    quality: String(row["quality"]),
    unit: String(row["unit"]),
    mono: Number(row["mono"]),
    wall: Number(row["wall"]),
    live: row["live"] === 1,
    arrived: Number(row["arrived"]),
  }));
}

export async function rowsOf(db: string, sql: string, ...bind: readonly (string | number)[]) {
  await using database = await Database.open(db, "readonly");
  // Awaited here: otherwise it is closed first, and who waits for a table that is not there yet has no hold of the refusal.
  return await database.all(sql, ...bind);
}
