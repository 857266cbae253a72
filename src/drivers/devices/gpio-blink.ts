/** A light sensor before a blinking status light, and the edge sequences that prove what it is said to show. */
import { blinkDriver } from "../families/gpio/sign/blink.ts";

const beats = (count: number, everyMs: number, onMs: number, from = 1000): string =>
  Array.from({ length: count }, (_, i) => `1@${from + i * everyMs} 0@${from + i * everyMs + onMs}`).join(" ");

export const gpioBlink = blinkDriver({
  type: "gpio-blink",
  title: { it: "Sensore di una spia lampeggiante su linea GPIO", en: "Sensor of a blinking light on a GPIO line" },
  goldens: [
    {
      name: "a light that blinks, its period learned",
      rx: `0@0 ${beats(6, 2000, 50)}`,
      options: { line: 6 },
      expect: { blink: "blinking", period: 2 },
      source:
        "constructed: Philips M5066A manual: the green Ready light blinks in standby; its period is published nowhere and is learned",
    },
    {
      name: "dark three periods after its last flash",
      rx: `0@0 ${beats(6, 2000, 50)} 0@17100`,
      options: { line: 6 },
      expect: { blink: "dark", period: 2 },
      source: "constructed: the same light, gone out (Philips M5066A, Defibtech: no flash is a fault)",
    },
    {
      name: "dark from the beginning, as long as nothing is learned",
      rx: "0@0 0@30000",
      options: { line: 6 },
      expect: { blink: "dark" },
      source: "constructed: a unit without a battery when the gateway starts",
    },
    {
      name: "steady",
      rx: `0@0 ${beats(5, 2000, 50)} 1@11000 1@20000`,
      options: { line: 6 },
      expect: { blink: "steady", period: 2 },
      source: "constructed: Philips M5066A manual: solid, switched on",
    },
    {
      name: "one that flashes twice and then pauses blinks",
      rx: `0@0 ${[0, 5000, 10_000, 15_000].map((at) => beats(2, 300, 50, 1000 + at)).join(" ")} 0@24000`,
      options: { line: 6 },
      expect: { blink: "blinking", period: 4.7 },
      source: "constructed: the longest pause between flashes counts, not the shortest",
    },
    {
      name: "red flashes of a unit at fault, while green is dark",
      rx: `0@0 0@60000 | 0@0 ${beats(30, 2000, 50)} 0@60000`,
      options: { line: 6, red: { line: 13 } },
      expect: { blink: "red" },
      source: "constructed: Defibtech DDU manual: red flash, or none, is a fault",
    },
    {
      name: "a lamp on the mains that shines into the sensor is no light of a unit",
      rx: `0@0 ${beats(100, 20, 10)}`,
      options: { line: 6, debounce: "2ms" },
      expect: { blink: null },
      source: "constructed: 50 Hz",
    },
    {
      name: "no edge sequence",
      rx: "2@0",
      options: { line: 6 },
      expect: "refused",
      source: "constructed: a level is 0 or 1",
    },
  ],
});
