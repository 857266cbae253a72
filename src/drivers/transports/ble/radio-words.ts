/** What the radio's states and the steps of a read are called, in Italian and English. */
import { stopped } from "../../../kit/text/reasons.ts";
import type { Text } from "../../../model/index.ts";
import type { RadioState, ReadStep } from "../../ble-child/ble-protocol.ts";

export const SILENT: Text = { it: "non dà segni di vita", en: "gives no sign of life" };

export const STATES: Readonly<Record<RadioState, Text>> = {
  starting: { it: "in avvio", en: "starting" },
  scanning: { it: "in ascolto", en: "scanning" },
  reading: { it: "in lettura", en: "reading" },
  off: { it: "spento", en: "off" },
  "no-adapter": { it: "adattatore assente", en: "no adapter" },
  "no-bluez": { it: "bluetoothd non è in funzione", en: "bluetoothd does not run" },
  "no-bus": { it: "D-Bus non risponde", en: "D-Bus does not answer" },
  denied: { it: "permesso negato", en: "permission denied" },
  failing: { it: "non funziona", en: "failing" },
};

/** `waits`: the radio gave no answer. */
export type Step = ReadStep | "waits" | "stopped";

export const DURING: Readonly<Record<Step, Text>> = {
  absent: { it: "non sentito", en: "absent" },
  radio: { it: "radio", en: "radio" },
  connect: { it: "collegamento", en: "connect" },
  discover: { it: "ricerca dei servizi", en: "discover" },
  read: { it: "lettura", en: "read" },
  waits: { it: "attesa", en: "waits" },
  stopped,
};
