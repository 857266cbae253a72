/** A relay, lamp or contactor on a GPIO line; and the levels that prove its polarity. */
import { relayDriver } from "../families/gpio/relay.ts";

export const gpioRelay = relayDriver({
  type: "gpio-relay",
  title: { it: "Relè su linea GPIO", en: "Relay on a GPIO line" },
  goldens: [
    {
      name: "a board that switches on at low, with a lamp that may stay on for twelve hours",
      rx: "1@0 0@100",
      options: { line: 27, active: "low", limits: { maxOn: "12h" } },
      expect: { on: true },
      source: "constructed: opto-isolated relay board, input to ground energises the coil",
    },
    {
      name: "the same board at rest",
      rx: "1@0",
      options: { line: 27, active: "low" },
      expect: { on: false },
      source: "constructed: input high, no current through the opto-coupler",
    },
    {
      name: "a driver transistor: on at high",
      rx: "0@0 1@100",
      options: { line: 26, active: "high", onStart: "keep", onStop: "keep" },
      expect: { on: true },
      source: "constructed: base high, coil energised",
    },
    {
      name: "no level",
      rx: "2@0",
      options: { line: 26 },
      expect: "refused",
      source: "constructed: a level is 0 or 1",
    },
  ],
});
