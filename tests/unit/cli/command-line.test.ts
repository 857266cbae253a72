/** What the built `cippo` prints, and its exit code, for command lines as people type them. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CommandRequest } from "../../../src/cli/socket/admin-protocol.ts";
import { type Admin, serveAdmin } from "../../../src/cli/socket/admin-server.ts";
import { argumentText } from "../../../src/edge/commands/argument-text.ts";
import { resultOf } from "../../../src/edge/commands/command-result.ts";
import { refused } from "../../../src/edge/commands/refusal.ts";
import { EdgeError } from "../../../src/kit/errors.ts";
import { noLog } from "../../../src/kit/log.ts";
import type { CommandTarget, EdgeEvent } from "../../../src/model/index.ts";
import { gatewayStatus } from "./gateway-status.ts";

const LIGHTS = {
  args: { value: { type: "boolean", required: true } },
  ...{ target: "hall-lights.on", action: "set", impact: "high", safe: false },
} as const satisfies CommandTarget;

const ROOT = join(import.meta.dirname, "../../..");
const CIPPO = join(ROOT, "dist/cippo.js");
const EXAMPLE = join(ROOT, "config/gateway.example.yaml");

let folder = "";
let socket = "";
beforeAll(async () => {
  if (!existsSync(CIPPO)) throw new Error("dist/cippo.js is not there: `node tools/build.mjs` first (npm test does)");
  folder = await mkdtemp(join(tmpdir(), "cippo-line-"));
  socket = join(folder, "cippo.sock");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function cippo(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const clean = { PATH: process.env["PATH"] ?? "", LANG: "C.UTF-8", TZ: "UTC", ...env };
  return new Promise((resolve) => {
    execFile(process.execPath, [CIPPO, ...words], { env: clean, timeout: 15_000 }, (error, out, err) => {
      expect(`${out}${err}`, "a stack trace").not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}

/** The exit code of a command whose reader is gone before the first line. */
async function unread(words: readonly string[]): Promise<number | null> {
  const child = spawn(process.execPath, [CIPPO, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.destroy();
  const [code] = (await once(child, "exit")) as [number | null];
  return code;
}

describe("without a gateway", () => {
  it("says its version", async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string };
    expect(await cippo(["version"])).toMatchObject({ code: 0, out: expect.stringContaining(`cippo ${version} `) });
    expect(JSON.parse((await cippo(["version", "--json"])).out)).toMatchObject({ cippo: version, node: process.versions.node });
    expect(await cippo(["--version"])).toMatchObject({ code: 0, out: `${version}\n` });
  });

  it("explains an error code in the language asked for", async () => {
    expect((await cippo(["errors", "bus.timeout"])).out).toContain("Check power, wiring");
    expect((await cippo(["errors", "bus.timeout"], { LC_ALL: "it_IT.UTF-8", LANG: "en_GB.UTF-8" })).out).toContain("Controllare");
    const all = JSON.parse((await cippo(["errors", "--json"])).out) as { code: string }[];
    expect(all.map(({ code }) => code)).toContain("store.corrupt");
    expect((await cippo(["errors", "config.invalid"])).out).toContain("Configuration refused: {count} problems in {file}");
    expect((await cippo(["errors", "sensor"])).out).toMatch(/^sensor\.blind-zone: /);
    const bus = JSON.parse((await cippo(["errors", "bus", "--json"])).out) as { code: string }[];
    expect(bus.map(({ code }) => code)).toContain("bus.timeout");
    expect(bus.every(({ code }) => code.startsWith("bus."))).toBe(true);
    expect(await cippo(["errors", "b"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("value not allowed: b (`cippo errors`)"),
    });
    expect(await cippo(["errors", "bus.timeuot"])).toMatchObject({ code: 2, err: expect.stringContaining("bus.timeout?") });
  });

  it("explains events of the gateway itself, with the next step where there is one", async () => {
    const told = (await cippo(["errors", "uplink.down", "--lang", "it"])).out;
    expect(told).toBe(
      "uplink.down: Il collegamento con il broker manca da 10 s\n→ `cippo status` dice perché; nulla va perso.\n(gravità: bassa)\n",
    );
    expect((await cippo(["errors", "uplink.up"])).out).toBe("uplink.up: The link to the broker is back\n(severity: info)\n");
  });

  it("explains an alarm of an asset kind, and what whoever is sent there does", async () => {
    const name = "bay.illegal-occupation";
    const told = (await cippo(["errors", name, "--lang", "it"])).out;
    expect(told).toBe(
      `${name}: Stallo {reserved} {name} occupato senza contrassegno da {for}\n→ Avvisare la polizia locale; se il contrassegno c'è, confermarlo con \`cippo command\`.\n(gravità: alta)\n`,
    );
    const all = JSON.parse((await cippo(["errors", "--json"])).out) as { code: string; severity?: string }[];
    expect(all).toContainEqual(expect.objectContaining({ code: name, severity: "high" }));
    for (const page of ["docs/alarms.md", "docs/events.md"]) {
      const rows = (await readFile(join(ROOT, page), "utf8")).matchAll(/^\| `([\w.-]+)`/gm);
      expect(all.map(({ code }) => code)).toEqual(expect.arrayContaining([...rows].map(([, code]) => code)));
    }
  });

  it("lists the device types", async () => {
    const types = JSON.parse((await cippo(["devices", "--types", "--json"])).out) as { type: string }[];
    expect(types.map(({ type }) => type)).toContain("gpio-contact");
  });

  it("says that no gateway answers, and what to do", async () => {
    const nowhere = join(folder, "nowhere.sock");
    expect(await cippo(["status", "--socket", nowhere])).toEqual({
      code: 1,
      out: "",
      err: `error cli.not-running: The gateway does not answer on ${nowhere}\n→ \`systemctl status cippo\`; or name \`--socket\`, \`CIPPO_SOCKET\` or \`--config\`.\n`,
    });
    const { code, err } = await cippo(["status", "--json", "--lang=it"], { CIPPO_SOCKET: nowhere });
    expect(code).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ error: { code: "cli.not-running", what: expect.stringContaining("non risponde") } });
  });

  it("says that what was given is no socket", async () => {
    const file = join(folder, "notes.txt");
    await writeFile(file, "");
    expect(await cippo(["status", "--socket", file])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^error cli\.not-a-socket: .*notes\.txt is not a socket\n→ .*`--socket`/),
    });
  });

  it.each([
    [["statsu"], "unknown command statsu (status?)"],
    [["status", "--jsn"], "unknown option --jsn (--json?)"],
    [["read"], "missing argument device"],
    [["read", ""], "missing argument device"],
    [["history", ""], "missing argument point"],
    [["watch", "a", ""], "missing argument name"],
    [["command", "", "set"], "missing argument target"],
    [["command", "a", ""], "missing argument action"],
    [["status", "--socket", ""], "missing the value of --socket"],
    [["status", "--config="], "missing the value of --config"],
    [["config", "check", ""], "missing argument file"],
    [["status", "now"], "too many arguments for status"],
    [["status", "--lang", "fr"], "value not allowed: --lang fr (it, en)"],
    [["command", "a", "b", "novalue"], 'expected name=value, each once, found "novalue"'],
    [["command", "a", "b", "value=true", "value=false"], 'expected name=value, each once, found "value=false"'],
    [["history", "a.b", "--since", "yesterday"], "value not allowed: yesterday"],
    [["run", "--log-level", "loud", "--config", EXAMPLE], "value not allowed: loud"],
  ])("wrong usage %j ends with 2", async (words, reason) => {
    const { code, err } = await cippo(words);
    expect(err).toContain("error cli.usage: ");
    expect(err).toContain(reason);
    // The help that has the rest is that of the command which was meant.
    const command = words[0] === "statsu" ? "" : `${words.slice(0, words[0] === "config" ? 2 : 1).join(" ")} `;
    expect(err).toContain(`\n→ \`cippo ${command}--help\`.\n`);
    expect(code).toBe(2);
  });

  it.each([
    [["help", "statsu"], "comando sconosciuto statsu\n→ Intendevi status? `cippo --help`"],
    [["config", "help", "chekc"], "comando sconosciuto chekc\n→ Intendevi check? "],
    [["help", "pippo"], "comando sconosciuto pippo\n"],
    [["status", "--lang", "fr"], "valore non ammesso: --lang fr (it, en)"],
    [["history", "a.b", "--since", "1h", "--until", "2h"], "la fine viene prima dell'inizio (--since 1h, --until 2h)"],
    [["history", "a.b", "--since", "30/11/2026"], "una data si scrive 2026-11-30"],
    [["events", "--since", "ieri"], "una data si scrive 2026-11-30"],
    [["events", "--since", "5m"], "Intendevi 5min? "],
    [["events", "--since", "2999-01-01"], "l'inizio è nel futuro"],
    [["config", "check"], "va indicato il file di configurazione: non c'è /etc/cippo/gateway.yaml"],
    [["run"], "va indicato il file di configurazione: non c'è /etc/cippo/gateway.yaml"],
  ])("wrong usage %j is explained in Italian, with what was meant", async (words, reason) => {
    const { code, err } = await cippo(words, { LANG: "it_IT.UTF-8" });
    expect(err).toContain("errore cli.usage: Uso: ");
    expect(err).toContain(reason);
    expect(code).toBe(2);
  });

  it.each([[[]], [["meter-hall", "silence"]]])("says that there is no simulated site, and ends with 1: %j", async (words) => {
    const { code, err } = await cippo(["simulate", "fault", ...words], {
      LANG: "it_IT.UTF-8",
      CIPPO_SOCKET: join(folder, "sock"),
    });
    expect([code, err]).toEqual([1, `${folder}: lì non c'è un sito simulato\n`]);
  });

  it.each(["en", "it"])("no help is wider than 80 columns, in %s", async (lang) => {
    const commands = [
      "run",
      "status",
      "devices",
      "watch",
      "read",
      "command",
      "acknowledge",
      "events",
      "history",
      "config",
      "errors",
      "version",
    ];
    const pages = await Promise.all(
      [[], ...commands.map((name) => [name])].map((words) => cippo(["help", ...words, "--lang", lang])),
    );
    for (const { code, out } of [...pages, await cippo(["config", "check", "--help", "--lang", lang])]) {
      expect(code).toBe(0);
      expect(out.split("\n").filter((line) => [...line].length > 80)).toEqual([]);
    }
  });

  it("shows its help in both languages", async () => {
    expect(await cippo(["--help"])).toMatchObject({ code: 0, out: expect.stringContaining("Exit: 0 done") });
    expect((await cippo(["--help", "--lang", "it"])).out).toContain("Codice di uscita: 0 fatto");
    expect((await cippo([])).code).toBe(2);
    expect((await cippo(["help"])).out).toBe((await cippo(["--help"])).out);
    const read = await cippo(["help", "read", "--lang", "it"]);
    expect(read.out).toBe((await cippo(["read", "--help", "--lang", "it"])).out);
    expect(read.out).toMatch(/Esempi:\n {2}cippo read meter-hall\n/);
    expect(read.out.replaceAll(/\s+/g, " ")).toMatch(/--socket <percorso> .*CIPPO_SOCKET.* \/run\/cippo\/cippo\.sock/);
    expect((await cippo(["history", "--help", "--lang", "it"])).out).toContain("(predefinito: 2h)");
    // What every command takes is said by every command; nothing is left in another language.
    const { out } = await cippo(["devices", "--help", "--lang", "it"]);
    expect(out).toMatch(/Per ogni comando:\n[\s\S]*--json +un documento JSON[\s\S]*--lang <it\|en>/);
    expect((await cippo(["config", "--help", "--lang", "it"])).out).not.toMatch(/display help|Global/);
  });
});

