/** Makes a fresh or changed checkout ready: packages, native modules, dist/; or says in one sentence what is missing. */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { STAMP, wanted } from "./installed.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const say = (text) => process.stderr.write(`cippo: ${text}\n`);
const fail = (text) => {
  say(text);
  process.exit(1);
};

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) fail(`Node ${process.versions.node} is too old: Node 20.19 or newer is needed.`);

/** The natives and what proves each: it must be there, built for this Node. */
const NATIVE = {
  sqlite3: "node_modules/sqlite3/build/Release/node_sqlite3.node",
  epoll: "node_modules/epoll/build/Release/epoll.node",
  "@serialport/bindings-cpp": null,
};

if (!existsSync(STAMP) || readFileSync(STAMP, "utf8") !== wanted()) {
  needToolchain();
  say("installing packages and compiling sqlite3 for this machine: once, about two minutes …");
  const began = Date.now();
  const done = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    // fdatasync instead of fsync: a third of the wear on the card (docs/decisions/0003-sqlite-from-source.md).
    env: {
      ...process.env,
      CFLAGS: `${process.env.CFLAGS ?? ""} -DHAVE_FDATASYNC=1`.trim(),
      npm_config_build_from_source: "sqlite3",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (done.status !== 0)
    fail("`npm ci` failed: the lines above say why. Behind a proxy? `npm config get registry` must be reachable.");
  proveNatives();
  writeFileSync(STAMP, wanted());
  say(`installed in ${Math.round((Date.now() - began) / 1000)} s`);
} else proveNatives();

const built = spawnSync(process.execPath, ["tools/build.mjs"], { stdio: "inherit" });
if (built.status !== 0) fail("the build failed: the lines above say where.");

function needToolchain() {
  const missing = [];
  const has = (command) => spawnSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" }).status === 0;
  if (!has("python3")) missing.push("Python 3 (apt install python3)");
  if (!has("make")) missing.push("make (apt install make)");
  if (!has(process.env.CXX ?? "g++") && !has("c++")) missing.push("a C++ compiler (apt install g++)");
  const include = ["/usr/include/node", join(dirname(process.execPath), "../include/node")];
  const nodedir = process.env.npm_config_nodedir ?? npmConfig("nodedir");
  if (nodedir) include.push(`${nodedir}/include/node`);
  if (!include.some((folder) => existsSync(`${folder}/node_api.h`)))
    say(
      "Node's headers are not on this machine: node-gyp will try to download them (apt install libnode-dev, or npm config set nodedir).",
    );
  if (missing.length > 0) fail(`missing: ${missing.join(", ")}. They compile the native modules, once.`);
}

function npmConfig(key) {
  const value = execFileSync("npm", ["config", "get", key], { encoding: "utf8" }).trim();
  return value === "null" || value === "undefined" ? "" : value;
}

function proveNatives() {
  for (const [name, file] of Object.entries(NATIVE)) {
    if (file !== null && !existsSync(file))
      fail(
        `native module ${name} is missing (${file}): its install script did not run. Allow it (package.json allowScripts), remove node_modules, and start again.`,
      );
    const loads = spawnSync(process.execPath, ["-e", `require(${JSON.stringify(name)})`], { encoding: "utf8" });
    if (loads.status !== 0)
      fail(
        `native module ${name} does not load: ${loads.stderr.split("\n").find((l) => /Error/.test(l)) ?? "unknown"}. Remove node_modules and start again.`,
      );
  }
  // The symbol table of an ELF file holds the names of what it imports as plain text.
  if (process.platform === "linux" && !readFileSync(NATIVE.sqlite3 ?? "").includes("\0fdatasync\0"))
    fail(
      "sqlite3 was not built with HAVE_FDATASYNC (it would wear the card three times as fast). Remove node_modules and start again.",
    );
}
