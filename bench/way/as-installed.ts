/** Builds sqlite3 as `npm install` would, with fsync instead of fdatasync, so that the same bench runs on both. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

const FOLDER = join(tmpdir(), "cippo-bench-fsync");
const BINARY = "sqlite3/build/Release/node_sqlite3.node";

/** The bench's program beside the other module, or null when that cannot be built here. */
export function asInstalled(program: string, say: (line: string) => void): string | null {
  const from = resolve("node_modules");
  const to = join(FOLDER, "node_modules");
  const copy = join(FOLDER, basename(program));
  try {
    if (!existsSync(join(to, BINARY))) build(from, to, say);
    if (readFileSync(join(to, BINARY)).includes("\0fdatasync\0")) throw new Error("it imports fdatasync all the same");
    copyFileSync(program, copy);
    writeFileSync(join(FOLDER, "package.json"), '{"type":"module"}');
    return copy;
  } catch (error) {
    say(`the as-installed build of sqlite3 is left out: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

function build(from: string, to: string, say: (line: string) => void): void {
  say("building sqlite3 as `npm install` would, with fsync: once, some two minutes …");
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name === "sqlite3")
      cpSync(join(from, name), join(to, name), { recursive: true, filter: (path) => basename(path) !== "build" });
    else if (!existsSync(join(to, name))) symlinkSync(join(from, name), join(to, name));
  }
  const headers = execFileSync("npm", ["config", "get", "nodedir"], { encoding: "utf8" }).trim();
  const env = { ...process.env, CFLAGS: "", ...(headers.startsWith("/") && { npm_config_nodedir: headers }) };
  const done = spawnSync(join(from, ".bin/node-gyp"), ["rebuild"], { cwd: join(to, "sqlite3"), env, stdio: "ignore" });
  if (done.status !== 0) throw new Error("node-gyp rebuild failed");
}
