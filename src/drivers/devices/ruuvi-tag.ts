/** RuuviTag, which advertises data format 5 (RAWv2): where its numbers lie, and the packets that prove them. */
import { packetSensor } from "../families/ble/packet-sensor.ts";

// docs.ruuvi.com, Data format 5 (RAWv2). "Not available" is the largest number of an unsigned field, the smallest of a signed one.
const signed = { decode: "signed", absent: 0x8000 } as const;
const unsigned = { decode: "unsigned", absent: 0xffff } as const;
const acceleration = { ...signed, per: 1000, unit: "[g]", change: 0.05 } as const;

const all = [
  "temperature",
  "humidity",
  "pressure",
  "acceleration-x",
  "acceleration-y",
  "acceleration-z",
  "battery",
  "power",
  "movements",
] as const;
const options = { mac: "CB:B8:33:4C:88:4F", points: [...all] };
const source = "docs.ruuvi.com, Data format 5 (RAWv2), test vectors";
const none = Object.fromEntries(all.map((point) => [point, null]));

export const ruuviTag = packetSensor({
  type: "ruuvi-tag",
  title: { it: "Sensore RuuviTag (formato 5)", en: "RuuviTag sensor (format 5)" },
  usual: ["temperature", "humidity", "pressure", "battery"],
  packet: {
    manufacturer: "0499",
    format: 0x05,
    bytes: 24,
    beside: [],
    sequence: [[128, 16]],
    fields: [
      { point: "temperature", bits: [[8, 16]], ...signed, per: 200, unit: "Cel", change: 0.1 },
      { point: "humidity", bits: [[24, 16]], ...unsigned, per: 400, unit: "%", range: [0, 100], change: 1 },
      { point: "pressure", bits: [[40, 16]], ...unsigned, plus: 50_000, per: 100, unit: "hPa", change: 0.5 },
      { point: "acceleration-x", bits: [[56, 16]], ...acceleration },
      { point: "acceleration-y", bits: [[72, 16]], ...acceleration },
      { point: "acceleration-z", bits: [[88, 16]], ...acceleration },
      { point: "battery", bits: [[104, 11]], decode: "unsigned", absent: 0x7ff, plus: 1600, per: 1000, unit: "V", change: 0.02 },
      { point: "power", bits: [[115, 5]], decode: "unsigned", absent: 0x1f, plus: -20, times: 2, unit: "dB[mW]", change: 2 },
      { point: "movements", bits: [[120, 8]], decode: "unsigned", absent: 0xff, unit: "1", change: 1 },
    ],
  },
  goldens: [
    {
      name: "valid data",
      rx: "05 12FC 5394 C37C 0004 FFFC 040C AC36 42 00CD CBB8334C884F",
      options,
      expect: {
        temperature: 24.3,
        humidity: 53.49,
        pressure: 1000.44,
        "acceleration-x": 0.004,
        "acceleration-y": -0.004,
        "acceleration-z": 1.036,
        battery: 2.977,
        power: 4,
        movements: 66,
      },
      source,
    },
    {
      name: "maximum values",
      rx: "05 7FFF FFFE FFFE 7FFF 7FFF 7FFF FFDE FE FFFE CBB8334C884F",
      options,
      expect: {
        temperature: 163.835,
        humidity: null,
        pressure: 1155.34,
        "acceleration-x": 32.767,
        "acceleration-y": 32.767,
        "acceleration-z": 32.767,
        battery: 3.646,
        power: 20,
        movements: 254,
      },
      source: `${source}; the humidity, 163.835 %, is one that air cannot have`,
    },
    {
      name: "minimum values",
      rx: "05 8001 0000 0000 8001 8001 8001 0000 00 0000 CBB8334C884F",
      options,
      expect: {
        temperature: -163.835,
        humidity: 0,
        pressure: 500,
        "acceleration-x": -32.767,
        "acceleration-y": -32.767,
        "acceleration-z": -32.767,
        battery: 1.6,
        power: -40,
        movements: 0,
      },
      source,
    },
    {
      name: "invalid values",
      rx: "05 8000 FFFF FFFF 8000 8000 8000 FFFF FF FFFF FFFFFFFFFFFF",
      options,
      expect: none,
      source,
    },
    {
      name: "cut in half",
      rx: "05 12FC 5394 C37C 0004 FFFC",
      options,
      expect: "refused",
      source: "constructed: the first half of the valid data",
    },
    {
      name: "data format 3, which this type does not read",
      rx: "03 29 1A 1E CE 1E FC 18 F9 42 02 CA 0B 53",
      options,
      expect: "refused",
      source: "docs.ruuvi.com, Data format 3 (RAWv1), test vectors",
    },
  ],
});
