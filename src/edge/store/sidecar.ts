/** What the newest epoch of a database is goes into a small file beside it; at the next opening it tells whether an older copy came back. */
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { EPOCHS } from "./standing.ts";

/**
 * `n` and the heads of the newest epoch with a record, as of its last note: what a killed run stored after it is not in them. `suspect`: a check
 * found damage, the file is to be set aside at the next opening.
 */
export interface Sidecar {
  readonly n: number;
  readonly epoch: string;
  readonly readings: number;
  readonly events: number;
  readonly suspect: boolean;
}

const pathOf = (file: string): string => `${file}.head`;

/** Null when there is none or it makes no sense: then nothing is known, and nothing breaks, because every opening is a new epoch. */
export async function readSidecar(file: string): Promise<Sidecar | null> {
  try {
    const { n, epoch, readings, events, suspect } = JSON.parse(await readFile(pathOf(file), "utf8")) as Partial<Sidecar>;
    if (n === undefined || !Number.isSafeInteger(n) || n >= EPOCHS || typeof epoch !== "string") return null;
    return { n, epoch, readings: Number(readings ?? 0), events: Number(events ?? 0), suspect: suspect === true };
  } catch {
    return null;
  }
}

/**
 * Whole or not at all: written aside, flushed, renamed, and the folder flushed. The note of a later epoch stays: it is another gateway's, which
 * the lock did not keep out because its file had been removed.
 */
export async function writeSidecar(file: string, sidecar: Sidecar): Promise<void> {
  if (((await readSidecar(file))?.n ?? 0) > sidecar.n) return;
  const aside = `${pathOf(file)}.new`;
  const handle = await open(aside, "w", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(sidecar)}\n`);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(aside, pathOf(file));
  const folder = await open(dirname(file), "r");
  await folder.sync().finally(() => folder.close());
}