describe("simulate", () => {
  it.each([
    [["simulate", "--lang", "it"], {}],
    [["--lang=it", "simulate"], {}],
    [["simulate"], { LANG: "it_IT.UTF-8" }],
    [["simulate", "--lang", "it"], { LANG: "en_GB.UTF-8" }],
  ] as const)("%j takes its language as every command, %j", async (words, env) => {
    const { code, err } = await cippo([...words, "--for", "soon"], env);
    expect(err).toContain("errore cli.usage: Uso: --for soon");
    expect(code).toBe(2);
  });

  it("shows a configuration's problems in that language, and takes the options that stand before it", async () => {
    const file = join(folder, "sim.yaml");
    await writeFile(file, "gateway: { id: gw-1, site: { id: park } }\nsync: { broker: mqtt://127.0.0.1:1 }\nstroe: {}\n");
    const { code, err } = await cippo(["--config", file, "simulate", "--lang", "it"]);
    expect(err).toContain('config.unknown-key: stroe: c\'è "stroe", atteso: una tra le voci');
    expect(err).toContain("errore config.invalid: Configurazione rifiutata");
    expect(code).toBe(1);
    expect(await cippo(["simulate", "--lang", "de"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("--lang de (it, en)"),
    });
  });
});

describe("config", () => {
  it("check accepts the example", async () => {
    expect(await cippo(["config", "check", EXAMPLE])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/no errors, \d+ warnings\n$/),
    });
    expect(JSON.parse((await cippo(["config", "check", "--json", EXAMPLE])).out)).toMatchObject({ ok: true, errors: 0 });
  });

  it("check names every problem with its place, and run refuses the same", async () => {
    const file = join(folder, "bad.yaml");
    await writeFile(file, "gateway:\n  id: gw-1\n  site: { id: park }\nsync: { broker: nonsense }\nstroe: {}\n");
    const checked = await cippo(["config", "check", file]);
    expect(checked.code).toBe(1);
    expect(checked.out).toContain(`${file}:4:17: config.wrong-value: sync.broker: found "nonsense", expected a broker`);
    expect(checked.out).toContain(`${file}:5:1: config.unknown-key: stroe: found "stroe"`);
    expect(checked.out).toContain('did you mean "store"?');
    expect((await cippo(["config", "check", "--lang", "it", file])).out).toContain('intendevi "store"?');
    const machine = JSON.parse((await cippo(["config", "check", "--json", file])).out) as { problems: unknown[] };
    expect(machine).toMatchObject({
      ok: false,
      errors: 2,
      problems: [
        { line: 4, column: 17 },
        { line: 5, column: 1 },
      ],
    });
    const run = await cippo(["run", "--config", file]);
    expect(run.code).toBe(1);
    expect(run.err).toContain(`${file}:5:1: config.unknown-key`);
    expect(run.err).toContain("config.invalid: Configuration refused: 2 problems");
  });

  it.each([
    ["en", "stroe: {}\n", "1 error, 0 warnings"],
    ["it", "stroe: {}\n", "1 errore, 0 avvisi"],
    ["it", "stroe: {}\nbusses: {}\ndevices: { r: { type: mbus-meter } }\n", "2 errori, 1 avviso"],
    ["en", "devices: { r: { type: mbus-meter } }\n", "no errors, 1 warning"],
  ])("check counts as people do, in %s: %j", async (lang, text, counts) => {
    const file = join(folder, "counted.yaml");
    await writeFile(file, `gateway: { id: gw-1, site: { id: park } }\nsync: { broker: mqtt://127.0.0.1:1 }\n${text}`);
    expect((await cippo(["config", "check", "--lang", lang, file])).out).toContain(`${file}: ${counts}\n`);
  });

  it("check keeps its exit code when nobody reads what it prints", async () => {
    const file = join(folder, "thousands.yaml");
    await writeFile(file, Array.from({ length: 3000 }, (_, i) => `wrong${i}: 1\n`).join(""));
    expect(await unread(["config", "check", file])).toBe(1);
    expect(await unread(["config", "check", "--json", file])).toBe(1);
    expect(await unread(["config", "check", EXAMPLE])).toBe(0);
  });

  it("check says when there is no file", async () => {
    expect(await cippo(["config", "check", join(folder, "none")])).toMatchObject({
      code: 1,
      err: expect.stringContaining("ENOENT"),
    });
  });

  it("schema is the generated file", async () => {
    const printed = await cippo(["config", "schema"]);
    expect(printed.code).toBe(0);
    expect(printed.out).toBe(await readFile(join(ROOT, "config/schema.json"), "utf8"));
  });
});

