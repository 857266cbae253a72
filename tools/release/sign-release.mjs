/** Makes of an assembled release what a gateway takes: two archives, sums, a signed head, and one bundle of all of them. */
// node tools/release/sign-release.mjs FOLDER --seq N --key FILE [--out DIR] [--name NAME]
// FILE is a private key of OpenSSH, or the public one of a key that an agent holds (ssh-keygen -Y). The same folder, seq and key give the same bytes.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

/** Made of the machine's Node alone, which hardly ever changes: an update of the product need not bring it. */
const NODE = ["bin/node", "bin/LICENSE.node"];
const MEMBERS = ["release", "release.sig", "SHA256SUMS", "app.tar.gz", "node.tar.gz"];

const { values, positionals } = parse();
const [given] = positionals;
if (given === undefined) fail("which folder? npm run release names the one that it made");
const folder = resolve(given);
if (!existsSync(join(folder, "manifest.json"))) fail(`${folder} is no release: it lacks manifest.json (npm run release)`);
if (!/^[1-9]\d{0,8}$/.test(values.seq ?? "")) fail("--seq needs a number that is higher than that of every release before");
if (!existsSync(values.key ?? "")) fail(`--key: there is no file ${values.key ?? ""}`);

const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
const name = values.name ?? `cippo-${manifest.version}-${values.seq}`;
const out = resolve(values.out ?? `${folder}-${values.seq}`);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const files = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((file) => statSync(join(folder, file)).isFile())
  .sort();
const sums = files.map((file) => `${sha256(readFileSync(join(folder, file)))}  ${file}\n`).join("");
writeFileSync(join(out, "SHA256SUMS"), sums);
const head = {
  product: "cippo",
  name,
  version: manifest.version,
  seq: values.seq,
  arch: manifest.arch.replace("linux-", ""),
  glibc: manifest.needs.glibc,
  layout: manifest.layout,
  min_layout: 1,
  created: new Date(manifest.created * 1000).toISOString(),
  commit: manifest.commit,
  bytes: files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0),
  sums: sha256(sums),
  app: pack(
    "app",
    files.filter((file) => !NODE.includes(file)),
  ),
  node: pack("node", NODE),
};
writeFileSync(join(out, "release"), lines(head));
execFileSync("ssh-keygen", ["-Y", "sign", "-q", "-f", values.key, "-n", "cippo-release", join(out, "release")], {
  stdio: ["inherit", "ignore", "inherit"],
});
const bundle = `${name}-${head.arch}.cippo`;
tar(out, join(out, bundle), MEMBERS, []);
process.stdout.write(`${join(out, bundle)}\n`);
say(`seq ${values.seq}: ${megabytes(join(out, "app.tar.gz"))} without Node, ${megabytes(join(out, bundle))} whole`);

/** `hash bytes` of the archive. */
function pack(part, content) {
  const file = join(out, `${part}.tar.gz`);
  tar(folder, file, content, ["-I", "gzip -n"]);
  return `${sha256(readFileSync(file))} ${statSync(file).size}`;
}

function tar(from, file, content, more) {
  const steady = [
    "--sort=name",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--mode=u+rw,go=rX",
    `--mtime=@${manifest.created}`,
  ];
  const list = join(out, ".list");
  writeFileSync(list, content.join("\n"));
  execFileSync("tar", ["-C", from, ...steady, ...more, "-cf", file, "-T", list]);
  rmSync(list);
}

function parse() {
  const options = { seq: { type: "string" }, key: { type: "string" }, out: { type: "string" }, name: { type: "string" } };
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return fail(error.message);
  }
}
function lines(of) {
  return Object.entries(of)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}
function sha256(data) {
  return createHash("sha256").update(data).digest("hex");
}
function megabytes(file) {
  return `${(statSync(file).size / 1e6).toFixed(1)} MB`;
}
function say(text) {
  process.stderr.write(`cippo: ${text}\n`);
}
function fail(text) {
  say(text);
  process.exit(2);
}
