/** Configurations from Italian keyboards, word processors, Windows and manuals: what is said of each mistake. */
import { describe, expect, it } from "vitest";
import { checkSite, type Problem, problemLine } from "../../../src/config/index.ts";

const HEAD = `gateway: { id: gw-1, site: { id: park } }
sync: { broker: mqtt://127.0.0.1:1883 }
`;
const problemsOf = async (text: string, lang: "en" | "it" = "en") =>
  (await checkSite(HEAD + text, "s", lang)).problems.map((p) => problemLine(p, lang).replace(/^s:/, ""));
const bus = (text: string) => `buses: { b: { ${text} } }\n`;
const point = (text: string) =>
  `buses: { b: { modbus: tcp, host: 10.0.0.1 } }\ndevices: { a: { type: modbus-points, bus: b, unit: 1, points: { p: { ${text} } } } }\n`;

const isError = ({ severity }: Problem): boolean => severity === "error";

describe("numbers", () => {
  it.each([
    ["a decimal comma in a mapping of one line", point("fc: 3, address: 1, scale: 0,1"), ['found "0,1"', "write `scale: 0.1`"]],
    ["with a space", point("fc: 3, address: 1, scale: 0, 1"), ['found "0,1"', "write `scale: 0.1`"]],
    ["in quotation marks", point('fc: 3, address: 1, scale: "0,1"'), ['found "0,1"', "write `scale: 0.1`"]],
    ["a negative one", point("fc: 3, address: 1, scale: -0,05, unit: V"), ['found "-0,05"', "write `scale: -0.05`"]],
    ["in a list", point("fc: 3, address: 1, range: [0,5, 10]"), ['found "0,5"', "write `0.5`"]],
    ["in a duration", "store: { keep: '1,5h' }\n", ["write `keep: 1.5h`"]],
    ["a typographic minus", point("fc: 3, address: 1, scale: −2"), ["write `scale: -2`"]],
    ["with its unit", bus("modbus: rtu, port: /dev/ttyUSB0, baud: 9600 baud"), ["write `baud: 9600`"]],
    ["in quotation marks, whole", bus('modbus: rtu, port: /dev/ttyUSB0, baud: "19200"'), ["write `baud: 19200`"]],
    ["with a point for thousands", bus("modbus: rtu, port: /dev/ttyUSB0, baud: 19.200"), ["expected"]],
    ["a rate that none has", bus("modbus: rtu, port: /dev/ttyUSB0, baud: 9601"), ["found 9601", "expected a rate"]],
    ["a duration in words", "store: { keep: 14 giorni }\n", ["write `keep: 14d`"]],
    ["a duration in other words", "store: { commit: 2 seconds }\n", ["write `commit: 2s`"]],
  ])("%s", async (_, text, parts) => {
    const lines = await problemsOf(text);
    expect(lines).toHaveLength(1);
    for (const part of parts) expect(lines[0]).toContain(part);
  });

  it("two decimal commas of a place are two, and both are named where they stand", async () => {
    const text = `gateway: { id: gw-1, site: { id: park }, place: { lat: 45,05, lon: 9,69 } }\nsync: { broker: mqtt://127.0.0.1:1883 }\n`;
    const { problems } = await checkSite(text, "s");
    expect(problems.filter(isError).map((p) => [p.line, p.column, p.path, p.found, p.write])).toEqual([
      [1, 56, "gateway.place.lat", '"45,05"', "lat: 45.05"],
      [1, 68, "gateway.place.lon", '"9,69"', "lon: 9.69"],
    ]);
  });

  it("in the block form too", async () => {
    const text =
      "gateway:\n  id: gw-1\n  site: { id: park }\n  place:\n    lat: 45,05\n    lon: 9,69\nsync: { broker: mqtt://127.0.0.1:1883 }\n";
    const { problems } = await checkSite(text, "s", "it");
    expect(problems.filter(isError).map((p) => problemLine(p, "it"))).toEqual([
      's:5:10: config.wrong-value: gateway.place.lat: c\'è "45,05", atteso: un numero; scrivere `lat: 45.05`',
      's:6:10: config.wrong-value: gateway.place.lon: c\'è "9,69", atteso: un numero; scrivere `lon: 9.69`',
    ]);
  });

  it("a list of two whole numbers is one", async () => {
    expect(await problemsOf(point("fc: 3, address: 1, range: [0,1]"))).toEqual([]);
    expect(await problemsOf(point("fc: 3, address: 1, range: [0, 5]"))).toEqual([]);
  });

  it.each([
    ["010", "10, which is how it is read; if the octal number was meant, that is 8: 0o10"],
    ["0100", "100, which is how it is read; if the octal number was meant, that is 64: 0o100"],
    ["009", "9, which is how it is read"],
  ])("%s is warned of", async (number, expected) => {
    const { site, problems } = await checkSite(HEAD + point(`fc: 3, address: ${number}`), "s");
    expect(site).toBeDefined();
    expect(problems).toMatchObject([
      { severity: "warning", code: "config.leading-zero", path: "devices.a.points.p.address", found: number, expected },
    ]);
  });
});

