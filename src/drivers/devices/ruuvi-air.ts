/** Ruuvi Air, which advertises data format 6: where its numbers lie, and the packets that prove them. */
import { packetSensor } from "../families/ble/packet-sensor.ts";

// docs.ruuvi.com, Data format 6. "Not available" is the largest number of an unsigned field, the smallest of a signed one. The lowest bits of the
// two indexes stand in the flags, byte 16. To those who hear extended advertisements it sends format E1 too.
const unsigned = { decode: "unsigned", absent: 0xffff } as const;
const index = { decode: "unsigned", absent: 0x1ff, unit: "1", range: [0, 500], change: 10 } as const;

const all = [
  "temperature",
  "humidity",
  "pressure",
  "pm25",
  "co2",
  "voc-index",
  "nox-index",
  "illuminance",
  "calibrating",
] as const;
const options = { mac: "CB:B8:33:4C:88:4F", points: [...all] };
const source = "docs.ruuvi.com, Data format 6, test vectors; its reserved byte XX as FF";

export const ruuviAir = packetSensor({
  type: "ruuvi-air",
  title: { it: "Sensore della qualità dell'aria Ruuvi Air (formato 6)", en: "Ruuvi Air air quality sensor (format 6)" },
  usual: ["temperature", "humidity", "co2", "pm25"],
  packet: {
    manufacturer: "0499",
    format: 0x06,
    bytes: 20,
    beside: [0xe1],
    sequence: [[120, 8]],
    fields: [
      { point: "temperature", bits: [[8, 16]], decode: "signed", absent: 0x8000, per: 200, unit: "Cel", change: 0.1 },
      { point: "humidity", bits: [[24, 16]], ...unsigned, per: 400, unit: "%", range: [0, 100], change: 1 },
      { point: "pressure", bits: [[40, 16]], ...unsigned, plus: 50_000, per: 100, unit: "hPa", change: 0.5 },
      { point: "pm25", bits: [[56, 16]], ...unsigned, per: 10, unit: "ug/m3", range: [0, 1000], change: 1 },
      { point: "co2", bits: [[72, 16]], ...unsigned, unit: "[ppm]", range: [0, 40_000], change: 20 },
      {
        point: "voc-index",
        bits: [
          [88, 8],
          [129, 1],
        ],
        ...index,
      },
      {
        point: "nox-index",
        bits: [
          [96, 8],
          [128, 1],
        ],
        ...index,
      },
      { point: "illuminance", bits: [[104, 8]], decode: "log8", absent: 0xff, unit: "lx", change: 10 },
      { point: "calibrating", bits: [[135, 1]], decode: "bool", unit: "" },
    ],
  },
  goldens: [
    {
      name: "valid data",
      rx: "06 170C 5668 C79E 0070 00C9 05 01 D9 FF CD 00 4C884F",
      options,
      expect: {
        temperature: 29.5,
        humidity: 55.3,
        pressure: 1011.02,
        pm25: 11.2,
        co2: 201,
        "voc-index": 10,
        "nox-index": 2,
        illuminance: 13_026.67,
        calibrating: false,
      },
      source,
    },
    {
      name: "maximum values",
      rx: "06 7FFF 9C40 FFFE 2710 9C40 FA FA FE FF FF 07 4C8F4F",
      options,
      expect: {
        temperature: 163.835,
        humidity: 100,
        pressure: 1155.34,
        pm25: 1000,
        co2: 40_000,
        "voc-index": 500,
        "nox-index": 500,
        illuminance: 65_535,
        calibrating: true,
      },
      source,
    },
    {
      name: "minimum values",
      rx: "06 8001 0000 0000 0000 0000 00 00 00 FF 00 00 4C884F",
      options,
      expect: {
        temperature: -163.835,
        humidity: 0,
        pressure: 500,
        pm25: 0,
        co2: 0,
        "voc-index": 0,
        "nox-index": 0,
        illuminance: 0,
        calibrating: false,
      },
      source,
    },
    {
      name: "invalid values",
      rx: "06 8000 FFFF FFFF FFFF FFFF FF FF FF FF FF FF FFFFFF",
      options,
      expect: { ...Object.fromEntries(all.map((point) => [point, null])), calibrating: true },
      source: `${source}; there is no invalid for "calibrating"`,
    },
    {
      name: "the lowest bits of the indexes, in the flags",
      rx: "06 170C 5668 C79E 0070 00C9 05 01 D9 FF CD 40 4C884F",
      options: { ...options, points: ["voc-index", "nox-index"] },
      expect: { "voc-index": 11, "nox-index": 2 },
      source: "constructed: the valid data with bit 6 of the flags set",
    },
    {
      name: "the format for extended advertisements is left aside",
      rx: "E1 170C 5668 C79E",
      options,
      expect: {},
      source: "constructed: the first byte of data format E1 (docs.ruuvi.com) before a part of the valid data",
    },
    {
      name: "a byte missing",
      rx: "06 170C 5668 C79E 0070 00C9 05 01 D9 FF CD 00 4C88",
      options,
      expect: "refused",
      source: "constructed: the valid data without its last byte",
    },
    {
      name: "a RuuviTag in its place",
      rx: "05 12FC 5394 C37C 0004 FFFC 040C AC36 42 00CD CBB8334C884F",
      options,
      expect: "refused",
      source: "docs.ruuvi.com, Data format 5 (RAWv2), test vectors",
    },
  ],
});
