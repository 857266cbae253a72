/** MaxBotix XL-MaxSonar-WR ultrasonic sensors that write centimetres as a line, and the lines that prove it. */
import { distanceSensor } from "../families/frame/distance.ts";

// 9600 8N1, R, three digits in cm, CR; 765 when nothing comes back (esphome). What is nearer than 20 cm is told as 20 cm (the same sensor
// on I²C, datasheet PD11502).
export const maxbotixXl = distanceSensor({
  type: "maxbotix-xl",
  title: { it: "Sensore di distanza a ultrasuoni MaxBotix XL", en: "MaxBotix XL ultrasonic distance sensor" },
  baud: 9600,
  everyMs: 150,
  frame: { framing: "line", begin: "R", fields: [{ name: "distance", decode: "decimal", chars: [3, 3], scale: 10 }], end: "\r" },
  blindBelow: 210,
  farthest: 7640,
  goldens: [
    {
      name: "1230 mm, nothing below 1200 mm",
      rx: "52 31 32 33 0D",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: 1230, presence: false },
      source: "constructed: the format of esphome's hrxl_maxsonar_wr for XL models, R, three digits, CR",
    },
    {
      name: "20 cm is its word for anything that near",
      rx: "52 30 32 30 0D",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: null, presence: null },
      source: "constructed: I2CXL-MaxSonar-WR datasheet (PD11502), objects nearer than 20 cm",
    },
    {
      name: "nothing came back",
      rx: "52 37 36 35 0D",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: null, presence: null },
      source: "constructed: 765 as esphome's hrxl_maxsonar_wr has it for XL models",
    },
    {
      name: "four digits",
      rx: "52 31 32 33 34 0D",
      expect: "refused",
      source: "constructed: the line of an HRXL, in millimetres",
    },
  ],
});
