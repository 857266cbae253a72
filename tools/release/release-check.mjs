/** Unpacks, inspects and runs a release, under qemu-user for another machine, and prints a result for each case. */

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

process.chdir(fileURLToPath(new URL("../..", import.meta.url)));

/** Debian 12, the oldest system that is supported. */
const BOOKWORM = { GLIBC: "2.36", GLIBCXX: "3.4.30" };
const EMULATOR = {
  arm64: {
    command: "qemu-aarch64",
    libraries: "/usr/aarch64-linux-gnu",
    machine: "AArch64",
    install: "qemu-user g++-aarch64-linux-gnu",
  },
  x64: {
    command: "qemu-x86_64",
    libraries: "/usr/x86_64-linux-gnu",
    machine: "X86-64",
    install: "qemu-user g++-x86-64-linux-gnu",
  },
};
const { arch = process.arch } = parseArgs({ options: { arch: { type: "string" } } }).values;
const { command, libraries, machine, install } = EMULATOR[arch];
const foreign = arch !== process.arch;
if (foreign && (spawnSync(command, ["--version"]).status !== 0 || !existsSync(libraries))) {
  process.stderr.write(`cippo: a release for ${arch} does not run on this machine: apt install ${install}\n`);
  process.exit(1);
}

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const name = `cippo-${version}-linux-${arch}`;
const folder = mkdtempSync(join(tmpdir(), "cippo-release-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const unpacked = spawnSync("tar", ["-xzf", `release/${name}.tar.gz`, "-C", folder], { encoding: "utf8" });
if (unpacked.status !== 0) throw new Error(unpacked.stderr);

const release = join(folder, name);
const manifest = JSON.parse(readFileSync(join(release, "manifest.json"), "utf8"));
const sbom = JSON.parse(readFileSync(join(release, "sbom.cdx.json"), "utf8"));
const fromNpm = sbom.components.filter(({ purl }) => purl.startsWith("pkg:npm/"));
const files = readdirSync(release, { recursive: true }).filter((path) => statSync(join(release, path)).isFile());
const binaries = files.filter((path) => readFileSync(join(release, path)).subarray(0, 4).toString("latin1") === "\x7fELF");
const node = [...(foreign ? [command] : []), join(release, "bin/node")];
// No package of this checkout and no setting of this shell may help.
const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, ...(foreign && { QEMU_LD_PREFIX: libraries }) };

let failed = 0;
let passed = 0;
await check("every file is as the manifest says, and no other is there", () => {
  const found = files.filter((path) => path !== "manifest.json").sort();
  same(found.join("\n"), Object.keys(manifest.files).sort().join("\n"));
  for (const path of found)
    if (sha256(join(release, path)) !== manifest.files[path]) throw new Error(`${path} differs from the manifest`);
  return `${found.length} files, ${(manifest.bytes / 1e6).toFixed(1)} MB`;
});
await check(`every binary is for ${machine}`, () => {
  for (const path of binaries) if (!readelf("-h", path).includes(machine)) throw new Error(path);
  return `${binaries.length} binaries`;
});
await check("no binary needs a newer glibc or libstdc++ than Debian 12 has", () => {
  const need = (library) => newest(binaries.flatMap((path) => versions(path, library)));
  const found = { GLIBC: need("GLIBC"), GLIBCXX: need("GLIBCXX") };
  for (const [library, most] of Object.entries(BOOKWORM))
    if (newest([found[library], most]) !== most) throw new Error(`${library} ${found[library]}`);
  same(JSON.stringify(manifest.needs), JSON.stringify({ glibc: found.GLIBC, libstdcxx: found.GLIBCXX }));
  return `glibc ${found.GLIBC}, GLIBCXX ${found.GLIBCXX}`;
});
await check("every package in it has its licence's text", () => {
  const text = readFileSync(join(release, "THIRD-PARTY.txt"), "utf8");
  const found = files.filter((path) => /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path)).map(dirname);
  same(found.sort().join("\n"), Object.keys(manifest.packages).sort().join("\n"));
  const inside = found.map((path) => JSON.parse(readFileSync(join(release, path, "package.json"), "utf8")));
  for (const { name, version } of [...inside, ...fromNpm])
    if (!chapterOf(text, `${name} ${version}`)) throw new Error(`${name} ${version} has none in THIRD-PARTY.txt`);
  if (!files.includes("bin/LICENSE.node")) throw new Error("Node has none");
  return `${found.length} in node_modules, ${fromNpm.length} with those in dist/`;
});
await check("its SBOM lists every package, as package-lock.json has it", () => {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  const refs = sbom.components.map((component) => component["bom-ref"]);
  same(String(new Set(refs).size), String(refs.length));
  const locked = Object.entries(packages).map(([path, { version, integrity }]) => {
    const [algorithm, digest] = (integrity ?? "-").split("-");
    return `${path.replace(/.*node_modules\//, "")} ${version} ${algorithm} ${Buffer.from(digest, "base64").toString("hex")}`;
  });
  for (const { name, version, purl, hashes } of fromNpm)
    if (!locked.includes(`${name} ${version} sha512 ${hashes[0].content}`))
      throw new Error(`${purl} is not in package-lock.json`);
  for (const name of ["node", "sqlite", ...Object.keys(packages[""].dependencies)])
    if (!sbom.components.some((component) => component.name === name)) throw new Error(`${name} is missing`);
  const known = new Set([sbom.metadata.component["bom-ref"], ...refs]);
  for (const { ref, dependsOn } of sbom.dependencies)
    for (const end of [ref, ...dependsOn]) if (!known.has(end)) throw new Error(`${ref} depends on ${end}, which is not listed`);
  return `${sbom.bomFormat} ${sbom.specVersion}, ${refs.length} components`;
});
await check("sqlite3 calls fdatasync", () => {
  const imports = readelf("--dyn-syms", "node_modules/sqlite3/build/Release/node_sqlite3.node");
  if (!/ UND fdatasync@/.test(imports)) throw new Error("it imports no fdatasync");
  return "imported";
});
await check("its Node is the one that the manifest names", () => {
  const { version, modules } = evaluate(
    "({ version: process.versions.node, modules: Number(process.versions.modules), arch: process.arch })",
  );
  same(JSON.stringify({ version, abi: modules }), JSON.stringify(manifest.node));
  return `Node ${version}, ABI ${modules}`;
});
await check("its own native modules load", () => {
  const seen = evaluate(`(() => {
    for (const name of ["sqlite3", "epoll", "onoff", "serialport", "modbus-serial"]) require(name);
    return process.report.getReport().sharedObjects.filter((path) => path.endsWith(".node"));
  })()`);
  for (const path of seen) if (!path.startsWith(release)) throw new Error(`${path} is not the release's`);
  same(String(seen.length), "3");
  return seen.map((path) => path.replace(/.*\//, "")).join(", ");
});
await check("a database opens, takes rows durably and gives them back", () => {
  const script = `const { Database } = require("sqlite3");
    const db = new Database(process.argv[1]);
    db.serialize(() => {
      db.run("PRAGMA journal_mode = WAL").run("PRAGMA synchronous = FULL").run("CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT) STRICT");
      for (let n = 0; n < 1000; n++) db.run("INSERT INTO t VALUES (?, 'è')", n);
      db.get("SELECT count(*) AS rows, sqlite_version() AS sqlite FROM t WHERE v = 'è'", (error, row) => console.log(JSON.stringify(error ?? row)));
    });`;
  const { rows, sqlite } = JSON.parse(run(node, ["-e", script, join(folder, "t.sqlite")]));
  same(`${rows} ${sqlite}`, `1000 ${sbom.components.find(({ name }) => name === "sqlite").version}`);
  return `SQLite ${sqlite}, ${rows} commits`;
});
await check("cippo version", () => {
  const output = JSON.parse(cippo("--json", "version"));
  same(`${output.cippo} ${output.node} ${output.platform}`, `${manifest.version} ${manifest.node.version} linux ${arch}`);
  return output.platform;
});
await check("cippo config check takes the example", () => {
  return cippo("config", "check", join(release, "config/gateway.example.yaml")).trim().split("\n").at(-1).replace(/.*: /, "");
});
await check("cippo config check refuses garbage, in Italian", () => {
  const file = join(folder, "garbage.yaml");
  writeFileSync(file, "gateway: { id: 5 }\nbuses: [\n");
  const refused = spawnSync(
    node[0],
    [...node.slice(1), join(release, "dist/cippo.js"), "--lang", "it", "config", "check", file],
    { env, encoding: "utf8" },
  );
  if (refused.status === 0 || refused.status === null) throw new Error("it was taken");
  return (refused.stdout + refused.stderr).trim().split("\n").at(-1).replace(/.*: /, "");
});
await check("the Bluetooth child speaks its protocol, without a D-Bus", async () => {
  const child = spawn(node[0], [...node.slice(1), join(release, "dist/cippo-ble.js"), "hci0"], {
    env: { ...env, DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${folder}/none` },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const patience = setTimeout(() => child.kill("SIGKILL"), 30_000);
  let output = "";
  for await (const text of child.stdout.setEncoding("utf8")) {
    output += text;
    if (/"reason".*\n/.test(output)) break;
  }
  clearTimeout(patience);
  child.kill("SIGKILL");
  const { state, reason } =
    output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .find((word) => word.reason) ?? {};
  same(String(state), "no-bus");
  return `${state}: ${reason}`;
});
await check("cippo run: the main job, nothing lost, nothing twice", () => {
  const words = [
    "dist/hw-sim/start.js",
    "--for",
    "20s",
    "--json",
    "--gateway",
    [...node, join(release, "dist/cippo.js")].join(" "),
  ];
  const judged = spawnSync(process.execPath, words, { env, encoding: "utf8", timeout: 180_000 });
  const report = judged.stdout.trim().split("\n").at(-1);
  if (!report) throw new Error(judged.stderr.trim().slice(-400));
  const { records, readings } = JSON.parse(report);
  const { stored, delivered, acknowledged, gaps, duplicates } = records;
  same(
    JSON.stringify({ delivered, acknowledged, gaps, duplicates }),
    JSON.stringify({ delivered: stored, acknowledged: stored, gaps: 0, duplicates: 0 }),
  );
  if (stored < 100 || readings.checked < 50) throw new Error(`only ${stored} records, ${readings.checked} good values`);
  // An emulator's pauses are longer than what the judge allows between wire and stamp: values are judged where the machine is real.
  if (!foreign) same(`${readings.wrong} wrong, ${readings.missing} missing`, "0 wrong, 0 missing");
  return `${stored} records stored, delivered, acknowledged; ${readings.checked - readings.wrong} of ${readings.checked} values on the wire in time`;
});

process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);

async function check(text, act) {
  const began = Date.now();
  let result = "passed";
  let seen;
  try {
    seen = await act();
    passed += 1;
  } catch (error) {
    result = "FAILED";
    seen = error.message;
    failed += 1;
  }
  process.stdout.write(`${text.padEnd(62)} ${result}  ${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${seen}\n`);
}

/** Its names stand above the text, the empty line between them. */
function chapterOf(text, named) {
  const chapters = text.split(/^={80}$/m).map((chapter) => chapter.trim().split("\n\n"));
  return chapters.some(
    ([names, ...words]) => names.split("\n").some((line) => line.startsWith(`${named} (`)) && words.join("").length > 200,
  );
}
function run([first, ...words], more) {
  const done = spawnSync(first, [...words, ...more], { cwd: release, env, encoding: "utf8", timeout: 120_000 });
  if (done.status !== 0)
    throw new Error(`${more.join(" ").slice(0, 60)}: ${done.error?.message ?? done.stderr.trim().slice(-300)}`);
  return done.stdout;
}
function cippo(...words) {
  return run(node, [join(release, "dist/cippo.js"), ...words]);
}
function evaluate(expression) {
  return JSON.parse(run(node, ["-e", `console.log(JSON.stringify(${expression}))`]));
}
function readelf(option, path) {
  const done = spawnSync("readelf", ["-W", option, join(release, path)], { encoding: "utf8", maxBuffer: 256e6 });
  if (done.status !== 0) throw new Error(`readelf: ${done.error?.message ?? done.stderr}`);
  return done.stdout;
}
function versions(path, library) {
  return [...readelf("-V", path).matchAll(new RegExp(`Name: ${library}_([0-9.]+)`, "g"))].map(([, found]) => found);
}
function newest(list) {
  return list.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
}
function sha256(path) {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
function same(found, wanted) {
  if (found !== wanted) throw new Error(`${found.slice(0, 200)} instead of ${wanted.slice(0, 200)}`);
}
