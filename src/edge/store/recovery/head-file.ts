/** A small file beside the database that says how far it came, so that an older copy put back is recognised. */
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { EPOCHS } from "../stream-index.ts";

/** How far the two streams of an epoch came. */
export interface KnownHeads {
  readonly n: number;
  readonly epoch: string;
  readonly readings: number;
  readonly events: number;
}

/**
 * `n` and the heads of the newest epoch with a record, as of its last note: what a killed run stored after it is not in them. `suspect`: a check
 * found damage, the file is to be set aside at the next opening.
 */
export interface HeadFile extends KnownHeads {
  readonly suspect: boolean;
  /** Epochs that were not wholly acknowledged: what a damaged file no longer says. */
  readonly known: readonly KnownHeads[];
}

const pathOf = (file: string): string => `${file}.head`;

/** Null when there is none or it makes no sense: then nothing is known, and nothing breaks, because every opening is a new epoch. */
export async function readHeadFile(file: string): Promise<HeadFile | null> {
  try {
    const read = JSON.parse(await readFile(pathOf(file), "utf8")) as Partial<HeadFile>;
    const { suspect, known } = read;
    const newest = knownIn(read);
    if (newest === null) return null;
    const others = Array.isArray(known) ? known.map(knownIn).filter((one) => one !== null) : [];
    return { ...newest, suspect: suspect === true, known: others };
  } catch {
    return null;
  }
}

export function knownIn({ n, epoch, readings, events }: Partial<KnownHeads>): KnownHeads | null {
  if (n === undefined || !Number.isSafeInteger(n) || n >= EPOCHS || typeof epoch !== "string") return null;
  return { n, epoch, readings: numberOf(readings), events: numberOf(events) };
}

const numberOf = (value: unknown): number => (Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : 0);

/**
 * Whole or not at all: written aside, flushed, renamed, and the folder flushed. The note of a later epoch stays: it is another gateway's, which
 * the lock did not keep out because its file had been removed.
 */
export async function writeHeadFile(file: string, headFile: HeadFile): Promise<void> {
  if (((await readHeadFile(file))?.n ?? 0) > headFile.n) return;
  const aside = `${pathOf(file)}.new`;
  const handle = await open(aside, "w", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(headFile)}\n`);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(aside, pathOf(file));
  const folder = await open(dirname(file), "r");
  await folder.sync().finally(() => folder.close());
}
