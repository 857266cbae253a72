/** Searches the memory of a running process, as whoever may trace it can. */
import { open, readFile } from "node:fs/promises";

const PIECE = 4 * 1024 * 1024;

/** Which of the patterns stand anywhere in memory that the process can write: its heap, its stacks, its buffers. */
export async function foundInMemory(pid: number, patterns: readonly Buffer[]): Promise<readonly Buffer[]> {
  const found = new Set<Buffer>();
  const overlap = Math.max(...patterns.map(({ length }) => length)) - 1;
  const maps = (await readFile(`/proc/${pid}/maps`, "latin1")).matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm);
  await using memory = await open(`/proc/${pid}/mem`, "r");
  const piece = Buffer.alloc(PIECE);
  for (const [, from = "", to = ""] of maps) {
    const end = Number.parseInt(to, 16);
    for (let at = Number.parseInt(from, 16); at < end; at += PIECE - overlap) {
      const bytesRead = await read(memory, piece, at, Math.min(PIECE, end - at));
      const seen = piece.subarray(0, bytesRead);
      for (const pattern of patterns) if (seen.includes(pattern)) found.add(pattern);
    }
  }
  return [...found];
}

/** What is no longer mapped, or never was backed, is not there. */
async function read(memory: Awaited<ReturnType<typeof open>>, into: Buffer, at: number, length: number): Promise<number> {
  try {
    return (await memory.read(into, 0, length, at)).bytesRead;
  } catch {
    return 0;
  }
}