describe("words", () => {
  it.each([
    ["yes for what is chosen", bus("gpio: yes"), ['found "yes"', "one of auto, onoff, gpiod", "write `gpio: auto`"]],
    ["true for what is chosen", bus("gpio: true"), ["found true", "one of auto, onoff, gpiod", "write `gpio: auto`"]],
    ["yes for true", point("fc: 3, address: 1, writable: yes"), ["write `writable: true`"]],
    ["sì for true", point("fc: 3, address: 1, writable: sì"), ["write `writable: true`"]],
    ["off for false", point("fc: 3, address: 1, writable: off"), ["write `writable: false`"]],
    ["a capital", bus("modbus: RTU, port: /dev/ttyUSB0"), ["one of rtu, tcp, rtu-tcp", 'did you mean "rtu"?']],
    ["a capital in a choice", bus("modbus: rtu, port: /dev/ttyUSB0, parity: Even"), ['did you mean "even"?']],
    ["a value under a wrong key", bus("modbus: rtu, port: /dev/ttyUSB0, parity: 9600"), ['did you mean "baud"?']],
    ["a port without its folder", bus("modbus: rtu, port: ttyUSB0"), ["write `port: /dev/ttyUSB0`"]],
    ["another scheme", "store: {}\n".replace("store: {}", "store: { file: 5 }"), ['write `file: "5"`']],
    ["a host with a scheme", bus("modbus: tcp, host: 'http://10.0.0.1/'"), ["write `host: 10.0.0.1`"]],
    [
      "an address without colons",
      `${bus("ble: hci0")}devices: { a: { type: bthome, bus: b, mac: a4c138000001 } }\n`,
      ['write `mac: "A4:C1:38:00:00:01"`'],
    ],
    [
      "one where a list belongs",
      `${bus("ble: hci0")}devices: { a: { type: bthome, bus: b, mac: "A4:C1:38:00:00:01", points: door } }\n`,
      ["write `points: [door]`"],
    ],
    ["no bus at all", bus("port: /dev/ttyUSB0"), ["expected one of: modbus rtu | tcp | rtu-tcp, serial, gpio, ble, mqtt"]],
    ["a name with a capital and a space", "buses: { Bus 1: { gpio: auto } }\n", ["write `bus-1:`"]],
    ["a name with accents", 'buses: { "Città_2": { gpio: auto } }\n', ["write `citta-2:`"]],
  ])("%s", async (_, text, parts) => {
    const lines = await problemsOf(text);
    expect(lines).toHaveLength(1);
    for (const part of parts) expect(lines[0]).toContain(part);
  });

  it("another scheme of a broker", async () => {
    for (const [written, write] of [
      ["tcp://127.0.0.1:1883", "mqtt://127.0.0.1:1883"],
      ["ssl://b.example:8883", "mqtts://b.example:8883"],
    ]) {
      const text = `gateway: { id: gw-1, site: { id: park } }\nsync: { broker: "${written}" }\n`;
      expect((await checkSite(text, "s")).problems.map((p) => p.write)).toContain(`broker: ${write}`);
    }
  });

  it("a key of a point where the bus has it, and keys by other names", async () => {
    const device = (more: string) =>
      `${bus("modbus: rtu, port: /dev/ttyUSB0")}devices: { a: { type: eastron-sdm120, bus: b, ${more} } }\n`;
    expect((await problemsOf(device("slave: 3"))).join("\n")).toContain('did you mean "unit"?');
    expect((await problemsOf(device("unit: 3, interval: 10s")))[0]).toContain('did you mean "every"?');
    expect((await problemsOf(device("unit: 3, hole: 10")))[0]).toContain('did you mean "maxGap"?');
    expect((await problemsOf(device("unit: 3, slowest: 5s")))[0]).toContain('did you mean "replyDeadline"?');
    expect((await problemsOf(bus("modbus: tcp, host: 10.0.0.1, slowest: 5s")))[0]).toContain('did you mean "replyDeadline"?');
    expect((await problemsOf(device("unit: 3, baud: 9600")))[0]).toContain('"baud" belongs under buses');
    expect((await problemsOf(bus("modbus: rtu, port: /dev/ttyUSB0, baudrate: 9600")))[0]).toContain('did you mean "baud"?');
    expect((await problemsOf(bus("modbus: tcp, ip: 10.0.0.1")))[1]).toContain('did you mean "host"?');
    expect((await problemsOf("quotaMB: 10\n"))[0]).toContain('"quotaMB" belongs under store');
    expect((await problemsOf("meter: { type: eastron-sdm120 }\n"))[0]).toContain('"meter" belongs under devices');
    expect((await problemsOf("line: { modbus: rtu, port: /dev/ttyUSB0 }\n"))[0]).toContain('"line" belongs under buses');
  });

  it("`reserved` is reservedFor", async () => {
    const text = `${bus("gpio: auto")}devices: { l: { type: gpio-contact, bus: b, line: 5, means: presence } }\nassets: { a: { kind: parking-bay, occupancy: l.presence, reserved: disabled } }\n`;
    expect(await problemsOf(text)).toEqual([expect.stringContaining('did you mean "reservedFor"?')]);
  });
});

