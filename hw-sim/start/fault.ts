/** `cippo simulate fault`: shows what can fail at a running simulated site, and lets it fail. */
import { dirname, relative } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod";
import { formatDuration } from "../../src/kit/text/format-duration.ts";
import { duration } from "../../src/kit/text/quantities.ts";
import { folded } from "../../src/kit/text/wrap.ts";
import type { Text } from "../../src/model/index.ts";
import { usageSentence } from "../command-line.ts";
import type { FaultKind } from "../site/faults.ts";
import { ask } from "./ask.ts";
import { program } from "./processes/program.ts";
import { type Parts, partsIn, runFolders } from "./run-folder.ts";

type Lang = keyof Text;

/** As it is typed in a clone. */
const CIPPO = `node ${relative("", program("../cippo.js"))}`;
const FOR = "30s";
const LATE = "1500ms";
/** Width of the lists, in a pipe too. */
const COLUMNS = 80;

const means: Readonly<Record<FaultKind, Text>> = {
  silence: { it: "non risponde, non dice più nulla", en: "does not answer, says nothing any more" },
  "late-reply": { it: `risponde in ritardo (--late, di norma ${LATE})`, en: `answers late (--late, ${LATE} if not said)` },
  "wrong-unit": { it: "risponde l'indirizzo di un altro", en: "another one's address answers" },
  garbage: { it: "byte senza senso", en: "bytes that make no sense" },
  "bad-crc": { it: "somma di controllo sbagliata", en: "a wrong checksum" },
  unplug: { it: "tutta la linea è staccata", en: "the whole line is unplugged" },
  "helper-dies": {
    it: "il programma che serve il bus finisce di colpo",
    en: "the program that serves the bus ends suddenly",
  },
  chatter: { it: "il contatto rimbalza senza sosta", en: "the contact chatters without end" },
};
const isKind = (word: string): word is FaultKind => Object.hasOwn(means, word);

const TEXTS = {
  usage: {
    it: `Uso: ${CIPPO} simulate fault PARTE GUASTO [--for ${FOR}] [--late ${LATE}]`,
    en: `Usage: ${CIPPO} simulate fault PART FAULT [--for ${FOR}] [--late ${LATE}]`,
  },
  about: {
    it: "Fa guastare una parte del sito simulato: un dispositivo, o tutto un bus.",
    en: "Lets a part of the simulated site fail: one device, or a whole bus.",
  },
  example: { it: "Esempio:", en: "Example:" },
  faults: { it: "GUASTI", en: "FAULTS" },
  parts: { it: "PARTI", en: "PARTS" },
  can: { it: "può avere", en: "can have" },
  now: { it: "ADESSO", en: "NOW" },
  lasts: { it: "per", en: "for" },
  look: { it: "Per vederlo:", en: "To see it:" },
  none: {
    it: "nessun sito simulato è in funzione: `npm start` in un altro terminale",
    en: "no simulated site is running: `npm start` in another terminal",
  },
  noneThere: { it: "lì non c'è un sito simulato", en: "there is no simulated site" },
  several: { it: "sono in funzione più siti simulati; quale?", en: "several simulated sites are running; which?" },
  noPart: { it: "non c'è questa parte", en: "there is no such part" },
  noFault: { it: "non può avere questo guasto; può avere", en: "cannot have this fault; it can have" },
  notTime: { it: "atteso un tempo come 30s o 2min", en: "expected a time such as 30s or 2min" },
} as const satisfies Record<string, Text>;

/** A device or fault was named that does not exist. Its message is a sentence in the reader's language. */
export class FaultUsage extends Error {}

/** There is no simulated site to let fail. */
class NoSite extends Error {}

const state = z.object({
  faults: z.array(z.object({ kind: z.string(), device: z.string().optional(), bus: z.string().optional() })),
});

interface Running {
  readonly dir: string;
  readonly parts: Parts;
  /** What fails at this moment. */
  readonly now: z.output<typeof state>["faults"];
}

const wordsOf = (words: readonly string[]) => {
  try {
    return parsed(words);
  } catch (error) {
    const lang: Lang = /--lang[= ]it\b/.test(words.join(" ")) ? "it" : "en";
    throw new FaultUsage(`${usageSentence(error, lang)}. ${TEXTS.usage[lang]}`);
  }
};

const parsed = (words: readonly string[]) =>
  parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      for: { type: "string", default: FOR },
      late: { type: "string", default: LATE },
      socket: { type: "string" },
      lang: { type: "string", default: "en" },
      json: { type: "boolean", default: false },
      config: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });

