/** Reads a configuration file, and says of one that is no UTF-8 what it is and how it is saved as one. */

import { open } from "node:fs/promises";
import { EdgeError } from "../../kit/errors.ts";
import { systemReason } from "../../kit/text/reasons.ts";
import { MAX_BYTES } from "./document.ts";

/** Anything that is no text is refused here, so that no one has to look at it twice. Throws `config.unreadable`, `config.not-text`, `config.encoding`. */
export async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file);
  if (bytes.length > MAX_BYTES) throw new EdgeError("config.not-text", { file, reason: "> 1 MB" });
  const wide = wideEncoding(bytes);
  if (wide !== undefined)
    throw new EdgeError("config.encoding", { file, found: wide, line: 1, column: 1, from: wide.replace(" ", "") });
  if (bytes.includes(0)) throw new EdgeError("config.not-text", { file, reason: "NUL" });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new EdgeError(
      "config.encoding",
      { file, found: "Latin-1 / Windows-1252", from: "CP1252", ...placeOfInvalidByte(bytes) },
      error,
    );
  }
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    await using handle = await open(file, "r");
    const chunks: Buffer[] = [];
    // One byte more than allowed is enough: a pipe or a device has no size that could be asked for.
    for await (const chunk of handle.createReadStream({ end: MAX_BYTES })) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch (error) {
    throw new EdgeError("config.unreadable", { file, reason: systemReason(error) }, error);
  }
}

/** UTF-16 as Windows saves it: by its mark, or because every other byte of ordinary text is 0. */
function wideEncoding(bytes: Buffer): string | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "UTF-16 LE";
  if (first === 0xfe && second === 0xff) return "UTF-16 BE";
  const head = [...bytes.subarray(0, 200)];
  const zeros = (from: 0 | 1) => head.filter((byte, i) => i % 2 === from && byte === 0).length;
  const most = head.length / 4;
  if (head.length < 8) return undefined;
  return zeros(1) > most && zeros(0) === 0 ? "UTF-16 LE" : zeros(0) > most && zeros(1) === 0 ? "UTF-16 BE" : undefined;
}

/** Line and column of the first byte that is no UTF-8, and the line as it was meant. */
function placeOfInvalidByte(bytes: Buffer): { readonly line: number; readonly column: number } {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  for (let from = 0; from < bytes.length; line += 1) {
    const end = bytes.indexOf(0x0a, from);
    const row = bytes.subarray(from, end < 0 ? bytes.length : end);
    try {
      decoder.decode(row);
    } catch {
      return { line, column: firstInvalidByte(row) };
    }
    if (end < 0) break;
    from = end + 1;
  }
  return { line, column: 1 };
}

function firstInvalidByte(row: Buffer): number {
  const kept = new TextDecoder("utf-8").decode(row);
  return Math.max(1, kept.indexOf("\ufffd") + 1);
}
