/** Makes a release as folder and tarball: product, Node, native modules, licences and a manifest. */

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nodeRuntime, SHIPPED } from "./node-runtime.mjs";
import { placeOf, thirdParty } from "./third-party.mjs";

process.chdir(fileURLToPath(new URL("../..", import.meta.url)));

const TRIPLET = { arm64: "aarch64-linux-gnu-", x64: "x86_64-linux-gnu-" };
const { arch = process.arch } = parseArgs({ options: { arch: { type: "string" } } }).values;
if (!(arch in TRIPLET)) fail(`--arch ${arch}: arm64 or x64`);

/** What dist/cippo.js leaves outside (tools/build.mjs). dist/cippo-ble.js leaves nothing out that it needs. */
const OUTSIDE = ["onoff", "serialport", "modbus-serial", "sqlite3"];
/** Become part of what is compiled. */
const HEADERS = ["nan", "node-addon-api"];
const COMPILE_ONLY = ["node-gyp", "prebuild-install", "tar"];
/** Of a native package goes along what it loads on this machine; of the others all but tests and examples. */
const NATIVE = {
  sqlite3: { parts: ["lib"], compiled: "build/Release/node_sqlite3.node", nodeApi: true },
  epoll: { parts: ["epoll.js"], compiled: "build/Release/epoll.node" },
  "@serialport/bindings-cpp": { parts: ["dist", `prebuilds/linux-${arch}`] },
};
const NOT_SHIPPED = /(^|\/)(tests?|examples?|integration-test|\.github)(\/|$)|\.(d\.ts|map)$|(?<!licen[cs]e)\.md$|\.musl\.node$/i;

const { version } = json("package.json");
const name = `cippo-${version}-linux-${arch}`;
const folder = `release/${name}`;
const runtime = nodeRuntime(SHIPPED, arch);
const began = Date.now();

