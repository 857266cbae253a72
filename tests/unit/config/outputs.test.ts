/** What an asset wants other things to be must be there, be writable and take such a value, and each output has one asset. */
import { expect, it } from "vitest";
import * as z from "zod";
import { checkOutputs } from "../../../src/config/checks/output-checks.ts";
import { problemLine } from "../../../src/config/index.ts";
import { devicesOf, entries } from "../../../src/config/site.ts";
import { Source } from "../../../src/config/yaml/document.ts";
import { ref } from "../../../src/edge/kinds/references.ts";

const HEAD = `buses: { pins: { gpio: auto }, line: { modbus: rtu, port: /dev/ttyUSB0 } }
devices:
  contact: { type: gpio-contact, bus: pins, line: 5, means: door }
  relay: { type: modbus-points, bus: line, unit: 2, points: { lamp: { coil: 5, writable: true }, horn: { coil: 6 }, level: { fc: 3, address: 1, decode: uint16, unit: "%", writable: true } } }
  meter: { type: eastron-sdm120, bus: line, unit: 1 }
  later: { type: mbus-meter, bus: line }
assets:
`;
const LINE = HEAD.split("\n").length;
const options = z.object({
  lamp: ref.output().optional(),
  level: ref.output({ kind: "number", unit: "%" }).optional(),
  more: z.object({ lamps: z.array(ref.output()) }).optional(),
});

async function told(assets: string, lang: "it" | "en" = "en") {
  const source = new Source(HEAD + assets, "gateway.yaml", lang);
  const raw = source.read() as { readonly assets: Readonly<Record<string, unknown>> };
  const devices = await devicesOf(raw, new Source(HEAD + assets, "gateway.yaml", lang));
  const written = entries(raw.assets).map(([id, value]) => [id, { schema: options, value }] as const);
  checkOutputs(Object.fromEntries(written), { raw, devices }, source);
  return source.problems.map((one) => `${one.line - LINE}:${one.column} ${problemLine(one, lang).replace(/^.*?assets\./, "")}`);
}

it("a point that is written is one, also deep in the options", async () => {
  expect(await told("  a: { lamp: relay.lamp, level: relay.level }\n")).toEqual([]);
  expect(await told("  a: { more: { lamps: [ relay.lamp ] } }\n")).toEqual([]);
});

it("a point that is missing is told with those that would do", async () => {
  expect(await told("  a: { lamp: relay.lmap }\n")).toEqual([
    '0:14 a.lamp: found "relay.lmap", expected a point of relay that can be set to true or false: lamp; did you mean "lamp"?',
  ]);
  expect(await told("  a: { lamp: relais.lamp }\n")).toEqual([
    '0:14 a.lamp: found "relais.lamp", expected a device; did you mean "relay"?',
  ]);
  expect(await told("  a: { more: { lamps: [ relay.lamp, meter.lamp ] } }\n")).toHaveLength(1);
});

it("a point that is only read, or takes another value, is told as what it is", async () => {
  expect(await told("  a: { lamp: relay.horn }\n")).toEqual([
    '0:14 a.lamp: found "relay.horn", only read, expected a point of relay that can be set to true or false: lamp',
  ]);
  expect(await told("  a: { lamp: meter.power }\n", "it")).toEqual([
    `0:14 a.lamp: c'è "meter.power", di sola lettura, atteso: un punto che si possa comandare con true o false`,
  ]);
  expect(await told("  a: { level: relay.lamp }\n")).toEqual([
    '0:15 a.level: found "relay.lamp", set to true or false, expected a point of relay that can be set to a number (%): level',
  ]);
});

it("an attribute of an asset is shown, not set", async () => {
  expect(await told("  a: { lamp: b.status }\n  b: {}\n")).toEqual([
    '0:14 a.lamp: found "b.status", the attribute of an asset, expected a point that can be set to true or false',
  ]);
});

it("what is still to come, or wrong itself, is not judged", async () => {
  expect(await told("  a: { lamp: later.on }\n")).toEqual([]);
  expect(await told("  a: { lamp: Relay }\n")).toEqual([]);
});

it("two that would set the same output are told, with the line of the first", async () => {
  const line = (HEAD.match(/\n/g) ?? []).length + 1;
  expect(await told("  a: { lamp: relay.lamp }\n  b: { more: { lamps: [ relay.lamp ] } }\n")).toEqual([
    `1:25 b.more.lamps.0: found relay.lamp, already used by a (line ${line}), expected another one`,
  ]);
});
