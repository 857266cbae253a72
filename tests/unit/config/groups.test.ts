/** What is wrong with a group of bays or a car park behind gates is told at its place, in both languages. */
import { describe, expect, it } from "vitest";
import { checkSite, problemLine } from "../../../src/config/index.ts";

const HEAD = `gateway: { id: gw, site: { id: s } }
sync: { broker: "mqtt://127.0.0.1" }
buses: { pins: { gpio: auto } }
devices:
  loop: { type: gpio-contact, bus: pins, line: 5, means: presence }
  loop-2: { type: gpio-contact, bus: pins, line: 8, means: presence }
  way-in: { type: gpio-contact, bus: pins, line: 6, means: passage }
  way-out: { type: gpio-contact, bus: pins, line: 7, means: passage }
assets:
  one: { kind: parking-bay, reservedFor: paid, occupancy: loop.presence }
  two: { kind: parking-bay, reservedFor: charging, occupancy: loop-2.presence }
  other: { kind: heat-meter }
`;
const LINE = HEAD.split("\n").length;

async function told(assets: string, lang: "it" | "en" = "en") {
  const { problems } = await checkSite(HEAD + assets, "s.yaml", lang);
  return problems
    .filter(({ line }) => line >= LINE)
    .map((one) => problemLine(one, lang).replace(/^s\.yaml:(\d+)/, (_, line) => String(line - LINE)));
}

it("a group of bays and a car park behind gates as they are written", async () => {
  expect(await told("  a: { kind: parking-group, category: feeCharged, bays: [one] }\n")).toEqual([]);
  const gates = "gates: { in: way-in.passage, out: [way-out.passage] }";
  expect(await told(`  a: { kind: parking-group, ${gates}, capacity: 80, rezero: { at: "03:30", to: 2 } }\n`)).toEqual([]);
  expect(await told(`  a: { kind: parking-group, ${gates}, part: true }\n`)).toEqual([]);
  const { site } = await checkSite(
    `${HEAD}  a: { kind: parking-group, bays: [one] }\n  b: { kind: parking-group, ${gates}, part: true }\n`,
    "s.yaml",
  );
  expect(["a", "b"].map((id) => site?.assets[id]?.asset.urn)).toEqual([
    "urn:ngsi-ld:ParkingGroup:s:a",
    "urn:ngsi-ld:OffStreetParking:s:b",
  ]);
});

describe("a bay", () => {
  it("has a sensor of its own; whoever else hears that sensor claims nothing", async () => {
    expect(await told("  three: { kind: parking-bay, occupancy: loop.presence }\n")).toEqual([
      '0:42: config.claimed-twice: assets.three.occupancy: found "loop.presence", already used by one (line 10), expected another one',
    ]);
    expect(await told("  pay: { kind: pay-station, fault: loop.presence }\n")).toEqual([]);
  });

  it("belongs to one group, and stands there once", async () => {
    const text = "  a: { kind: parking-group, bays: [one, one] }\n  b: { kind: parking-group, bays: [two, one] }\n";
    expect(await told(text)).toEqual([
      '0:41: config.claimed-twice: assets.a.bays.1: found "one", already used by a (line 13), expected another one',
      '1:41: config.claimed-twice: assets.b.bays.1: found "one", already used by a (line 13), expected another one',
    ]);
  });

  it("is there, is a bay, and is reserved for what the group is for", async () => {
    expect(await told("  a: { kind: parking-group, category: feeCharged, bays: [two, oen, other] }\n", "it")).toEqual([
      '0:58: config.wrong-reference: assets.a.bays.0: c\'è "two", atteso: uno stallo con reservedFor: paid',
      '0:63: config.unknown-name: assets.a.bays.1: c\'è "oen", atteso: un oggetto di tipo parking-bay; intendevi "one"?',
      '0:68: config.wrong-reference: assets.a.bays.2: c\'è "other" (heat-meter), atteso: un oggetto di tipo parking-bay: one, two',
    ]);
  });
});

const GATES = "gates: { in: way-in.passage, out: way-out.passage }";
const WRONG: readonly (readonly [written: string, en: string, it: string])[] = [
  [
    "",
    "found a mapping (key: value), expected bays or gates, one of the two",
    "c'è una mappa (voce: valore), atteso: bays oppure gates, uno dei due",
  ],
  [
    `, bays: [one], ${GATES}, capacity: 5`,
    "assets.a.gates: found a mapping (key: value), expected bays or gates, one of the two",
    "assets.a.gates: c'è una mappa (voce: valore), atteso: bays oppure gates, uno dei due",
  ],
  [
    `, ${GATES}`,
    "assets.a.capacity: found nothing, expected how many vehicles fit inside",
    "assets.a.capacity: non c'è nulla, atteso: quanti veicoli può contenere",
  ],
  [
    ", gates: { in: way-in.passage, out: way-in.passage }, capacity: 5",
    "expected each point once: a gate that counts both ways tells no direction",
    "ogni punto una sola volta: un varco che conta nei due sensi non indica la direzione",
  ],
  [
    ", gates: { in: way-in.passage, out: loop.presence }, capacity: 5",
    'assets.a.gates.out: found "loop.presence", a point that is true or false, expected a number (1)',
    'assets.a.gates.out: c\'è "loop.presence", un punto che vale true o false, atteso: un numero (1)',
  ],
  [
    `, ${GATES}, capacity: 5, rezero: { at: "3:30" }`,
    'found "3:30", expected a time of day such as 03:30',
    "atteso: un orario come 03:30",
  ],
  [
    `, ${GATES}, capacity: 5, rezero: { at: "03:30", to: 6 }`,
    "assets.a.rezero.to: found 6, expected not more than capacity",
    "assets.a.rezero.to: c'è 6, atteso: non più di capacity",
  ],
  [", bays: [one], part: true", '"part": no effect without gates', '"part": nessun effetto senza gates'],
  [
    `, ${GATES}, capacity: 5, category: feeCharged`,
    '"category": no effect without bays',
    '"category": nessun effetto senza bays',
  ],
];

it.each(WRONG)("what has no sense is told where it stands: %s", async (written, en, italian) => {
  const text = `  a: { kind: parking-group${written} }\n`;
  for (const [lang, expected] of [
    ["en", en],
    ["it", italian],
  ] as const) {
    const [first = "", ...more] = await told(text, lang);
    expect(first).toContain(expected);
    expect(more).toEqual([]);
  }
});
