/** What the file holds and what is known beside it go in; the epoch of this run, with a fresh id and a number above all that were, and the former one come out. */
import { randomBytes } from "node:crypto";
import type { Clock } from "../../kit/clock.ts";
import type { EpochInfo, Stream } from "../../model.ts";
import type { Loaded } from "./load.ts";
import type { Known, Sidecar } from "./sidecar.ts";
import type { Epoch } from "./standing.ts";

export function nextEpoch(
  loaded: Loaded,
  sidecar: Sidecar | null,
  given: readonly Known[],
  found: "start" | "created" | "salvaged",
  clock: Pick<Clock, "mono" | "boot">,
): Epoch {
  return {
    n: Math.max(loaded.newest?.n ?? 0, sidecar?.n ?? 0, ...given.map(({ n }) => n)) + 1,
    id: freshId(),
    boot: clock.boot,
    opened: clock.mono(),
    cause: found === "start" && sidecar !== null && isOlder(loaded, sidecar) ? "restored" : found,
    ran0: loaded.ran,
  };
}

/** What ran before, and how far it came as is known; of an epoch that the file does not hold, or not whole, the note beside it tells. */
export function formerOf(loaded: Loaded, sidecar: Sidecar | null): EpochInfo["former"] {
  const { newest } = loaded;
  const last = { events: headOf(loaded, "events"), readings: headOf(loaded, "readings") };
  // A run that found damage before its first record left a note without one.
  if (sidecar === null || sidecar.events + sidecar.readings === 0 || !isOlder(loaded, sidecar))
    return newest && { epoch: newest.id, last };
  const { epoch, events, readings } = sidecar;
  if (epoch !== newest?.id) return { epoch, last: { events, readings } };
  return { epoch, last: { events: Math.max(events, last.events), readings: Math.max(readings, last.readings) } };
}

/**
 * How far the epochs came that the note beside the file names. In a file that is whole and no older than its note, an epoch without a line was
 * forgotten after the platform held all of it; a note tells so late where a run was killed, or could not write it.
 */
export function notedOf(loaded: Loaded, sidecar: Sidecar | null, found: "start" | "created" | "salvaged"): readonly Known[] {
  if (sidecar === null) return [];
  const noted = [sidecar, ...sidecar.known];
  if (found !== "start" || isOlder(loaded, sidecar)) return noted;
  const inFile = new Set(loaded.lines.map(({ epoch }) => epoch.id));
  return noted.filter(({ epoch }) => inFile.has(epoch));
}

/** The file holds less than the note beside it says. */
const isOlder = (loaded: Loaded, { n, epoch, readings, events }: Sidecar): boolean =>
  (loaded.newest?.n ?? 0) < n ||
  (loaded.newest?.n === n &&
    (loaded.newest.id !== epoch || headOf(loaded, "readings") < readings || headOf(loaded, "events") < events));

const headOf = ({ lines, newest }: Loaded, stream: Stream): number =>
  lines.find((line) => line.epoch === newest && line.stream === stream)?.head ?? 0;

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
