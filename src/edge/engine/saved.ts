/** Takes up what was saved of an asset, checked: what does not fit is set aside, and never keeps a gateway from starting. */
import type { AssetRun, Restored, SavedAsset } from "./asset-run.ts";
import type { SenseState } from "./senses.ts";

/** Fills a run. Its facts must be learned again from the past unless they were kept. */
export function restore(run: AssetRun, raw: unknown): void {
  run.restored = take(run, raw);
}

function take(run: AssetRun, raw: unknown): Restored {
  if (raw === undefined || raw === null) return "none";
  const saved = raw as Partial<SavedAsset>;
  if (!isWhole(saved)) return "aside";
  // What people were shown stands whatever became of the kind.
  run.shown = { ...saved.shown };
  for (const name of Object.keys(run.shown)) if (!Object.hasOwn(run.kind.shows, name)) delete run.shown[name];
  Object.assign(run, { at: saved.at, since: saved.since, atEpoch: saved.atEpoch, sinceEpoch: saved.sinceEpoch });
  if (saved.print !== run.print) {
    const migrated = migratedFacts(run, saved);
    if (migrated === undefined) return "aside";
    run.facts = migrated;
  } else run.facts = saved.facts;
  run.claims = { ...saved.claims };
  for (const { name } of run.roles) {
    const state = saved.senses[name];
    if (isSense(state)) run.senses[name] = { ...state };
  }
  run.upTo = saved.upTo;
  run.heardAt = saved.heardAt;
  return "kept";
}

/** Facts of an earlier version of the same kind with the same senses, where the kind can take them over. */
function migratedFacts(run: AssetRun, saved: SavedAsset): unknown {
  const [kind, version, senses] = JSON.parse(saved.print) as [string, number, unknown];
  const [own, , ownSenses] = JSON.parse(run.print) as [string, number, unknown];
  if (kind !== own || JSON.stringify(senses) !== JSON.stringify(ownSenses)) return undefined;
  try {
    return run.kind.migrate?.(saved.facts, version);
  } catch {
    return undefined;
  }
}

function isWhole(saved: Partial<SavedAsset>): saved is SavedAsset {
  const isObject = (value: unknown) => typeof value === "object" && value !== null;
  const { v, print, upTo, senses, claims, shown, heardAt, at, since } = saved;
  const numbers = [upTo?.readings, upTo?.events, heardAt, at, since].every(Number.isFinite);
  return (
    v === 1 &&
    isPrint(print) &&
    isObject(senses) &&
    isObject(claims) &&
    isObject(shown) &&
    typeof upTo?.epoch === "string" &&
    numbers
  );
}

function isPrint(print: unknown): boolean {
  try {
    return typeof print === "string" && Array.isArray(JSON.parse(print));
  } catch {
    return false;
  }
}

const isSense = (state: SenseState | undefined): state is SenseState =>
  typeof state?.seen === "object" && typeof state.seen.known === "boolean" && Number.isFinite(state.seen.since);
