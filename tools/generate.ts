/** Writes the schemas and pages that follow from the sources; `--check` writes nothing and exits 1 when one differs. */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { jsonSchema } from "../src/config/index.ts";
import { deviceTypes } from "../src/drivers/index.ts";
import { assetKinds } from "../src/edge/kinds/index.ts";
import { configurationPage } from "./pages/configuration-page.ts";
import { contractPages } from "./pages/contract-pages.ts";
import { devicePage } from "./pages/device-page.ts";
import { errorsPage } from "./pages/errors-page.ts";
import { eventPage } from "./pages/event-page.ts";
import { alarmsPage, kindPage } from "./pages/kind-page.ts";
import { filled } from "./pages/marked-block.ts";

const DEVICES = "docs/devices";
const KINDS = "docs/kinds";
const INGEST = "docs/first-ingest.md";
const DECISIONS = "docs/decisions";

process.chdir(fileURLToPath(new URL("../..", import.meta.url)));
const wanted = await generated();
if (process.argv.includes("--check")) {
  const drift = [...wanted].filter(([file, text]) => textOf(file) !== text).map(([file]) => file);
  drift.push(...left());
  for (const file of drift) process.stderr.write(`${file} differs from its source: run \`npm run generate\`\n`);
  process.exitCode = drift.length > 0 ? 1 : 0;
} else {
  const changed = [...wanted].filter(([file, text]) => textOf(file) !== text);
  for (const [file, text] of changed) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const gone = left();
  for (const file of gone) rmSync(file);
  const lines = [...changed.map(([file]) => file), ...gone.map((file) => `${file} is gone`)];
  process.stdout.write(`${lines.join("\n") || "nothing changed"}\n`);
}

/** File → its whole text. */
async function generated(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  files.set("config/schema.json", `${JSON.stringify(await jsonSchema(), null, 2)}\n`);
  files.set("docs/errors.md", errorsPage());
  for (const [type, load] of Object.entries(deviceTypes)) files.set(`${DEVICES}/${type}.md`, devicePage(await load()));
  for (const kind of Object.values(assetKinds)) files.set(`${KINDS}/${kind.kind}.md`, kindPage(kind));
  files.set("docs/alarms.md", alarmsPage(Object.values(assetKinds)));
  files.set("docs/events.md", eventPage());
  files.set("docs/configuration.md", await configurationPage());
  const consumer = `\`\`\`js\n${readFileSync("docs/examples/ingest.mjs", "utf8")}\`\`\`\n`;
  files.set(INGEST, filled(readFileSync(INGEST, "utf8"), "ingest", consumer));
  files.set(`${DECISIONS}/README.md`, filled(readFileSync(`${DECISIONS}/README.md`, "utf8"), "decisions", decisions()));
  for (const [file, text] of contractPages()) files.set(file, text);
  return files;
}

/** One line for each, by the heading of its file. */
function decisions(): string {
  const files = readdirSync(DECISIONS).filter((name) => /^\d{4}-.*\.md$/.test(name));
  return files
    .toSorted()
    .map((name) => `- [${/^# (.*)$/m.exec(readFileSync(`${DECISIONS}/${name}`, "utf8"))?.[1] ?? name}](${name})\n`)
    .join("");
}

/** Pages whose device or kind is gone. */
function left(): string[] {
  const files = [DEVICES, KINDS].filter(existsSync).flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));
  return files.filter((file) => !wanted.has(file));
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
