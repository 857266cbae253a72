/** The pulse output of a water, gas or energy meter on a GPIO line, and the edge sequences that prove the count. */
import { pulseDriver } from "../families/gpio/pulses.ts";

export const gpioPulse = pulseDriver({
  type: "gpio-pulse",
  title: { it: "Contatore a impulsi su linea GPIO", en: "Pulse meter on a GPIO line" },
  goldens: [
    {
      name: "three turns of a water meter's magnet, 10 litres each, the second with a bounce",
      rx: "1@0 0@1000 1@1200 0@9000 1@9003 0@9006 1@9300 0@20000 1@20200",
      options: { line: 17, litresPerPulse: 10 },
      expect: { volume: 0.03 },
      source: "constructed: reed contact to ground with pull-up, 200 ms closed, bounce of 3 ms",
    },
    {
      name: "two S0 pulses of an energy meter with 1000 pulses per kWh",
      rx: "1@0 0@1000 1@1100 0@4600 1@4700",
      options: { line: 18, pulsesPerKWh: 1000 },
      expect: { energy: 0.002 },
      source: "constructed: SDM120 pulse output, 100 ms (Eastron SDM120 Modbus protocol V2.4, pulse width), open collector",
    },
    {
      name: "a pulse that stands at opening was counted by nobody, and is not now",
      rx: "0@0 1@150 0@5000 1@5200",
      options: { line: 17 },
      expect: { pulses: 1 },
      source: "constructed: the gateway starts while the magnet is at the contact",
    },
    {
      name: "a spike of 5 ms is no pulse",
      rx: "1@0 0@1000 1@1005",
      options: { line: 17, litresPerPulse: 1 },
      expect: { volume: 0 },
      source: "constructed: induced spike shorter than the 20 ms debounce; S0 gives at least 30 ms (EN 62053-31)",
    },
    {
      name: "no edge sequence",
      rx: "1@0 down@1000",
      options: { line: 17 },
      expect: "refused",
      source: "constructed: a level is 0 or 1",
    },
  ],
});
