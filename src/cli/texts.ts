/** The name of a fixed phrase goes in; its Italian and English come out. Every word that the command line itself says is here. */
import type { Lang } from "../config.ts";
import type { Text } from "../model.ts";

export const texts = {
  // help
  about: {
    it: "Il gateway ai margini della rete: letture, regole e comandi di un sito.",
    en: "The gateway at the edge: readings, rules and commands of one site.",
  },
  usage: { it: "Uso:", en: "Usage:" },
  options: { it: "Opzioni:", en: "Options:" },
  globalOptions: { it: "Per ogni comando:", en: "For every command:" },
  commands: { it: "Comandi:", en: "Commands:" },
  arguments: { it: "Argomenti:", en: "Arguments:" },
  optHelp: { it: "mostra questo aiuto", en: "show this help" },
  optVersion: { it: "mostra la versione", en: "show the version" },
  optJson: { it: "un documento JSON, per le macchine", en: "one JSON document, for machines" },
  optLang: { it: "lingua: it o en", en: "language: it or en" },
  optSocket: { it: "socket del gateway in esecuzione", en: "socket of the running gateway" },
  optConfig: { it: "file di configurazione", en: "configuration file" },
  optLogLevel: { it: "debug, info, warn, error o silent", en: "debug, info, warn, error or silent" },
  optTypes: { it: "i tipi che si possono configurare", en: "the types that can be configured" },
  optCommands: { it: "che cosa si può comandare", en: "what can be commanded" },
  optSince: { it: "da quando: 30min, 2h, 3d o una data", en: "since when: 30min, 2h, 3d or a date" },
  optLimit: { it: "al massimo tanti, i più recenti", en: "at most so many, the newest" },
  exits: {
    it: "Uscita: 0 fatto, 1 c'è un problema o non è riuscito, 2 uso sbagliato.",
    en: "Exit: 0 done, 1 a problem was found or it failed, 2 wrong usage.",
  },
  run: { it: "avvia il gateway", en: "run the gateway" },
  status: { it: "come sta il gateway", en: "how the gateway is" },
  devices: { it: "i dispositivi e il loro stato", en: "the devices and their state" },
  watch: { it: "letture ed eventi mentre accadono", en: "readings and events as they happen" },
  read: { it: "legge subito un dispositivo", en: "read one device now" },
  command: { it: "comanda un dispositivo o un bene", en: "command a device or an asset" },
  events: { it: "che cosa è successo", en: "what has happened" },
  history: { it: "i valori conservati di un punto", en: "the stored values of a point" },
  config: { it: "configurazione", en: "configuration" },
  configCheck: { it: "controlla un file e mostra tutti i problemi", en: "check a file and show every problem" },
  configSchema: { it: "lo schema JSON della configurazione", en: "the JSON Schema of the configuration" },
  errors: { it: "i codici di errore e che cosa fare", en: "the error codes and what to do" },
  simulate: { it: "avvia il sito simulato", en: "run the simulated site" },
  version: { it: "la versione", en: "the version" },
  argNames: { it: "dispositivi o beni (nessuno: tutti)", en: "devices or assets (none: all)" },
  argDevice: { it: "nome del dispositivo", en: "name of the device" },
  argTarget: { it: "dispositivo.punto o bene", en: "device.point or asset" },
  argAction: { it: "azione", en: "action" },
  argArgs: {
    it: "argomenti: nome=valore; until=+2h vale fra due ore",
    en: "arguments: name=value; until=+2h means in two hours",
  },
  argPoint: { it: "nome.punto", en: "name.point" },
  argFile: { it: "file di configurazione", en: "configuration file" },
  argCode: { it: "un codice, o la sua prima parola: bus", en: "a code, or its first word: bus" },
  argSimulate: { it: "argomenti per il simulatore", en: "arguments for the simulator" },
  // usage errors
  unknownCommand: { it: "comando sconosciuto", en: "unknown command" },
  unknownOption: { it: "opzione sconosciuta", en: "unknown option" },
  missingArgument: { it: "manca l'argomento", en: "missing argument" },
  missingOption: { it: "manca l'opzione", en: "missing option" },
  optionNeedsValue: { it: "manca il valore di", en: "missing the value of" },
  excessArguments: { it: "troppi argomenti per", en: "too many arguments for" },
  badValue: { it: "valore non ammesso", en: "value not allowed" },
  notKeyValue: { it: "atteso nome=valore, ciascuno una volta, trovato", en: "expected name=value, each once, found" },
  // headings
  device: { it: "DISPOSITIVO", en: "DEVICE" },
  type: { it: "TIPO", en: "TYPE" },
  bus: { it: "BUS", en: "BUS" },
  state: { it: "STATO", en: "STATE" },
  age: { it: "ETÀ", en: "AGE" },
  why: { it: "PERCHÉ", en: "WHY" },
  point: { it: "PUNTO", en: "POINT" },
  value: { it: "VALORE", en: "VALUE" },
  unit: { it: "UNITÀ", en: "UNIT" },
  quality: { it: "QUALITÀ", en: "QUALITY" },
  asset: { it: "BENE", en: "ASSET" },
  since: { it: "DA", en: "SINCE" },
  alarm: { it: "ALLARME", en: "ALARM" },
  severity: { it: "GRAVITÀ", en: "SEVERITY" },
  time: { it: "ORA", en: "TIME" },
  event: { it: "EVENTO", en: "EVENT" },
  about_: { it: "DI CHI", en: "OF" },
  text: { it: "TESTO", en: "TEXT" },
  wire: { it: "FILO", en: "WIRE" },
  line: { it: "LINEA", en: "LINE" },
  occupancy: { it: "OCCUPAZIONE", en: "OCCUPANCY" },
  requests: { it: "RICHIESTE", en: "REQUESTS" },
  timeouts: { it: "SENZA RISPOSTA", en: "UNANSWERED" },
  corrupt: { it: "CORROTTE", en: "CORRUPT" },
  foreign: { it: "ESTRANEE", en: "FOREIGN" },
  exceptions: { it: "RIFIUTATE", en: "REFUSED" },
  rebuilds: { it: "RIAPERTURE", en: "REOPENED" },
  title: { it: "DESCRIZIONE", en: "DESCRIPTION" },
  target: { it: "BERSAGLIO", en: "TARGET" },
  action: { it: "AZIONE", en: "ACTION" },
  args: { it: "ARGOMENTI", en: "ARGUMENTS" },
  impact: { it: "IMPATTO", en: "IMPACT" },
  code: { it: "CODICE", en: "CODE" },
  what: { it: "CHE COSA", en: "WHAT" },
  todo: { it: "CHE COSA FARE", en: "WHAT TO DO" },
  stream: { it: "FLUSSO", en: "STREAM" },
  epoch: { it: "EPOCA", en: "EPOCH" },
  head: { it: "PRODOTTI", en: "PRODUCED" },
  sent: { it: "INVIATI", en: "SENT" },
  acknowledged: { it: "CONFERMATI", en: "ACKNOWLEDGED" },
  // sentences
  up: { it: "attivo", en: "up" },
  down: { it: "fermo", en: "down" },
  problem: { it: "attivo, con un problema", en: "up with a problem" },
  last: { it: "ultimo", en: "last" },
  for_: { it: "da", en: "for" },
  starting: { it: "in avvio", en: "starting" },
  good: { it: "buona", en: "good" },
  uncertain: { it: "incerta", en: "uncertain" },
  bad: { it: "cattiva", en: "bad" },
  never: { it: "mai", en: "never" },
  none: { it: "(nessuno)", en: "(none)" },
  unanswered: { it: "senza risposta", en: "unanswered" },
  // One form, or two, for one and for many: `counted` chooses.
  corruptReplies: { it: "corrotta|corrotte", en: "corrupt" },
  refusals: { it: "rifiutata|rifiutate", en: "refused" },
  frames: { it: "trama|trame", en: "frame|frames" },
  strayBytes: { it: "byte senza trama", en: "stray byte|stray bytes" },
  unread: { it: "non letto in tempo|non letti in tempo", en: "not read in time" },
  held: { it: "chiesto di rado", en: "asked rarely" },
  required: { it: "obbligatorio", en: "required" },
  gateway: { it: "gateway", en: "gateway" },
  uptime: { it: "in funzione da", en: "running for" },
  clock: { it: "orologio", en: "clock" },
  synced: { it: "sincronizzato", en: "synchronised" },
  unsynced: { it: "non sincronizzato", en: "not synchronised" },
  broker: { it: "broker", en: "broker" },
  connected: { it: "collegato", en: "connected" },
  disconnected: { it: "non collegato", en: "not connected" },
  store: { it: "archivio", en: "store" },
  of: { it: "di", en: "of" },
  unacknowledged: { it: "non ancora confermato|non ancora confermati", en: "not yet acknowledged" },
  unwritable: { it: "NON SI PUÒ SCRIVERE", en: "CANNOT BE WRITTEN" },
  configOk: { it: "nessun errore", en: "no errors" },
  errorsFound: { it: "errore|errori", en: "error|errors" },
  warnings: { it: "avviso|avvisi", en: "warning|warnings" },
  dropped: {
    it: "non mostrato perché il terminale è lento|non mostrati perché il terminale è lento",
    en: "not shown, the terminal is slow",
  },
  error: { it: "errore", en: "error" },
  didYouMean: { it: "Intendevi", en: "Did you mean" },
  retries: { it: "riprova da solo", en: "tried again by itself" },
  noRetry: { it: "serve un intervento", en: "needs somebody" },
} as const satisfies Record<string, Text>;

export type Phrase = keyof typeof texts;
export type Say = (phrase: Phrase) => string;

export const sayIn =
  (lang: Lang): Say =>
  (phrase) =>
    texts[phrase][lang];

/** The value of `--name value` or `--name=value`, before commander has looked. */
export function optionIn(argv: readonly string[], name: string): string | undefined {
  const at = argv.findIndex((word) => word === name || word.startsWith(`${name}=`));
  const word = argv[at];
  return word?.includes("=") ? word.slice(name.length + 1) : at < 0 ? undefined : argv[at + 1];
}

/** `--lang` wins, then the environment in the order of setlocale(3): it* is Italian, all else English; the C locale says nothing. */
export function langOf(argv: readonly string[], env: NodeJS.ProcessEnv): Lang | undefined {
  const locale = optionIn(argv, "--lang") ?? [env["LC_ALL"], env["LC_MESSAGES"], env["LANG"]].find(Boolean);
  if (locale === undefined || /^(C|POSIX)(\.|$)/.test(locale)) return undefined;
  return /^it/i.test(locale) ? "it" : "en";
}
