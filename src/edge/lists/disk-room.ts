/** How much of the disk lists may take: what the database may need goes before every one of them. */
import { statfs } from "node:fs/promises";
import { EdgeError } from "../../kit/errors.ts";

/** What must stay free beside a list. */
const ROOM = 33_554_432;
const MIB = 1_048_576;

/** Bytes that a list may still take on the disk of this folder or file; negative where the database itself is short of room. */
export async function roomAt(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize - ROOM;
}

/** Why a list is not stored where there was so much room for it. */
export function noRoom(room: number): EdgeError {
  const [free, kept] = [Math.floor((room + ROOM) / MIB), ROOM / MIB];
  const it = `ne sono liberi ${free} MiB, e ${kept} spettano al database`;
  return new EdgeError("list.not-stored", { reason: { it, en: `${free} MiB are free, and ${kept} of them are the database's` } });
}
