/** What can go wrong between the gateway and one device: network, serial port, frames, silence. */
import type { CodeTable } from "./code-table.ts";

export const portCodes = {
  "net.refused": {
    retry: true,
    what: { it: "L'apparecchio rifiuta la connessione", en: "The device refuses the connection" },
    hint: {
      it: "È raggiungibile, ma su quella porta nessun servizio risponde: controllare `port` e il servizio sull'apparecchio.",
      en: "It can be reached, but no service answers on that port: check `port` and the service on the device.",
    },
  },
  "net.unreachable": {
    retry: true,
    what: { it: "Nessun percorso di rete verso l'apparecchio", en: "There is no way through the network to the device" },
    hint: {
      it: "Controllare alimentazione e cavo dell'apparecchio, poi indirizzo e router (`ip route get INDIRIZZO`).",
      en: "Check power and cable of the device, then address and router (`ip route get ADDRESS`).",
    },
  },
  "net.not-tried": {
    retry: true,
    what: {
      it: "Il gateway non può tentare la connessione: {reason}",
      en: "The gateway cannot try the connection: {reason}",
    },
    hint: {
      it: "Questo non dice nulla dell'apparecchio. Controllare cavo, switch e indirizzo del gateway (`ip route`).",
      en: "This says nothing of the device. Check cable, switch and address of the gateway (`ip route`).",
    },
  },
  "net.timeout": {
    retry: true,
    what: { it: "L'apparecchio non risponde entro il tempo", en: "The device does not answer in time" },
    hint: {
      it: "Controllare l'alimentazione e il cavo dell'apparecchio; su una linea lenta aumentare `timeout`.",
      en: "Check the power and the cable of the device; on a slow link raise `timeout`.",
    },
  },
  "net.unknown-host": {
    retry: true,
    what: {
      it: "Il nome dell'apparecchio non si risolve in un indirizzo",
      en: "The device's name does not resolve to an address",
    },
    hint: {
      it: "Controllare `host` e il DNS (`resolvectl query NOME`), oppure scrivere l'indirizzo al posto del nome.",
      en: "Check `host` and the DNS (`resolvectl query NAME`), or write the address instead of the name.",
    },
  },
  "net.not-understood": {
    retry: true,
    what: {
      it: "L'apparecchio ha risposto, ma non come ci si aspetta",
      en: "The device answered, and not as is expected of it",
    },
    hint: {
      it: "Controllare `port`, `path` e il tipo: forse è un altro apparecchio, o il servizio è spento nelle sue impostazioni.",
      en: "Check `port`, `path` and the type: perhaps it is another device, or the service is off in its settings.",
    },
  },
  "net.not-told": {
    retry: true,
    what: { it: "L'apparecchio non lo dice", en: "The device does not say it" },
    hint: { it: "Nulla da fare: questo modello non lo comunica.", en: "Nothing to do: this model does not tell it." },
  },
  "net.unauthorised": {
    retry: true,
    what: {
      it: "L'apparecchio risponde, ma non accetta utente e password",
      en: "The device answers, and does not accept user and password",
    },
    hint: {
      it: "Controllare `user`, il file della password e l'utente sull'apparecchio. Si riprova dopo 15 minuti, per non farsi bloccare.",
      en: "Check `user`, the file with the password and the account on the device. It is tried again after 15 minutes, not to be locked out.",
    },
  },
  "net.no-time": {
    retry: true,
    what: { it: "L'apparecchio non dice la sua ora in UTC", en: "The device does not say its time in UTC" },
    hint: {
      it: "Controllare ora e fuso orario nelle sue impostazioni: con un orologio sbagliato può rifiutare anche la password giusta.",
      en: "Check time and time zone in its settings: with a wrong clock it may refuse the right password, too.",
    },
  },
  "net.own-clock": {
    retry: true,
    what: { it: "L'orologio del gateway non è sincronizzato", en: "The clock of the gateway is not synchronised" },
    hint: {
      it: "Nulla si può dire dell'orologio altrui: controllare il server dell'ora (`timedatectl`).",
      en: "Nothing can be said of another's clock: check the time server (`timedatectl`).",
    },
  },
  "net.open-password": {
    retry: true,
    what: {
      it: "L'apparecchio chiede la password in chiaro: non viene inviata",
      en: "The device wants the password in clear: it is not sent",
    },
    hint: {
      it: "Attivare l'autenticazione Digest nelle impostazioni dell'apparecchio.",
      en: "Switch Digest authentication on in the settings of the device.",
    },
  },
  "port.missing": {
    retry: true,
    what: { it: "La porta {port} non esiste", en: "Port {port} does not exist" },
    hint: {
      it: "Collegare l'adattatore; `ls -l /dev/serial/by-id/` mostra quelli presenti.",
      en: "Plug the adapter in; `ls -l /dev/serial/by-id/` shows those present.",
    },
  },
  "port.busy": {
    retry: true,
    what: { it: "La porta {port} è usata da un altro programma", en: "Port {port} is used by another program" },
    hint: {
      it: "`fuser -v {port}` mostra da chi: chiuderlo (ModemManager, getty, minicom).",
      en: "`fuser -v {port}` shows which: stop it (ModemManager, getty, minicom).",
    },
  },
  "port.denied": {
    retry: true,
    what: { it: "Permesso negato su {port}", en: "Permission denied on {port}" },
    hint: {
      it: "L'utente del servizio deve stare nel gruppo dialout (o gpio).",
      en: "The service's user must be in group dialout (or gpio).",
    },
  },
  "port.lost": {
    retry: true,
    what: { it: "La porta {port} è stata scollegata", en: "Port {port} was unplugged" },
    hint: { it: "Ricollegare l'adattatore: riprende da solo.", en: "Plug the adapter in again: it resumes by itself." },
  },
  "frame.invalid": {
    retry: true,
    what: { it: "Dati non riconosciuti da {device}", en: "Bytes that make no frame from {device}" },
    hint: {
      it: "Controllare il tipo di sensore in configurazione; su una linea seriale anche baud rate e massa comune.",
      en: "Check the sensor type in the configuration; on a serial line also baud rate and common ground.",
    },
  },
  "device.silent": {
    retry: true,
    what: { it: "Da {device} non arriva nulla da {lasted}", en: "Nothing has come from {device} for {lasted}" },
    hint: {
      it: "Controllare alimentazione o batteria, cavo o distanza; `cippo read {device}` prova subito.",
      en: "Check power or battery, cable or distance; `cippo read {device}` tries at once.",
    },
  },
  "native.missing": {
    retry: false,
    what: { it: "Manca il modulo nativo {module}", en: "Native module {module} is missing" },
    hint: {
      it: "Reinstallare: `npm start` lo ricostruisce (servono g++, make, python3).",
      en: "Reinstall: `npm start` rebuilds it (needs g++, make, python3).",
    },
  },
} as const satisfies CodeTable;