describe("characters", () => {
  const odd = async (text: string, lang: "en" | "it" = "en") =>
    (await problemsOf(text, lang)).filter((l) => l.includes("odd-character"));

  it.each([
    ["a no-break space as indentation", "store:\n\u00a0\u00a0quotaMB: 10\n", "4:1:", "‹U+00A0›"],
    ["a no-break space after the colon", "store: { quotaMB:\u00a010 }\n", "3:18:", "U+00A0"],
    ["a no-break space within", point("fc: 3, address: 1, unit: k\u00a0W"), "4:96:", "U+00A0"],
    ["a narrow one", "store: { keep: 14\u202fd }\n", "3:18:", "U+202F"],
    ["one of no width", "store: { keep: 14\u200bd }\n", "3:18:", "U+200B"],
  ])("%s is named with its place, and the line without it", async (_, text, place, name) => {
    const lines = await odd(text);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines[0]).toContain(name);
    expect(lines[0]?.startsWith(place), lines[0]).toBe(true);
    expect(lines[0]).toMatch(/an ordinary space/);
    expect((await odd(text, "it"))[0]).toContain("uno spazio comune");
  });

  it("quotation marks of a word processor are named, an apostrophe is not", async () => {
    const device = (mac: string) => `${bus("ble: hci0")}devices: { a: { type: bthome, bus: b, mac: ${mac} } }\n`;
    expect((await odd(device("“A4:C1:38:00:00:01”")))[0]).toContain('write `"A4:C1:38:00:00:01"`');
    expect((await odd(device("‘A4:C1:38:00:00:01’")))[0]).toContain("straight quotation marks");
    const text = (hint: string) =>
      `gateway: { id: gw-1, site: { id: park, name: { it: ${hint}, en: x } } }\nsync: { broker: mqtt://127.0.0.1 }\n`;
    expect((await checkSite(text("L’ingresso di un po’"), "s")).problems.filter(isError)).toEqual([]);
    expect((await checkSite(text('"con spazio\u00a0duro"'), "s")).problems.filter(isError)).toEqual([]);
  });

  it.each([
    ["a mark that turns the writing round", "\\u202e"],
    ["a mark of direction", "\\u200f"],
    ["an isolate", "\\u2066"],
    ["a joiner", "\\u200d"],
    ["an escape", "\\u001b"],
    ["NUL", "\\0"],
    ["half a character", "\\ud800"],
    ["a line separator", "\\u2028"],
    ["a tag", "\\U000E0041"],
  ])("%s stands in no text and in no name, and is seen in the message", async (_, escaped) => {
    const texts = [
      `gateway: { id: gw-1, site: { id: park, name: { it: "a${escaped}b", en: x } } }\nsync: { broker: mqtt://127.0.0.1 }\n`,
      `gateway: { id: gw-1, site: { id: park }, place: { hint: { it: "a${escaped}b" } } }\nsync: { broker: mqtt://127.0.0.1 }\n`,
      `gateway: { id: gw-1, site: { id: park } }\nsync: { broker: mqtt://127.0.0.1, prefix: "city${escaped}/v1" }\n`,
      `gateway: { id: gw-1, site: { id: park } }\nsync: { broker: mqtt://127.0.0.1 }\ndevices: { "a${escaped}b": { type: bthome } }\n`,
    ];
    for (const text of texts) {
      const { site, problems } = await checkSite(text, "s");
      expect(site).toBeUndefined();
      expect(problems.map((p) => p.code)).toContain("config.odd-character");
      const line = problems.map((p) => problemLine(p, "en")).join("; ");
      expect(line).toMatch(/‹U\+[0-9A-F]{4,}›/);
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028]/u);
    }
  });
});

