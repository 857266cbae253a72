/** Collects the licences of all packages in a release, and lists them as a CycloneDX SBOM. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, relative } from "node:path";

/** What says nothing of its licence in package.json, by the text beside it. */
const UNDECLARED = { jsbi: "Apache-2.0" };
const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;

/** Where Node finds `module` from the folder `from`; undefined where it is optional and not installed. */
export function placeOf(module, from) {
  for (let at = from; ; at = dirname(at)) {
    if (existsSync(`${at}/node_modules/${module}/package.json`)) return relative(".", `${at}/node_modules/${module}`);
    if (at === ".") return undefined;
  }
}

/** `folders`: of packages whose code is in the release, `node` its version, `made` the time of its commit. */
export function thirdParty({ folders, node, made }) {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  const found = folders.map((folder) => describe(folder, packages[folder]));
  const refs = new Map(found.map(({ folder, component }) => [folder, component["bom-ref"]]));
  const own = [nodeItself(node), sqlite()];
  const components = new Map([...found.map(({ component }) => component), ...own].map((one) => [one["bom-ref"], one]));
  const product = JSON.parse(readFileSync("package.json", "utf8"));
  const root = `pkg:npm/${product.name}@${product.version}`;
  const edges = new Map([[root, new Set([own[0]["bom-ref"], ...needs(product, ".", refs)])]]);
  for (const { folder, meta, component } of found) {
    const seen = edges.get(component["bom-ref"]) ?? new Set();
    for (const ref of needs(meta, folder, refs)) seen.add(ref);
    if (meta.name === "sqlite3") seen.add(own[1]["bom-ref"]);
    edges.set(component["bom-ref"], seen);
  }
  const sbom = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: made.toISOString(),
      component: {
        type: "application",
        "bom-ref": root,
        name: product.name,
        version: product.version,
        licenses: licences(product.license),
        purl: root,
      },
    },
    components: [...components.values()].sort(by((one) => one["bom-ref"])),
    dependencies: [...edges].map(([ref, dependsOn]) => ({ ref, dependsOn: [...dependsOn].sort() })).sort(by((one) => one.ref)),
  };
  return { sbom, text: licenceText(found, own) };
}

function describe(folder, locked) {
  const meta = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const { name, version } = meta;
  if (locked?.version !== version) throw new Error(`${folder} is ${version}, package-lock.json has ${locked?.version}`);
  const texts = readdirSync(folder).filter((file) => LICENCE_FILE.test(file));
  if (texts.length === 0) throw new Error(`${folder} has no licence text beside it: it may not be shipped without`);
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const [, algorithm, digest] = /^(sha512)-(.+)$/.exec(locked.integrity) ?? [];
  if (algorithm === undefined) throw new Error(`${folder} has no sha512 in package-lock.json`);
  const component = {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    hashes: [{ alg: "SHA-512", content: Buffer.from(digest, "base64").toString("hex") }],
    licenses: licences(meta.license?.type ?? meta.license ?? UNDECLARED[name]),
    purl,
  };
  const text = texts.sort().map((file) => readFileSync(`${folder}/${file}`, "utf8").replaceAll("\r", "").trim());
  return { folder, meta, component, text: text.join("\n\n") };
}

function needs(meta, folder, refs) {
  const places = Object.keys(meta.dependencies ?? {}).map((module) => placeOf(module, folder));
  return places.map((place) => refs.get(place)).filter((ref) => ref !== undefined);
}

/** SPDX's name of one licence, or what its author calls it. */
function licences(declared) {
  if (typeof declared !== "string") throw new Error(`a licence is not declared as one name: ${JSON.stringify(declared)}`);
  if (/ (OR|AND|WITH) /.test(declared)) return [{ expression: declared }];
  return [{ license: /^[\w.-]+$/.test(declared) ? { id: declared } : { name: declared } }];
}

function nodeItself(version) {
  return {
    type: "platform",
    "bom-ref": `pkg:generic/node@${version}`,
    name: "node",
    version,
    licenses: licences("MIT"),
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    purl: `pkg:generic/node@${version}`,
  };
}

/** It lies inside the npm package, as the source that is compiled; its version by SQLite's own rule, 3520000 for 3.52.0. */
function sqlite() {
  const source = readdirSync("node_modules/sqlite3/deps").find((file) => file.startsWith("sqlite-autoconf-"));
  const [, major, minor, patch] = (/-(\d)(\d\d)(\d\d)\d\d\./.exec(source ?? "") ?? []).map(Number);
  if (patch === undefined) throw new Error("node_modules/sqlite3/deps has no sqlite-autoconf-NUMBER.tar.gz");
  const version = `${major}.${minor}.${patch}`;
  return {
    type: "library",
    "bom-ref": `pkg:generic/sqlite@${version}`,
    name: "sqlite",
    version,
    licenses: licences("blessing"),
    cpe: `cpe:2.3:a:sqlite:sqlite:${version}:*:*:*:*:*:*:*`,
    purl: `pkg:generic/sqlite@${version}`,
  };
}

/** One text of several packages stands once. */
function licenceText(found, [node, sqlite]) {
  const texts = new Map();
  for (const { component, text } of found) {
    const { name, version, licenses } = component;
    const { id, name: called } = licenses[0].license ?? { id: licenses[0].expression };
    texts.set(text, (texts.get(text) ?? new Set()).add(`${name} ${version} (${id ?? called})`));
  }
  const chapters = [...texts]
    .map(([text, names]) => ({ title: [...names].sort().join("\n"), text }))
    .sort(by((one) => one.title));
  return `${[
    `Cippo comes with the code of others, each under the licence given here; sbom.cdx.json lists it for programs.\n
node ${node.version}: bin/LICENSE.node
sqlite ${sqlite.version}: in the public domain, https://sqlite.org/copyright.html`,
    ...chapters.map(({ title, text }) => `${title}\n\n${text}`),
  ].join(`\n\n${"=".repeat(80)}\n`)}\n`;
}

function by(key) {
  return (a, b) => (key(a) < key(b) ? -1 : 1);
}
