/** What can go wrong with the database and the disk under it. */
import type { CodeTable } from "./code-table.ts";

export const storeCodes = {
  "store.newer": {
    retry: false,
    what: {
      it: "La base dati {file} è di una versione più nuova ({found} > {known})",
      en: "Database {file} is from a newer version ({found} > {known})",
    },
    hint: {
      it: "Installare la versione più nuova del gateway, oppure spostare il file.",
      en: "Install the newer gateway version, or move the file away.",
    },
  },
  "store.locked": {
    retry: true,
    what: { it: "La base dati {file} è usata da un altro processo", en: "Database {file} is used by another process" },
    hint: { it: "Un altro gateway è in esecuzione? `cippo status`.", en: "Is another gateway running? `cippo status`." },
  },
  "store.unwritable": {
    retry: true,
    what: { it: "La base dati non si può scrivere: {reason}", en: "The database cannot be written: {reason}" },
    hint: {
      it: "Disco pieno o in sola lettura? `df -h`, `dmesg | tail`. Il gateway riprende da solo.",
      en: "Disk full or read-only? `df -h`, `dmesg | tail`. The gateway resumes by itself.",
    },
  },
  "store.full": {
    retry: true,
    what: { it: "La quota della base dati è esaurita", en: "The database's quota is used up" },
    hint: {
      it: "La piattaforma è raggiungibile? Alzare `store.quotaMB` se serve.",
      en: "Can the platform be reached? Raise `store.quotaMB` if needed.",
    },
  },
  "store.gone": {
    retry: false,
    what: {
      it: "La base dati {file} è stata tolta o sostituita mentre il gateway era in funzione",
      en: "Database {file} was removed or replaced while the gateway was running",
    },
    hint: {
      it: "Fermare il gateway prima di toccare i suoi file; ora riparte con quello che trova.",
      en: "Stop the gateway before touching its files; it starts again with what is there now.",
    },
  },
  "store.corrupt": {
    retry: false,
    what: {
      it: "La base dati {file} era danneggiata ed è in quarantena",
      en: "Database {file} was damaged and is in quarantine",
    },
    hint: {
      it: "Sostituire la scheda SD; il file in quarantena serve all'assistenza.",
      en: "Replace the SD card; the quarantined file is for support.",
    },
  },
  "store.binding": {
    retry: false,
    what: { it: "Un valore non può essere scritto: {reason}", en: "A value cannot be written: {reason}" },
    hint: { it: "Errore del programma: segnalarlo.", en: "A defect of the program: report it." },
  },
} as const satisfies CodeTable;
