/** The right to be the only gateway on a database, held until closed or until the process ends. */
import { rm } from "node:fs/promises";
import { asEdgeError, EdgeError } from "../../../kit/errors.ts";
import { type Database, openDatabase } from "./sqlite.ts";

export const lockPath = (file: string): string => `${file}.lock`;

/**
 * A second, empty database under an exclusive lock: the kernel gives it back however the process ends, and other connections to the main file
 * (its check) stay possible. Nothing is ever written to it.
 */
export async function lockFor(file: string, waitMs: number): Promise<Database> {
  const path = lockPath(file);
  try {
    return await take(path, waitMs);
  } catch (raw) {
    const error = asEdgeError(raw);
    if (error.code === "store.locked") throw new EdgeError("store.locked", { file }, error);
    if (error.code !== "store.corrupt") throw error;
    await rm(path);
    return take(path, waitMs);
  }
}

async function take(path: string, waitMs: number): Promise<Database> {
  const lock = await openDatabase(path, "create");
  try {
    await lock.script(`PRAGMA busy_timeout = ${waitMs}; BEGIN EXCLUSIVE`);
    return lock;
  } catch (error) {
    await lock.close();
    throw error;
  }
}
