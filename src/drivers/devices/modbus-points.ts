/** Any Modbus device whose table stands in the configuration: no file needed. */
import { configuredModbus } from "../families/modbus-points.ts";

export const modbusPoints = configuredModbus({
  type: "modbus-points",
  title: { it: "Apparecchio Modbus con tabella in configurazione", en: "Modbus device with its table in the configuration" },
  goldens: [
    {
      name: "three holding registers, the second scaled, the third signed",
      tx: "01 03 00 08 00 03 84 09",
      rx: "01 03 06 00 2A 00 80 00 05 F9 58",
      options: {
        points: {
          first: { fc: 3, address: 8, decode: "uint16", unit: "1" },
          second: { fc: 3, address: 9, decode: "uint16", scale: 0.1, unit: "Cel" },
          third: { fc: 3, address: 10, decode: "int16", unit: "1" },
        },
      },
      expect: { first: 42, second: 12.8, third: 5 },
      source: "modbus-serial and libmodbus test frames (42, 128, 5)",
    },
    {
      name: "low word first",
      tx: "01 04 00 00 00 02 71 CB",
      rx: "01 04 04 09 00 00 00 F8 18",
      options: { points: { voltage: { fc: 4, address: 0, decode: "int32", words: "low-first", scale: 0.1, unit: "V" } } },
      expect: { voltage: 230.4 },
      source:
        "constructed: Carlo Gavazzi EM340 register 0 (EM300 protocol V2r9, INT32 low word first, ×0.1); CRC by a bitwise Python loop",
    },
    {
      name: "coils",
      tx: "01 01 00 04 00 02 FC 0A",
      rx: "01 01 01 01 90 48",
      options: { points: { pump: { coil: 4 }, valve: { coil: 5, writable: true } } },
      expect: { pump: true, valve: false },
      source: "constructed: bits 4 and 5 of coils 4–5 = 01; CRC by a bitwise Python loop",
    },
    {
      name: "reply of another unit",
      tx: "01 03 00 08 00 03 84 09",
      rx: "11 03 06 AE 41 56 52 43 40 49 AD",
      options: { points: { first: { fc: 3, address: 8, decode: "uint16", unit: "1" } } },
      expect: "refused",
      source: "public Modbus tutorial frame of unit 17, valid in itself",
    },
    {
      name: "the SDM120 document's own frame with a wrong CRC",
      tx: "01 10 00 14 00 02 04 42 70 00 00 67 D5",
      rx: "01 10 00 14 00 02 E0 08",
      options: { points: { first: { fc: 3, address: 8, decode: "uint16", unit: "1" } } },
      expect: "refused",
      source: "Eastron SDM120 Modbus protocol V2.4, erratum: right are E6 F3 and 01 CC",
    },
  ],
});
