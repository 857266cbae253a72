/** Says the fixed words of states, severities and values, which travel in English, in either language. */
import type { Text, Value } from "../../model/index.ts";

const WORDS: Readonly<Record<string, Text>> = {
  // values
  true: { it: "vero", en: "true" },
  false: { it: "falso", en: "false" },
  // what a bay is
  occupied: { it: "occupato", en: "occupied" },
  free: { it: "libero", en: "free" },
  unknown: { it: "ignoto", en: "unknown" },
  valid: { it: "valido", en: "valid" },
  none: { it: "nessuno", en: "none" },
  closed: { it: "chiuso", en: "closed" },
  // what a pay station is
  working: { it: "in servizio", en: "working" },
  outOfService: { it: "fuori servizio", en: "out of service" },
  inOrder: { it: "a posto", en: "in order" },
  needsAttention: { it: "da controllare", en: "needs attention" },
  // what a defibrillator is, and what its light shows
  ready: { it: "pronto", en: "ready" },
  notReady: { it: "non pronto", en: "not ready" },
  inUse: { it: "in uso", en: "in use" },
  removed: { it: "mancante", en: "missing" },
  passed: { it: "superato", en: "passed" },
  unclear: { it: "non chiaro", en: "unclear" },
  present: { it: "presente", en: "present" },
  absent: { it: "assente", en: "absent" },
  heard: { it: "uditi", en: "heard" },
  open: { it: "aperto", en: "open" },
  on: { it: "acceso", en: "on" },
  off: { it: "spento", en: "off" },
  blinking: { it: "lampeggiante", en: "blinking" },
  steady: { it: "acceso fisso", en: "steady" },
  dark: { it: "spento", en: "dark" },
  red: { it: "rosso", en: "red" },
  green: { it: "verde", en: "green" },
  // how grave
  info: { it: "informazione", en: "info" },
  low: { it: "bassa", en: "low" },
  medium: { it: "media", en: "medium" },
  high: { it: "alta", en: "high" },
  critical: { it: "critica", en: "critical" },
  // what an event says of its matter
  noted: { it: "annotato", en: "noted" },
  raised: { it: "aperto", en: "raised" },
  updated: { it: "aggiornato", en: "updated" },
  acknowledged: { it: "preso in carico", en: "acknowledged" },
  cleared: { it: "chiuso", en: "cleared" },
  // how a command ended
  accepted: { it: "accettato", en: "accepted" },
  executing: { it: "in esecuzione", en: "executing" },
  succeeded: { it: "riuscito", en: "succeeded" },
  failed: { it: "fallito", en: "failed" },
  expired: { it: "scaduto", en: "expired" },
  refused: { it: "rifiutato", en: "refused" },
};

const NAMES: Readonly<Record<string, Text>> = {
  status: { it: "stato", en: "status" },
  permit: { it: "permesso", en: "permit" },
  cashBox: { it: "cassa", en: "cash box" },
  selfTestResult: { it: "autotest", en: "self-test" },
  unit: { it: "apparecchio", en: "unit" },
  chirps: { it: "segnali acustici", en: "chirps" },
  cabinetDoor: { it: "armadietto", en: "cabinet" },
  cabinetTemperature: { it: "temperatura", en: "temperature" },
  heater: { it: "riscaldamento", en: "heater" },
  batteryLevel: { it: "batteria", en: "battery" },
};

/** A word that is none of these stays as it came: a site's configuration may have given it. */
export const stateWord = (word: string, lang: keyof Text): string =>
  (Object.hasOwn(WORDS, word) ? WORDS[word]?.[lang] : undefined) ?? word;

/** The state in which a command ended. Of a bay, `unknown` is another word. */
export const endWord = (state: string, lang: keyof Text): string =>
  state === "unknown" ? { it: "esito ignoto", en: "unknown" }[lang] : stateWord(state, lang);

/** The state of an asset: `occupied permit=valid`, what it is without a name. */
export const assetWords = (state: Readonly<Record<string, Value>>, lang: keyof Text, shown: (value: Value) => string): string =>
  Object.entries(state)
    .map(([name, value]) =>
      name === "status" || name === "readiness"
        ? shown(value)
        : `${(Object.hasOwn(NAMES, name) ? NAMES[name]?.[lang] : undefined) ?? name}=${shown(value)}`,
    )
    .join(" ");
