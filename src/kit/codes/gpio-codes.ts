/** What can go wrong with GPIO lines and the tools that reach them. */
import type { CodeTable } from "./code-table.ts";

export const gpioCodes = {
  "gpio.unavailable": {
    retry: true,
    what: { it: "Nessun accesso GPIO: {reason}", en: "No GPIO access: {reason}" },
    hint: {
      it: "Il gateway riprova da solo. Se resta così: l'utente dev'essere nel gruppo gpio; `gpiodetect` elenca i chip, e su una scheda che non è un Raspberry Pi se ne indica uno con `chip:`.",
      en: "The gateway tries again by itself. If it stays so: the user must be in group gpio; `gpiodetect` lists the chips, and on a board that is no Raspberry Pi one is named as `chip:`.",
    },
  },
  "gpio.not-installed": {
    retry: true,
    what: { it: "Manca il programma `{tool}`", en: "The program `{tool}` is missing" },
    hint: {
      it: "Installare `gpiod` (`apt install gpiod`). Poi il gateway riprende da solo.",
      en: "Install `gpiod` (`apt install gpiod`). The gateway then resumes by itself.",
    },
  },
  "gpio.line-busy": {
    retry: true,
    what: { it: "La linea GPIO {line} non si può avere: {reason}", en: "GPIO line {line} cannot be had: {reason}" },
    hint: {
      it: "`gpioinfo` mostra chi la usa; controllare il numero BCM in configurazione.",
      en: "`gpioinfo` shows who uses it; check the BCM number in the configuration.",
    },
  },
  "gpio.overrun": {
    retry: true,
    what: {
      it: "Linea GPIO {line}: {lost cambiamento perso|cambiamenti persi}, il gateway non li leggeva in tempo",
      en: "GPIO line {line}: {lost change|changes} lost, the gateway did not read them in time",
    },
    hint: {
      it: "Controllare contatto, cavo e disturbi, e il carico della macchina (`top`).",
      en: "Check contact, cable and interference, and the load of the machine (`top`).",
    },
  },
  "gpio.level-unknown": {
    retry: false,
    what: {
      it: "Linea {line}: gpiod 1 non sa leggere un'uscita senza disturbarla",
      en: "Line {line}: gpiod 1 cannot read an output without disturbing it",
    },
    hint: {
      it: "Il primo comando la stabilisce; oppure `onStart: off` o `on`, o gpiod 2.",
      en: "The first command settles it; or `onStart: off` or `on`, or gpiod 2.",
    },
  },
  "gpio.not-as-set": {
    retry: false,
    what: { it: "L'uscita non ha il livello impostato", en: "The output is not at the level that was set" },
    hint: {
      it: "Controllare il carico e un cortocircuito sulla linea.",
      en: "Check the load, and the line for a short circuit.",
    },
  },
} as const satisfies CodeTable;
