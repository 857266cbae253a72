/** What a list says of a badge, and of itself to people and to the platform. */
import type { ListStatus, Now } from "../../model/index.ts";
import type { PermitVerdict } from "../permits/badge-check.ts";
import type { Found } from "./entry-table.ts";
import type { HeldList } from "./held-list.ts";

export const isStale = ({ issuedAt, maxAgeMs }: HeldList, { wall, synced }: Now): boolean => synced && wall > issuedAt + maxAgeMs;

export function verdictOf(held: HeldList | undefined, list: string, shown: string, asset: string, now: Now): PermitVerdict {
  if (held === undefined) return { verdict: "unknown", list, version: null, until: null };
  const found = hashesOf(shown, held.kid).flatMap((hash) => [...held.table.find(hash)]);
  const here = found.filter(({ assets }) => assets === null || assets.includes(asset));
  const of = { list, version: held.version, until: null, ...(isStale(held, now) && { age: "stale" as const }) };
  const valid = here.filter((entry) => holdsAt(entry, now));
  if (valid.length > 0) return { ...of, verdict: "valid", until: now.synced ? Math.max(...valid.map(({ to }) => to)) : null };
  if (here.some(({ revoked }) => revoked)) return { ...of, verdict: "revoked" };
  return { ...of, verdict: here.some(({ to }) => to < now.wall) ? "expired" : "unknown" };
}

/** By a clock that may be wrong nobody is told that a badge has expired. */
const holdsAt = ({ revoked, from, to }: Found, { wall, synced }: Now): boolean =>
  !revoked && (!synced || (from <= wall && wall <= to));

/** Those made with the key of the list; of a list that names none, all. */
function hashesOf(shown: string, kid: string | undefined): readonly string[] {
  const pairs = shown.split(" ").map((pair) => [pair.slice(0, pair.lastIndexOf(":")), pair.slice(pair.lastIndexOf(":") + 1)]);
  return pairs.flatMap(([name, hash]) =>
    hash !== undefined && hash !== "" && (kid === undefined || name === kid) ? [hash] : [],
  );
}

export function statusOf(held: HeldList, now: Now): ListStatus {
  const { name, version, kid, issuedAt, maxAgeMs, table } = held;
  return {
    name,
    version,
    ...(kid !== undefined && { kid }),
    issuedAt,
    maxAgeMs,
    entries: table.size,
    ...(isStale(held, now) && { isStale: true }),
  };
}
