/** Runs the tests on another Node, in a copy of this checkout with `epoll` compiled for it. */

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeRuntime, SHIPPED } from "./release/node-runtime.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const LEFT_BEHIND = [".git", ".run", "dist", "release"];

const [wanted = "shipped", ...words] = process.argv.slice(2);
const version = wanted === "shipped" ? SHIPPED : wanted;
const runtime = nodeRuntime(version, process.arch);
const copy = mkdtempSync(join(tmpdir(), `cippo-on-node-${version}-`));
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130)).on("SIGTERM", () => process.exit(143));
cpSync(".", copy, { recursive: true, verbatimSymlinks: true, filter: (from) => !LEFT_BEHIND.includes(relative(".", from)) });

const env = { ...process.env, PATH: `${runtime}/bin${delimiter}${process.env.PATH}` };
/** Of the native modules epoll alone is bound to a Node's ABI; the others speak Node-API. */
run("npm", ["rebuild", "epoll", "--silent", `--nodedir=${runtime}`]);
// What a test starts by `npm start` finds its packages as they are wanted, and installs none over those that are in use.
run("node", ["tools/installed.mjs"]);
run("node", ["tools/build.mjs"]);
run("node", ["-p", "'Node ' + process.versions.node + ', ABI ' + process.versions.modules"]);
run("node", ["node_modules/vitest/vitest.mjs", "run", ...words]);

function run(command, args) {
  const done = spawnSync(command, args, { cwd: copy, env, stdio: "inherit" });
  if (done.status !== 0) process.exit(done.status ?? 1);
}
