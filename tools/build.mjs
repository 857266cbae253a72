/** Builds dist/ from the sources: the product as one file, and the simulator, tools and bench beside it. */

import { existsSync, readdirSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { current, replaceDist, sourcesHash } from "./dist.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);
const sources = sourcesHash();
if (current(sources)) process.exit(0);
const { version } = JSON.parse(await readFile("package.json", "utf8"));

/** Compiled for this machine, or only wanted when a config uses them: they stay in node_modules. */
const outside = ["onoff", "serialport", "modbus-serial", "sqlite3", "@serialport/*", "epoll"];

const common = {
  // esbuild remembers where it was loaded, which is before the line above.
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20.19",
  format: "esm",
  legalComments: "none",
  logLevel: "warning",
  define: { CIPPO_VERSION: JSON.stringify(version) },
  // CommonJS packages inside an ES module need `require`.
  banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
};

/** Node's own modules by `require`: an `import` of one runs every getter it has, and loads what is behind them. */
const required = {
  name: "required",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, namespace }) =>
      namespace === "required" ? { path, external: true } : { path, namespace: "required" },
    );
    onLoad({ filter: /.*/, namespace: "required" }, ({ path }) => ({ contents: `module.exports = require("${path}")` }));
  },
};

/** What of a package the product never calls stays outside: a third of its size, start and memory (docs/decisions/0005-figures.md). */
const smaller = {
  mqtt: "./tools/mqtt-client.cjs",
  // The same code as an ES module: what is not used falls away.
  yaml: "./node_modules/yaml/browser/index.js",
  // What these bring to a browser, Node has.
  "readable-stream": "node:stream",
  "worker-timers": "node:timers",
};

await replaceDist(sources, make).catch((error) => {
  // What does not compile esbuild has said itself, with its place.
  if (!Array.isArray(error.errors)) throw error;
  process.exitCode = 1;
});

async function make(fresh) {
  const product = await build({
    ...common,
    metafile: true,
    entryPoints: ["src/cli/index.ts"],
    outfile: `${fresh}/cippo.js`,
    external: outside,
    alias: smaller,
    plugins: [required],
    minifySyntax: true,
    // The source stays in memory: without its white space 2 MB less. Names stay whole, so that a stack trace can be read.
    minifyWhitespace: true,
    banner: { js: `#!/usr/bin/env node\n${common.banner.js}` },
  });
  await chmod(`${fresh}/cippo.js`, 0o755);

  /** The Bluetooth child: a bundle of its own, so that its memory holds nothing else (docs/decisions/0008-bluetooth-in-its-own-process.md). */
  const child = await build({
    ...common,
    metafile: true,
    entryPoints: ["src/drivers/ble-child/index.ts"],
    outfile: `${fresh}/cippo-ble.js`,
    // Optional parts of dbus-next for other ways to a bus, and a native one that only passes file descriptors.
    external: ["usocket", "x11", "event-stream"],
    minifySyntax: true,
    minifyWhitespace: true,
  });

  /** Packages of which the two have something inside: a release brings their licences (tools/release/third-party.mjs). */
  const inside = [product, child]
    .flatMap(({ metafile }) => Object.values(metafile.outputs))
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([path]) => /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  await writeFile(`${fresh}/bundled.json`, `${JSON.stringify([...new Set(inside)].sort())}\n`);

  const entries = (folder, filter) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((f) => f.endsWith(".ts") && filter(f))
          .map((f) => `${folder}/${f}`)
      : [];
  await build({
    ...common,
    entryPoints: [
      ...["start", "site", "broker", "platform", "vm", "soak", "soak/probe", "virtual", "virtual/live"]
        .map((f) => `hw-sim/${f}.ts`)
        .filter((f) => existsSync(f)),
      ...entries("bench", () => true),
      ...entries("tools", () => true),
    ],
    outbase: ".",
    outdir: fresh,
    packages: "external",
  });
  await writeFile(`${fresh}/package.json`, '{"type":"module"}\n');
}
