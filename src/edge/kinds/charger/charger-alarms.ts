/** The alarms of a charging column, and what is done about them. */
import type { AlarmSpec } from "../kind.ts";

const DAY_MS = 86_400_000;

export const fault: AlarmSpec = {
  severity: "medium",
  raised: {
    it: "Colonnina {name}: guasto alla presa {socket} da {for}",
    en: "Charging column {name}: fault at socket {socket} for {for}",
  },
  doubted: {
    it: "Colonnina {name}: guasto non più verificabile: {why}",
    en: "Charging column {name}: fault that cannot be verified any more: {why}",
  },
  cleared: { it: "Colonnina {name}: nessun guasto", en: "Charging column {name}: no fault" },
  todo: {
    it: "Leggere `error-code` della colonnina (`cippo watch`) e avvisare il manutentore.",
    en: "Read the column's `error-code` (`cippo watch`) and tell its maintainer.",
  },
  unstable: { times: 5, withinMs: DAY_MS },
};

export const unavailable: AlarmSpec = {
  severity: "low",
  raised: {
    it: "Colonnina {name}: presa {socket} non disponibile da {for}",
    en: "Charging column {name}: socket {socket} unavailable for {for}",
  },
  doubted: {
    it: "Colonnina {name}: disponibilità non verificabile: {why}",
    en: "Charging column {name}: availability cannot be verified: {why}",
  },
  cleared: { it: "Colonnina {name}: di nuovo disponibile", en: "Charging column {name}: available again" },
  todo: {
    it: "Controllare se la colonnina è bloccata o in manutenzione.",
    en: "See whether the column is locked or under maintenance.",
  },
};

export const offline: AlarmSpec = {
  severity: "medium",
  raised: {
    it: "Colonnina {name}: la presa {socket} non risponde da {for}",
    en: "Charging column {name}: socket {socket} has not answered for {for}",
  },
  cleared: { it: "Colonnina {name}: risponde di nuovo", en: "Charging column {name}: answers again" },
  todo: {
    it: "Controllare alimentazione e cavo di comunicazione; `cippo devices` dice di più.",
    en: "Check its power and its communication cable; `cippo devices` says more.",
  },
  unstable: { times: 5, withinMs: DAY_MS },
};
