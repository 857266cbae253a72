/** The alarms of a camera, and what is done about them. */
import type { AlarmSpec } from "../kind.ts";

const DAY_MS = 86_400_000;

export const fault: AlarmSpec = {
  severity: "medium",
  raised: { it: "Telecamera {name}: non risponde da {for}", en: "Camera {name}: has not answered for {for}" },
  doubted: {
    it: "Telecamera {name}: guasto non più verificabile: {why}",
    en: "Camera {name}: fault that cannot be verified any more: {why}",
  },
  cleared: { it: "Telecamera {name}: risponde di nuovo", en: "Camera {name}: answers again" },
  todo: {
    it: "Controllare alimentazione, cavo di rete e switch; `cippo devices` dice che cosa si è visto.",
    en: "Check its power, its network cable and the switch; `cippo devices` says what was seen.",
  },
  unstable: { times: 5, withinMs: DAY_MS },
};

export const unrecovered: AlarmSpec = {
  severity: "high",
  raised: {
    it: "Telecamera {name}: non risponde nemmeno dopo {times} riavvii: serve un intervento sul posto",
    en: "Camera {name}: does not answer after {times} power-cycles either: somebody must go there",
  },
  doubted: {
    it: "Telecamera {name}: riavvii senza esito, ora non verificabile: {why}",
    en: "Camera {name}: power-cycles in vain, cannot be verified now: {why}",
  },
  cleared: { it: "Telecamera {name}: risponde di nuovo", en: "Camera {name}: answers again" },
  todo: {
    it: "Mandare qualcuno: togliere e ridare corrente non è servito, e non viene più tentato finché non risponde.",
    en: "Send somebody: taking its power away did not help, and is not tried again until it answers.",
  },
};

export const noPower: AlarmSpec = {
  severity: "medium",
  raised: { it: "Telecamera {name}: senza alimentazione da {for}", en: "Camera {name}: without power for {for}" },
  doubted: {
    it: "Telecamera {name}: alimentazione non verificabile: {why}",
    en: "Camera {name}: power cannot be verified: {why}",
  },
  cleared: { it: "Telecamera {name}: di nuovo alimentata", en: "Camera {name}: has power again" },
  todo: {
    it: "Controllare interruttore, fusibile e alimentatore della telecamera.",
    en: "Check switch, fuse and power supply of the camera.",
  },
};

export const unauthorised: AlarmSpec = {
  severity: "medium",
  raised: {
    it: "Telecamera {name}: rifiuta utente e password da {for}",
    en: "Camera {name}: has refused user and password for {for}",
  },
  doubted: { it: "Telecamera {name}: accesso non verificabile: {why}", en: "Camera {name}: access cannot be verified: {why}" },
  cleared: { it: "Telecamera {name}: accesso di nuovo consentito", en: "Camera {name}: lets the gateway in again" },
  todo: {
    it: "Chiedere chi ha cambiato la password; poi aggiornare il file nella cartella delle credenziali e riavviare il gateway.",
    en: "Ask who changed the password; then write the new one into its file in the credentials folder and restart the gateway.",
  },
};

export const clock: AlarmSpec = {
  severity: "low",
  raised: {
    it: "Telecamera {name}: orologio sbagliato di oltre {limit} da {for}",
    en: "Camera {name}: its clock has been wrong by more than {limit} for {for}",
  },
  doubted: {
    it: "Telecamera {name}: orologio non verificabile: {why}",
    en: "Camera {name}: its clock cannot be verified: {why}",
  },
  cleared: { it: "Telecamera {name}: orologio di nuovo giusto", en: "Camera {name}: its clock is right again" },
  todo: {
    it: "Impostare il server dell'ora nella telecamera: con un'ora sbagliata le registrazioni non valgono come prova.",
    en: "Set a time server in the camera: with a wrong time its recordings prove nothing.",
  },
};

export const tamper: AlarmSpec = {
  severity: "high",
  raised: { it: "Telecamera {name}: manomissione", en: "Camera {name}: tampered with" },
  doubted: {
    it: "Telecamera {name}: manomissione non più verificabile: {why}",
    en: "Camera {name}: tampering that cannot be verified any more: {why}",
  },
  cleared: { it: "Telecamera {name}: nessuna manomissione", en: "Camera {name}: no tampering" },
  todo: {
    it: "Mandare qualcuno a vedere; se era un lavoro previsto, mettere prima l'oggetto in manutenzione.",
    en: "Send somebody to look; where it was planned work, put the asset into maintenance first.",
  },
  unstable: { times: 5, withinMs: DAY_MS },
};
