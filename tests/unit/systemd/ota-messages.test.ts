/** The update scripts speak the language of whoever asks, whole, and keep what they say of an update in both. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { englishIn } from "../../support/italian.ts";
import { hasUpdateTools, UpdateBox } from "../../support/systemd/update-box.ts";

const SCRIPTS = join(import.meta.dirname, "../../../systemd/ota");
const textOf = (name: string): string => readFileSync(join(SCRIPTS, name), "utf8");
const keys = [...textOf("messages.sh").matchAll(/^ {4}([a-z-]+)\)/gm)].map(([, key = ""]) => key);
const ITALIAN = { LANG: "it_IT.UTF-8" };

/** Key → its sentence, filled with words that no language has. */
function sentences(lang: string): ReadonlyMap<string, string> {
  const script = '. ./messages.sh; for key in "$@"; do words "$key" xx yy zz; printf "\\0"; done';
  const { stdout } = spawnSync("sh", ["-euc", script, "sh", ...keys], { cwd: SCRIPTS, encoding: "utf8", env: { LANG: lang } });
  return new Map(stdout.split("\0").map((sentence, i) => [keys[i] ?? "", sentence] as const));
}

it("every sentence stands in both languages, and the Italian one has no English word", () => {
  const [it, en] = [sentences("it_IT.UTF-8"), sentences("C.UTF-8")];
  const typed = [
    "update",
    "install",
    "check",
    "request",
    "tick",
    "cancel",
    "confirm",
    "rollback",
    "status",
    "release",
    "seq",
    "timer",
    "from",
    "url",
    "xx",
    "yy",
    "zz",
  ];
  expect(keys.length).toBeGreaterThan(50);
  expect(keys.filter((key) => en.get(key) === "" || it.get(key) === en.get(key))).toEqual([]);
  const english = keys.map((key) => [key, ...englishIn(it.get(key) ?? "", typed)]);
  expect(english.filter(([, ...words]) => words.length > 0)).toEqual([]);
});

it("every sentence is said somewhere, and what is said stands there", () => {
  const code = readdirSync(SCRIPTS)
    .filter((name) => name !== "messages.sh")
    .map(textOf)
    .join("\n");
  const told = [
    ...code.matchAll(/\b(?:fail|refuse) update\.[a-z-]+ ([a-z-]+)/g),
    ...code.matchAll(/\btell [a-z]+ update\.[a-z-]+ ([a-z-]+)/g),
    ...code.matchAll(/\bsay ([a-z-]+)/g),
    ...code.matchAll(/\/rollback" ([a-z-]+)/g),
    ...code.matchAll(/\becho "?([a-z-]+)(?: \$device")? && return/g),
    ...code.matchAll(/\|\| echo ([a-z-]+)$/gm),
  ].map(([, key = ""]) => key);
  expect([...new Set([...told, "usage", "unknown"])].sort()).toEqual([...keys].sort());
});

it.skipIf(!hasUpdateTools)("an operator whose language is Italian reads Italian; the platform reads both", () => {
  using box = new UpdateBox();
  box.installed({ seq: 1 });
  expect(box.run("update", ["install", "bundle.cippo"], ITALIAN)).toMatchObject({
    status: 1,
    out: "cippo: update.source: Serve un percorso assoluto o un indirizzo https://, non bundle.cippo.\n",
  });
  expect(box.run("update", ["install", box.release({ seq: 2 }).bundle], ITALIAN).out).toMatch(/la versione \S+ è in prova\n$/);
  // The timer and the operator need not have one language.
  box.later(1900);
  box.update("tick");
  const [it, en] = [
    /^text=La versione \S+ è stata ritirata: il gateway non è partito, dopo 31 min\./m,
    /^text=Release \S+ was rolled back/m,
  ];
  expect(box.run("update", ["status"], ITALIAN).out).toMatch(it);
  expect(box.update("status").out).toMatch(en);
  const told = readFileSync(box.path("run/cippo-update/status"), "utf8");
  expect(told).toMatch(en);
  expect(told).toMatch(/^text-it=La versione/m);
});

it.skipIf(!hasUpdateTools)("a note of a former version, and a box without the sentences, are no obstacle", () => {
  using box = new UpdateBox();
  box.installed({ seq: 1 });
  const { bundle } = box.release({ seq: 2 });
  box.update("cancel");
  writeFileSync(box.path("var/lib/cippo-update/returned"), `seq=2\ntried=2\nat=${Date.now()}\nreason=ended 3 times by itself\n`);
  expect(box.update("install", bundle).out).toContain("It was rolled back: ended 3 times by itself.");
  rmSync(box.path("usr/local/lib/cippo/messages.sh"));
  expect(box.update("install", bundle).out).toContain("update.returned: returned ended 3 times by itself");
  expect(box.update("install", bundle, "--again").status).toBe(0);
});
