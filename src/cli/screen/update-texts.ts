/** What `cippo update` says, in Italian and English; the update scripts say the rest themselves. */
import type { Text } from "../../model/index.ts";

export const updateTexts = {
  update: { it: "gli aggiornamenti di questo gateway", en: "the updates of this gateway" },
  updateStatus: { it: "lo stato, e l'esito dell'ultimo aggiornamento", en: "the state, and what became of the last update" },
  updateCheck: { it: "dice se questa macchina accetterebbe una versione", en: "say whether this machine would take a release" },
  updateInstall: {
    it: "installa una versione e la mette in prova; se non supera la prova, torna la precedente",
    en: "install a release and put it on trial; the former one returns if it does not prove itself",
  },
  updateCancel: { it: "toglie quanto è stato scaricato o preparato", en: "forget what was fetched or staged" },
  updateKeep: { it: "conferma subito la versione in prova", en: "keep the release on trial at once" },
  updateReturn: {
    it: "ritira la versione in prova: torna la precedente",
    en: "give up the release on trial: the former one returns",
  },
  releasePlace: { it: "file|indirizzo", en: "file|url" },
  argRelease: {
    it: "file .cippo (chiavetta USB, scp) o indirizzo https://",
    en: "file .cippo (USB stick, scp) or https:// address",
  },
  optAgain: {
    it: "anche se non è più recente, o se è già stata ritirata",
    en: "also if it is not newer, or was rolled back before",
  },
  noUpdate: {
    it: "Su questa macchina non è mai stato chiesto un aggiornamento.",
    en: "No update was ever asked for on this machine.",
  },
  updateIdle: { it: "Nessun aggiornamento è in corso.", en: "No update is under way." },
  updateArmed: { it: "Pronta all'avvio", en: "Ready to start" },
  updateTrial: { it: "In prova", en: "On trial" },
  updateConfirm: { it: "In corso di conferma", en: "Being confirmed" },
  updateRollback: { it: "In corso di ritiro", en: "Being rolled back" },
  updateFormer: { it: "la precedente è", en: "the former one is" },
  updateRan: { it: "In funzione da", en: "Has run for" },
  updateTries: { it: "interruzioni:", en: "ends by itself:" },
  updateLacks: { it: "Manca ancora:", en: "Still missing:" },
} as const satisfies Record<string, Text>;
