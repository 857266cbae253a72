/** The Benewake TFmini Plus and TFmini-S laser rangers on a UART: their limits, and the frames that prove them. */
import { lidarSensor } from "../families/frame/lidar.ts";

// TFmini-S and TFmini Plus manuals: 0.1 to 12 m; instead of a distance -1 below strength 100, -4 with too much light (budryerson/TFMini-Plus).
export const tfminiPlus = lidarSensor({
  type: "tfmini-plus",
  title: { it: "Sensore di distanza laser TFmini Plus o TFmini-S", en: "TFmini Plus or TFmini-S laser distance sensor" },
  blindBelow: 100,
  farthest: 12_000,
  goldens: [
    {
      name: "300 cm",
      rx: "59 59 2C 01 F4 01 00 09 DD",
      expect: { distance: 3000 },
      source:
        "constructed: 300 = 012C, strength 500 = 01F4, 32 °C = 0900; low byte of the sum DD, by hand (no published capture is known)",
    },
    {
      name: "a weak signal",
      rx: "59 59 FF FF 32 00 00 09 EB",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: null, presence: null },
      source:
        "constructed: TFmini-S manual A01, 5.4: -1 below strength 100 (here 50); 59 + 59 + FF + FF + 32 + 09 = 2EB, by hand",
    },
    {
      name: "too much light, which is not an empty bay",
      rx: "59 59 FC FF F4 01 00 09 AB",
      options: { occupiedBelow: "1200mm", seesNothing: "free" },
      expect: { distance: null, presence: null },
      source: "constructed: -4 = FFFC (budryerson/TFMini-Plus); 59 + 59 + FC + FF + F4 + 01 + 09 = 3AB, by hand",
    },
    {
      name: "half a header",
      rx: "59 58 2C 01 F4 01 00 09 DC",
      expect: "refused",
      source: "constructed: the first golden with one bit turned in its second byte, and the sum to it",
    },
  ],
});
