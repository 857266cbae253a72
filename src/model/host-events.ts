/** The events that the gateway tells of itself: how grave each is, which states it goes through and what it carries. */

import type { CommandState } from "./commands.ts";
import type { Severity } from "./event.ts";
import { assetEvents, type HostEvent, NOTED, STANDS } from "./events/asset-events.ts";
import { listEvents } from "./events/list-events.ts";

const readings = "`[from, to]` of the numbers that are meant, or null";
const settles = { epoch: "whose records are meant", readings, events: readings };

const command = {
  command: "id of the command",
  target: "what was to be commanded",
  action: "what was to be done",
  origin: "`platform`, `local` or `rule`",
  by: "who says to have sent it",
};
const ended = { ...command, code: "why, as an error code", value: "what was read back" };
const commands: Readonly<Record<`command.${CommandState}`, HostEvent>> = {
  "command.accepted": step("info", "è preso in carico", "is stored and will be tried", command),
  "command.executing": step("info", "sta per agire", "is about to act", { ...command, args: "its arguments" }),
  "command.succeeded": step("info", "è riuscito", "has had its effect", ended),
  "command.failed": step("low", "non è riuscito", "had no effect", ended),
  "command.expired": step("info", "è scaduto prima di agire", "was too old before it could act", ended),
  "command.refused": step("low", "è rifiutato", "is not done; beyond ten a minute one event tells of all", {
    ...ended,
    count: "of several at once: how many",
    ids: "of several at once: the first ten ids",
    codes: "of several at once: code → how often",
  }),
  "command.unknown": step("medium", "ha un esito ignoto", "may or may not have had its effect", ended),
};

function step(severity: Severity, it: string, en: string, fields: HostEvent["fields"]): HostEvent {
  return { severity, states: NOTED, what: { it: `Un comando ${it}`, en: `A command ${en}` }, fields };
}

