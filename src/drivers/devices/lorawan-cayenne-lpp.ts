/** Any LoRaWAN device that sends Cayenne LPP: its channels are named in the configuration. */
import { cayenneDevice } from "../families/lorawan/cayenne-device.ts";

const DOCUMENT = "myDevices, Cayenne LPP 2.0, examples";
const options = {
  devEui: "70B3D52C00012347",
  silentAfter: "2h",
  points: { supply: { channel: 3, type: "temperature" }, return: { channel: 5, type: "temperature" } },
};
const analog = { ...options, points: { level: { channel: 1, type: "analog-input" } } };
const bay = { ...options, points: { presence: { channel: 1, type: "presence" } } };

export const lorawanCayenneLpp = cayenneDevice({
  type: "lorawan-cayenne-lpp",
  title: { it: "Apparecchio LoRaWAN con Cayenne LPP", en: "LoRaWAN device that sends Cayenne LPP" },
  goldens: [
    {
      name: "two temperatures",
      rx: "1: 03 67 01 10 05 67 00 FF",
      options,
      expect: { supply: 27.2, return: 25.5 },
      source: DOCUMENT,
    },
    {
      name: "a temperature below zero, and an acceleration that nobody wants",
      rx: "1: 06 71 04 D2 FB 2E 00 00 03 67 FF D7",
      options,
      expect: { supply: -4.1 },
      source: `${DOCUMENT}: the two of them in one payload`,
    },
    {
      name: "an analog input",
      rx: "1: 01 02 3F 02",
      options: analog,
      expect: { level: 161.3 },
      source: "a user's capture on The Things Network of 2025-04-03, decoded there as 161.3",
    },
    { name: "presence", rx: "1: 01 66 01", options: bay, expect: { presence: true }, source: "constructed: type 66, one byte" },
    { name: "cut off", rx: "1: 03 67 01", options, expect: "refused", source: "constructed: the first cut off" },
  ],
});
