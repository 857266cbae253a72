/** The epoch of this run, with a fresh id and a number above all that were, and what is known of the former one. */
import { randomBytes } from "node:crypto";
import type { Clock } from "../../../kit/clock.ts";
import type { EpochInfo, Stream } from "../../../model/index.ts";
import type { Loaded } from "../load.ts";
import type { Epoch } from "../stream-index.ts";
import type { HeadFile, KnownHeads } from "./head-file.ts";

export function nextEpoch(
  loaded: Loaded,
  headFile: HeadFile | null,
  given: readonly KnownHeads[],
  found: "start" | "created" | "salvaged",
  clock: Pick<Clock, "mono" | "boot">,
): Epoch {
  return {
    n: Math.max(loaded.newest?.n ?? 0, headFile?.n ?? 0, ...given.map(({ n }) => n)) + 1,
    id: freshId(),
    boot: clock.boot,
    opened: clock.mono(),
    cause: found === "start" && headFile !== null && isOlder(loaded, headFile) ? "restored" : found,
    ran0: loaded.ran,
  };
}

/** What ran before, and how far it came as is known; of an epoch that the file does not hold, or not whole, the note beside it tells. */
export function formerOf(loaded: Loaded, headFile: HeadFile | null): EpochInfo["former"] {
  const { newest } = loaded;
  const last = { events: headOf(loaded, "events"), readings: headOf(loaded, "readings") };
  // A note without numbers comes from a run that found damage before its first record: it says nothing.
  if (headFile === null || headFile.events + headFile.readings === 0 || !isOlder(loaded, headFile))
    return newest && { epoch: newest.id, last };
  const { epoch, events, readings } = headFile;
  if (epoch !== newest?.id) return { epoch, last: { events, readings } };
  return { epoch, last: { events: Math.max(events, last.events), readings: Math.max(readings, last.readings) } };
}

/**
 * How far the epochs of the note beside the file came. Where the file is whole and no older than its note, an epoch that it lacks was deleted after
 * the platform held all of it: the note still lists it if that run was killed or could not write.
 */
export function notedOf(
  loaded: Loaded,
  headFile: HeadFile | null,
  found: "start" | "created" | "salvaged",
): readonly KnownHeads[] {
  if (headFile === null) return [];
  const noted = [headFile, ...headFile.known];
  if (found !== "start" || isOlder(loaded, headFile)) return noted;
  const inFile = new Set(loaded.entries.map(({ epoch }) => epoch.id));
  return noted.filter(({ epoch }) => inFile.has(epoch));
}

/** The file holds less than the note beside it says. */
const isOlder = (loaded: Loaded, { n, epoch, readings, events }: HeadFile): boolean =>
  (loaded.newest?.n ?? 0) < n ||
  (loaded.newest?.n === n &&
    (loaded.newest.id !== epoch || headOf(loaded, "readings") < readings || headOf(loaded, "events") < events));

const headOf = ({ entries, newest }: Loaded, stream: Stream): number =>
  entries.find((entry) => entry.epoch === newest && entry.stream === stream)?.head ?? 0;

/** 128 random bits in Crockford's base 32, 26 characters like a ULID: no clock is asked, it may be wrong. */
function freshId(): string {
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  let bits = BigInt(`0x${randomBytes(16).toString("hex")}`);
  let id = "";
  for (let i = 0; i < 26; i += 1) {
    id = `${alphabet[Number(bits & 31n)]}${id}`;
    bits >>= 5n;
  }
  return id;
}
