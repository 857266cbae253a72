/** The battery of any Bluetooth LE device with the standard service, and the values that prove it. */
import { gattDevice } from "../families/ble/gatt.ts";

// Bluetooth SIG, Assigned Numbers: service 180F Battery, 2A19 Battery Level; service 180A Device Information.
const information = { service: "180a", decode: "text", kind: "text", unit: "", report: { atLeastMs: 86_400_000 } } as const;
const mac = "C4:7C:8D:00:00:01";

export const gattBattery = gattDevice({
  type: "gatt-battery",
  title: { it: "Batteria di un apparecchio Bluetooth", en: "Battery of a Bluetooth device" },
  every: "6h",
  points: {
    battery: {
      service: "180f",
      characteristic: "2a19",
      decode: "uint8",
      kind: "gauge",
      unit: "%",
      range: [0, 100],
      report: { change: 1, atLeastMs: 86_400_000 },
    },
    manufacturer: { ...information, characteristic: "2a29" },
    model: { ...information, characteristic: "2a24" },
    firmware: { ...information, characteristic: "2a26" },
  },
  goldens: [
    {
      name: "87 %",
      rx: "[2a19] 57",
      options: { mac },
      expect: { battery: 87 },
      source: "Battery Service 1.0, 3.1: one byte, per cent; 57 hex = 87",
    },
    {
      name: "with device information",
      rx: "[2a19] 64 [2a29] 52 75 75 76 69 [2a24] 54 61 67 00 [2a26] 33 2E 31",
      options: { mac },
      expect: { battery: 100, manufacturer: "Ruuvi", model: "Tag", firmware: "3.1" },
      source: "constructed: ASCII by hand, the model with a closing zero as some devices send it",
    },
    {
      name: "more than full",
      rx: "[2a19] 65",
      options: { mac },
      expect: { battery: null },
      source: "constructed: Battery Service 1.0, 3.1.1: 101–255 are reserved",
    },
    {
      name: "two bytes are no battery level",
      rx: "[2a19] 57 00",
      options: { mac },
      expect: "refused",
      source: "constructed: the first golden with a byte too many",
    },
  ],
});