export const hostEvents = {
  "epoch.opened": {
    severity: "info",
    states: NOTED,
    what: { it: "Il gateway si è avviato: comincia un'epoca", en: "The gateway has started: an epoch begins" },
    fields: {
      n: "how often this database file was opened",
      cause: "`start`, `created`, `restored` or `salvaged`",
      boot: "the kernel's boot",
      opened: "kernel monotonic ms of the start, from which `mono` counts",
      former: "`{epoch, last: {events, readings}}` of the run before, or null",
      offMs: "how long nobody looked, null where nobody can know",
      shiftMs: "what brings monotonic times of the run before into this boot",
      heldMs: "since the last contact with a time server, null: none; only while the time is not known",
    },
  },
  "catalog.changed": {
    severity: "info",
    states: NOTED,
    what: { it: "Dispositivi, oggetti o comandi sono cambiati", en: "Devices, assets or commands are others now" },
    fields: { hash: "`cat` of the catalog from now on", previous: "the one before, or null" },
  },
  "device.down": {
    severity: "medium",
    states: STANDS,
    what: {
      it: "Di un dispositivo non si capisce più nulla da `silentAfter`",
      en: "Nothing of a device was understood for its `silentAfter`",
    },
    todo: { it: "`cippo status` dice perché, e che cosa fare.", en: "`cippo status` says why, and what to do." },
    fields: { cause: "`{device, code}`: why, as an error code" },
  },
  "clock.corrected": {
    severity: "info",
    states: NOTED,
    what: {
      it: "L'ora è nota: i record di un periodo vanno corretti",
      en: "The time is known: records of a stretch are to be corrected",
    },
    fields: {
      ...settles,
      offsetMs: "to be added to their times",
      boundMs: "what they may still be wrong by",
      offMs: "how long nobody looked before its epoch, where that is known only now",
    },
  },
  "clock.bounded": {
    severity: "info",
    states: NOTED,
    what: { it: "L'ora di un periodo è nota solo tra due limiti", en: "The time of a stretch is known only within bounds" },
    fields: { ...settles, notBefore: "their true time lies between the two", notAfter: "" },
  },
  "clock.lost": {
    severity: "info",
    states: NOTED,
    what: {
      it: "Il server dell'ora manca da troppo: l'ora non è più sicura",
      en: "The time server has been gone too long: the time is no longer sure",
    },
    todo: {
      it: "Controllare il server dell'ora e la rete; nulla va perso, le ore si correggono.",
      en: "Check the time server and the network; nothing is lost, times are corrected.",
    },
    fields: {
      epoch: "whose records are meant",
      heldMs: "since the last contact with it, or null",
      boundMs: "how wrong the time may be, or null",
    },
  },
  "clock.stepped": {
    severity: "info",
    states: NOTED,
    what: { it: "L'orologio di sistema ha fatto un salto", en: "The system clock has stepped" },
    fields: { epoch: "in which", deltaMs: "by how much" },
  },
  "ledger.gap": {
    severity: "medium",
    states: NOTED,
    what: { it: "Dei record non sono più interi, o non ci sono più", en: "Records are no longer whole, or no longer there" },
    todo: {
      it: "Se il motivo è `quota`, aumentare `store.quotaMB`; se è `disk`, sostituire la scheda.",
      en: "Where the reason is `quota`, raise `store.quotaMB`; where it is `disk`, replace the card.",
    },
    fields: {
      epoch: "whose records are meant",
      stream: "`readings` or `events`",
      from: "first number of the range",
      to: "last number of the range",
      count: "how many records it had",
      kept: "how many are left; 0: the whole range is lost, and nobody need wait for it",
      reason: "`quota`, `thinned`, `expired`, `refused` or `disk`; `thinned` is of severity low",
      policy: "how it was thinned, or what was said of the refusal",
    },
  },
  "store.salvaged": {
    severity: "critical",
    states: NOTED,
    what: {
      it: "La base dati era danneggiata: si è salvato quello che si legge",
      en: "The database was damaged: what can be read was saved",
    },
    todo: {
      it: "Sostituire la scheda; il file danneggiato è in `quarantine`, accanto alla base dati.",
      en: "Replace the card; the damaged file is in `quarantine`, beside the database.",
    },
    fields: {},
  },
  "uplink.down": {
    severity: "low",
    states: NOTED,
    what: { it: "Il collegamento con il broker manca da 10 s", en: "The link to the broker has been gone for 10 s" },
    todo: { it: "`cippo status` dice perché; nulla va perso.", en: "`cippo status` says why; nothing is lost." },
    fields: { code: "why, as an error code" },
  },
  "uplink.up": {
    severity: "info",
    states: NOTED,
    what: { it: "Il collegamento con il broker è ristabilito", en: "The link to the broker is back" },
    fields: {
      durationMs: "of the outage that ended",
      outages: "how many there were since this was last told",
      downMs: "how long they were together",
      code: "why, as an error code",
    },
  },
  "platform.silent": {
    severity: "medium",
    states: NOTED,
    what: {
      it: "Il broker risponde, ma nulla viene confermato da 5 minuti",
      en: "The broker answers, and nothing was acknowledged for 5 minutes",
    },
    todo: { it: "Avvisare chi gestisce la piattaforma; nulla va perso.", en: "Tell the platform's operators; nothing is lost." },
    fields: {},
  },
  "platform.heard": {
    severity: "info",
    states: NOTED,
    what: { it: "La piattaforma conferma di nuovo", en: "The platform acknowledges again" },
    fields: { durationMs: "how long it did not" },
  },
  "sync.not-authorised": {
    severity: "medium",
    states: NOTED,
    what: { it: "Il broker non autorizza un topic", en: "The broker does not authorise a topic" },
    fields: { detail: "`{topic, reasonCode}`; at most once an hour" },
  },
  "sync.ack-refused": {
    severity: "medium",
    states: NOTED,
    what: { it: "La piattaforma conferma ciò che non può avere", en: "The platform acknowledges what it cannot have" },
    fields: { detail: "what was wrong with it; at most once an hour" },
  },
  "sync.message-too-large": {
    severity: "medium",
    states: NOTED,
    what: { it: "Un messaggio della piattaforma era troppo grande", en: "A message of the platform was too large" },
    fields: { detail: "`{topic, bytes, limit}`; at most once an hour" },
  },
  ...commands,
  "command.limit-reached": {
    severity: "low",
    states: NOTED,
    what: { it: "Spento dal gateway: tempo massimo raggiunto", en: "Switched off by the gateway: longest time reached" },
    fields: { target: "what was switched off", limit: "`maxOn`" },
  },
  "command.limit-missed": {
    severity: "high",
    states: STANDS,
    what: {
      it: "Oltre il tempo massimo, e non si riesce a spegnere",
      en: "Beyond its longest time, and it cannot be switched off",
    },
    todo: {
      it: "Spegnerlo sul posto; poi controllare dispositivo e cavi.",
      en: "Switch it off on the spot; then check device and wires.",
    },
    fields: {
      target: "what is still on",
      limit: "`maxOn`",
      code: "that it cannot be switched off",
      cause: "`{code}`: what the wire said",
    },
  },
  ...listEvents,
  ...assetEvents,
} as const satisfies Readonly<Record<string, HostEvent>>;

export type HostEventKind = keyof typeof hostEvents;

/** What every draft of such an event begins with. */
export const hostEvent = <K extends HostEventKind>(kind: K): { readonly kind: K; readonly severity: Severity } => ({
  kind,
  severity: hostEvents[kind].severity,
});
