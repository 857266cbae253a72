/** `npm start` as a stranger meets it: a reader that goes away, a wrong configuration, a Ctrl-C at the worst moment. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { brokerFault } from "../../../hw-sim/start/processes/broker-check.ts";
import { englishIn } from "../../support/italian.ts";

const START = join(import.meta.dirname, "../../../dist/hw-sim/start.js");

let folder = "";
beforeAll(async () => {
  if (!existsSync(START)) throw new Error("dist/ is not there: `node tools/build.mjs` first (npm test does)");
  folder = await mkdtemp(join(tmpdir(), "cippo-start-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Its temporary folders are made in `folder`. */
function start(...words: readonly string[]) {
  const child = spawn(process.execPath, [START, ...words], {
    env: { ...process.env, TMPDIR: folder, LANG: "C" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, out, err }));
  return { child, ended };
}
const left = async () => (await readdir(folder)).filter((name) => /^cippo-\d+$/.test(name));
/** Its folder is there: it has begun to open its world. */
async function begun(): Promise<void> {
  while ((await left()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("npm start", { timeout: 60_000 }, () => {
  it("stops in order when its reader goes away", async () => {
    const { child, ended } = start("--for", "30s");
    child.stdout.once("data", () => child.stdout.destroy());
    const { code, err } = await ended;
    expect([code, err]).toEqual([1, "stopped before it could be judged\n"]);
    expect(await left()).toEqual([]);
  });

  it("acts at once on a Ctrl-C in its first moments", async () => {
    const { child, ended } = start();
    await begun();
    const at = performance.now();
    child.kill("SIGINT");
    const { code, err } = await ended;
    expect([code, err]).toEqual([0, ""]);
    expect(performance.now() - at).toBeLessThan(10_000);
    expect(await left()).toEqual([]);
  });

  it("is ended hard by a second Ctrl-C", async () => {
    const { child, ended } = start();
    await once(child.stdout, "data");
    child.kill("SIGINT");
    // Later than an echo of the first.
    await new Promise((resolve) => setTimeout(resolve, 400));
    child.kill("SIGINT");
    await ended;
    expect(child.signalCode).toBeNull();
    expect(await left()).toEqual([]);
  });

  it("shows the product's own problems of a configuration", async () => {
    const file = join(folder, "bad.yaml");
    await writeFile(file, "gateway: { id: gw-1, site: { id: park } }\nsync: { broker: mqtt://127.0.0.1:1 }\nstroe: {}\n");
    const { code, out, err } = await start("--config", file).ended;
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain(`${file}:3:1: config.unknown-key: stroe: found "stroe", expected one of the keys`);
    expect(err).toMatch(/did you mean "store"\?\nerror config\.invalid: .*1 problem in .*\n→ /);
    expect(await left()).toEqual([]);
  });

  it("says in Italian, and in nothing else, what is wrong with a configuration and with its broker", async () => {
    const file = join(folder, "sbagliata.yaml");
    await writeFile(file, "gateway: { id: gw-1, site: { id: parco } }\nsync: { broker: niente }\nstroe: {}\n");
    const { code, err } = await start("--config", file, "--lang", "it").ended;
    expect(code).toBe(1);
    expect(err).toContain(`:3:1: config.unknown-key: stroe: c'è "stroe"`);
    expect(
      englishIn(err.replaceAll(folder, ""), [
        "store",
        "gateway",
        "credentials",
        "buses",
        "devices",
        "assets",
        "rules",
        "sync",
        "config",
        "check",
      ]),
    ).toEqual([]);
    const fault = await brokerFault("mqtt://127.0.0.1:1");
    expect(fault?.what("it")).toContain("connessione rifiutata");
    expect(englishIn(fault?.what("it") ?? "")).toEqual([]);
  });

  it.each([
    ["text that is no YAML", "gateway: [\n", "config.invalid"],
    ["a file that is not there", null, "config.unreadable"],
  ])("ends with one line of JSON for %s", async (name, text, code) => {
    const file = join(folder, `${name.replaceAll(" ", "-")}.yaml`);
    if (text !== null) await writeFile(file, text);
    const ran = await start("--config", file, "--json", "--for", "3s").ended;
    expect(ran.code).toBe(1);
    expect(
      ran.out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toMatchObject([{ error: { code } }]);
  });

  it.each([
    [["--help"], /^npm start -- \[options\]\n/],
    [["--help", "--lang", "it"], /^npm start -- \[opzioni\]\n/],
  ])("shows its help in 80 columns: %j", async (words, begins) => {
    const { code, out } = await start(...words).ended;
    expect([code, out]).toEqual([0, expect.stringMatching(begins)]);
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("names a scenario that is not there, before anything starts", async () => {
    const { code, err } = await start("--scenario", join(folder, "nope.yaml")).ended;
    expect(code).toBe(2);
    expect(err).toContain("nope.yaml: there is no such file");
  });

  it.each([
    ["an option that is none", ["--fro", "3s"], "opzione sconosciuta: --fro"],
    ["a time without a unit", ["--for", "3"], "--for 3: atteso: un tempo come 20s o 2min"],
    ["another word", ["fast"], "parola in più: fast"],
    [
      "a broker's absence longer than the run",
      ["--for", "2s", "--broker-away", "3s"],
      "--broker-away: deve durare meno di --for",
    ],
    ["a scenario that is not there", ["--scenario", "/nope.yaml"], "--scenario /nope.yaml: il file non esiste"],
    ["a site that is not there", ["--site", "nope"], "--site nope: atteso: badges, park, piazza, soak, streets"],
    ["a site beside a scenario", ["--site", "soak", "--scenario", "/dev/null"], "--site: non insieme a --scenario"],
    ["a fault's option that is none", ["fault", "meter-hall", "silence", "--fro", "3s"], "opzione sconosciuta: --fro. Uso: "],
  ])("says in Italian what is wrong with %s", async (_, words, expected) => {
    const { code, err } = await start(...words, "--lang", "it").ended;
    expect(code).toBe(2);
    expect(err.replaceAll(/\s+/g, " ")).toContain(expected);
    expect(err).not.toMatch(/Unknown option|expected|To specify/);
  });

  it("ends with one line of JSON for words that it does not understand", async () => {
    const { code, out } = await start("--json", "--fro", "3s").ended;
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: "cli.usage" } });
  });
});
