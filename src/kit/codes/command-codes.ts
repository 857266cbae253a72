/** Why a command is refused, or what nobody knows of its outcome. */
import type { CodeTable } from "./code-table.ts";

export const commandCodes = {
  "command.malformed": {
    retry: false,
    what: { it: "Comando non valido: {reason}", en: "Malformed command: {reason}" },
    hint: {
      it: "`cippo devices --commands` mostra azioni e argomenti.",
      en: "`cippo devices --commands` shows actions and arguments.",
    },
  },
  "command.unknown-target": {
    retry: false,
    what: { it: "Nessun comando {action} per {target}", en: "No command {action} for {target}" },
    hint: {
      it: "`cippo devices --commands` mostra che cosa si può comandare.",
      en: "`cippo devices --commands` shows what can be commanded.",
    },
  },
  "command.wrong-gateway": {
    retry: false,
    what: { it: "Il comando è per il gateway {gateway}", en: "The command is for gateway {gateway}" },
    hint: { it: "Correggere il mittente.", en: "Correct the sender." },
  },
  "command.expired": {
    retry: false,
    what: { it: "Il comando è scaduto", en: "The command has expired" },
    hint: { it: "Inviarne uno nuovo.", en: "Send a new one." },
  },
  "command.retained": {
    retry: false,
    what: { it: "Un comando non può essere 'retained'", en: "A command must not be retained" },
    hint: { it: "Correggere il mittente.", en: "Correct the sender." },
  },
  "command.lifetime": {
    retry: false,
    what: {
      it: "Il comando vale più di 24 ore, o comincia a valere nel futuro",
      en: "The command is valid for more than 24 h, or only from a later time on",
    },
    hint: { it: "Controllare l'orologio del mittente.", en: "Check the sender's clock." },
  },
  "command.out-of-range": {
    retry: false,
    // For an argument outside its limits, of a wrong type, missing, or unknown to the target.
    what: {
      it: "Argomento {name}: così {target} non lo accetta",
      en: "Argument {name} is not as {target} takes it",
    },
    hint: {
      it: "`cippo devices --commands` mostra gli argomenti e i loro limiti.",
      en: "`cippo devices --commands` shows the arguments and their limits.",
    },
  },
  "command.too-soon": {
    retry: true,
    what: { it: "Troppo presto dopo il comando precedente", en: "Too soon after the previous command" },
    hint: { it: "Attendere `minInterval` e ripetere.", en: "Wait for `minInterval` and repeat." },
  },
  "command.clock-unsynced": {
    retry: true,
    what: { it: "L'orologio non è sincronizzato", en: "The clock is not synchronised" },
    hint: {
      it: "Attendere la sincronizzazione: vale quando `timedatectl show -p NTPSynchronized` dice yes. Se non arriva, controllare il server dell'ora.",
      en: "Wait for synchronisation: it counts when `timedatectl show -p NTPSynchronized` says yes. If it does not come, check the time server.",
    },
  },
  "command.unsigned": {
    retry: false,
    what: { it: "Un'azione ad alto impatto richiede una firma", en: "A high-impact action needs a signature" },
    hint: {
      it: "Eseguirla localmente, oppure firmarla con una chiave autorizzata.",
      en: "Run it locally, or sign it with a trusted key.",
    },
  },
  "command.not-switched-off": {
    retry: true,
    what: {
      it: "{target} è ancora acceso oltre il suo tempo massimo",
      en: "{target} is still on after its maximum on-time",
    },
    hint: {
      it: "Spegnerlo sul posto: si riprova da solo, `cippo events` dice perché non riesce. Se i limiti non ammettono uno 'spento', correggere `min` e `max`.",
      en: "Switch it off on site: it is tried again by itself, `cippo events` says why it fails. If its limits allow no 'off', correct `min` and `max`.",
    },
  },
  "command.no-answer": {
    retry: false,
    what: {
      it: "Inviato senza risposta; la rilettura non lo conferma",
      en: "Sent without an answer; reading back does not confirm it",
    },
    hint: { it: "Controllare lo stato sul posto prima di ripetere.", en: "Check the state on site before repeating." },
  },
  "command.not-held": {
    retry: false,
    what: {
      it: "Accettato, ma l'apparecchio tiene un altro valore",
      en: "Accepted, but the device holds another value",
    },
    hint: {
      it: "Qualcun altro lo comanda, o un suo limite lo impedisce: controllare app, interruttori e altri gestori di carico.",
      en: "Somebody else commands it, or a limit of its own prevents it: check its app, its switches and other load managers.",
    },
  },
  "command.interrupted": {
    retry: false,
    what: { it: "Il gateway si è fermato durante l'esecuzione", en: "The gateway stopped while it was executing" },
    hint: { it: "Controllare lo stato sul posto prima di ripetere.", en: "Check the state on site before repeating." },
  },
  "command.history-lost": {
    retry: false,
    what: { it: "Emesso prima che questa base dati esistesse", en: "Issued before this database existed" },
    hint: { it: "Inviarne uno nuovo.", en: "Send a new one." },
  },
  "command.event-not-open": {
    retry: false,
    what: { it: "Per {target} non c'è un allarme aperto {event}", en: "There is no open alarm {event} of {target}" },
    hint: {
      it: "`cippo status --json` mostra gli allarmi aperti, ciascuno con il suo `id`; `cippo acknowledge` non ne ha bisogno.",
      en: "`cippo status --json` shows the open alarms, each with its `id`; `cippo acknowledge` needs none.",
    },
  },
  "command.maintenance-too-long": {
    retry: false,
    what: { it: "Una manutenzione dura al massimo 12 ore", en: "A maintenance lasts 12 hours at most" },
    hint: { it: "Indicare una fine più vicina; si può prolungare.", en: "Name an earlier end; it can be prolonged." },
  },
  "command.device-down": {
    retry: true,
    what: { it: "{target} non è raggiungibile", en: "{target} cannot be reached" },
    hint: { it: "`cippo devices` dice perché.", en: "`cippo devices` says why." },
  },
} as const satisfies CodeTable;
