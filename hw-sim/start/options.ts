/** The options after `npm start --`, their help and what is said of a wrong one. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { duration } from "../../src/kit/text/quantities.ts";
import type { Text } from "../../src/model/index.ts";
import { usageSentence } from "../command-line.ts";

export interface Options {
  /** null: until Ctrl-C. */
  readonly forMs: number | null;
  readonly broker: string;
  readonly config: string | null;
  readonly json: boolean;
  readonly lang: keyof Text;
  readonly keep: boolean;
  readonly killGateway: boolean;
  /** So many more sudden ends, at moments drawn by lot. */
  readonly kills: number;
  readonly brokerAwayMs: number | null;
  readonly timeFactor: string | null;
  readonly scenario: string | null;
  /** Program and first words of another gateway than dist/cippo.js. */
  readonly gateway: readonly string[] | null;
}

const HELP: Text = {
  en: `npm start -- [options]

Starts a simulated site, a broker, the reference platform and the gateway, each
a process of its own, and shows what happens; q ends it.

  --for 20s            run this long, freeze the site, wait until everything is
                       acknowledged, judge, end (exit 0: nothing lost)
  --json               print nothing but one JSON report, last
                       (without: the verdict in words)
  --lang it|en         language; if not said, that of the environment (LANG)
  --broker WHICH       embedded (default), mosquitto (its Debian package), or
                       the URL of a running broker
  --config FILE        no simulated site: the gateway runs with this file; its
                       socket, database and broker are this run's own
  --site NAME          what happens at the simulated site: a file of
                       hw-sim/sites (default piazza); streets-day lives its
                       day in virtual time and ends by itself
  --scenario FILE      the same, from a file of your own
  --time-factor N      the site lives this much faster
  --kill-gateway       SIGKILL the gateway in the middle; back after 1 s
  --kills 5            the same so many times, at moments drawn by lot
  --broker-away 10s    kill the broker in the middle; it comes back on the same
                       port after this time
  --gateway COMMAND    another gateway than dist/cippo.js: of a release, say
  --keep               keep the run's folder (a run that fails keeps it, too)

In another terminal, \`node dist/cippo.js simulate fault\` lets parts of the site
fail, and lists which can fail how.
`,
  it: `npm start -- [opzioni]

Avvia un sito simulato, un broker, la piattaforma di riferimento e il gateway,
ciascuno un processo a sé, e mostra che cosa succede; q termina.

  --for 20s            dura tanto, poi ferma il sito, aspetta che tutto sia
                       confermato, giudica e finisce (uscita 0: nulla perso)
  --json               stampa soltanto un rapporto JSON, alla fine
                       (senza: il verdetto a parole)
  --lang it|en         lingua; se non detta, quella dell'ambiente (LANG)
  --broker QUALE       embedded (se non detto), mosquitto (il pacchetto Debian),
                       o l'indirizzo di un broker in funzione
  --config FILE        nessun sito simulato: il gateway usa questo file; socket,
                       base dati e broker sono di questa prova
  --site NOME          che cosa succede nel sito simulato: un file di
                       hw-sim/sites (se non detto: piazza); streets-day vive la
                       sua giornata in tempo virtuale e finisce da sé
  --scenario FILE      lo stesso, da un file proprio
  --time-factor N      il sito vive tanto più in fretta
  --kill-gateway       SIGKILL al gateway a metà; riparte dopo 1 s
  --kills 5            lo stesso tante volte, in momenti tirati a sorte
  --broker-away 10s    uccide il broker a metà; torna sulla stessa porta dopo
                       questo tempo
  --gateway COMANDO    un altro gateway che dist/cippo.js: quello di un rilascio
  --keep               tiene la cartella della prova (se fallisce, resta sempre)

In un altro terminale, \`node dist/cippo.js simulate fault\` fa guastare parti del
sito, e dice quali possono avere quale guasto.
`,
};

/** This file runs bundled, from dist/hw-sim/. */
const SITES_FOLDER = fileURLToPath(new URL("../../hw-sim/sites", import.meta.url));
const SITES = readdirSync(SITES_FOLDER)
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => file.slice(0, -".yaml".length));

export const helpIn = (lang: keyof Text): string => HELP[lang];

const KILLS_MOST = 100;

