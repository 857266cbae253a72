/** The alarms of a defibrillator, and what is done about them. */
import type { AlarmSpec } from "../kind.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Somebody needs it, or takes it: never a fault, and told before all else. */
const inUse: AlarmSpec = {
  severity: "high",
  urgent: true,
  raised: { it: "Defibrillatore {name} in uso: {sign}", en: "Defibrillator {name} in use: {sign}" },
  doubted: { it: "Defibrillatore {name} in uso: {why}", en: "Defibrillator {name} in use: {why}" },
  cleared: { it: "Defibrillatore {name}: non più in uso", en: "Defibrillator {name}: no longer in use" },
  todo: {
    it: "Chiamare il 118 e chiedere se c'è un soccorso in corso; poi controllare elettrodi e batteria e rimetterlo a posto.",
    en: "Call 118 and ask whether somebody is being helped; then check pads and battery and put it back.",
  },
  // A door that swings in the wind; nobody uses a unit twelve times in an hour.
  unstable: { times: 12, withinMs: HOUR_MS },
};

const removed: AlarmSpec = {
  severity: "critical",
  urgent: true,
  raised: { it: "Defibrillatore {name} fuori dall'armadietto da {for}", en: "Defibrillator {name} out of its cabinet for {for}" },
  doubted: { it: "Defibrillatore {name} fuori dall'armadietto: {why}", en: "Defibrillator {name} out of its cabinet: {why}" },
  cleared: { it: "Defibrillatore {name}: di nuovo nell'armadietto", en: "Defibrillator {name}: back in its cabinet" },
  todo: {
    it: "Cercarlo: presso il 118 che l'ha usato, o presso la polizia locale; intanto portarne uno di riserva.",
    en: "Look for it: with the 118 crew that used it, or with the local police; meanwhile bring a spare one.",
  },
};

const fault: AlarmSpec = {
  severity: "critical",
  raised: { it: "Defibrillatore {name} guasto da {for}: {sign}", en: "Defibrillator {name} faulty for {for}: {sign}" },
  doubted: { it: "Defibrillatore {name} guasto: {why}", en: "Defibrillator {name} faulty: {why}" },
  cleared: { it: "Defibrillatore {name}: nessun guasto segnalato", en: "Defibrillator {name}: it reports no fault" },
  todo: {
    it: "Andare a vedere: batteria, elettrodi e ciò che l'apparecchio dice di sé; intanto portarne uno di riserva.",
    en: "Go and see: battery, pads and what the unit says of itself; meanwhile bring a spare one.",
  },
  unstable: { times: 4, withinMs: DAY_MS },
};

const unusable: AlarmSpec = {
  severity: "critical",
  raised: {
    it: "Defibrillatore {name} fuori dai limiti di conservazione da {for}: {what}",
    en: "Defibrillator {name} stored outside its limits for {for}: {what}",
  },
  doubted: {
    it: "Defibrillatore {name} fuori dai limiti di conservazione: {why}",
    en: "Defibrillator {name} stored outside its limits: {why}",
  },
  cleared: { it: "Defibrillatore {name}: conservato entro i limiti", en: "Defibrillator {name}: stored within its limits" },
  todo: {
    it: "Portarlo al riparo e controllarlo come dice il manuale prima di rimetterlo a posto.",
    en: "Bring it inside, and check it as its manual says before it is put back.",
  },
};

const temperature: AlarmSpec = {
  severity: "medium",
  raised: {
    it: "Defibrillatore {name}, temperatura anomala da {for}: {what}",
    en: "Defibrillator {name} too cold or too warm for {for}: {what}",
  },
  doubted: { it: "Defibrillatore {name}, temperatura anomala: {why}", en: "Defibrillator {name} too cold or too warm: {why}" },
  cleared: { it: "Defibrillatore {name}: temperatura regolare", en: "Defibrillator {name}: its temperature is in order" },
  todo: {
    it: "Controllare il riscaldamento, la guarnizione dell'armadietto e il sole su di esso.",
    en: "Check the heater and the seal of the cabinet, and whether the sun lies on it.",
  },
};

const heater: AlarmSpec = {
  severity: "medium",
  raised: {
    it: "Defibrillatore {name}: riscaldamento spento da {for}, {what}",
    en: "Defibrillator {name}: heater off for {for}, {what}",
  },
  doubted: { it: "Defibrillatore {name}: riscaldamento spento, {why}", en: "Defibrillator {name}: heater off, {why}" },
  cleared: { it: "Defibrillatore {name}: riscaldamento a posto", en: "Defibrillator {name}: its heater is in order" },
  todo: {
    it: "Controllare alimentazione, fusibile e termostato dell'armadietto.",
    en: "Check power, fuse and thermostat of the cabinet.",
  },
};

