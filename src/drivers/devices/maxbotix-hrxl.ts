/** MaxBotix HRXL-MaxSonar-WR ultrasonic sensors, which write millimetres as lines, and the lines that prove it. */
import { distanceSensor } from "../families/frame/distance.ts";

// HRXL-MaxSonar-WR datasheet (PD11500): 9600 8N1, about six lines a second, R, four digits in mm, CR. What is nearer than 300 mm is told as
// 300. Models of 5 m tell 5000 when nothing comes back, those of 10 m 9999; further than 5 m no bay is watched.
export const maxbotixHrxl = distanceSensor({
  type: "maxbotix-hrxl",
  title: { it: "Sensore di distanza a ultrasuoni MaxBotix HRXL", en: "MaxBotix HRXL ultrasonic distance sensor" },
  baud: 9600,
  everyMs: 150,
  frame: { framing: "line", begin: "R", fields: [{ name: "distance", decode: "decimal", chars: [4, 4] }], end: "\r" },
  blindBelow: 301,
  farthest: 4999,
  goldens: [
    {
      name: "1234 mm, nothing below 1200 mm",
      rx: "52 31 32 33 34 0D",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: 1234, presence: false },
      source: "esphome hrxl_maxsonar_wr: R1234 and CR",
    },
    {
      name: "480 mm, after a stray byte and the end of another line",
      rx: "FF 37 30 0D 52 30 34 38 30 0D",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: 480, presence: true },
      source: "MaxBotix HRUSB-MaxSonar-EZ datasheet (PD12141): R0480; stray FF bytes as esphome hrxl_maxsonar_wr reports them",
    },
    {
      name: "300 mm is its word for anything that near",
      rx: "52 30 33 30 30 0D",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: null, presence: null },
      source: "constructed: HRXL-MaxSonar-WR datasheet (PD11500), minimum reported distance",
    },
    {
      name: "nothing came back, where the site says that this is an empty bay",
      rx: "52 35 30 30 30 0D",
      options: { occupiedBelow: "1200mm", seesNothing: "free" },
      expect: { distance: null, presence: false },
      source: "constructed: HRXL-MaxSonar-WR datasheet (PD11500), maximum reported distance",
    },
    {
      name: "a digit that is none",
      rx: "52 31 32 3A 34 0D",
      expect: "refused",
      source: "constructed: the first golden with its third digit made a colon",
    },
    {
      name: "three digits",
      rx: "52 31 32 33 0D",
      expect: "refused",
      source: "constructed: the line of an XL-MaxSonar-WR, which counts in centimetres",
    },
  ],
});