describe("with a gateway", () => {
  const asked: CommandRequest[] = [];
  let happened: readonly EdgeEvent[] = [];
  const stop = new AbortController();
  const admin: Admin = {
    status: () => gatewayStatus,
    present: () => gatewayStatus,
    problems: () => [],
    lists: () => [],
    importList: async () => null,
    commands: () => [
      { target: "bay-014", action: "permit.confirm", args: { until: { type: "number" } }, impact: "low", safe: true },
      LIGHTS,
    ],
    read: async (device) => {
      if (device !== "meter-hall") throw new EdgeError("cli.unknown-name", { name: device, near: "meter-hall" });
      return [{ point: "power", kind: "gauge", value: 412.5, unit: "W", quality: "good", ageMs: 3 }];
    },
    watch: (_, listener) => {
      const timer = setInterval(() => {
        for (let i = 0; i < 50; i++)
          listener({ what: "reading", source: "meter-hall", point: "power", value: i, unit: "W", quality: "good", at: 0 });
      }, 5);
      return () => clearInterval(timer);
    },
    command: async (request) => {
      asked.push(request);
      const failed = request.action === "fail";
      const { target, action } = request;
      const refusal =
        action === "set" && typeof request.args["value"] !== "boolean"
          ? refused("command.out-of-range", { name: "value", target, figures: argumentText(LIGHTS) })
          : action === "on"
            ? refused("command.unknown-target", { target, action })
            : null;
      if (refusal !== null) return resultOf({ id: "c1", target, action }, refusal, 1);
      if (action === "set") return resultOf({ id: "c1", target, action }, { state: "succeeded", value: true }, 1);
      return {
        id: "c1",
        target: request.target,
        action: request.action,
        state: failed ? "refused" : "succeeded",
        ...(failed && { code: "command.too-soon" }),
        at: 1,
      };
    },
    events: async function* () {
      yield* happened;
    },
    history: async function* ({ point }) {
      const at = { epoch: "e", n: 1, clock: "synced" as const, quality: "good" as const, unit: "W", source: point, name: "" };
      for (let seq = 1; seq <= 3; seq++)
        yield { ...at, seq, value: seq * 1.5, mono: seq, wall: 1_764_000_000_000 + (seq - 1) * 60_000 };
      yield { ...at, seq: 4, value: null, quality: "bad", code: "bus.timeout", mono: 4, wall: 1_764_000_180_000 };
    },
  };
  beforeAll(async () => {
    await serveAdmin(socket, admin, noLog, stop.signal);
  });
  afterAll(() => stop.abort());
  const ask = (...words: string[]) => cippo([...words, "--socket", socket]);

  it("status says what is not well and what to do, and ends with 1 because a device is down", async () => {
    const { code, out } = await ask("status");
    expect(code).toBe(1);
    expect(out).toMatch(/\n1 of 2 devices is not well\nbay-014-sensor {2}down for 95 s {2}port\.lost\n {4}\S.*\n {4}→ \S/);
    expect(out).toMatch(/\n1 device is well\n\n1 open alarm:\n {2}bay\.illegal-occupation {2}bay-014 {2}high {2}from /);
    expect(JSON.parse((await ask("status", "--json")).out)).toEqual(gatewayStatus);
    expect((await ask("status", "--lang", "it")).out).toMatch(
      /\n1 di 2 dispositivi non sta bene\nbay-014-sensor {2}non risponde da 95 s/,
    );
    const all = (await cippo(["status", "--all", "--lang", "it", "--socket", socket], { COLUMNS: "120" })).out;
    expect(all).toContain("DISPOSITIVO");
    expect(all).toMatch(/hall-485\s+42 %\s+1200\s+7\s+2\s+1\s+0\s+1/);
  });

  it("status keeps its exit code when nobody reads it", async () => expect(await unread(["status", "--socket", socket])).toBe(1));

  it("devices shows points, and what can be commanded", async () => {
    expect((await ask("devices")).out).toMatch(/voltage\s+–\s+V\s+850 ms\s+bad bus\.timeout/);
    const { out } = await ask("devices");
    expect(out).toMatch(/meter-hall .* 48 ms, 7\/1200 unanswered, 2\/1200 corrupt/);
    expect(out).toMatch(/bay-014-sensor .* 950 frames, 12 stray bytes, 16 not read in time/);
    expect((await ask("devices", "meter-hall", "--lang", "it")).out).toMatch(/^meter-hall .*\n {4}power +412,5 {2}W/);
    expect((await ask("devices", "--commands")).out).toContain("until=<number>");
  });

  it("read shows values; an unknown name is an error with its code", async () => {
    expect(await ask("read", "meter-hall")).toMatchObject({ code: 0, out: expect.stringMatching(/power\s+412\.5\s+W\s+good/) });
    expect(await ask("read", "nobody", "--lang", "it")).toMatchObject({
      code: 1,
      err: expect.stringContaining("cli.unknown-name: nobody non esiste in questo sito\n→ Intendevi meter-hall? `cippo devices`"),
    });
  });

  it("command sends typed arguments, and its exit code is the outcome", async () => {
    const before = Date.now();
    expect(await ask("command", "bay-014", "permit.confirm", "until=+2h", "n=-1.5", "on=true", "by=desk 4")).toMatchObject({
      code: 0,
      out: "bay-014 permit.confirm: succeeded\n",
    });
    expect(asked.at(-1)).toMatchObject({ target: "bay-014", args: { n: -1.5, on: true, by: "desk 4" } });
    const until = Number(asked.at(-1)?.args["until"]) - before;
    expect(until).toBeGreaterThanOrEqual(7_200_000);
    expect(until).toBeLessThan(7_260_000);
    expect(await ask("command", "bay-014", "fail")).toMatchObject({ code: 1, out: expect.stringContaining("command.too-soon") });
  });

  it("command says in Italian how it ended, why, and what the argument takes", async () => {
    const it = (...words: string[]) => ask("command", ...words, "--lang", "it");
    expect(await it("hall-lights", "on")).toMatchObject({
      code: 1,
      out: "hall-lights on: rifiutato  command.unknown-target\nNessun comando on per hall-lights\n→ `cippo devices --commands` mostra che cosa si può comandare.\n",
    });
    expect(await it("hall-lights.on", "set", "value=1")).toMatchObject({
      code: 1,
      out: expect.stringContaining("Argomento value: così hall-lights.on non lo accetta: value=<vero|falso> (obbligatorio)\n"),
    });
    expect((await ask("command", "hall-lights.on", "set", "value=1")).out).toContain(
      "Argument value is not as hall-lights.on takes it: value=<true|false> (required)\n",
    );
    expect(await it("hall-lights.on", "set", "value=vero")).toMatchObject({
      code: 0,
      out: "hall-lights.on set: riuscito, ora vale vero\n",
    });
    expect(asked.at(-1)?.args).toEqual({ value: true });
    // Of a gateway that says only its code.
    expect(await it("bay-014", "fail")).toMatchObject({
      code: 1,
      out: expect.stringContaining("bay-014 fail: rifiutato  command.too-soon\nTroppo presto dopo il comando precedente\n→ "),
    });
  });

  it("acknowledge takes charge of all that stands open at one name, and says where nothing does", async () => {
    expect(await ask("acknowledge", "bay-014", "--note", "pattuglia inviata", "--lang", "it")).toMatchObject({
      code: 0,
      out: "bay.illegal-occupation: preso in carico\n",
    });
    const args = { event: gatewayStatus.alarms[0]?.id, note: "pattuglia inviata" };
    expect(asked.at(-1)).toMatchObject({ target: "bay-014", action: "event.acknowledge", args });
    expect(await ask("acknowledge", "meter-hall", "--lang", "it")).toMatchObject({
      code: 1,
      out: "nessun allarme aperto di meter-hall\n",
    });
    expect((await ask("acknowledge", "nobody")).err).toContain("cli.unknown-name");
  });

  it("what can be commanded is said in Italian, and the help says where until is taken", async () => {
    const { out } = await ask("devices", "--commands", "--lang", "it");
    expect(out).toMatch(/bay-014 +permit\.confirm +basso +until=<numero>/);
    expect(out).toMatch(/hall-lights\.on +set +alto +value=<vero\|falso> \(obbligatorio\)/);
    const help = (await cippo(["help", "command", "--lang", "it"])).out.replaceAll(/\s+/g, " ");
    expect(help).toContain("`cippo devices --commands`. Dove c'è `until`, `until=+2h` vuol dire fra due ore");
  });

  it("status and events have no English words on an Italian page", async () => {
    const { out } = await ask("status", "--all", "--lang", "it");
    expect(out).toMatch(/bay-014 +occupato +buona/);
    expect(out).toMatch(/bay\.illegal-occupation +bay-014 +alta/);
    const page = (await ask("status", "--lang", "it")).out;
    expect(page).toMatch(/bay\.illegal-occupation {2}bay-014 {2}alta/);
    expect(page).toContain("bay-014 occupato");
    const base = {
      id: "e/1",
      epoch: "e",
      seq: 1,
      after: 0,
      at: 0,
      mono: 0,
      clock: "synced",
      since: 0,
      device: "meter-hall",
    } as const;
    happened = (["noted", "raised", "updated", "cleared", "acknowledged"] as const).map(
      (state): EdgeEvent =>
        ({ ...base, kind: "device.down", state, severity: "medium", text: { it: "fermo", en: "down" } }) as unknown as EdgeEvent,
    );
    const told = (await ask("events", "--lang", "it")).out;
    expect(told).not.toMatch(/noted|raised|updated|cleared|acknowledged|medium/);
    expect(told).toMatch(/device\.down +aperto +media/);
    happened = [];
  });

  it("a table in a pipe is 80 columns wide, or as COLUMNS says; a sentence is wrapped at spaces", async () => {
    const widest = (text: string) => Math.max(...text.split("\n").map((line) => [...line].length));
    expect(widest((await cippo(["errors", "--lang", "it"])).out)).toBeLessThanOrEqual(80);
    expect(widest((await cippo(["errors"], { COLUMNS: "50" })).out)).toBeLessThanOrEqual(50);
    const { err } = await cippo(["status", "--socket", join(folder, "nowhere"), "--lang", "it"], { COLUMNS: "60" });
    expect(widest(err)).toBeLessThanOrEqual(60);
    const whole = (await cippo(["status", "--socket", join(folder, "nowhere"), "--lang", "it"])).err;
    expect(err.replaceAll(/\s+/g, " ")).toBe(whole.replaceAll(/\s+/g, " "));
    // No word is cut.
    expect(whole.split(/\s+/)).toEqual(err.split(/\s+/));
  });

  it("history has a header, a line for each value, and the least and the greatest", async () => {
    const { out } = await ask("history", "meter-hall.power", "--since", "2025-11-24");
    expect(out.split("\n").slice(0, 6)).toEqual([
      "TIME                          VALUE",
      "2025-11-24 16:00:00             1.5 W",
      "2025-11-24 16:01:00               3 W",
      "2025-11-24 16:02:00             4.5 W",
      "2025-11-24 16:03:00               – W  bad bus.timeout",
      "",
    ]);
    expect(out).toMatch(/\nmeter-hall\.power: 4 values, from 2025-11-24 00:00:00 to \d{4}-/);
    expect(out).toMatch(/\nminimum 1\.5 W on 2025-11-24 16:00:00\nmaximum 4\.5 W on 2025-11-24 16:02:00\n$/);
    const until = await ask(
      "history",
      "meter-hall.power",
      "--since",
      "2025-11-24",
      "--until",
      "2025-11-24 16:01",
      "--lang",
      "it",
    );
    expect(until.out).toMatch(/1,5 W\n.*3 W\n\n/);
    expect(until.out).toMatch(/2 valori, da .* a 2025-11-24 16:01:00\nminimo 1,5 W il .*\nmassimo 3 W il /);
    expect(await ask("history", "meter-hall.power", "--since", "1h", "--until", "2h")).toMatchObject({
      code: 2,
      err: expect.stringContaining("the end lies before the beginning (--since 1h, --until 2h)"),
    });
    expect(await ask("history", "meter-hall.power", "--until", "soon")).toMatchObject({
      code: 2,
      err: expect.stringContaining("soon (until when"),
    });
    expect(JSON.parse((await ask("history", "meter-hall.power", "--json")).out)).toHaveLength(4);
    expect(JSON.parse((await ask("events", "--json", "--since", "1d")).out)).toEqual([]);
    expect((await ask("events", "--since", "1d", "--lang", "it")).out).toBe("(nessuno)\n");
  });

  it.each([
    ["en", ["time,value,unit,quality,code,clock", "2025-11-24 16:00:00,1.5,W,good,,synchronised"]],
    ["it", ["ora;valore;unità;qualità;codice;orologio", "2025-11-24 16:00:00;1,5;W;buona;;sincronizzato"]],
  ])("history fills a spreadsheet, in %s", async (lang, lines) => {
    const { out } = await ask("history", "meter-hall.power", "--csv", "--lang", lang);
    expect(out.split("\n").slice(0, 2)).toEqual(lines);
    expect(out.trimEnd().split("\n")).toHaveLength(5);
  });

  it("finds the socket in a configuration, even one that is wrong elsewhere", async () => {
    const file = join(folder, "half.yaml");
    await writeFile(file, "gateway: { socket: cippo.sock, language: it }\nnonsense: 1\n");
    expect((await cippo(["status", "--all", "--config", file])).out).toContain("DISPOSITIVO");
  });

  it("watch into `head` ends in silence", async () => {
    const child = spawn("sh", ["-c", `"${process.execPath}" "${CIPPO}" watch --json --socket "${socket}" | head -n 3`]);
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    await once(child, "close");
    expect(err).toBe("");
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toMatchObject([{ value: 0 }, { value: 1 }, { value: 2 }]);
  });
});
