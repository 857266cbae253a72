/** An inductive loop detector on GPIO lines, and the edge sequences that prove what is believed of it. */
import { loopDriver } from "../families/gpio/loop.ts";

const fault = { line: 23, active: "low" };

export const gpioLoop = loopDriver({
  type: "gpio-loop",
  title: { it: "Rilevatore a spira induttiva su linee GPIO", en: "Inductive loop detector on GPIO lines" },
  goldens: [
    {
      name: "empty when the power came: nobody knows, a vehicle may have stood there",
      rx: "1@0",
      options: { line: 22 },
      expect: { presence: null },
      source: "constructed: Allmatic A1H-U manual: a vehicle that is there at power-up is not detected",
    },
    {
      name: "the first vehicle that comes and goes makes it known",
      rx: "1@0 0@60000 1@90000",
      options: { line: 22 },
      expect: { presence: false },
      source: "constructed: the same detector, whose relay pulls to ground while a vehicle stands there",
    },
    {
      name: "a detector that finds a vehicle at power-up",
      rx: "0@0",
      options: { line: 22, afterPowerUp: "believed" },
      expect: { presence: true },
      source: "constructed: a detector that retains presence over power dips (Nortech PD130 manual)",
    },
    {
      name: "a cut loop drives a fail-safe output to detect: no vehicle is told, but the fault",
      rx: "1@0 0@60000 1@90000 0@200000 | 1@0 0@200000",
      options: { line: 22, fault },
      expect: { presence: null, fault: true },
      source: "constructed: fail-safe output (Allmatic A1H-U manual p. 21) and fault relay that falls at the same time",
    },
    {
      name: "the fault is over, and the first change after it counts",
      rx: "1@0 0@60000 1@90000 0@200000 1@300000 0@400000 | 1@0 0@200000 1@299000",
      options: { line: 22, fault },
      expect: { presence: true, fault: false },
      source: "constructed: as before, repaired after 99 s; a vehicle comes 100 s later",
    },
    {
      name: "no edge sequence",
      rx: "2@0",
      options: { line: 22 },
      expect: "refused",
      source: "constructed: a level is 0 or 1",
    },
  ],
});
