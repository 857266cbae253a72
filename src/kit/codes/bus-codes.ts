/** What can go wrong on a bus or over Bluetooth, and with the devices that answer there. */
import type { CodeTable } from "./code-table.ts";

export const busCodes = {
  "bus.timeout": {
    retry: true,
    what: { it: "Nessuna risposta da {device} sul bus {bus}", en: "No answer from {device} on bus {bus}" },
    hint: {
      it: "Controllare alimentazione, cablaggio (A/B invertiti?), indirizzo e baud rate.",
      en: "Check power, wiring (A/B swapped?), unit address and baud rate.",
    },
  },
  "bus.checksum": {
    retry: true,
    what: { it: "Dati corrotti sul bus {bus}", en: "Corrupt data on bus {bus}" },
    hint: {
      it: "Controllare terminazione (120 Ω ai due capi), schermo del cavo e che due unità non abbiano lo stesso indirizzo.",
      en: "Check termination (120 Ω at both ends), the cable screen, and that no two units share an address.",
    },
  },
  "bus.not-modbus-tcp": {
    retry: true,
    what: { it: "Sul bus {bus} arrivano dati che non sono Modbus TCP", en: "What comes on bus {bus} is no Modbus TCP" },
    hint: {
      it: "Controllare `host` e `port` del bus {bus}: forse lì risponde un altro servizio. Se un convertitore è impostato su RTU over TCP, scrivere `modbus: rtu-tcp` o impostarlo su Modbus TCP.",
      en: "Check `host` and `port` of bus {bus}: another service may answer there. If a converter is set to RTU over TCP, write `modbus: rtu-tcp`, or set it to Modbus TCP.",
    },
  },
  "bus.late-reply": {
    retry: true,
    what: {
      it: "Sul bus {bus} {device} risponde dopo {delayMs} ms, ma se ne attendono {timeoutMs}",
      en: "On bus {bus} {device} answers after {delayMs} ms, and only {timeoutMs} are waited",
    },
    hint: {
      it: "Scrivere `{key}: {wanted}` o più. Se prima rispondeva in tempo: troppe richieste al suo gateway o un secondo master.",
      en: "Write `{key}: {wanted}` or more. If it used to answer in time: too many requests for its gateway, or a second master.",
    },
  },
  "bus.other-unit": {
    retry: true,
    what: {
      it: "Sul bus {bus} ha risposto l'unità {answered} al posto dell'unità {unit}",
      en: "On bus {bus} unit {answered} answered instead of unit {unit}",
    },
    hint: {
      it: "Controllare il selettore d'indirizzo dell'apparecchio: è su {answered}, mentre la configurazione dice `unit: {unit}`. Correggere uno dei due.",
      en: "Check the device's address switch: it is at {answered}, and the configuration says `unit: {unit}`. Correct one of the two.",
    },
  },
  "bus.unit-echo": {
    retry: true,
    what: {
      it: "Sul bus {bus} è stata interrogata l'unità {unit}, la risposta porta il nome dell'unità {answered}",
      en: "On bus {bus} unit {unit} was asked, and the reply bears the name of unit {answered}",
    },
    hint: {
      it: "Se l'apparecchio ha quell'indirizzo, scrivere `unit: {answered}`. Se il gateway risponde sempre così: `tolerate: [unit-echo]` nel bus {bus}.",
      en: "If the device has that address, write `unit: {answered}`. If the gateway always replies so: `tolerate: [unit-echo]` in bus {bus}.",
    },
  },
  "bus.transaction-echo": {
    retry: true,
    what: {
      it: "Sul bus {bus} è partita la transazione {asked}, la risposta porta il numero {answered}",
      en: "On bus {bus} transaction {asked} was sent, and the reply bears number {answered}",
    },
    hint: {
      it: "Il gateway non restituisce la transazione: aggiornarne il firmware, oppure `tolerate: [transaction-echo]` nel bus {bus} con `replyDeadline` al suo ritardo massimo.",
      en: "The gateway does not return the transaction: update its firmware, or `tolerate: [transaction-echo]` in bus {bus}, with `replyDeadline` at its longest delay.",
    },
  },
  "bus.second-master": {
    retry: true,
    what: {
      it: "Sul bus {bus} interroga anche un altro master: {bytes}",
      en: "Another master asks on bus {bus} too: {bytes}",
    },
    hint: {
      it: "Una linea seriale ha un solo master: scollegare l'altro, o leggere i suoi dati da lui.",
      en: "A serial line has one master: disconnect the other one, or get these data from it.",
    },
  },
  "bus.foreign-reply": {
    retry: true,
    what: {
      it: "Sul bus {bus} è arrivato qualcosa che non risponde alla domanda: {bytes}",
      en: "Something came on bus {bus} that does not answer the question: {bytes}",
    },
    hint: {
      it: "Controllare `type` e la tabella dei registri: l'apparecchio risponde con altra funzione o lunghezza. I byte qui sopra servono all'assistenza.",
      en: "Check `type` and the register table: the device answers with another function or length. The bytes shown are what support needs.",
    },
  },
  "bus.exception": {
    retry: true,
    what: {
      it: "L'unità {unit} ha rifiutato la richiesta (eccezione Modbus {exception})",
      en: "Unit {unit} refused the request (Modbus exception {exception})",
    },
    hint: {
      it: "Eccezioni 1-3: la tabella dei registri non è quella di questo apparecchio. 4-6, 8, 10, 11: riprova da solo entro secondi.",
      en: "Exceptions 1-3: the register table is not this device's. 4-6, 8, 10, 11: it is tried again by itself within seconds.",
    },
  },
  "bus.unreachable": {
    retry: true,
    what: { it: "Bus {bus} non raggiungibile: {reason}", en: "Bus {bus} cannot be reached: {reason}" },
    hint: {
      it: "Controllare cavo di rete, indirizzo e porta dell'apparecchio; `cippo devices` mostra quando torna.",
      en: "Check the network cable, the device's address and port; `cippo devices` shows when it is back.",
    },
  },
  "bus.flooded": {
    retry: true,
    what: {
      it: "Sul bus {bus} arriva molto più di quanto una linea porta: collegamento chiuso",
      en: "Far more comes on bus {bus} than any line carries: connection closed",
    },
    hint: {
      it: "Controllare che a {host}:{port} ci sia il convertitore giusto e che nessun altro vi scriva; riavviarlo. Riprende da solo.",
      en: "Check that the right device server is at {host}:{port} and that nothing else writes to it; restart it. It resumes by itself.",
    },
  },
  "ble.unavailable": {
    retry: true,
    what: { it: "Bluetooth {adapter} non disponibile: {reason}", en: "Bluetooth {adapter} is not available: {reason}" },
    hint: {
      it: "`systemctl status bluetooth`, `bluetoothctl list`, `rfkill list`; l'utente nel gruppo bluetooth. Riprende da solo.",
      en: "`systemctl status bluetooth`, `bluetoothctl list`, `rfkill list`; the user in group bluetooth. It resumes by itself.",
    },
  },
  "ble.unreachable": {
    retry: true,
    what: {
      it: "Apparecchio Bluetooth non leggibile ({during}): {reason}",
      en: "Bluetooth device cannot be read ({during}): {reason}",
    },
    hint: {
      it: "Controllare batteria e distanza (pochi metri, senza metallo); nessun telefono deve esservi collegato.",
      en: "Check battery and distance (a few metres, no metal between); no phone may be connected to it.",
    },
  },
  "ble.replayed": {
    retry: true,
    what: { it: "Da {device} arrivano solo annunci già sentiti", en: "Only advertisements heard before come from {device}" },
    hint: {
      it: "Batteria appena cambiata? Sarà creduto quando avrà contato oltre il valore di prima. Altrimenti qualcuno ripete pacchetti registrati.",
      en: "Battery just changed? It is believed once it has counted beyond where it was. Otherwise somebody repeats recorded packets.",
    },
  },
  "ble.key": {
    retry: false,
    what: {
      it: "Annunci cifrati: chiave assente o errata; oppure non cifrati benché una chiave sia nominata",
      en: "Encrypted advertisements: key missing or wrong; or not encrypted though a key is named",
    },
    hint: {
      it: "Mettere la chiave (bind key, 32 cifre esadecimali) in un file delle credenziali e nominarlo in `key`.",
      en: "Put the bind key (32 hex digits) into a file of the credentials folder and name it in `key`.",
    },
  },
  "ble.unknown-object": {
    retry: false,
    what: {
      it: "{device} manda un oggetto {object} che questa versione non conosce: ciò che lo segue nei suoi annunci non si legge",
      en: "{device} sends an object {object} that this version does not know: what follows it in its packets is not read",
    },
    hint: {
      it: "Ciò che sta prima vale. Aggiornare il gateway, o spegnere quella grandezza nell'apparecchio; segnalare il numero.",
      en: "What stands before it counts. Update the gateway, or switch that quantity off in the device; report the number.",
    },
  },
} as const satisfies CodeTable;
