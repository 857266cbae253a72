/** What a register table of the configuration may say, and how each contradiction in it is refused, in both languages. */
import { describe, expect, it } from "vitest";
import { checkSite, problemLine } from "../../../src/config/index.ts";

const HEAD = `gateway: { id: gw-1, site: { id: park } }
sync: { broker: mqtt://127.0.0.1:1883 }
buses: { plant: { modbus: tcp, host: 127.0.0.1 } }
devices:
`;
/** One point, on line 5; `rest`: other options of the device. */
async function problemsOf(point: string, rest = "", lang: "en" | "it" = "en"): Promise<readonly string[]> {
  const device = `  a: { type: modbus-points, bus: plant, unit: 1, ${rest}points: { p: { ${point} } } }\n`;
  const { problems } = await checkSite(HEAD + device, "s", lang);
  return problems.map((problem) => problemLine(problem, lang).replace(/^s:5:\d+: config\.[a-z-]+: devices\.a\./, ""));
}

describe("a register", () => {
  it.each([
    "fc: 3, address: 1, bit: 15",
    "fc: 3, address: 1, decode: uint32, bit: 31, absent: [0xFFFFFFFF]",
    "fc: 3, address: 1, mask: 0x00F0, scale: 0.1, offset: -40, unit: Cel",
    "fc: 3, address: 1, decode: text, count: 10, order: BADC",
    "fc: 3, address: 1, decode: float64, order: 4321",
    "fc: 3, address: 1, decode: int16, map: { -1: reversed, 0: right }",
    "fc: 3, address: 1, decode: bcd32, order: CDAB, writable: true",
    "fc: 3, address: 40083, decode: int16, scaleFrom: 40084, scale: 0.001, unit: kW",
    "fc: 3, address: 65532, decode: uint64, words: low-first",
  ])("%s is understood", async (point) => expect(await problemsOf(point)).toEqual([]));

  it.each([
    [
      "decode: float32, mask: 0x00F0",
      'points.p.decode: found "float32", expected uint16 or uint32, whose bits are what they are',
    ],
    ["decode: int16, bit: 3", 'points.p.decode: found "int16", expected uint16 or uint32, whose bits are what they are'],
    ["bit: 16", "points.p.bit: found 16, expected at most 15"],
    ["bit: 32", "points.p.bit: found 32, expected at most 31"],
    ["mask: 0x1F0F0", "points.p.mask: found 0x1F0F0, expected at most 0xFFFF, which is what uint16 holds"],
    ["bit: 3, mask: 8", "points.p.mask: found 8, expected none: `bit` names the one bit"],
    ["bit: 3, scale: 0.1", "points.p.scale: found 0.1, expected none: a bit is true or false"],
    ["bit: 3, offset: 1", "points.p.offset: found 1, expected none: a bit is true or false"],
    ["bit: 3, unit: V", 'points.p.unit: found "V", expected none: a bit is true or false'],
    ["bit: 3, writable: true", "points.p.writable: found true, expected false: only whole registers can be written"],
    ["decode: bool, offset: 1", "points.p.offset: found 1, expected none: a bool is true or false"],
    ["decode: bool, bit: 1", "points.p.bit: found 1, expected none: a bool is true or false"],
    ["decode: text", "points.p.count: found nothing, expected how many registers the text has"],
    ["decode: text, count: 126", "points.p.count: found 126, expected at most 125"],
    ["decode: text, count: 2, unit: V", 'points.p.unit: found "V", expected none: its value is a word'],
    ["count: 2", "points.p.count: found 2, expected none: only a text has a length of its own"],
    ["byte: high", 'points.p.byte: found "high", expected none: uint8 and int8 are one byte'],
    [
      "decode: float32, map: { 1: on }",
      'points.p.decode: found "float32", expected a whole number such as uint16: words stand for whole numbers',
    ],
    ["map: { x: on }", 'points.p.map.x: found "x", expected a whole number'],
    ["map: {}", "points.p.map: found a mapping (key: value), expected at least one number with its word"],
    ["map: { 1: on }, scale: 2", "points.p.scale: found 2, expected none: its value is a word"],
    [
      "map: { 1: on }, writable: true",
      "points.p.writable: found true, expected false: only numbers, true and false can be written",
    ],
    [
      "decode: float32, order: 4321, words: low-first",
      'points.p.words: found "low-first", expected none: `order` says the order of the words too',
    ],
    [
      "decode: bcd16, absent: [10000]",
      "points.p.absent.0: found 10000, expected a whole number from 0 to 9999, which is what bcd16 holds",
    ],
    ["decode: float32, scaleFrom: 9", "points.p.scaleFrom: found 9, expected none: a float has its power of ten in itself"],
    ["mask: 3, scaleFrom: 9", "points.p.scaleFrom: found 9, expected none: only a quantity has a scale"],
    ["decode: uint32, scaleFrom: 2", "points.p.scaleFrom: found 2, expected another register than the value's own"],
    ["scaleFrom: 126", "points.p.scaleFrom: found 126, expected a register so near that one reply holds both"],
    ["scaleFrom: 65536", "points.p.scaleFrom: found 65536, expected at most 65535"],
    [
      "scaleFrom: 9, writable: true",
      "points.p.writable: found true, expected false: a value whose scale is the device's affair is only read",
    ],
    [
      "writeWith: 6",
      "points.p.writable: found nothing, expected true, where `limits`, `impact`, `safe` or `writeWith` say how it is written",
    ],
    ["writable: true, writeWith: 5", "points.p.writeWith: found 5, expected one of 6, 16"],
    ["writable: true, decode: float32, writeWith: 6", "points.p.writeWith: found 6, expected 16: function 6 writes one register"],
    ["unit: C", 'points.p.unit: found "C", expected Cel for degrees Celsius (C is the coulomb)'],
    ["unit: kW/h", 'points.p.unit: found "kW/h", expected kW.h for energy, or kW for power'],
    ["unit: furlong", 'points.p.unit: found "furlong", expected a UCUM code such as Cel, kW.h, m3, V, A, Hz, bar, % or 1'],
    ["order: 1243", "points.p.order: found 1243, expected one of 1234, 3412, 2143, 4321, ABCD, CDAB, BADC, DCBA"],
  ])("%s is refused", async (more, line) => {
    expect(await problemsOf(`fc: 3, address: 1, ${more}`)).toEqual([line]);
    const [italian] = await problemsOf(`fc: 3, address: 1, ${more}`, "", "it");
    expect(italian).not.toContain("expected");
    expect(italian?.split("atteso: ")[1]).not.toBe(line.split("expected ")[1]);
  });

  it.each([
    [
      "fc: 3, address: 1, keepAlive: { every: 10s }",
      "points.p.keepAlive.value: found nothing, expected a value, or writable: true",
    ],
    [
      "fc: 3, address: 1, writable: true, keepAlive: { every: 10s, value: 1 }",
      "points.p.keepAlive.value: found 1, expected none: what is commanded is repeated",
    ],
    [
      "fc: 3, address: 1, keepAlive: { every: 10s, value: 0.5 }",
      "points.p.keepAlive.value: found 0.5, expected a value that the register holds exactly",
    ],
    [
      "fc: 3, address: 1, keepAlive: { every: 10s, value: true }",
      "points.p.keepAlive.value: found true, expected a value that the register holds exactly",
    ],
    [
      "fc: 4, address: 1, keepAlive: { every: 10s, value: 1 }",
      "points.p.keepAlive: found a mapping (key: value), expected none: only a coil or a whole holding register is written",
    ],
    [
      "fc: 3, address: 1, mask: 3, keepAlive: { every: 10s, value: 1 }",
      "points.p.keepAlive: found a mapping (key: value), expected none: only a coil or a whole holding register is written",
    ],
    ["fc: 1, address: 4", "points.p.fc: found 1, expected coil: ADDRESS, for what function 1 reads"],
    [
      "coil: 1, keepAlive: { every: 2s, value: true }",
      'points.p.keepAlive.every: found "2s", expected not less than the device\'s `every`: it is written in its rounds',
    ],
    [
      "fc: 3, address: 1, leastEvery: 1h",
      "every: found nothing, expected as long as the shortest `leastEvery`: each round asks for something",
    ],
  ])("%s is refused", async (point, line) => {
    expect(await problemsOf(point)).toEqual([line]);
    const [italian] = await problemsOf(point, "", "it");
    expect(italian?.split("atteso ")[1]).not.toBe(line.split("expected ")[1]);
  });

  it("may be repeated, and asked for more rarely than the others", async () => {
    expect(await problemsOf("coil: 1, keepAlive: { every: 10s, value: true } }, q: { fc: 3, address: 2, leastEvery: 1h")).toEqual(
      [],
    );
    expect(await problemsOf("fc: 3, address: 1, leastEvery: 1h", "every: 1h, atConnect: { pause: 1s }, ")).toEqual([]);
    expect(await problemsOf("fc: 3, address: 1, keepAlive: { every: 5s, value: 0x55AA }", "every: 2s, ")).toEqual([]);
  });

  it.each([
    ["double", "float64"],
    ["sint32", "int32"],
    ["u16", "uint16"],
    ["string", "text"],
  ])("whose type is called %s elsewhere is told %s, and nothing else", async (decode, expected) => {
    expect(await problemsOf(`fc: 3, address: 1, decode: ${decode}`)).toEqual([
      `points.p.decode: found "${decode}", expected ${expected}`,
    ]);
  });

  it("whose order of bytes is called byteorder is told order, and not byte", async () => {
    expect((await problemsOf("fc: 3, address: 1, decode: float32, byteorder: DCBA"))[0]).toMatch(/did you mean "order"\?$/);
  });

  it.each(["float16", "uint24", "int128"])("of a type that there is not (%s) is never told another's number", async (decode) => {
    const [line] = await problemsOf(`fc: 3, address: 1, decode: ${decode}`);
    expect(line).toMatch(/expected one of bool, uint16, .*text$/);
  });

  it("longer than a reply is refused", async () => {
    expect(await problemsOf("fc: 3, address: 1, decode: text, count: 20", "maxRegisters: 19, ")).toEqual([
      "maxRegisters: found 19, expected as many registers as its widest point has",
    ]);
    // One number is told once, however many rules it breaks.
    expect(await problemsOf("fc: 3, address: 65536, decode: uint32")).toEqual([
      "points.p.address: found 65536, expected at most 65535",
    ]);
    expect(await problemsOf("fc: 3, address: 65530, decode: text, count: 10")).toEqual([
      "points.p.address: found 65530, expected an address whose last register is at most 65535",
    ]);
  });
});
