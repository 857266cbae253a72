/** Every word that the demonstration shows, in Italian and English. */
import type { Text } from "../../../src/model/index.ts";

export const texts = {
  // the picture
  starting: { it: "il gateway si avvia", en: "the gateway is starting" },
  broker: { it: "broker", en: "broker" },
  connected: { it: "collegato", en: "connected" },
  away: { it: "NON RISPONDE", en: "AWAY" },
  unsynced: { it: "orologio non sincronizzato", en: "clock not synchronised" },
  device: { it: "DISPOSITIVO", en: "DEVICE" },
  state: { it: "STATO", en: "STATE" },
  values: { it: "VALORI", en: "VALUES" },
  up: { it: "attivo", en: "up" },
  down: { it: "non risponde", en: "down" },
  problem: { it: "problema", en: "problem" },
  begins: { it: "in avvio", en: "starting" },
  noValue: { it: "ancora nessun valore", en: "no value yet" },
  last: { it: "ultimo", en: "last" },
  bays: { it: "POSTI", en: "BAYS" },
  alarms: { it: "ALLARMI", en: "ALARMS" },
  none: { it: "nessuno", en: "none" },
  noneOpen: { it: "nessuno aperto", en: "none open" },
  permit: { it: "con permesso", en: "permit" },
  buffer: { it: "IN ATTESA", en: "WAITING" },
  delivered: { it: "CONSEGNATI", en: "DELIVERED" },
  acknowledged: { it: "CONFERMATI", en: "ACKNOWLEDGED" },
  more: { it: "altri", en: "more" },
  quits: { it: "q termina", en: "q ends" },
  askIt: { it: "altrove", en: "elsewhere" },
  devices: { it: "dispositivi", en: "devices" },
  upMany: { it: "attivi", en: "up" },
  noAnswer: { it: "il gateway non risponde", en: "the gateway does not answer" },
  // what happens
  processes: { it: "processi", en: "processes" },
  orders: { it: "comandi a", en: "control" },
  folder: { it: "cartella", en: "folder" },
  askYourself: { it: "per interrogarlo", en: "ask it yourself" },
  letFail: { it: "per guastare qualcosa", en: "let something fail" },
  stopping: { it: "si ferma; ancora Ctrl-C lo tronca", en: "stopping; Ctrl-C again ends it hard" },
  stopped: { it: "fermato prima di poter essere giudicato", en: "stopped before it could be judged" },
  kept: { it: "resta", en: "kept" },
  waiting: { it: "si aspetta finché tutto è confermato", en: "waiting until everything is acknowledged" },
  frozen: { it: "il sito è fermo; ", en: "the site is frozen; " },
  brokerKilled: { it: "il broker è stato ucciso e manca per", en: "the broker is killed and away for" },
  brokerBack: { it: "il broker è tornato", en: "the broker is back" },
  notInTime: { it: "non tutto è stato confermato entro", en: "not everything was acknowledged within" },
  // the verdict
  stored: { it: "conservato|conservati", en: "stored" },
  deliveredCount: { it: "consegnato|consegnati", en: "delivered" },
  record: { it: "dato|dati", en: "record|records" },
  nothingLost: { it: "nulla è andato perso", en: "nothing lost" },
  nothingDouble: { it: "nulla è doppio", en: "nothing twice" },
  nothingWrong: { it: "nulla è sbagliato", en: "nothing wrong" },
  lost: { it: "perso|persi", en: "lost" },
  twice: { it: "doppio|doppi", en: "twice" },
  wrong: { it: "sbagliato|sbagliati", en: "wrong" },
  notSeen: { it: "non visto|non visti", en: "not noticed" },
  notCompared: { it: "linee vere: i valori non si possono confrontare", en: "real lines: the values cannot be compared" },
  compared: {
    it: "valore buono era davvero sulla linea in quel momento|valori buoni erano davvero sulla linea in quel momento",
    en: "good value really stood on the line at that time|good values really stood on the line at that time",
  },
  speed: { it: "Dalla linea alla piattaforma:", en: "From the line to the platform:" },
  half: { it: "la metà entro", en: "half within" },
  most: { it: "il 99 % entro", en: "99 % within" },
  bad: { it: "NON VA BENE", en: "NOT WELL" },
  assetsRight: {
    it: "posto ha detto ogni stato e ogni allarme, e nessuno di troppo|posti hanno detto ogni stato e ogni allarme, e nessuno di troppo",
    en: "bay told every state and alarm, and none too many|bays told every state and alarm, and none too many",
  },
  // what is wrong with it
  nothingStored: { it: "non è stato conservato nulla", en: "nothing was stored" },
  notEqual: {
    it: "conservati {stored}, consegnati {delivered}, confermati {acknowledged}: devono essere uguali",
    en: "stored {stored}, delivered {delivered}, acknowledged {acknowledged} must be equal",
  },
  mustBeNone: { it: "{what}: {n}, devono essere 0", en: "{what}: {n}, must be 0" },
  gaps: { it: "numeri mancanti", en: "gaps" },
  duplicates: { it: "doppioni", en: "duplicates" },
  wrongValues: { it: "valori sbagliati", en: "wrong values" },
  missingValues: { it: "valori mancanti", en: "missing values" },
  wrongStates: { it: "stati sbagliati", en: "wrong states" },
  missingEvents: { it: "eventi o stati mancanti", en: "missing events or states" },
  extraEvents: { it: "eventi di troppo", en: "extra events" },
  isMissing: { it: "manca", en: "missing" },
  isExtra: { it: "di troppo", en: "extra" },
  isWrong: { it: "sbagliato", en: "wrong" },
  gap: { it: "mancano i numeri", en: "gap" },
  duplicate: { it: "doppione", en: "duplicate" },
  nearest: { it: "il più vicino", en: "nearest" },
  silentType: {
    it: "nessun dispositivo di tipo {type} ha dato un valore buono",
    en: "no device of type {type} produced a good value",
  },
} as const satisfies Record<string, Text>;

export type TextKey = keyof typeof texts;
export type Translate = (word: TextKey) => string;

export const translator =
  (lang: keyof Text): Translate =>
  (word) =>
    texts[word][lang];
