/** Configurations that are right, wrong and garbage: the site, or every problem with its line and column. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { checkSite, jsonSchema, loadSite, problemLine } from "../../src/config/index.ts";
import type { EdgeError } from "../../src/kit/errors.ts";

const EXAMPLE = join(import.meta.dirname, "../../config/gateway.example.yaml");
/** What a site will be able to say one day, beside what it can say already. */
const ROADMAP = join(import.meta.dirname, "../../config/roadmap.example.yaml");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cippo-config-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const HEAD = `gateway:
  id: gw-1
  site: { id: park }
sync:
  broker: mqtt://127.0.0.1:1883
`;
/** With HEAD before it the text begins on line 6. */
const site = (text: string) => checkSite(HEAD + text, "site.yaml");
/** Each problem as "line:column code path", warnings marked. */
const found = async (text: string) =>
  (await site(text)).problems.map(
    (p) => `${p.line}:${p.column} ${p.code}${p.severity === "warning" ? "?" : ""} ${p.path}${p.hint ? ` ${p.hint}` : ""}`,
  );

describe("what is right", () => {
  it("has nothing to say of the example", async () => {
    // By its text: this machine may lack the pins that the site has.
    const loaded = await checkSite(await readFile(EXAMPLE, "utf8"), EXAMPLE);
    expect(loaded.problems).toEqual([]);
    expect(loaded.site?.assets["bay-014"]?.asset).toMatchObject({
      urn: "urn:ngsi-ld:ParkingSpot:parco-galleana:bay-014",
      silentAfterMs: { occupancy: expect.any(Number) },
    });
  });

  it("accepts the roadmap with warnings only, each of something that does nothing yet", async () => {
    const loaded = await loadSite(ROADMAP);
    expect(new Set(loaded.problems.map((p) => `${p.severity} ${p.code}`))).toEqual(
      new Set(["warning config.type-not-yet", "warning config.not-yet", "warning config.no-effect"]),
    );
    expect(Object.keys(loaded.site.devices)).toContain("meter-hall");
    expect(Object.keys(loaded.site.devices)).not.toContain("water-main");
    expect(loaded.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(loaded.hash.startsWith(loaded.rev)).toBe(true);
  });

  it("fills every default in", async () => {
    const { site: made, problems } = await site("");
    expect(problems).toEqual([]);
    expect(made).toMatchObject({
      gateway: { timezone: "Europe/Rome", clock: "auto" },
      sync: {
        acknowledge: "platform",
        mqtt: 5,
        prefix: "cippo/v1",
        live: { every: 1000 },
        reconnect: { first: 60_000, max: 300_000 },
      },
      store: { quotaMB: 256, keep: 14 * 86_400_000, commit: 1000 },
      devices: {},
    });
  });

  it("sends live values less often on a metered uplink", async () => {
    const text = HEAD.replace("1883", "1883\n  uplink: { metered: true }");
    expect((await checkSite(text, "site.yaml")).site?.sync.live.every).toBe(30_000);
  });

  it("reads paths from the folder of the file", async () => {
    const file = join(folder, "site.yaml");
    await writeFile(
      file,
      `${HEAD.replace("site: { id: park }", "site: { id: park }\n  socket: run/a.sock")}store: { file: a.sqlite }\n`,
    );
    const loaded = await loadSite(file);
    expect(loaded.site.gateway.socket).toBe(join(folder, "run/a.sock"));
    expect(loaded.site.store.file).toBe(join(folder, "a.sqlite"));
  });
});

describe("what is wrong, all of it at once, where it stands", () => {
  it("names unknown keys and what was meant", async () => {
    expect(await found("store: { quotaMb: 10 }\nbusses: {}\n")).toEqual([
      '6:10 config.unknown-key store.quotaMb did you mean "quotaMB"?',
      '7:1 config.unknown-key busses did you mean "buses"?',
    ]);
  });

  it("names what is missing, at what should hold it", async () => {
    const { problems } = await checkSite("gateway:\n  id: gw-1\nsync: {}\n", "site.yaml");
    expect(problems.map((p) => `${p.line}:${p.column} ${p.code} ${p.path}`)).toEqual([
      "1:1 config.missing gateway.site",
      "3:1 config.missing sync.broker",
    ]);
  });

  it("says what was found and what was expected", async () => {
    const { problems } = await site("store: { keep: 14 }\n");
    expect(problems.map((p) => problemLine(p, "en"))).toEqual([
      "site.yaml:6:16: config.wrong-value: store.keep: found 14, expected a duration such as 500ms, 10s, 5min, 12h or 14d",
    ]);
    const italian = await checkSite(`${HEAD}store: { keep: 14 }\n`, "site.yaml", "it");
    expect(italian.problems.map((p) => problemLine(p, "it"))).toEqual([
      "site.yaml:6:16: config.wrong-value: store.keep: c'è 14, atteso: una durata come 500ms, 10s, 5min, 12h o 14d",
    ]);
  });

  it("checks a device by its own type, and goes on", async () => {
    expect(
      await found(`buses:
  line: { modbus: rtu, port: /dev/ttyUSB0 }
devices:
  a: { type: eastron-sdm120, bus: line, unit: 999 }
  b: { type: eastron-sdm12, bus: line, unit: 2 }
  c: { type: eastron-sdm120, bus: line, unti: 3 }
  d: { type: unheard-of-thing, bus: line }
`),
    ).toEqual([
      "9:47 config.wrong-value devices.a.unit",
      '10:14 config.unknown-word devices.b.type did you mean "eastron-sdm120"?',
      "11:3 config.missing devices.c.unit",
      '11:41 config.unknown-key devices.c.unti did you mean "unit"?',
      "12:14 config.unknown-word devices.d.type",
    ]);
  });

  it("checks that buses are there and of the right kind", async () => {
    expect(
      await found(`buses:
  line: { modbus: rtu, port: /dev/ttyUSB0 }
  pins: { gpio: auto }
devices:
  a: { type: eastron-sdm120, bus: lime, unit: 1 }
  b: { type: eastron-sdm120, bus: pins, unit: 2 }
  c: { type: eastron-sdm120, unit: 3 }
`),
    ).toEqual([
      '10:35 config.unknown-name devices.a.bus did you mean "line"?',
      "11:35 config.wrong-bus devices.b.bus",
      "12:3 config.missing devices.c.bus",
    ]);
  });

  it("refuses a pull resistor that sysfs cannot give; what auto will be is not known before it runs", async () => {
    const { problems } = await site(`buses:
  pins: { gpio: onoff }
  others: { gpio: auto, chip: gpiochip1 }
devices:
  a: { type: gpio-contact, bus: pins, line: 5, means: door, bias: up }
  b: { type: gpio-pulse, bus: pins, line: 6, bias: down }
  c: { type: gpio-contact, bus: pins, line: 7, means: door }
  d: { type: gpio-contact, bus: others, line: 5, means: door, bias: up }
`);
    expect(problems.map((p) => `${p.line}:${p.column} ${p.code} ${p.found}`)).toEqual([
      '10:33 config.wrong-bus "pins"',
      '11:31 config.wrong-bus "pins"',
    ]);
    expect(problems[0]?.expected).toBe("gpio: gpiod for bias: up; with onoff it is `gpio=5=ip,pu` in config.txt and bias: none");
  });

  it("finds a unit, a line and a port that two claim", async () => {
    const { problems } = await site(`buses:
  line: { modbus: rtu, port: /dev/ttyUSB0 }
  same: { serial: /dev/ttyUSB0 }
  pins: { gpio: auto }
devices:
  a: { type: eastron-sdm120, bus: line, unit: 7 }
  b: { type: eastron-sdm120, bus: line, unit: 7 }
  c: { type: gpio-contact, bus: pins, line: 5, means: door }
  d: { type: gpio-contact, bus: pins, line: 5, means: tamper }
`);
    expect(problems.map((p) => `${p.line}:${p.column} ${p.code} ${p.found}`)).toEqual([
      "8:9 config.claimed-twice /dev/ttyUSB0, already used by line (line 7)",
      "12:47 config.claimed-twice unit 7 @ line, already used by a (line 11)",
      "14:45 config.claimed-twice line 5 @ pins, already used by c (line 13)",
    ]);
  });

  it("keeps devices and assets in one namespace", async () => {
    expect(
      await found(`buses:
  pins: { gpio: auto }
devices:
  bay: { type: gpio-contact, bus: pins, line: 5, means: presence }
  bay: { type: gpio-contact, bus: pins, line: 6, means: presence }
assets:
  bay: { kind: parking-bay, occupancy: bay.presence }
`),
    ).toEqual(["10:3 config.same-name devices.bay", "12:3 config.same-name assets.bay"]);
  });

  it("checks what assets refer to, and passes over what is still to come", async () => {
    expect(
      await found(`buses:
  pins: { gpio: auto }
devices:
  loop: { type: gpio-contact, bus: pins, line: 5, means: presence }
  tag: { type: mbus-meter, bus: pins }
assets:
  b1: { kind: parking-bay, occupancy: lopo.presence }
  b2: { kind: parking-bay, occupancy: loop.presense }
  b3: { kind: parking-bay, occupancy: tag.presence }
  b4: { kind: parking-bya, occupancy: loop.presence }
  b5: { kind: parking-bay, occupancy: loop }
`),
    ).toEqual([
      "10:16 config.type-not-yet? devices.tag.type",
      '12:39 config.unknown-name assets.b1.occupancy did you mean "loop"?',
      '13:39 config.unknown-name assets.b2.occupancy did you mean "presence"?',
      '15:15 config.unknown-word assets.b4.kind did you mean "parking-bay"?',
      "16:39 config.wrong-value assets.b5.occupancy",
    ]);
  });

  it("chooses the form of a bus or point that was meant", async () => {
    expect(
      await found(`buses:
  line: { modbus: rtu, port: /dev/ttyUSB0, bautd: 9600 }
  tcp: { modbus: tcp, hots: 10.0.0.1 }
devices:
  p: { type: modbus-points, bus: line, unit: 1, points: { t: { fc: 3, adress: 1, decode: int16 } } }
`),
    ).toEqual([
      '7:44 config.unknown-key buses.line.bautd did you mean "baud"?',
      "8:3 config.missing buses.tcp.host",
      '8:23 config.unknown-key buses.tcp.hots did you mean "host"?',
      "10:59 config.missing devices.p.points.t.address",
      '10:71 config.unknown-key devices.p.points.t.adress did you mean "address"?',
    ]);
  });
});

describe("what contradicts itself, or could not work", () => {
  const devices =
    "buses: { plant: { modbus: tcp, host: 10.0.0.1 }, pins: { gpio: auto }, uart: { serial: /dev/ttyS0 } }\ndevices:\n";
  const point = (text: string) => `${devices}  a: { type: modbus-points, bus: plant, unit: 1, points: { p: { ${text} } } }\n`;
  it.each([
    [
      "limits upside down",
      point("fc: 3, address: 1, writable: true, limits: { min: 10, max: 5 }"),
      "8:124: config.wrong-value: devices.a.points.p.limits.max: found 5, expected not less than min",
    ],
    [
      "a range upside down",
      point("fc: 3, address: 1, range: [10, 5]"),
      "8:91: config.wrong-value: devices.a.points.p.range: found a list, expected the smaller number first",
    ],
    [
      "a value beyond the last register",
      point("fc: 3, address: 65535, decode: float32"),
      "8:81: config.wrong-value: devices.a.points.p.address: found 65535, expected an address whose last register is at most 65535",
    ],
    [
      "no value by a number that the register never sends",
      point("fc: 3, address: 1, absent: [65535, -1]"),
      "8:100: config.wrong-value: devices.a.points.p.absent.1: found -1, expected a whole number from 0 to 65535, which is what uint16 holds",
    ],
    [
      "half a register for no value",
      point("fc: 4, address: 1, decode: int32, absent: [-2147483648, 0.5]"),
      "8:121: config.wrong-value: devices.a.points.p.absent.1: found 0.5, expected a whole number from -2147483648 to 2147483647, which is what int32 holds",
    ],
    [
      "no value beyond any float32",
      point("fc: 4, address: 1, decode: float32, absent: [1e39]"),
      "8:110: config.wrong-value: devices.a.points.p.absent.0: found 1e39, expected a number that float32 holds",
    ],
    [
      "a coil with a scale",
      point("coil: 1, scale: 0.1"),
      '8:74: config.unknown-key: devices.a.points.p.scale: found "scale", expected one of the keys coil, writable, limits, impact, alarm, safe, report, writeWith, leastEvery, keepAlive, atConnect',
    ],
    [
      "a coil with the limits of a number",
      point("coil: 1, writable: true, limits: { max: 5 }"),
      '8:100: config.unknown-key: devices.a.points.p.limits.max: found "max", expected one of the keys maxOn, minInterval',
    ],
    ...Object.entries({
      scale: "scale: 0.1",
      unit: "unit: V",
      range: "range: [0, 1]",
      absent: "absent: [0]",
      kind: "kind: counter",
      limits: "writable: true, limits: { min: 0 }",
    }).map(([name, option]): [string, string, string] => [
      `a bool with ${option}`,
      point(`fc: 3, address: 1, decode: bool, ${option}`),
      expect.stringContaining(`config.wrong-value: devices.a.points.p.${name}`),
    ]),
    [
      "a discrete input that is a number",
      point("fc: 2, address: 1, decode: float32"),
      '8:92: config.wrong-value: devices.a.points.p.decode: found "float32", expected bool: a discrete input is true or false',
    ],
    [
      "a scale that makes everything nothing",
      point("fc: 3, address: 1, scale: 0"),
      "8:91: config.wrong-value: devices.a.points.p.scale: found 0, expected a number other than 0",
    ],
    [
      "fewer registers at once than a value has",
      `${devices}  a: { type: modbus-points, bus: plant, unit: 1, maxRegisters: 1, points: { p: { fc: 3, address: 1, decode: float32 } } }\n`,
      "8:64: config.wrong-value: devices.a.maxRegisters: found 1, expected as many registers as its widest point has",
    ],
    [
      "a pause that would hold a line up",
      "buses: { s: { modbus: tcp, host: a, gap: 10min } }\n",
      '6:42: config.wrong-value: buses.s.gap: found "10min", expected at most 2s',
    ],
    [
      "a radio twice",
      "buses: { a: { ble: hci0 }, b: { ble: hci0 } }\n",
      "6:31: config.claimed-twice: buses.b: found hci0, already used by a (line 6), expected another one",
    ],
    [
      "a longer first wait than the longest",
      "  reconnect: { first: 10s, max: 1s }\n",
      '6:33: config.wrong-value: sync.reconnect.max: found "1s", expected not less than first',
    ],
    [
      "live values without a pause",
      "  live: { every: 0s }\n",
      '6:18: config.wrong-value: sync.live.every: found "0s", expected at least 50ms',
    ],
    ["a commit at once", "store: { commit: 0s }\n", '6:18: config.wrong-value: store.commit: found "0s", expected at least 50ms'],
    ["nothing kept", "store: { keep: 0s }\n", '6:16: config.wrong-value: store.keep: found "0s", expected at least 1min'],
    [
      "polls without a pause",
      `${devices}  a: { type: eastron-sdm120, bus: plant, unit: 1, every: 1ms }\n`,
      '8:58: config.wrong-value: devices.a.every: found "1ms", expected at least 50ms',
    ],
    [
      "polls beyond any timer",
      `${devices}  a: { type: gpio-contact, bus: pins, line: 1, means: door, every: 30d }\n`,
      '8:68: config.wrong-value: devices.a.every: found "30d", expected at most 24d',
    ],
    [
      "a port that is none",
      "buses: { s: { serial: 'tcp://host:99999' } }\n",
      '6:23: config.wrong-value: buses.s.serial: found "tcp://host:99999", expected a port from 1 to 65535 after tcp://host:',
    ],
    [
      "an empty host",
      "buses: { s: { modbus: tcp, host: '' } }\n",
      '6:34: config.wrong-value: buses.s.host: found "", expected a host name or an address',
    ],
    [
      "an empty text",
      "store: { file: '' }\n",
      '6:16: config.wrong-value: store.file: found "", expected a value that is not empty',
    ],
    [
      "a device called constructor",
      `${devices}  constructor: { type: gpio-contact, bus: pins, line: 1, means: door }\n`,
      '8:3: config.wrong-value: devices.constructor: found "constructor", expected any other name',
    ],
    [
      "an asset called toString",
      "assets: { toString: { kind: camera } }\n",
      '6:11: config.wrong-value: assets.toString: found "toString", expected a name of lower-case letters, digits and -, such as bay-014; write `tostring:`',
    ],
    [
      "a point called constructor",
      point("coil: 1 }, constructor: { coil: 2"),
      '8:76: config.wrong-value: devices.a.points.constructor: found "constructor", expected a name such as flow-temp, and not constructor',
    ],
    [
      "a whole line twice",
      `${devices}  a: { type: a02yyuw, bus: uart }\n  b: { type: a02yyuw, bus: uart }\n`,
      "9:28: config.claimed-twice: devices.b.bus: found the whole line @ uart, already used by a (line 8), expected another one",
    ],
    [
      "five thousand levels",
      `a: ${"{a: ".repeat(5000)}`,
      '1:1: config.syntax: found "gateway:", expected fewer levels inside one another',
    ],
  ])("%s", async (_name, text, expected) => {
    const { site: made, problems } = await site(text);
    expect(made).toBeUndefined();
    const errors = problems.filter(({ severity }) => severity === "error");
    expect(errors.map((p) => problemLine(p, "en").replace("site.yaml:", ""))).toEqual([expected]);
  });
});

describe("what would lose or betray", () => {
  const sync = async (text: string) =>
    (await checkSite(`gateway: { id: gw-1, site: { id: park } }\n${text}`, "s")).problems.map((p) => `${p.severity} ${p.code}`);

  it("refuses a hand-over that proves nothing, unless losses are accepted", async () => {
    const at = "sync: { broker: mqtt://127.0.0.1, acknowledge: broker, mqtt: 3.1.1";
    expect(await sync(`${at} }`)).toEqual(["error config.no-proof"]);
    expect(await sync(`${at}, acceptLoss: true }`)).toEqual([]);
    expect(await sync("sync: { broker: mqtt://127.0.0.1, acknowledge: broker }")).toEqual([]);
  });

  it("wants credentials for TLS, the gateway's own", async () => {
    expect(await sync("sync: { broker: mqtts://b.example }")).toEqual(["error config.credentials", "warning config.credentials"]);
    const own = "credentials: { cert: gw.crt, key: gw.key, ca: ca.crt }\n";
    expect(await sync(`${own}sync: { broker: mqtts://b.example }`)).toEqual([]);
    expect(await sync(`${own.replace("gw.key", "sample.key")}sync: { broker: mqtts://b.example }`)).toEqual([
      "error config.credentials",
    ]);
    expect(await sync(`${own.replace("gw.key", "../../etc/shadow")}sync: { broker: mqtts://b.example }`)).toEqual([
      "error config.wrong-value",
    ]);
  });

  it("takes a user with a password file, with TLS or on this machine, and says what of it is missing", async () => {
    const to = (credentials: string, more = "", broker = "mqtts://b.example") =>
      sync(`credentials: { ${credentials} }\nsync: { broker: "${broker}"${more} }`);
    expect(await to("ca: ca.crt, password: broker.password", ", user: gw-1")).toEqual([]);
    expect(await to("password: broker.password", ", user: gw-1", "mqtt://127.0.0.1")).toEqual([]);
    expect(await to("ca: ca.crt")).toEqual(["warning config.credentials"]);
    expect(await to("ca: ca.crt", ", user: gw-1")).toEqual(["error config.credentials"]);
    expect(await to("ca: ca.crt, password: broker.password")).toEqual(["error config.credentials"]);
    expect(await to("ca: ca.crt, cert: gw.crt")).toEqual(["error config.credentials"]);
    expect(await to("ca: ca.crt, key: gw.key")).toEqual(["error config.credentials"]);
    expect(await to("cert: gw.crt, key: gw.key")).toEqual(["error config.credentials"]);
  });

  it.each([
    ["in the address", "sync: { broker: 'mqtts://gw:Sup3rS3cret@b.example' }"],
    ["in the address, with a wrong scheme", "sync: { broker: 'https://gw:Sup3rS3cret@b.example' }"],
    [
      "as the name of a file",
      "credentials: { password: Sup3rS3cret!, ca: ca.crt }\nsync: { broker: mqtts://b.example, user: gw }",
    ],
    [
      "as a word that could be the name of a file",
      "credentials: { password: Sup3rS_3t }\nsync: { broker: mqtts://b.example, user: gw }",
    ],
    ["as a number", "credentials: { password: 5583 }\nsync: { broker: mqtts://b.example, user: gw }"],
    ["as a key of its own", "sync: { broker: mqtts://b.example, user: gw, password: Sup3rS3cret }"],
    ["in a line that is no YAML", "sync: { broker: mqtts://b.example, user: gw, password: Sup3rS3cret"],
    ["in a line that is no YAML, and with a colon", "sync:\n  password: Sup3r: S3cret\n"],
  ])("never repeats a password, and says where it goes: %s", async (_, text) => {
    for (const lang of ["en", "it"] as const) {
      const head = "gateway: { id: gw-1, site: { id: park } }\n";
      const { site: made, problems } = await checkSite(head + text, "s", lang);
      expect(made).toBeUndefined();
      const lines = problems.map((p) => problemLine(p, lang)).join("\n");
      expect(lines).not.toMatch(/S3c|S_3t|5583/);
      if (!text.endsWith("Sup3rS3cret") && !text.includes("\n ") && !text.includes("https"))
        expect(lines).toMatch(/credentials\.password|broker\.password/);
    }
  });

  it("warns of plain text beyond this machine, and refuses passwords in the address", async () => {
    expect(await sync("sync: { broker: mqtt://b.example }")).toEqual(["warning config.plain-broker"]);
    expect(await sync("sync: { broker: mqtts://user:secret@b.example }")).toContain("error config.wrong-value");
  });
});

describe("garbage", () => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefghi".replace(
    /./g,
    (c) =>
      `${c}: &${c} [${Array(9)
        .fill(`*${String.fromCharCode(c.charCodeAt(0) - 1)}`)
        .join(",")}]\n`,
  )}`;
  it.each([
    ["nothing", ""],
    ["only blanks", " \n\n  \n"],
    ["only a comment", "# later\n"],
    ["null", "null\n"],
    ["a word", "hello"],
    ["a number", "42"],
    ["a list", "- a\n- b\n"],
    ["cut in half", HEAD.slice(0, 40)],
    ["an open quote", `${HEAD}store: { file: "abc\n`],
    ["an open bracket", `${HEAD}devices: { a: { type: x\n`],
    ["tabs", "gateway:\n\tid: x\n"],
    ["wrong types everywhere", "gateway: 5\nsync: []\nbuses: no\ndevices: [1]\nassets: x\nrules: {}\nstore: null\n"],
    [
      "devices of wrong types",
      `${HEAD}devices: { a: 1, b: null, c: [], d: { type: 5 }, e: { type: eastron-sdm120, bus: [] } }\n`,
    ],
    ["a merge key", `${HEAD}store:\n  <<: { quotaMB: 10 }\n`],
    ["a prototype", `${HEAD}__proto__: { polluted: true }\n`],
    ["prototypes as names", `${HEAD}devices: { constructor: { type: toString }, toString: { type: __proto__ } }\n`],
    ["prototypes as kinds", `${HEAD}assets: { a: { kind: constructor } }\n`],
    ["keys that are lists", `${HEAD}? [a, b]\n: 1\n`],
    ["aliases that explode", bomb],
    ["an alias of itself", `${HEAD}store: &s { file: *s }\n`],
    ["two documents", `${HEAD}---\n${HEAD}`],
    ["YAML 1.1", `%YAML 1.1\n---\n${HEAD}`],
    ["a tag", `${HEAD}store: !!js/function "x"\n`],
    ["ten thousand brackets", "[".repeat(10_000)],
    ["ten thousand levels", Array.from({ length: 10_000 }, (_, i) => `${" ".repeat(i % 400)}a:`).join("\n")],
    ["forty levels", `${"{a: ".repeat(40)}1${"}".repeat(40)}`],
    ["control characters", `gateway: "\u0001\u001b[2J"\n\u0007`],
    ["more than a megabyte", `${HEAD}# ${"x".repeat(1_100_000)}\n`],
  ])("%s: is refused with a place, and harms nothing", async (_name, text) => {
    const { site: made, problems } = await checkSite(text, "garbage.yaml");
    expect(made).toBeUndefined();
    expect(problems.some((p) => p.severity === "error")).toBe(true);
    for (const problem of problems) {
      expect(problem.line).toBeGreaterThanOrEqual(1);
      expect(problemLine(problem, "en")).not.toContain("\u001b");
      expect(problem.column).toBeGreaterThanOrEqual(1);
      expect(problemLine(problem, "en")).not.toMatch(/undefined|\[object/);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("reads past a byte order mark", async () => {
    const { problems } = await checkSite(`\uFEFF${HEAD}stroe: {}\n`, "site.yaml");
    expect(problems).toMatchObject([{ line: 6, column: 1, code: "config.unknown-key" }]);
  });

  it.each([
    ["binary", Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]), { code: "config.not-text", context: { reason: "NUL" } }],
    ["UTF-16", Buffer.from(`\uFEFF${HEAD}`, "utf16le"), { code: "config.encoding", context: { found: "UTF-16 LE" } }],
    ["UTF-16 without its mark", Buffer.from(HEAD, "utf16le"), { code: "config.encoding", context: { found: "UTF-16 LE" } }],
    [
      "UTF-16 the other way round",
      Buffer.from(`\uFEFF${HEAD}`, "utf16le").swap16(),
      { code: "config.encoding", context: { found: "UTF-16 BE" } },
    ],
    [
      "Latin-1",
      Buffer.from(`${HEAD}# già\nstore: { file: caffè }\n`, "latin1"),
      { code: "config.encoding", context: { from: "CP1252", line: 6, column: 5 } },
    ],
    ["ten megabytes", Buffer.alloc(10 << 20, "a: b\n"), { code: "config.not-text", context: { reason: "> 1 MB" } }],
  ])("a file of %s cannot be read, and it is said what it is", async (name, bytes, expected) => {
    const file = join(folder, `${name.replaceAll(" ", "-")}.yaml`);
    await writeFile(file, bytes);
    const error = await loadSite(file).catch((e: unknown) => e);
    expect(error).toMatchObject({ ...expected, context: { file, ...expected.context } });
    for (const lang of ["it", "en"] as const)
      expect((error as EdgeError).hint(lang)).not.toMatch(/permess|permission|\{|\? \w+\.yaml/);
    if (expected.code === "config.encoding") expect((error as EdgeError).hint("it")).toContain("Salvarlo come UTF-8");
  });

  it("a file that is not there, or a folder, cannot be read", async () => {
    await expect(loadSite(join(folder, "nowhere"))).rejects.toMatchObject({
      code: "config.unreadable",
      context: { reason: { it: "ENOENT (non esiste)", en: "ENOENT (does not exist)" } },
    });
    await expect(loadSite(folder)).rejects.toMatchObject({
      code: "config.unreadable",
      context: { reason: { en: "EISDIR (is a folder)" } },
    });
    await expect(loadSite("/dev/zero")).rejects.toMatchObject({ code: "config.not-text" });
  });

  it("any truncation of the example gives a site or problems, never a crash", async () => {
    const text = await readFile(ROADMAP, "utf8");
    for (let end = 0; end < text.length; end += 97) {
      const { site: made, problems } = await checkSite(text.slice(0, end), "cut.yaml");
      expect(made !== undefined || problems.some((p) => p.severity === "error"), `cut at ${end}`).toBe(true);
    }
  });

  it("is refused whole, with all problems in the error", async () => {
    const file = join(folder, "bad.yaml");
    await writeFile(file, `${HEAD}stroe: {}\nbusses: {}\n`);
    await expect(loadSite(file)).rejects.toMatchObject({
      code: "config.invalid",
      context: { file, count: 2, problems: [{ line: 6 }, { line: 7 }] },
    });
  });
});

describe("the generated schema", () => {
  it.each([EXAMPLE, ROADMAP])("accepts %s as an editor does, and not a wrong word in it", async (file) => {
    const { parse } = await import("yaml");
    const schema = z.fromJSONSchema((await jsonSchema()) as Parameters<typeof z.fromJSONSchema>[0]);
    const example = parse(await readFile(file, "utf8")) as { devices: Record<string, object> };
    expect(schema.safeParse(example).error?.issues ?? []).toEqual([]);
    example.devices["meter-hall"] = { ...example.devices["meter-hall"], unti: 1 };
    expect(schema.safeParse(example).success).toBe(false);
  });
});
