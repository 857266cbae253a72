/** Sites with several mistakes at once: each is told in one go, and nothing that only follows from another. */
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { checkSite } from "../../../src/config/index.ts";
import { busKinds, busSchema, wireIn } from "../../../src/drivers/buses.ts";

const HEAD = `gateway: { id: gw-1, site: { id: park } }
sync: { broker: mqtt://127.0.0.1:1883 }
buses:
  line: { modbus: rtu, port: /dev/ttyUSB0 }
  pins: { gpio: onoff }
  radio: { ble: hci0 }
devices:
`;
/** The text begins on line 8. */
const found = async (text: string) =>
  (await checkSite(HEAD + text, "site.yaml")).problems.map(
    (p) => `${p.line} ${p.code} ${p.path}${p.hint === undefined ? "" : ` ${p.hint}`}`,
  );

describe("a device with a wrong option", () => {
  it("is asked for its bus all the same", async () => {
    expect(
      await found(`  a: { type: eastron-sdm120, bus: lime, unit: 999 }
  b: { type: eastron-sdm120, bus: pins, unit: 2, every: soon }
  c: { type: eastron-sdm120, unit: 3, unti: 3 }
  d: { type: eastron-sdm12, bus: lime, unit: 4 }
  e: { bus: lime }
`),
    ).toEqual([
      '8 config.unknown-name devices.a.bus did you mean "line"?',
      "8 config.wrong-value devices.a.unit",
      "9 config.wrong-bus devices.b.bus",
      "9 config.wrong-value devices.b.every",
      "10 config.missing devices.c.bus",
      '10 config.unknown-key devices.c.unti did you mean "unit"?',
      '11 config.unknown-word devices.d.type did you mean "eastron-sdm120"?',
      '11 config.unknown-name devices.d.bus did you mean "line"?',
      "12 config.missing devices.e.type",
      '12 config.unknown-name devices.e.bus did you mean "line"?',
    ]);
  });

  it("is asked whether its bus can give what it wants", async () => {
    expect(
      await found(`  a: { type: eastron-sdm120, bus: line, unit: 0, every: soon }
  b: { type: gpio-contact, bus: pins, line: 5, means: dor, bias: up }
  c: { type: gpio-contact, bus: pins, line: 6, means: door, bias: upp }
`),
    ).toEqual([
      "8 config.wrong-bus devices.a.bus",
      "8 config.wrong-value devices.a.every",
      "9 config.wrong-bus devices.b.bus",
      '9 config.wrong-value devices.b.means did you mean "door"?',
      '10 config.wrong-value devices.c.bias did you mean "up"?',
    ]);
  });

  it("is told how a bus is written where none of its kind is", async () => {
    const { problems } = await checkSite(
      `${HEAD}  a: { type: a02yyuw, bus: line, occupiedBelow: 1m }\n  b: { type: a02yyuw, occupiedBelow: 1m }\n`,
      "site.yaml",
    );
    const expected = "a bus serial (no bus of that kind is described; one is written such as `{ serial: /dev/ttyUSB0 }`)";
    expect(problems.map((p) => [p.code, p.expected])).toEqual([
      ["config.wrong-bus", expected],
      ["config.missing", expected],
    ]);
  });

  it.each(Object.entries(busKinds))("is shown a bus %s that may stand there", (wire, { example }) => {
    const written: unknown = parse(example);
    expect(busSchema.safeParse(written).success).toBe(true);
    expect(wireIn(written)).toBe(wire);
  });

  it("shares its unit with nobody; a unit that is wrong itself is nobody's", async () => {
    expect(
      await found(`  a: { type: eastron-sdm120, bus: line, unit: 7, every: soon }
  b: { type: eastron-sdm120, bus: line, unit: 7, place: { lat: 100, lon: 9 } }
  c: { type: eastron-sdm120, bus: line, unit: 999 }
  d: { type: eastron-sdm120, bus: line, unit: 999 }
  e: { type: eastron-sdm120, unit: 8 }
  f: { type: eastron-sdm120, unit: 8 }
`),
    ).toEqual([
      "8 config.wrong-value devices.a.every",
      "9 config.claimed-twice devices.b.unit",
      "9 config.wrong-value devices.b.place.lat",
      "10 config.wrong-value devices.c.unit",
      "11 config.wrong-value devices.d.unit",
      "12 config.missing devices.e.bus",
      "13 config.missing devices.f.bus",
    ]);
  });

  it("is looked at for the points that assets name, as far as they are known", async () => {
    expect(
      await found(`  loop: { type: gpio-contact, bus: pins, line: 5, means: presence, active: hgih }
  what: { type: gpio-contact, bus: pins, line: 6, means: presense }
  gas: { type: gpio-pulse, bus: pins, line: 7, litresPerPulse: -1 }
assets:
  b1: { kind: parking-bay, occupancy: loop.presense }
  b2: { kind: parking-bay, occupancy: what.presence }
  b3: { kind: parking-bay, occupancy: gas.pulses }
  b4: { kind: parking-bay, occupancy: loop.presence }
`),
    ).toEqual([
      '8 config.wrong-value devices.loop.active did you mean "high"?',
      '9 config.wrong-value devices.what.means did you mean "presence"?',
      "10 config.wrong-value devices.gas.litresPerPulse",
      '12 config.unknown-name assets.b1.occupancy did you mean "presence"?',
    ]);
  });
});

