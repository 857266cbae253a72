/** A colour sensor before the sign of a defibrillator that does not blink. */
import { colourDriver } from "../families/gpio/sign/colour.ts";

const options = { line: 6, red: { line: 13 } };

export const gpioColour = colourDriver({
  type: "gpio-colour",
  title: { it: "Sensore di un segnale verde o rosso su linee GPIO", en: "Sensor of a green or red sign on GPIO lines" },
  goldens: [
    {
      name: "green",
      rx: "0@0 1@500 1@1000 | 0@0",
      options,
      expect: { colour: "green" },
      source: "constructed: Cardiac Science G3 service manual: the Rescue Ready sign is green",
    },
    {
      name: "red during a self-test",
      rx: "1@0 0@1000 0@1500 | 0@0 1@1000",
      options,
      expect: { colour: "red" },
      source: "constructed: the same sign turns red during a self-test, and stays so when it fails",
    },
    {
      name: "neither: the sign cannot be seen",
      rx: "1@0 0@1000 0@1500 | 0@0",
      options,
      expect: { colour: "dark" },
      source: "constructed: somebody has put something before the sensor",
    },
    {
      name: "both: other light",
      rx: "1@0 | 0@0 1@1000 1@1500",
      options,
      expect: { colour: null },
      source: "constructed: the sun shines into the open cabinet",
    },
    {
      name: "no edge sequence",
      rx: "1@0 | on",
      options,
      expect: "refused",
      source: "constructed: a level is 0 or 1",
    },
  ],
});
