/** What can go wrong on the command line, and errors of the program itself. */
import type { CodeTable } from "./code-table.ts";

export const cliCodes = {
  "cli.not-running": {
    retry: true,
    what: { it: "Il gateway non risponde su {socket}", en: "The gateway does not answer on {socket}" },
    hint: {
      it: "`systemctl status cippo`; oppure indicare `--socket`, `CIPPO_SOCKET` o `--config`.",
      en: "`systemctl status cippo`; or name `--socket`, `CIPPO_SOCKET` or `--config`.",
    },
  },
  "cli.not-a-socket": {
    retry: false,
    what: { it: "{socket} non è un socket", en: "{socket} is not a socket" },
    hint: {
      it: "Indicare con `--socket` quello del gateway (`gateway.socket` in configurazione), oppure `--config`.",
      en: "Give the gateway's own with `--socket` (`gateway.socket` in its configuration), or name `--config`.",
    },
  },
  "cli.denied": {
    retry: false,
    what: { it: "Permesso negato su {socket}", en: "Permission denied on {socket}" },
    hint: {
      it: "L'utente deve stare nel gruppo del gateway, oppure usare sudo.",
      en: "The user must be in the gateway's group, or use sudo.",
    },
  },
  "cli.protocol": {
    retry: false,
    what: { it: "Il gateway parla un'altra versione ({reason})", en: "The gateway speaks another version ({reason})" },
    hint: {
      it: "Usare il `cippo` della stessa versione del servizio.",
      en: "Use the `cippo` of the same version as the service.",
    },
  },
  "cli.bad-line": {
    retry: false,
    what: { it: "Richiesta non riconosciuta: {reason}", en: "Request not understood: {reason}" },
    hint: {
      it: "Il protocollo è una riga JSON per richiesta (`src/cli/socket/admin-protocol.ts`).",
      en: "The protocol is one line of JSON per request (`src/cli/socket/admin-protocol.ts`).",
    },
  },
  "cli.gave-way": {
    retry: true,
    what: {
      it: "Questa connessione era inattiva da più tempo delle altre {count} e ha fatto posto a una nuova",
      en: "This connection had been idle longer than the other {count} and gave way to a new one",
    },
    hint: {
      it: "Ripetere il comando; chi tiene aperte tante connessioni lo mostra `ss -xp`.",
      en: "Repeat the command; `ss -xp` shows who keeps so many connections open.",
    },
  },
  "cli.full": {
    retry: true,
    what: {
      it: "Tutte le {count} connessioni al gateway sono occupate",
      en: "All {count} connections to the gateway are busy",
    },
    hint: {
      it: "Chiudere un `cippo watch` e ripetere; chi le tiene lo mostra `ss -xp`.",
      en: "Close a `cippo watch` and repeat; `ss -xp` shows who holds them.",
    },
  },
  "cli.socket": {
    retry: true,
    what: { it: "Il socket {socket} non si può aprire: {reason}", en: "Socket {socket} cannot be opened: {reason}" },
    hint: {
      it: "Un altro gateway è in esecuzione, o la cartella manca: `cippo status`, `ls -l {folder}`.",
      en: "Another gateway is running, or the folder is missing: `cippo status`, `ls -l {folder}`.",
    },
  },
  "cli.no-simulator": {
    retry: false,
    what: { it: "Il simulatore non è installato ({file})", en: "The simulator is not installed ({file})" },
    hint: {
      it: "Il simulatore sta solo nei sorgenti: lì `npm start`.",
      en: "The simulator comes with the sources only: `npm start` there.",
    },
  },
  "cli.no-file": {
    retry: false,
    what: { it: "Il file {file} non si legge: {reason}", en: "File {file} cannot be read: {reason}" },
    hint: { it: "Controllare percorso e permessi.", en: "Check path and permissions." },
  },
  "cli.usage": {
    retry: false,
    what: { it: "Uso: {reason}", en: "Usage: {reason}" },
    hint: { it: "`cippo {command?}--help`.", en: "`cippo {command?}--help`." },
  },
  "cli.no-updater": {
    retry: false,
    what: {
      it: "Questa macchina non ha gli script di aggiornamento ({file})",
      en: "This machine has no update scripts ({file})",
    },
    hint: {
      it: "Li installa `systemd/install.sh` della versione in uso.",
      en: "`systemd/install.sh` of the release in use installs them.",
    },
  },
  "cli.needs-root": {
    retry: false,
    what: { it: "Gli aggiornamenti li esegue solo root", en: "Only root carries out updates" },
    hint: { it: "`sudo cippo update {words}`.", en: "`sudo cippo update {words}`." },
  },
  "cli.unknown-name": {
    retry: false,
    what: { it: "{name} non esiste in questo sito", en: "{name} does not exist on this site" },
    hint: {
      it: "`cippo devices` mostra dispositivi e punti, `cippo status` gli oggetti.",
      en: "`cippo devices` shows devices and points, `cippo status` the assets.",
    },
  },
  "cli.unknown-point": {
    retry: false,
    what: { it: "{name} non ha un punto {point}", en: "{name} has no point {point}" },
    hint: { it: "Ci sono: {known}.", en: "There are: {known}." },
  },
  "cli.which-point": {
    retry: false,
    what: { it: "{name} ha più punti: va detto quale", en: "{name} has several points: say which" },
    hint: { it: "Ci sono: {known}.", en: "There are: {known}." },
  },
  "cli.not-a-device": {
    retry: false,
    what: { it: "{name} è un oggetto, non un dispositivo", en: "{name} is an asset, not a device" },
    hint: {
      it: "`cippo watch {name}` lo segue; `cippo devices` mostra i dispositivi.",
      en: "`cippo watch {name}` follows it; `cippo devices` shows the devices.",
    },
  },
  internal: {
    retry: true,
    what: { it: "Errore interno: {message}", en: "Internal error: {message}" },
    hint: { it: "Segnalarlo con il registro (`journalctl -u cippo`).", en: "Report it with the log (`journalctl -u cippo`)." },
  },
} as const satisfies CodeTable;