describe("one mistake is told once", () => {
  const REST = "  plant: { modbus: tcp, host: 10.0.0.1 }\n  pins: { gpio: auto }\n";
  it.each([
    ["a tab", `buses:\n\tline: { modbus: tcp, host: 10.0.0.2 }\n${REST}`, "4:1:", "spazi al posto delle tabulazioni"],
    ["a name without its colon", `buses:\n  line { modbus: tcp, host: 10.0.0.2 }\n${REST}`, "4:", "dopo il nome: `line: {`"],
    [
      "a section without its colon",
      `buses\n  line: { modbus: tcp, host: 10.0.0.2 }\n${REST}`,
      "3:1:",
      "con due punti e uno spazio",
    ],
    ["an address of too great a number", "buses: { line: { modbus: tcp, host: 10.20.0.300 } }\n", "3:", "come 192.168.1.30"],
  ])("%s", async (_, text, place, italian) => {
    const lines = await problemsOf(text, "it");
    expect(lines).toHaveLength(1);
    expect(lines[0]?.startsWith(place), lines[0]).toBe(true);
    expect(lines[0]).toContain(italian);
    expect(lines[0]).not.toContain("scrivere `host");
  });
});

describe("texts that are no YAML", () => {
  it.each([
    ["two documents", `store: {}\n---\n${HEAD}`, "4:1:", "one document in a file", "un solo documento per file"],
    ["tabs", "store:\n\tquotaMB: 10\n", "4:", "spaces instead of tabs", "spazi al posto delle tabulazioni"],
    ["an open quotation mark", 'store: { file: "abc }\n', "", "the quotation marks closed", "le virgolette chiuse"],
    ["an open bracket", "store: { file: abc\n", "", "bracket", "parentesi"],
    ["a bracket too many", "store: { file: abc } }\n", "", "bracket", "parentesi"],
    ["a colon without a space", "store: { quotaMB:10 }\n", "", "", ""],
    ["no colon at all", "store:\n  quotaMB 10\n  keep: 14d\n", "4:", "with a colon and a space", "due punti e uno spazio"],
    ["two values", "store:\n  file: a: b\n", "4:", "one value after the colon", "un solo valore dopo i due punti"],
    ["an indentation that fits nowhere", "store:\n    quotaMB: 10\n  keep: 14d\n", "5:", "", ""],
    ["an @ in front", "store: { file: @home }\n", "3:", "in quotation marks", "tra virgolette"],
    ["a backslash", 'store: { file: "C:\\Users" }\n', "3:", "single quotation marks", "apostrofi"],
    ["a tag", "store: !!python/object x\n", "3:", "tag", "etichetta"],
    ["an alias", "store: *defaults\n", "3:", "", ""],
    ["a comma too many", "store: { quotaMB: 10,, keep: 14d }\n", "3:", "one comma", "una virgola sola"],
  ])("%s", async (_, text, place, english, italian) => {
    const [en, it] = [await problemsOf(text), await problemsOf(text, "it")];
    expect(en.length).toBeGreaterThan(0);
    expect(
      en.some((line) => line.startsWith(place) && line.includes(english)),
      en.join("\n"),
    ).toBe(true);
    expect(
      it.some((line) => line.startsWith(place) && line.includes(italian)),
      it.join("\n"),
    ).toBe(true);
    for (const line of it)
      expect(line).not.toMatch(/\b(expected|Unexpected|Missing|Implicit|must|should|with a|Tabs|Nested|valid YAML)\b/);
  });

  it("a key twice names the line of the first", async () => {
    const lines = await problemsOf("store: { quotaMB: 10 }\nbuses: {}\nstore: {}\n", "it");
    expect(lines).toEqual(['5:1: config.same-name: store: c\'è "store" (già alla riga 3), atteso: ogni nome una sola volta']);
  });
});

