/** Every complaint that the YAML parser can make is answered, in both languages, with what should have been written. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { YAMLError } from "yaml";
import { expectation } from "../../../src/config/yaml/parser-phrases.ts";

const COMPOSE = join(import.meta.dirname, "../../../node_modules/yaml/dist/compose");
/** Handled elsewhere, switched off, or said by the parser to be impossible. */
const NEVER = ["DUPLICATE_KEY", "IMPOSSIBLE", "RESOURCE_EXHAUSTION"];

/** `onError(place, "CODE", "message")` of the parser's own source; of a message in a variable only the code is known. */
async function complaints(): Promise<readonly Pick<YAMLError, "code" | "message">[]> {
  const files = (await readdir(COMPOSE)).filter((file) => file.endsWith(".js"));
  const sources = await Promise.all(files.map((file) => readFile(join(COMPOSE, file), "utf8")));
  return sources.flatMap((text) =>
    [...text.matchAll(/'([A-Z][A-Z_0-9]+)', (["'`])((?:(?!\2)[^\n])+)\2/g)].map(([, code, , message]) => ({
      code: code as YAMLError["code"],
      message: (message ?? "").replace(/\$\{[^}]*\}/g, "flow map"),
    })),
  );
}

it("in words of its own", async () => {
  const all = (await complaints()).filter(({ code }) => !NEVER.includes(code));
  expect(all.length).toBeGreaterThan(25);
  const valid = expectation({ code: "IMPOSSIBLE", message: "" });
  expect(all.filter((one) => expectation(one) === valid)).toEqual([]);
  for (const { it: italian, en } of all.map((one) => expectation(one))) expect(italian).not.toBe(en);
});
