/** What is wrong is told all at once, each where it stands. */
import { describe, expect, it } from "vitest";
import { checkSite, problemLine } from "../../../../src/config/index.ts";
import { found, HEAD, site } from "./support.ts";

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
