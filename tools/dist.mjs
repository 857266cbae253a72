/** Says whether dist/ is what the sources make of it, and replaces it file by file, so that none is ever missing. */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const DIST = "dist";
/** Which sources dist/ was made of, and the hash of each file in it. */
const STAMP = join(DIST, ".made-of.json");
const FRESH = ".fresh-";
const SOURCES = ["src", "hw-sim", "bench", "tools", "package.json", "package-lock.json"];

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const hashes = (files, folder) => Object.fromEntries(files.map((file) => [file, sha256(readFileSync(join(folder, file)))]));

/** Files below a folder, or the file itself, in a fixed order. */
function filesOf(path) {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath ?? one.path, one.name))
    .sort();
}

export function sourcesHash() {
  const files = SOURCES.flatMap((path) => (/\./.test(path) ? [path] : filesOf(path)));
  return sha256(JSON.stringify(hashes(files, ".")));
}

/** Nothing is to be done: the same sources, and every file as it was built. */
export function current(sources) {
  try {
    const { madeOf, files } = JSON.parse(readFileSync(STAMP, "utf8"));
    return madeOf === sources && Object.entries(hashes(Object.keys(files), DIST)).every(([file, hash]) => files[file] === hash);
  } catch {
    // No stamp, a torn one, or a file of it is gone.
    return false;
  }
}

/**
 * `make` writes into a folder beside what is in use; then each file that is new or different takes its place by a rename. A program that runs,
 * or is started at that moment, finds the former file or the new one.
 */
export async function replaceDist(sources, make) {
  const fresh = join(DIST, `${FRESH}${process.pid}`);
  mkdirSync(fresh, { recursive: true });
  try {
    await make(fresh);
    const made = filesOf(fresh).map((file) => file.slice(fresh.length + 1));
    const files = hashes(made, fresh);
    for (const file of made) {
      const place = join(DIST, file);
      if (existsSync(place) && sha256(readFileSync(place)) === files[file]) continue;
      mkdirSync(dirname(place), { recursive: true });
      renameSync(join(fresh, file), place);
    }
    writeFileSync(join(fresh, "stamp"), JSON.stringify({ madeOf: sources, files }));
    renameSync(join(fresh, "stamp"), STAMP);
    sweep(files);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** What an older build left: files that are no longer made, and the folders of builds that were ended. */
function sweep(files) {
  for (const path of filesOf(DIST)) {
    const file = path.slice(DIST.length + 1);
    const [top = ""] = file.split("/");
    const ours = path === STAMP || file in files || (top.startsWith(FRESH) && runs(Number(top.slice(FRESH.length))));
    if (!ours) rmSync(path, { force: true });
  }
  for (const name of readdirSync(DIST))
    if (name.startsWith(FRESH) && !runs(Number(name.slice(FRESH.length))))
      rmSync(join(DIST, name), { recursive: true, force: true });
}

function runs(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
