/** Where a file really lies: lock, WAL and notes stand beside it, whatever name leads there. */

import { lstat, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { EdgeError } from "../../../kit/errors.ts";
import { systemReason } from "../../../kit/text/reasons.ts";

/** Links that lead to links; the kernel follows no more. */
const DEEPEST = 40;

/** The file need not exist, nor the folders on the way to it. Errors: `store.unwritable`, where links lead nowhere or may not be followed. */
export async function realFile(path: string, depth = DEEPEST): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch (raw) {
    const { code } = raw as NodeJS.ErrnoException;
    if (code !== "ENOENT") {
      if (code === "ENOTDIR") return absolute;
      throw new EdgeError("store.unwritable", { file: path, reason: systemReason(raw) }, raw);
    }
  }
  const folder = dirname(absolute);
  const here = folder === absolute ? absolute : join(await realFile(folder, depth - 1), basename(absolute));
  const link = (await lstat(here).catch(() => null))?.isSymbolicLink() === true;
  if (!link) return here;
  if (depth <= 0)
    throw new EdgeError("store.unwritable", {
      file: path,
      reason: { it: "troppi collegamenti simbolici", en: "too many links" },
    });
  return realFile(resolve(dirname(here), await readlink(here)), depth - 1);
}
