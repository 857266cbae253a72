/** Why a command of the platform or a signature is refused, or why the outcome of a command is unknown. */
import type { CodeTable } from "./code-table.ts";

export const platformCodes = {
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
      it: "Accettato, ma l'apparecchio mantiene un altro valore",
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
  "signature.no-keys": {
    retry: false,
    what: { it: "Nessun file dice quali firme sono valide", en: "No file says whose signature counts" },
    hint: {
      it: "Scrivere `credentials.trust` in configurazione e mettere lì le chiavi pubbliche della piattaforma (docs/lists.md).",
      en: "Write `credentials.trust` in the configuration and put the platform's public keys there (docs/lists.md).",
    },
  },
  "signature.keys-unusable": {
    retry: true,
    what: {
      it: "Il file delle chiavi {file} non è utilizzabile: {reason}",
      en: "The file of keys {file} cannot be used: {reason}",
    },
    hint: {
      it: "Correggere il file: docs/lists.md ne mostra uno. Vale da subito, senza riavvio.",
      en: "Mend the file: docs/lists.md shows one. It counts at once, without a restart.",
    },
  },
  "signature.missing": {
    retry: false,
    what: { it: "Manca la firma", en: "It has no signature" },
    hint: { it: "Firmarlo con una chiave autorizzata.", en: "Sign it with a trusted key." },
  },
  "signature.unknown-key": {
    retry: false,
    what: {
      it: "Firmato con la chiave {keyId}, che questo gateway non conosce",
      en: "Signed with key {keyId}, which this gateway does not know",
    },
    hint: {
      it: "Se la chiave è nuova, aggiungerla al file indicato da `credentials.trust`; altrimenti diffidare di chi lo ha inviato.",
      en: "If the key is new, add it to the file that `credentials.trust` names; otherwise distrust whoever sent it.",
    },
  },
  "signature.not-allowed": {
    retry: false,
    what: { it: "La chiave {keyId} non può firmare {action}", en: "Key {keyId} may not sign {action}" },
    hint: {
      it: "Firmarlo con la chiave giusta, oppure permettere l'azione in `may` nel file delle chiavi.",
      en: "Sign it with the right key, or allow the action in `may` in the file of keys.",
    },
  },
  "signature.wrong": {
    retry: false,
    what: {
      it: "La firma con la chiave {keyId} non corrisponde a questo documento su questo topic",
      en: "The signature with key {keyId} does not fit this document on this topic",
    },
    hint: {
      it: "Firmato per un altro gateway o topic, cambiato dopo la firma, oppure scritto in un'altra forma: docs/lists.md dice quale.",
      en: "Signed for another gateway or topic, changed after it was signed, or written in another form: docs/lists.md says which.",
    },
  },
  "update.malformed": {
    retry: false,
    what: { it: "L'ordine di aggiornamento non è valido: {reason}", en: "The order to update is not valid: {reason}" },
    hint: {
      it: "Correggerlo alla piattaforma; la forma è in `docs/schemas`.",
      en: "Mend it at the platform; its form is in `docs/schemas`.",
    },
  },
} as const satisfies CodeTable;
