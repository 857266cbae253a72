/** Any Modbus device whose table stands in the configuration: no file needed. */
import { configuredModbus } from "../families/modbus/configured/configured-table.ts";

const CRC = "CRC by a bitwise Python loop";

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
      name: "float64",
      tx: "01 03 01 76 00 04 A4 2F",
      rx: "01 03 08 41 57 BD 3C 80 00 00 00 14 06",
      options: { points: { energy: { fc: 3, address: 374, decode: "float64", unit: "W.h", kind: "counter" } } },
      expect: { energy: 6_223_090 },
      source: `Alfen Eve, energy at 374: a user's capture over Modbus TCP (evcc issue 4575), in an RTU frame; ${CRC}`,
    },
    {
      name: "a float with the low word first, by its order in letters",
      tx: "FF 03 0B F3 00 02 23 C2",
      rx: "FF 03 04 FE C6 41 2E 84 65",
      options: { points: { power: { fc: 3, address: 3059, decode: "float32", order: "CDAB", unit: "kW" } } },
      expect: { power: 10.937_201 },
      source: `Schneider EVlink Pro AC, power at 3059: a user's capture over Modbus TCP (evcc issue 9436), in an RTU frame; ${CRC}`,
    },
    {
      name: "a float with the bytes of each register exchanged",
      tx: "01 04 00 00 00 02 71 CB",
      rx: "01 04 04 66 43 34 33 42 0D",
      options: { points: { voltage: { fc: 4, address: 0, decode: "float32", order: 2143, unit: "V" } } },
      expect: { voltage: 230.200_01 },
      source: `constructed: 43 66 33 34 of Eastron SDM120 Modbus protocol V2.4, its bytes exchanged in pairs; ${CRC}`,
    },
    {
      name: "a float with all bytes the other way round",
      tx: "01 04 00 00 00 02 71 CB",
      rx: "01 04 04 34 33 66 43 6F EA",
      options: { points: { voltage: { fc: 4, address: 0, decode: "float32", order: 4321, unit: "V" } } },
      expect: { voltage: 230.200_01 },
      source: `constructed: 43 66 33 34 of Eastron SDM120 Modbus protocol V2.4, backwards; ${CRC}`,
    },
    {
      name: "a text",
      tx: "01 03 00 8E 00 0A A5 E6",
      rx: "01 03 14 34 59 6F 75 20 35 31 30 20 31 31 20 54 32 53 00 00 00 00 00 36 1C",
      options: { points: { model: { fc: 3, address: 142, decode: "text", count: 10 } } },
      expect: { model: "4You 510 11 T2S" },
      source: `Bender CC613, model at 142: a user's capture over Modbus TCP (evcc issue 29359), its end, left out there, as 00, in an RTU frame; ${CRC}`,
    },
    {
      name: "a text with the bytes of each register exchanged",
      tx: "01 03 00 8E 00 0A A5 E6",
      rx: "01 03 14 59 34 75 6F 35 20 30 31 31 20 20 31 32 54 00 53 00 00 00 00 C3 CE",
      options: { points: { model: { fc: 3, address: 142, decode: "text", count: 10, order: "BADC" } } },
      expect: { model: "4You 510 11 T2S" },
      source: `constructed: the text before, its bytes exchanged in pairs; ${CRC}`,
    },
    {
      name: "a text of one letter, beside a zero byte",
      tx: "B4 04 00 64 00 01 6A 70",
      rx: "B4 04 02 00 43 75 1B",
      options: { points: { state: { fc: 4, address: 100, decode: "text", count: 1 } } },
      expect: { state: "C" },
      source: `Phoenix Contact EM-CP-PP-ETH, status at 100: a user's capture over Modbus TCP (evcc issue 10248), in an RTU frame; ${CRC}`,
    },
    {
      name: "decimal digits, one byte of a register, and what lies in the other",
      tx: "01 03 40 00 00 04 51 C9",
      rx: "01 03 08 54 22 04 00 49 20 00 25 44 D3",
      options: {
        points: {
          connector: { fc: 3, address: 0x4000, decode: "uint8", byte: "high", map: { 71: "cable", 84: "socket" } },
          "rated-power": { fc: 3, address: 0x4000, mask: 0xf0, unit: "1" },
          plant: { fc: 3, address: 0x4001, decode: "uint8", byte: "high" },
          "week-and-year": { fc: 3, address: 0x4002, decode: "bcd16" },
          number: { fc: 3, address: 0x4002, decode: "bcd32" },
        },
      },
      expect: { connector: "socket", "rated-power": 2, plant: 4, "week-and-year": 4920, number: 49_200_025 },
      source: `ABB Terra AC Modbus communication v1.11: 54 22 04 00 49 20 00 25 is TACW22-4-4920-T0025; in an RTU frame; ${CRC}`,
    },
    {
      name: "bits, and words for numbers",
      tx: "01 03 40 0C 00 02 11 C8",
      rx: "01 03 04 00 00 84 00 99 33",
      options: {
        points: {
          state: { fc: 3, address: 0x400d, mask: 0x7f00, map: { 0: "A", 1: "B1", 2: "B2", 3: "C1", 4: "C2", 5: "other" } },
          limited: { fc: 3, address: 0x400d, bit: 15 },
          "limited-by-32": { fc: 3, address: 0x400c, decode: "uint32", bit: 15 },
        },
      },
      expect: { state: "C2", limited: true, "limited-by-32": true },
      source:
        "constructed: ABB Terra AC Modbus communication v1.11, 400Ch: state in bits 8–14, 4 = C2, bit 15 = below the commanded current; CRC by a bitwise Python loop",
    },
    {
      name: "a number that stands for a word",
      tx: "02 04 00 05 00 01 21 F8",
      rx: "02 04 02 00 02 7C F1",
      options: { points: { state: { fc: 4, address: 5, map: { 2: "A1", 3: "A2", 4: "B1", 5: "B2", 6: "C1", 7: "C2" } } } },
      expect: { state: "A1" },
      source: "Heidelberg Energy Control, state at 5: a user's capture on its RS-485 line (evcc issue 9582)",
    },
    {
      name: "48 bits",
      tx: "01 04 01 00 00 06 71 F4",
      rx: "01 04 0C 00 01 00 00 00 02 FF FF FF FF FF FE 72 C4",
      options: {
        points: { total: { fc: 4, address: 256, decode: "uint48" }, difference: { fc: 4, address: 259, decode: "int48" } },
      },
      expect: { total: 4_294_967_298, difference: -2 },
      source: `constructed: 2^32 + 2 and -2 in three registers each; ${CRC}`,
    },
    {
      name: "a whole number beyond 2^53",
      tx: "01 03 00 00 00 04 44 09",
      rx: "01 03 08 00 20 00 00 00 00 00 01 75 D5",
      options: { points: { serial: { fc: 3, address: 0, decode: "uint64" } } },
      expect: { serial: "9007199254740993" },
      source: `constructed: 2^53 + 1, the first that no number of JSON holds; ${CRC}`,
    },
    {
      name: "an offset after the scale",
      tx: "01 04 00 10 00 01 30 0F",
      rx: "01 04 02 01 0E 39 64",
      options: { points: { temperature: { fc: 4, address: 16, scale: 0.1, offset: -40, unit: "Cel" } } },
      expect: { temperature: -13 },
      source: `constructed: 270 of a transmitter whose 0–1000 are -40 to 60 °C; ${CRC}`,
    },
    {
      name: "three values and the power of ten that they share",
      tx: "01 03 9C 8F 00 04 5B B2",
      rx: "01 03 08 09 01 09 06 09 0B FF FF BE 0A",
      options: {
        points: Object.fromEntries(
          [1, 2, 3].map((phase) => [
            `voltage-l${phase}`,
            { fc: 3, address: 40_078 + phase, scaleFrom: 40_082, absent: [0xffff], unit: "V" },
          ]),
        ),
      },
      expect: { "voltage-l1": 230.5, "voltage-l2": 231, "voltage-l3": 231.5 },
      source: `constructed: SunSpec model 103 as in SolarEdge's technical note, I_AC_VoltageAN to CN 40079–40081, scale factor 40082 = -1; ${CRC}`,
    },
    {
      name: "a counter with a power of ten above one",
      tx: "01 03 9C 9D 00 03 BA 75",
      rx: "01 03 06 00 01 E2 40 00 01 EA D9",
      options: {
        points: {
          energy: { fc: 3, address: 40_093, decode: "uint32", scaleFrom: 40_095, scale: 0.001, unit: "kW.h", kind: "counter" },
        },
      },
      expect: { energy: 1234.56 },
      source: `constructed: the same map, I_AC_Energy_WH 40093, scale factor 40095 = 1, told in kWh; ${CRC}`,
    },
    {
      name: "a power of ten that is not implemented",
      tx: "01 03 9C 93 00 02 1A 76",
      rx: "01 03 04 57 68 80 00 0A 5B",
      options: { points: { power: { fc: 3, address: 40_083, decode: "int16", scaleFrom: 40_084, unit: "W" } } },
      expect: { power: null },
      source: `constructed: the same map, I_AC_Power 40083, scale factor 40084 = 8000h, by which SunSpec says "none"; ${CRC}`,
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
