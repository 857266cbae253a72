/** Puts a signed release into the folder of a static web server, with an index of all that lie there. */
// node tools/release/publish.mjs SIGNED WEB --signers FILE
// SIGNED is what sign-release made; FILE is an allowed_signers: what is not signed by one of them is not published. A reader of WEB sees a release
// whole or not at all, and one that was published is never replaced by another of the same seq.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const MEMBERS = ["release", "release.sig", "SHA256SUMS", "app.tar.gz", "node.tar.gz"];

const { values, positionals } = parse();
const [from, web] = positionals.map((folder) => resolve(folder));
if (from === undefined || web === undefined) fail("which signed release, and which folder of the web server?");
if (!existsSync(values.signers ?? "")) fail("--signers: a file allowed_signers is needed, to see whose signature it is");
for (const name of MEMBERS)
  if (!existsSync(join(from, name))) fail(`${from} lacks ${name}: tools/release/sign-release.mjs makes it`);

const head = headOf(from);
signed(from);
if (sha256(join(from, "SHA256SUMS")) !== head.sums) fail("SHA256SUMS is not the one that was signed");
for (const part of ["app", "node"]) {
  const [hash] = head[part].split(" ");
  if (sha256(join(from, `${part}.tar.gz`)) !== hash) fail(`${part}.tar.gz is not the one that was signed`);
}

const name = `${head.seq}-${head.arch}`;
const target = join(web, name);
mkdirSync(web, { recursive: true });
if (!existsSync(target)) {
  const fresh = join(web, `.new-${name}`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  for (const member of MEMBERS) cpSync(join(from, member), join(fresh, member));
  renameSync(fresh, target);
} else if (sha256(join(target, "release")) !== sha256(join(from, "release"))) {
  fail(`${target} holds another release of this seq: give the new one a higher seq`);
}

const releases = readdirSync(web)
  .filter((one) => /^\d+-\w+$/.test(one) && existsSync(join(web, one, "release")))
  .map((folder) => entryOf(folder))
  .sort((a, b) => b.seq - a.seq || a.arch.localeCompare(b.arch));
writeFileSync(join(web, ".index.new"), `${JSON.stringify({ v: 1, releases }, null, 2)}\n`);
renameSync(join(web, ".index.new"), join(web, "index.json"));
process.stdout.write(`${JSON.stringify(entryOf(name))}\n`);

/** What an order to update names of it (docs/updates.md), but for the address of the server. */
function entryOf(folder) {
  const { seq, version, arch, created, ...parts } = headOf(join(web, folder));
  const bytes = ["app", "node"].reduce((sum, part) => sum + Number(parts[part].split(" ")[1]), 0);
  return { seq: Number(seq), version, arch, created, folder, bytes, manifestSha256: sha256(join(web, folder, "release")) };
}

function headOf(folder) {
  const lines = readFileSync(join(folder, "release"), "utf8").trimEnd().split("\n");
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

function signed(folder) {
  const whose = ["-Y", "verify", "-f", resolve(values.signers), "-I", "cippo-release", "-n", "cippo-release"];
  try {
    execFileSync("ssh-keygen", [...whose, "-s", join(folder, "release.sig")], {
      input: readFileSync(join(folder, "release")),
      stdio: ["pipe", "ignore", "ignore"],
    });
  } catch {
    fail(`${folder} is not signed by a key of ${values.signers}`);
  }
}

function parse() {
  try {
    return parseArgs({ options: { signers: { type: "string" } }, allowPositionals: true });
  } catch (error) {
    return fail(error.message);
  }
}
function sha256(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
function fail(text) {
  process.stderr.write(`cippo: ${text}\n`);
  process.exit(2);
}
