/** The events of assets whatever their kind, and the form of every table of events. */
import type { EventState, Severity } from "../event.ts";
import type { Text } from "../text.ts";

export interface HostEvent {
  readonly severity: Severity;
  readonly states: readonly EventState[];
  readonly what: Text;
  /** The next step of whoever meets it; absent: there is none. */
  readonly todo?: Text;
  /** Beyond those of every event: name → meaning. */
  readonly fields: Readonly<Record<string, string>>;
}

export const NOTED = ["noted"] as const;
/** It stands until it is cleared, and is listed in `alarms` meanwhile. */
export const STANDS = ["raised", "updated", "cleared"] as const;

export const assetEvents = {
  "badge.shown": {
    severity: "info",
    states: NOTED,
    what: {
      it: "A un lettore è stato mostrato un contrassegno: che cosa ne dice la lista",
      en: "A reader was shown a badge: what the list says of it",
    },
    fields: {
      urn: "of the asset",
      reader: "device that read it",
      permit:
        "`{list, version, verdict}`; verdict `valid`, `expired`, `revoked` or `unknown`; version null: there is no such list here",
      until: "epoch ms at which a valid one ends, or null",
      list: "`stale` where the list is older than its sender allows; else absent",
    },
  },
  "camera.restarted": {
    severity: "info",
    states: NOTED,
    what: { it: "Una telecamera dice di essersi riavviata", en: "A camera says that it has restarted" },
    fields: { urn: "of the asset" },
  },
  "camera.firmware-changed": {
    severity: "low",
    states: NOTED,
    what: {
      it: "La telecamera ha un altro firmware: prima e ora stanno nel testo",
      en: "The camera has another firmware: the text says which before and which now",
    },
    todo: {
      it: "Se nessuno l'ha aggiornata, avvisare chi cura la sicurezza.",
      en: "Where nobody updated it, tell whoever looks after security.",
    },
    fields: { urn: "of the asset" },
  },
  "asset.maintenance-begun": {
    severity: "info",
    states: NOTED,
    what: {
      it: "Un oggetto è in manutenzione: fino alla fine i suoi allarmi critici non chiamano nessuno d'urgenza",
      en: "An asset is in maintenance: until its end its critical alarms call nobody urgently",
    },
    fields: { urn: "of the asset", by: "who asked for it", until: "epoch ms, or null where it began without the right time" },
  },
  "asset.maintenance-ended": {
    severity: "info",
    states: NOTED,
    what: {
      it: "La manutenzione di un oggetto è finita: gli allarmi critici ancora aperti vengono inviati di nuovo",
      en: "The maintenance of an asset is over: critical alarms that still stand are sent again",
    },
    fields: { urn: "of the asset" },
  },
  "rule.failed": {
    severity: "high",
    states: STANDS,
    what: {
      it: "La regola di un oggetto si è interrotta: non è più sorvegliato",
      en: "The rule of an asset failed: nobody watches it",
    },
    fields: { urn: "of the asset", cause: "`{kind, version, input, reason}`" },
  },
  "rule.state-unfit": {
    severity: "low",
    states: NOTED,
    what: {
      it: "Uno stato salvato non è più utilizzabile: l'oggetto si ricostruisce dai dati registrati",
      en: "A saved state cannot be used: the asset is rebuilt from stored records",
    },
    fields: { urn: "of the asset" },
  },
} as const satisfies Readonly<Record<string, HostEvent>>;