describe("an asset with a wrong option", () => {
  it("is asked for the devices that it names", async () => {
    expect(
      await found(`  loop: { type: gpio-contact, bus: pins, line: 5, means: presence }
assets:
  b1: { kind: parking-bay, occupancy: lopo.presence, debounce: soon }
  b2: { kind: parking-bay, occupancy: loop.presense, reservedFor: disbled }
  b3: { kind: parking-bay, occupancy: loop, reservedFor: disbled }
`),
    ).toEqual([
      '10 config.unknown-name assets.b1.occupancy did you mean "loop"?',
      "10 config.wrong-value assets.b1.debounce",
      '11 config.unknown-name assets.b2.occupancy did you mean "presence"?',
      '11 config.wrong-value assets.b2.reservedFor did you mean "disabled"?',
      "12 config.wrong-value assets.b3.occupancy",
      '12 config.wrong-value assets.b3.reservedFor did you mean "disabled"?',
    ]);
  });
});

it("a bus that is badly written is no unknown bus besides, and of a type still to come nobody knows the bus", async () => {
  expect(
    await found(`  a: { type: eastron-sdm120, bus: Line, unit: 1 }
  b: { type: eastron-sdm120, bus: [], unit: 1 }
  c: { type: mbus-meter, bus: serial-1 }
`),
  ).toEqual([
    "8 config.wrong-value devices.a.bus",
    "9 config.wrong-value devices.b.bus",
    "10 config.type-not-yet devices.c.type",
  ]);
});

it("a reader of badges needs the key under which their numbers are hashed", async () => {
  const reader = "  reader: { type: rdm6300, bus: uart }\n";
  expect((await found(reader)).filter((one) => one.includes("credentials"))).toEqual([
    "8 config.credentials devices.reader.type",
  ]);
  const keyed = await found(`${reader}credentials: { badgeKey: badge.key }\n`);
  expect(keyed.filter((one) => one.includes("credentials"))).toEqual([]);
});

it("devices that tell their lines apart share a serial bus; one that needs it whole does not", async () => {
  const site = `gateway: { id: gw-1, site: { id: park } }
sync: { broker: mqtt://127.0.0.1:1883 }
credentials: { badgeKey: badge.key }
buses: { uart: { serial: /dev/ttyUSB1 } }
devices:
  tags: { type: ascii-reader, bus: uart, prefix: "T:" }
`;
  const beside = async (device: string) =>
    (await checkSite(site + device, "site.yaml")).problems.map(({ code, path }) => `${code} ${path}`);
  expect(await beside('  codes: { type: ascii-reader, bus: uart, prefix: "Q:" }\n')).toEqual([]);
  expect(await beside('  codes: { type: ascii-reader, bus: uart, prefix: "T:" }\n')).toEqual([
    "config.claimed-twice devices.codes.prefix",
  ]);
  expect(await beside("  bay: { type: a02yyuw, bus: uart }\n")).toEqual(["config.claimed-twice devices.bay.bus"]);
});
