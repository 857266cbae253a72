/** What assets name must be there and be of the kind that is asked for, and every mistake is told at its place. */
import { expect, it } from "vitest";
import { checkSite } from "../../../src/config/index.ts";

const HEAD = `gateway: { id: gw, site: { id: s } }
sync: { broker: "mqtt://broker.example" }
buses: { pins: { gpio: auto }, line: { modbus: rtu, port: /dev/ttyUSB0 } }
devices:
  loop: { type: gpio-contact, bus: pins, line: 5, means: presence }
  water: { type: gpio-pulse, bus: pins, line: 6, litresPerPulse: 10 }
  meter: { type: eastron-sdm120, bus: line, unit: 1 }
  badge: { type: rdm6300, bus: pins }
assets:
  front: { kind: parking-bay, occupancy: loop.presence }
  column: { kind: charger, device: meter }
`;
const LINE = HEAD.split("\n").length;

async function found(assets: string, lang: "it" | "en" = "en") {
  const { problems } = await checkSite(HEAD + assets, "gateway.yaml", lang);
  return problems
    .filter(({ line, severity }) => line >= LINE && severity === "error")
    .map(({ line, column, code, found: what, expected }) => `${line - LINE}:${column} ${code} ${what}: ${expected}`);
}

it("a point of another kind is no occupancy, and the fitting ones of its device are named", async () => {
  expect(await found("  a: { kind: parking-bay, occupancy: meter.power }\n")).toEqual([
    '0:38 config.wrong-reference "meter.power", a number (W): a state',
  ]);
  expect(await found("  a: { kind: parking-bay, occupancy: water.volume }\n", "it")).toEqual([
    '0:38 config.wrong-reference "water.volume", un numero (m3): uno stato',
  ]);
});

it("an attribute of an asset is a point like any other", async () => {
  expect(await found("  a: { kind: parking-bay, occupancy: front.status }\n")).toEqual([]);
  expect((await found("  a: { kind: parking-bay, occupancy: front.stauts }\n"))[0]).toMatch(
    /unknown-name "front.stauts": a point of front/,
  );
  // Of a kind still to come nobody knows the attributes.
  expect(await found("  a: { kind: parking-bay, occupancy: column.connected }\n")).toEqual([]);
});

it("a reader must be there, and read badges; a type still to come may", async () => {
  const bay = (permits: string) => `  a: { kind: parking-bay, occupancy: loop.presence, permits: { ${permits} } }\n`;
  expect(await found(bay("reader: no-such-reader"))).toEqual([
    '0:72 config.unknown-name "no-such-reader": a device that reads badges',
  ]);
  expect(await found(bay("reader: meter"))).toEqual([
    '0:72 config.wrong-reference "meter" (eastron-sdm120): a device that reads badges',
  ]);
  expect(await found(bay("reader: badge"))).toEqual([]);
});

it("a list is one that the platform pushes", async () => {
  expect(await found("  a: { kind: parking-bay, occupancy: loop.presence, permits: { list: disbled } }\n")).toEqual([
    '0:70 config.unknown-name "disbled": a list of the platform',
  ]);
});

it("an asset must be of the kind that is asked for", async () => {
  expect(await found("  a: { kind: parking-bay, occupancy: loop.presence, charger: front }\n")).toEqual([
    '0:62 config.wrong-reference "front" (parking-bay): an asset of kind charger: column',
  ]);
  expect(await found("  a: { kind: parking-bay, occupancy: loop.presence, charger: column }\n")).toEqual([]);
  expect(await found("  a: { kind: parking-bay, occupancy: loop.presence, charger: colum }\n")).toEqual([
    '0:62 config.unknown-name "colum": an asset of kind charger',
  ]);
});
