/** The Benewake TF-Luna laser ranger on a UART: its limits, and the frames that prove them. */
import { lidarSensor } from "../families/frame/lidar.ts";

// TF-Luna manual A05: 0.2 to 8 m; nearer than 20 cm its distance is not reliable; 0 when too little comes back.
export const tfLuna = lidarSensor({
  type: "tf-luna",
  title: { it: "Sensore di distanza laser TF-Luna", en: "TF-Luna laser distance sensor" },
  blindBelow: 200,
  farthest: 8000,
  goldens: [
    {
      name: "300 cm, nothing below 1200 mm",
      rx: "59 59 2C 01 F4 01 00 09 DD",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: 3000, presence: false },
      source:
        "constructed: 300 = 012C, strength 500 = 01F4, 32 °C = 0900; low byte of the sum DD, by hand (no published capture is known)",
    },
    {
      name: "a roof at 65 cm",
      rx: "59 59 41 00 E8 03 00 09 E7",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: 650, presence: true },
      source: "constructed: 65 = 0041, strength 1000 = 03E8; 59 + 59 + 41 + E8 + 03 + 09 = 1E7, by hand",
    },
    {
      name: "too little comes back, where the site says that this is an empty bay",
      rx: "59 59 00 00 32 00 00 09 ED",
      options: { occupiedBelow: "1200mm", seesNothing: "free" },
      expect: { distance: null, presence: false },
      source: "constructed: manual A05, 6.8: distance 0 below strength 100 (here 50); 59 + 59 + 32 + 09 = ED, by hand",
    },
    {
      name: "the sun in its eye is not an empty bay, whatever the site says",
      rx: "59 59 41 00 FF FF 00 09 FA",
      options: { occupiedBelow: "1200mm", seesNothing: "free" },
      expect: { distance: null, presence: null },
      source: "constructed: manual A05, 5.4: strength FFFF is overexposure; 59 + 59 + 41 + FF + FF + 09 = 2FA, by hand",
    },
    {
      name: "wrong sum",
      rx: "59 59 2C 01 F4 01 00 09 DE",
      expect: "refused",
      source: "constructed: the first golden with its sum one too high",
    },
  ],
});
