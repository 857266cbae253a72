/** What can go wrong with Bluetooth: the radio, a connection, an advertisement. */
import type { CodeTable } from "./code-table.ts";

export const bleCodes = {
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