const battery: AlarmSpec = {
  severity: "medium",
  raised: { it: "Defibrillatore {name}: batteria al {level} %", en: "Defibrillator {name}: battery at {level} %" },
  doubted: { it: "Defibrillatore {name}: batteria scarica, {why}", en: "Defibrillator {name}: battery low, {why}" },
  cleared: { it: "Defibrillatore {name}: batteria a posto", en: "Defibrillator {name}: its battery is in order" },
  todo: { it: "Sostituire la batteria.", en: "Replace the battery." },
};

const expiring: AlarmSpec = {
  severity: "medium",
  raised: { it: "Defibrillatore {name}, scadenza vicina: {what}", en: "Defibrillator {name}, about to expire: {what}" },
  cleared: { it: "Defibrillatore {name}: nessuna scadenza vicina", en: "Defibrillator {name}: nothing is about to expire" },
  todo: {
    it: "Ordinare il ricambio, montarlo e scrivere la nuova scadenza nella configurazione.",
    en: "Order the part, fit it and write its expiry into the configuration.",
  },
};

/** Not critical: a unit with old pads may still save somebody, and must not be passed by for one that is further away. */
const expired: AlarmSpec = {
  severity: "high",
  raised: { it: "Defibrillatore {name}, scaduto: {what}", en: "Defibrillator {name}, expired: {what}" },
  cleared: { it: "Defibrillatore {name}: nulla di scaduto", en: "Defibrillator {name}: nothing is expired" },
  todo: {
    it: "Montare subito il ricambio, poi scrivere la nuova scadenza nella configurazione.",
    en: "Fit the part at once, then write its expiry into the configuration.",
  },
};

const doorOpen: AlarmSpec = {
  severity: "medium",
  raised: { it: "Defibrillatore {name}: armadietto aperto da {for}", en: "Defibrillator {name}: cabinet open for {for}" },
  doubted: { it: "Defibrillatore {name}: armadietto aperto, {why}", en: "Defibrillator {name}: cabinet open, {why}" },
  cleared: { it: "Defibrillatore {name}: armadietto chiuso", en: "Defibrillator {name}: cabinet closed" },
  todo: {
    it: "Controllare che ci sia tutto e chiudere l'armadietto.",
    en: "See that nothing is missing, and close the cabinet.",
  },
};

const tamper: AlarmSpec = {
  severity: "high",
  raised: { it: "Defibrillatore {name}: armadietto manomesso", en: "Defibrillator {name}: somebody tampers with its cabinet" },
  doubted: { it: "Defibrillatore {name}: armadietto manomesso, {why}", en: "Defibrillator {name}: tampered with, {why}" },
  cleared: { it: "Defibrillatore {name}: nessuna manomissione", en: "Defibrillator {name}: nobody tampers with it" },
  todo: { it: "Mandare qualcuno a vedere; avvisare la polizia locale.", en: "Send somebody to see; tell the local police." },
  unstable: { times: 5, withinMs: HOUR_MS },
};

const silent: AlarmSpec = {
  severity: "high",
  raised: {
    it: "Defibrillatore {name}: da {for} non si sa se è pronto ({what})",
    en: "Defibrillator {name}: for {for} nobody has known whether it is ready ({what})",
  },
  cleared: {
    it: "Defibrillatore {name}: si sa di nuovo se è pronto",
    en: "Defibrillator {name}: it is known again whether it is ready",
  },
  todo: {
    it: "Controllare il sensore che tace: `cippo devices` dice perché; se serve, andare a guardare il defibrillatore.",
    en: "Check the sensor that is silent: `cippo devices` says why; if need be, go and look at the defibrillator.",
  },
};

/** In the order in which they are told where several fall due at one moment. */
export const aedAlarms = {
  "aed.in-use": inUse,
  "aed.removed": removed,
  "aed.fault": fault,
  "aed.unusable": unusable,
  "aed.silent": silent,
  "aed.tamper": tamper,
  "aed.door-open": doorOpen,
  "aed.temperature": temperature,
  "aed.heater": heater,
  "aed.battery": battery,
  "aed.expired": expired,
  "aed.expiring": expiring,
};