const WRONG = {
  expected: { it: "atteso:", en: "expected" },
  ownBroker: {
    it: "si può uccidere solo un broker avviato da questa prova",
    en: "only a broker that this run starts can be killed",
  },
  whole: { it: `atteso: un numero intero da 0 a ${KILLS_MOST}`, en: `expected a whole number from 0 to ${KILLS_MOST}` },
  aboveZero: { it: "atteso: un numero maggiore di 0", en: "expected a number above 0" },
  shorter: { it: "deve durare meno di --for", en: "must be shorter than --for" },
  noSite: { it: "con --config non c'è un sito simulato", en: "--config runs without a simulated site" },
  notBoth: { it: "non insieme a --scenario", en: "not together with --scenario" },
  noFile: { it: "il file non esiste", en: "there is no such file" },
  time: { it: "atteso: un tempo come 20s o 2min", en: "expected a time such as 20s or 2min" },
} as const satisfies Record<string, Text>;

/** Throws a sentence in that language. */
export function readOptions(args: readonly string[], language: keyof Text): Options | "help" {
  const { values } = parsed(args, language);
  if (values.help) return "help";
  const { broker, lang } = values;
  if (lang !== "it" && lang !== "en") throw new Error(`--lang ${lang}: ${WRONG.expected[language]} it, en`);
  const own = broker === "embedded" || broker === "mosquitto";
  if (!own && !/^mqtts?:\/\/./.test(broker))
    throw new Error(`--broker ${broker}: ${WRONG.expected[language]} embedded, mosquitto, mqtt://host:port`);
  const away = time("--broker-away", values["broker-away"], language);
  if (away !== null && !own) throw new Error(`--broker-away: ${WRONG.ownBroker[language]}`);
  const kills = Number(values.kills);
  if (!Number.isInteger(kills) || kills < 0 || kills > KILLS_MOST)
    throw new Error(`--kills ${values.kills}: ${WRONG.whole[language]}`);
  const factor = values["time-factor"] ?? null;
  if (factor !== null && !(Number(factor) > 0)) throw new Error(`--time-factor ${factor}: ${WRONG.aboveZero[language]}`);
  const forMs = time("--for", values.for, language);
  if (forMs !== null && away !== null && away >= forMs) throw new Error(`--broker-away: ${WRONG.shorter[language]}`);
  if (values.config !== undefined && values.scenario !== undefined) throw new Error(`--scenario: ${WRONG.noSite[language]}`);
  if (values.scenario !== undefined && !existsSync(values.scenario))
    throw new Error(`--scenario ${values.scenario}: ${WRONG.noFile[language]}`);
  if (values.site !== undefined && values.scenario !== undefined) throw new Error(`--site: ${WRONG.notBoth[language]}`);
  if (values.site !== undefined && values.config !== undefined) throw new Error(`--site: ${WRONG.noSite[language]}`);
  if (values.site !== undefined && !SITES.includes(values.site))
    throw new Error(`--site ${values.site}: ${WRONG.expected[language]} ${SITES.join(", ")}`);
  return {
    forMs,
    broker,
    config: values.config ?? null,
    json: values.json,
    lang,
    keep: values.keep,
    killGateway: values["kill-gateway"],
    kills,
    brokerAwayMs: away,
    timeFactor: factor,
    scenario: values.scenario ?? (values.site === undefined ? null : join(SITES_FOLDER, `${values.site}.yaml`)),
    gateway: values.gateway?.split(" ") ?? null,
  };
}

function parsed(args: readonly string[], language: keyof Text) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        for: { type: "string" },
        broker: { type: "string", default: "embedded" },
        config: { type: "string" },
        scenario: { type: "string" },
        site: { type: "string" },
        gateway: { type: "string" },
        json: { type: "boolean", default: false },
        lang: { type: "string", default: language },
        keep: { type: "boolean", default: false },
        "kill-gateway": { type: "boolean", default: false },
        kills: { type: "string", default: "0" },
        "broker-away": { type: "string" },
        "time-factor": { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new Error(usageSentence(error, language));
  }
}

function time(name: string, text: string | undefined, lang: keyof Text): number | null {
  if (text === undefined) return null;
  const read = duration().safeParse(text);
  if (!read.success || read.data <= 0) throw new Error(`${name} ${text}: ${WRONG.time[lang]}`);
  return read.data;
}