describe("what a file begins with, and what stands between its keys", () => {
  const lines = async (text: string, lang: "en" | "it" = "en") =>
    (await checkSite(text, "s", lang)).problems.map((p) => problemLine(p, lang).replace(/^s:/, ""));
  const YAML = `"%YAML 9.9", expected YAML 1.2, one document`;

  it("a directive is named as such, in the order of the lines", async () => {
    expect(await lines(`%YAML 9.9\n---\n${HEAD}`)).toEqual([`1:7: config.syntax: found ${YAML}`]);
    expect((await lines(`%YAML 9.9\n${HEAD}`)).map((line) => line.split(" ")[0])).toEqual(["1:7:", "2:1:"]);
    const none = 'config.syntax: found "%foo", expected no line that begins with %';
    expect(await lines(`%foo\n---\n${HEAD}`)).toEqual([`1:1: ${none}`]);
    expect(await lines(`${HEAD}%foo\n`)).toEqual([`3:1: ${none}`]);
  });

  it("a stray entry of a list is one mistake", async () => {
    expect(await lines(`${HEAD}- z\n`)).toEqual([
      '3:1: config.syntax: found "- z", expected `key: value`: an entry `- ` stands under the key of its list only',
    ]);
    expect(await lines(`${HEAD}- z\n`, "it")).toEqual([
      '3:1: config.syntax: c\'è "- z", atteso: `voce: valore`: un elemento `- ` sta solo sotto la voce della sua lista',
    ]);
  });

  it("each broken line is told once", async () => {
    expect((await lines(`- z\n${HEAD}`)).map((line) => line.split(":")[0])).toEqual(["2", "3"]);
  });
});

it("a word that no choice has is not taken for the name of something else", async () => {
  for (const word of ["carico", "xyzzy"])
    expect(
      await problemsOf(`assets: { b: { kind: parking-bay, occupancy: c.presence, reservedFor: ${word} } }\n`),
    ).toContainEqual(expect.stringMatching(/reservedFor: found "\w+", expected one of [a-z, ]+$/));
});

describe("what is half there", () => {
  const asset = (text: string) =>
    `devices: { c: { type: tcp-alive, host: 10.0.0.1, port: 80 } }\nassets: { a: { kind: parking-bay, occupancy: c.alive, ${text} } }\n`;

  it.each([
    ["a latitude alone", asset("place: { lat: 45.05 }"), "expected lat and lon, or neither"],
    ["a longitude alone", asset("place: { lon: 9.69, hint: { it: qui } }"), "expected lat and lon, or neither"],
    ["a name in one language", asset('name: { it: Stallo, en: "" }'), "expected a value that is not empty"],
  ])("%s", async (_, text, expected) => expect(await problemsOf(text)).toEqual([expect.stringContaining(expected)]));

  it("a place in Italy with latitude and longitude the wrong way round, of which no other country is suspected", async () => {
    const place = "place: { lat: 9.6930, lon: 45.0526 }";
    expect(await problemsOf(asset(place))).toEqual([
      expect.stringContaining(
        "place.lat: found 9.693, expected latitude and longitude, which seem to be swapped here: { lat: 45.0526, lon: 9.693 }",
      ),
    ]);
    expect(await problemsOf(asset("place: { lat: 45.0526, lon: 9.6930 }"))).toEqual([]);
    const text = `gateway: { id: gw, site: { id: s }, timezone: Africa/Addis_Ababa, ${place} }\nsync: { broker: mqtt://127.0.0.1 }\n`;
    expect((await checkSite(text, "s")).problems.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("a place may be a hint for people alone", async () =>
    expect(await problemsOf(asset("place: { hint: { it: qui, en: here } }"))).toEqual([]));

  it.each([
    ["sdm120", "eastron-sdm120"],
    ["lht65n", "lorawan-dragino-lht65n"],
    ["relay", "gpio-relay"],
    ["lorawan-bosch", "lorawan-bosch-tps110"],
    ["eastron-sdm603", "eastron-sdm630"],
  ])("the type %s, which lacks a part or has two digits turned", async (type, whole) =>
    expect((await problemsOf(`devices: { a: { type: ${type} } }\n`))[0]).toContain(`did you mean "${whole}"?`),
  );

  it.each(["02-30", "04-31", "2027-02-29"])("the day %s, which no year has", async (day) => {
    const text = `gateway: { id: gw-1, site: { id: park }, holidays: { country: IT, extra: ["02-29", "${day}"] } }\nsync: { broker: mqtt://127.0.0.1 }\n`;
    const { problems } = await checkSite(text, "s");
    expect(problems.map(({ path, code }) => [path, code])).toEqual([["gateway.holidays.extra.1", "config.wrong-value"]]);
  });
});