/** `words` follow `fault`. Prints, and throws a sentence where it cannot. */
export async function simulateFault(words: readonly string[], print: (line: string) => void): Promise<void> {
  const { values, positionals } = wordsOf(words);
  const lang: Lang = values.lang === "it" ? "it" : "en";
  const socket = values.socket ?? process.env["CIPPO_SOCKET"];
  const [part, kind, ...more] = positionals;
  if (part === undefined || values.help) return help({ socket, lang, json: values.json, asked: values.help }, print);
  const times = { forMs: time("--for", values.for, lang), lateMs: time("--late", values.late, lang) };
  const { dir, parts } = await running(socket, lang);
  const fault = faultOf(parts, part, kind, lang);
  if (more.length > 0) throw new FaultUsage(TEXTS.usage[lang]);
  await ask({ port: parts.control }, { do: "fault", ...fault, ...times });
  if (values.json) return print(JSON.stringify({ ...fault, ...times }));
  print(`${part}: ${fault.kind} ${TEXTS.lasts[lang]} ${formatDuration(times.forMs)} (${means[fault.kind][lang]})`);
  print(`${TEXTS.look[lang]} ${CIPPO} --socket ${dir}/sock status`);
}

function faultOf({ buses }: Parts, part: string, kind: string | undefined, lang: Lang) {
  const bus = Object.entries(buses).find(([name, { devices }]) => name === part || devices.includes(part));
  const all = Object.entries(buses).flatMap(([name, { devices }]) => [name, ...devices]);
  if (!bus) throw new FaultUsage(`${TEXTS.noPart[lang]}: ${part} (${all.join(", ")})`);
  const [name, { faults }] = bus;
  if (kind === undefined || !isKind(kind) || !faults.includes(kind))
    throw new FaultUsage(`${part} ${TEXTS.noFault[lang]}: ${faults.join(", ")}`);
  return name === part ? { kind, bus: part } : { kind, device: part };
}

interface HelpWanted {
  readonly socket: string | undefined;
  readonly lang: Lang;
  readonly json: boolean;
  /** The help was asked for, so it is no error. */
  readonly asked: boolean;
}

async function help({ socket, lang, json, asked }: HelpWanted, print: (line: string) => void): Promise<void> {
  const site = await running(socket, lang).catch((error: unknown) => {
    if (json || !(error instanceof FaultUsage || error instanceof NoSite)) throw error;
    return error;
  });
  if (json && !(site instanceof Error))
    return print(JSON.stringify({ folder: site.dir, buses: site.parts.buses, now: site.now }));
  for (const line of [TEXTS.about[lang], TEXTS.usage[lang], "", TEXTS.faults[lang]]) print(line);
  for (const [kind, what] of Object.entries(means)) print(`  ${kind.padEnd(13)}${what[lang]}`);
  print("");
  if (site instanceof Error) {
    if (!asked) throw site;
    return print(site.message);
  }
  print(`${TEXTS.parts[lang]}  (${site.dir})`);
  for (const [bus, { devices, faults }] of Object.entries(site.parts.buses)) {
    print(folded(`  ${bus}: ${devices.join(", ")}`, COLUMNS));
    print(folded(`    ${TEXTS.can[lang]} ${faults.join(", ")}`, COLUMNS));
  }
  if (site.now.length > 0)
    print(`${TEXTS.now[lang]}  ${site.now.map((one) => `${one.device ?? one.bus} ${one.kind}`).join(", ")}`);
  const [bus, first] = Object.entries(site.parts.buses)[0] ?? [];
  print("");
  print(`${TEXTS.example[lang]} ${CIPPO} simulate fault ${first?.devices[0] ?? bus} ${first?.faults[0]} --for ${FOR}`);
}

/** The site whose socket was named, or the only one that runs. */
async function running(socket: string | undefined, lang: Lang): Promise<Running> {
  if (socket !== undefined) {
    const one = await siteIn(dirname(socket));
    if (!one) throw new NoSite(`${dirname(socket)}: ${TEXTS.noneThere[lang]}`);
    return one;
  }
  const all = (await Promise.all((await runFolders()).map(siteIn))).filter((one) => one !== undefined);
  const [first] = all;
  if (!first) throw new NoSite(TEXTS.none[lang]);
  if (all.length > 1) throw new FaultUsage(`${TEXTS.several[lang]} ${all.map(({ dir }) => `--socket ${dir}/sock`).join("  ")}`);
  return first;
}

async function siteIn(dir: string): Promise<Running | undefined> {
  const parts = await partsIn(dir).catch(() => undefined);
  if (!parts) return undefined;
  // A run that was killed leaves its folder.
  const answer = await ask({ port: parts.control }, { do: "state" }).catch(() => undefined);
  const { data } = state.safeParse(answer);
  return data && { dir, parts, now: data.faults };
}

function time(name: string, text: string, lang: Lang): number {
  const read = duration().safeParse(text);
  if (!read.success || read.data <= 0) throw new FaultUsage(`${name} ${text}: ${TEXTS.notTime[lang]}`);
  return read.data;
}
