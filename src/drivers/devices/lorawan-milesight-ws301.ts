/** The records of the Milesight WS301 door contact. */
import { recordsDevice } from "../families/lorawan/payload-device.ts";

const options = { devEui: "24E124538B123456", silentAfter: "1d" };
const state = { unit: "", kind: "state", report: { atLeastMs: 15 * 60_000 } } as const;

export const lorawanMilesightWs301 = recordsDevice({
  type: "lorawan-milesight-ws301",
  title: { it: "Contatto porta Milesight WS301", en: "Milesight WS301 door contact" },
  points: {
    battery: { unit: "%", kind: "gauge", range: [0, 100], report: { atLeastMs: 15 * 60_000 } },
    door: state,
    // Its own contact tells whether it still sits on its mount.
    tamper: state,
  },
  records: {
    "0175": { point: "battery" },
    "0300": { point: "door", trueAt: 1 },
    "0400": { point: "tamper", trueAt: 1 },
  },
  goldens: [
    {
      name: "100 %, open, not installed",
      rx: "85: 01 75 64 03 00 01 04 00 01",
      options,
      expect: { battery: 100, door: true, tamper: true },
      source: "Milesight-IoT/SensorDecoders, README of WS301",
    },
    {
      name: "closed and in place",
      rx: "85: 03 00 00 04 00 00",
      options,
      expect: { door: false, tamper: false },
      source: "constructed: the other value of each record",
    },
    { name: "cut off", rx: "85: 03 00", options, expect: "refused", source: "constructed: the door without its value" },
  ],
});
