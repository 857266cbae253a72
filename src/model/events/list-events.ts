/** The events that tell of lists which the platform pushes. */
import { type HostEvent, NOTED, STANDS } from "./asset-events.ts";

const ofList = { list: "its name", version: "its version" };

export const listEvents = {
  "list.accepted": {
    severity: "info",
    states: NOTED,
    what: { it: "Una lista della piattaforma è in vigore", en: "A list of the platform is in force" },
    fields: {
      ...ofList,
      staleAt: "epoch ms from which on it is too old",
      entries: "how many it has",
      kid: "badge key of its entries",
      days: "of `holidays`: its days",
    },
  },
  "list.told": {
    severity: "info",
    states: NOTED,
    what: { it: "Per un oggetto una lista è cambiata", en: "A list has changed for an asset" },
    fields: { ...ofList, spans: "`[[from, to]…]` in epoch ms: when it holds" },
  },
  "list.refused": {
    severity: "medium",
    states: NOTED,
    what: { it: "Una lista è rifiutata intera: vale quella di prima", en: "A list is refused whole: the former one counts" },
    todo: { it: "`cippo lists show` dice perché.", en: "`cippo lists show` says why." },
    fields: { ...ofList, code: "why, as an error code; of one list at most once a minute" },
  },
  "list.not-fetched": {
    severity: "medium",
    states: STANDS,
    what: {
      it: "Le voci di una lista non si riescono a scaricare: vale quella di prima, e si riprova",
      en: "The entries of a list cannot be fetched: the former one counts, and it is tried again",
    },
    todo: { it: "`cippo lists show` dice perché.", en: "`cippo lists show` says why." },
    fields: { ...ofList, code: "why the last try failed, as an error code" },
  },
  "list.stale": {
    severity: "medium",
    states: STANDS,
    what: { it: "Una lista è più vecchia di `maxAgeMs`, e vale ancora", en: "A list is older than `maxAgeMs`, and still counts" },
    todo: {
      it: "Avvisare chi gestisce la piattaforma; senza rete, `cippo lists import` da un file.",
      en: "Tell the platform's operators; without a network, `cippo lists import` from a file.",
    },
    fields: ofList,
  },
} as const satisfies Readonly<Record<string, HostEvent>>;
