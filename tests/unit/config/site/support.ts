/** A configuration that is right but for what a test adds, and the problems that are found in it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { checkSite } from "../../../../src/config/index.ts";

export const EXAMPLE = join(import.meta.dirname, "../../../../config/gateway.example.yaml");
/** What a site will be able to say one day, beside what it can say already. */
export const ROADMAP = join(import.meta.dirname, "../../../../config/roadmap.example.yaml");

/** A folder for the files of one test file. */
export function scratch(): { readonly path: string } {
  const made = { path: "" };
  beforeAll(async () => {
    made.path = await mkdtemp(join(tmpdir(), "cippo-config-"));
  });
  afterAll(() => rm(made.path, { recursive: true, force: true }));
  return made;
}

export const HEAD = `gateway:
  id: gw-1
  site: { id: park }
sync:
  broker: mqtt://127.0.0.1:1883
`;
/** With HEAD before it the text begins on line 6. */
export const site = (text: string) => checkSite(HEAD + text, "site.yaml");
/** Each problem as "line:column code path", warnings marked. */
export const found = async (text: string) =>
  (await site(text)).problems.map(
    (p) => `${p.line}:${p.column} ${p.code}${p.severity === "warning" ? "?" : ""} ${p.path}${p.hint ? ` ${p.hint}` : ""}`,
  );