const natives = compileAll();
rmSync(folder, { recursive: true, force: true });
const packages = assemble();
writeLicences();
const manifest = describe();
writeFileSync(`${folder}/manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
const tarball = pack();
say(
  `${tarball}: ${megabytes(statSync(tarball).size)} (${megabytes(manifest.bytes)} unpacked, ${Object.keys(manifest.files).length} files), ` +
    `Node ${SHIPPED}, glibc ${manifest.needs.glibc}, ${Math.round((Date.now() - began) / 1000)} s`,
);
process.stdout.write(`${folder}\n`);

/** Compiles against the headers of the Node that goes along; once for each set of sources, Node and compiler. What speaks Node-API
 * is the same for every Node: for this machine tools/prepare.mjs has compiled it. */
function compileAll() {
  const prefix = arch === process.arch ? "" : TRIPLET[arch];
  const tools = { CC: `${prefix}gcc`, CXX: `${prefix}g++`, AR: `${prefix}ar` };
  const compiler = spawnSync(tools.CXX, ["--version"], { encoding: "utf8" });
  if (compiler.status !== 0) fail(`${tools.CXX} is missing: apt install ${prefix ? `g++-${prefix.slice(0, -1)}` : "g++"}`);
  const wanted = [readFileSync("package-lock.json", "utf8"), SHIPPED, compiler.stdout].join("\n");
  const key = createHash("sha256").update(wanted).digest("hex").slice(0, 16);
  const done = {};
  for (const [module, { compiled, nodeApi }] of Object.entries(NATIVE).filter(([, native]) => native.compiled)) {
    const here = nodeApi && arch === process.arch;
    const build = here ? `node_modules/${module}` : `release/.build/${arch}-${key}/node_modules/${module}`;
    if (!existsSync(`${build}/${compiled}`)) compile(module, build, tools);
    done[module] = `${build}/${compiled}`;
  }
  if (!readFileSync(done.sqlite3).includes("\0fdatasync\0")) fail("sqlite3 was built without HAVE_FDATASYNC");
  return done;
}

function compile(module, build, tools) {
  say(`compiling ${module} for ${arch} …`);
  const source = `node_modules/${module}`;
  cpSync(source, build, { recursive: true, filter: (from) => !from.startsWith(`${source}/build`) });
  // Beside it: gyp writes where its dependencies lie.
  for (const headers of HEADERS) cpSync(`node_modules/${headers}`, `${build}/../${headers}`, { recursive: true });
  const gyp = ["node_modules/node-gyp/bin/node-gyp.js", "rebuild", "-C", build, `--arch=${arch}`];
  const run = spawnSync(process.execPath, [...gyp, `--jobs=${availableParallelism()}`, "--silent"], {
    // What npm has set for its scripts goes before node-gyp's own words.
    env: { ...process.env, ...tools, CFLAGS: "-DHAVE_FDATASYNC=1", npm_config_nodedir: runtime },
    encoding: "utf8",
    maxBuffer: 64e6,
  });
  if (run.status === 0) return;
  process.stderr.write(run.stderr.slice(-4000));
  rmSync(build, { recursive: true, force: true });
  fail(`${module} does not compile for ${arch}: the lines above say why`);
}

function assemble() {
  for (const part of ["dist/cippo.js", "dist/cippo-ble.js", "dist/package.json"]) put(part);
  for (const part of ["config", "systemd", "docs", "README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"]) put(part);
  cpSync(`${runtime}/bin/node`, `${folder}/bin/node`);
  cpSync(`${runtime}/LICENSE`, `${folder}/bin/LICENSE.node`);
  writeFileSync(
    `${folder}/bin/cippo`,
    '#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\nexec "$here/node" "$here/../dist/cippo.js" "$@"\n',
  );
  for (const command of ["node", "cippo"]) chmodSync(`${folder}/bin/${command}`, 0o755);
  const found = new Map();
  for (const module of OUTSIDE) collect(module, ".", found);
  for (const [path, { name: module }] of shipped(found)) {
    const native = NATIVE[module];
    for (const part of native ? [...native.parts, "package.json", "LICENSE"] : [""]) putPackage(`${path}/${part}`, path);
    if (native?.compiled) cpSync(natives[module], `${folder}/${path}/${native.compiled}`);
  }
  return found;
}

/** Walks the dependencies as Node would resolve them. */
function collect(module, from, found) {
  if (COMPILE_ONLY.includes(module)) return;
  const path = placeOf(module, from);
  if (path === undefined || found.has(path)) return;
  const meta = json(`${path}/package.json`);
  found.set(path, meta);
  for (const next of Object.keys(meta.dependencies ?? {})) collect(next, path, found);
}

function shipped(found = packages) {
  return [...found].filter(([, { name: module }]) => !HEADERS.includes(module));
}

/** Packages that lie in it, whose headers were compiled in, or that dist/ has inside. */
function writeLicences() {
  const made = new Date(Number(git("log", "-1", "--format=%ct")) * 1000);
  const folders = [...new Set([...packages.keys(), ...json("dist/bundled.json")])].sort();
  const { text, sbom } = thirdParty({ folders, node: SHIPPED, made });
  writeFileSync(`${folder}/THIRD-PARTY.txt`, text);
  writeFileSync(`${folder}/sbom.cdx.json`, `${JSON.stringify(sbom, null, 1)}\n`);
}

function put(part) {
  cpSync(part, `${folder}/${part}`, { recursive: true });
}

function putPackage(part, path) {
  cpSync(part, `${folder}/${part}`, {
    recursive: true,
    filter: (from) => {
      const inside = relative(path, from);
      return !NOT_SHIPPED.test(inside) && !/(^|\/)node_modules(\/|$)/.test(inside);
    },
  });
}

function describe() {
  const files = {};
  let bytes = 0;
  const symbols = { glibc: "2.0", libstdcxx: "3.4" };
  for (const path of readdirSync(folder, { recursive: true }).sort()) {
    if (!statSync(`${folder}/${path}`).isFile()) continue;
    const content = readFileSync(`${folder}/${path}`);
    files[path] = createHash("sha256").update(content).digest("hex");
    bytes += content.length;
    if (content.subarray(0, 4).toString("latin1") !== "\x7fELF") continue;
    const text = content.toString("latin1");
    symbols.glibc = highest(text, /GLIBC_(\d+\.\d+)/g, symbols.glibc);
    symbols.libstdcxx = highest(text, /GLIBCXX_(\d+\.\d+(?:\.\d+)?)/g, symbols.libstdcxx);
  }
  const header = readFileSync(`${runtime}/include/node/node_version.h`, "utf8");
  return {
    name: "cippo",
    version,
    commit: git("rev-parse", "HEAD"),
    /** Of the commit, in seconds: the same commit gives the same bytes. */
    created: Number(git("log", "-1", "--format=%ct")),
    /** Of the database: each migration makes one. */
    layout: readdirSync("src/edge/store/migrations").filter((file) => /^\d{4}-/.test(file)).length,
    arch: `linux-${arch}`,
    node: { version: SHIPPED, abi: Number(/NODE_MODULE_VERSION (\d+)/.exec(header)?.[1]) },
    needs: symbols,
    packages: Object.fromEntries(
      shipped()
        .map(([path, meta]) => [path, meta.version])
        .sort(),
    ),
    bytes,
    files,
  };
}

function highest(text, pattern, floor) {
  const newer = (a, b) => a.localeCompare(b, "en", { numeric: true }) > 0;
  return [...text.matchAll(pattern)].reduce((most, [, found]) => (newer(found, most) ? found : most), floor);
}

/** The same commit gives the same bytes: names in order, one owner, the commit's time. */
function pack() {
  const file = `release/${name}.tar.gz`;
  const steady = [
    "--sort=name",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--mode=u+rw,go=rX",
    `--mtime=@${git("log", "-1", "--format=%ct")}`,
  ];
  execFileSync("tar", ["-C", "release", ...steady, "-I", "gzip -n", "-cf", file, name]);
  return file;
}

function git(...args) {
  return execFileSync("git", args, { encoding: "utf8" }).trim();
}
function json(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
function say(text) {
  process.stderr.write(`cippo: ${text}\n`);
}
function fail(text) {
  say(text);
  process.exit(1);
}
