/** A contact on a GPIO line: loop relay, door or tamper switch, gate; and the edge sequences that prove its meaning. */
import { contactDriver } from "../families/gpio/contact.ts";

export const gpioContact = contactDriver({
  type: "gpio-contact",
  title: { it: "Contatto su linea GPIO", en: "Contact on a GPIO line" },
  goldens: [
    {
      name: "loop relay pulls to ground: occupied",
      rx: "1@0 0@1000",
      options: { line: 22, active: "low", means: "presence" },
      expect: { presence: true },
      source: "constructed: fail-safe loop detector output (Allmatic A1H-U manual p. 21), contact to ground with pull-up",
    },
    {
      name: "door opens, bouncing for 12 ms",
      rx: "1@0 0@100 1@104 0@108 1@110 0@112",
      options: { line: 5, active: "low", means: "door" },
      expect: { door: true },
      source: "constructed: bounce of a reed switch, a few milliseconds",
    },
    {
      name: "a spike of 10 ms is no tampering",
      rx: "0@0 1@500 0@510",
      options: { line: 12, means: "tamper" },
      expect: { tamper: false },
      source: "constructed: induced spike shorter than the 50 ms debounce",
    },
    {
      name: "two cars through the gate, one bounce",
      rx: "0@0 1@1000 0@1005 1@1010 0@1300 1@5000 0@5400",
      options: { line: 23, means: "passage" },
      expect: { passage: 2 },
      source: "constructed: pulses of 290 and 400 ms, the first with one bounce",
    },
    {
      name: "active at opening is no passage",
      rx: "1@0 0@300",
      options: { line: 23, means: "passage" },
      expect: { passage: 0 },
      source: "constructed: the gateway starts while a car stands in the loop",
    },
    {
      name: "no edge sequence",
      rx: "2@0",
      options: { line: 23, means: "passage" },
      expect: "refused",
      source: "constructed: a level is 0 or 1",
    },
  ],
});
