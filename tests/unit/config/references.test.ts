/** What assets name must be there and be of the kind that is asked for, and every mistake is told at its place. */
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { checkReferences } from "../../../src/config/checks/reference-checks.ts";
import { checkSite, problemLine } from "../../../src/config/index.ts";
import { devicesOf } from "../../../src/config/site.ts";
import { Source } from "../../../src/config/yaml/document.ts";
import { ref } from "../../../src/edge/kinds/references.ts";

const HEAD = `gateway: { id: gw, site: { id: s } }
sync: { broker: "mqtt://broker.example" }
buses: { pins: { gpio: auto }, line: { modbus: rtu, port: /dev/ttyUSB0 }, mq: { mqtt: "mqtt://127.0.0.1" } }
devices:
  loop: { type: gpio-contact, bus: pins, line: 5, means: presence }
  front-loop: { type: gpio-contact, bus: pins, line: 7, means: presence }
  water: { type: gpio-pulse, bus: pins, line: 6, litresPerPulse: 10 }
  tank: { type: mqtt-json, bus: mq, topic: a/b, silentAfter: 5min, points: { label: { at: /l, kind: text }, valve: { at: /v, map: { A: shut, B: open } }, on: { at: /o, map: { A: true, B: false } } } }
  wallbox: { type: modbus-points, bus: line, unit: 2, points: { mode: { fc: 3, address: 1, map: { 1: idle, 2: busy } } } }
  meter: { type: eastron-sdm120, bus: line, unit: 1 }
  column-1: { type: heidelberg-energy-control, bus: line, unit: 3 }
  badge: { type: rdm6300, bus: pins }
assets:
  front: { kind: parking-bay, occupancy: front-loop.presence }
  column: { kind: charger, device: column-1, sockets: [{ type: Type2 }] }
  lens: { kind: heat-meter, device: meter }
`;
const LINE = HEAD.split("\n").length;

async function found(assets: string, lang: "it" | "en" = "en") {
  const { problems } = await checkSite(HEAD + assets, "gateway.yaml", lang);
  return problems
    .filter(({ line, severity }) => line >= LINE && severity === "error")
    .map(({ line, column, code, found: what, expected }) => `${line - LINE}:${column} ${code} ${what}: ${expected}`);
}

async function written() {
  const source = new Source(HEAD, "gateway.yaml", "en");
  const raw = source.read();
  return { source, devices: { raw, devices: await devicesOf(raw, source) } };
}

it("a point of another kind is no occupancy, and the fitting ones of its device are named", async () => {
  expect(await found("  a: { kind: parking-bay, occupancy: meter.power }\n")).toEqual([
    '0:38 config.wrong-reference "meter.power", a number (W): a point that is true or false',
  ]);
  expect(await found("  a: { kind: parking-bay, occupancy: water.volume }\n", "it")).toEqual([
    '0:38 config.wrong-reference "water.volume", un numero (m3): un punto che vale true o false',
  ]);
});

it("words, texts and numbers of badges are not true or false", async () => {
  const of = async (occupancy: string, lang: "it" | "en" = "en") => {
    const { problems } = await checkSite(`${HEAD}  a: { kind: parking-bay, occupancy: ${occupancy} }\n`, "gateway.yaml", lang);
    return problems
      .filter(({ line, severity }) => line >= LINE && severity === "error")
      .map((one) => `${one.code} ${one.found}: ${one.expected}; ${one.hint}`);
  };
  const byMap = "it becomes true or false by a `map` of true and false, or in Modbus by one `bit`";
  const truth = "a point that is true or false";
  expect(await of("tank.on")).toEqual([]);
  expect(await of("tank.label")).toEqual([`config.wrong-reference "tank.label", a text: ${truth} (tank.on); ${byMap}`]);
  expect(await of("tank.valve")).toEqual([`config.wrong-reference "tank.valve", a word: ${truth} (tank.on); ${byMap}`]);
  expect(await of("wallbox.mode")).toEqual([`config.wrong-reference "wallbox.mode", a word: ${truth}; ${byMap}`]);
  expect(await of("front.status")).toEqual([
    `config.wrong-reference "front.status", a word: ${truth}; name the point that this asset hears`,
  ]);
  expect(await of("front.permit", "it")).toEqual([
    'config.wrong-reference "front.permit", una parola: un punto che vale true o false; indicare il punto che questo oggetto ascolta',
  ]);
  expect(await of("badge.badge")).toEqual([
    `config.wrong-reference "badge.badge", the number of a badge: ${truth}; a badge is read through an option that names its reader`,
  ]);
});

it("the number of a badge is no number that an option may ask for", async () => {
  const { devices, source } = await written();
  for (const wanted of [{ kind: "number" }, { kind: "word" }, {}] as const)
    checkReferences(z.object({ level: ref.point(wanted) }), { level: "badge.badge" }, ["assets", "a"], devices, source);
  expect(source.problems.map(({ code }) => code)).toEqual(Array(3).fill("config.wrong-reference"));
});

it("options that do nothing together are named, with what they lack", async () => {
  const warned = async (more: string, lang: "it" | "en" = "en") => {
    const text = `${HEAD}  a: { kind: parking-bay, occupancy: loop.presence${more} }\n`;
    const { problems } = await checkSite(text, "gateway.yaml", lang);
    return problems
      .filter(({ line, severity }) => line >= LINE && severity === "warning")
      .map((one) => problemLine(one, lang).replace(/^.*?assets\.a\./, ""));
  };
  expect(await warned("")).toEqual([]);
  expect(await warned(', reservedFor: disabled, permits: { grace: 3min }, hours: "Mo-Fr 08:00-20:00"')).toEqual([]);
  expect(await warned(", reservedFor: disabled")).toEqual(['reservedFor: "reservedFor": no effect without permits']);
  expect(await warned(", permits: { grace: 3min }", "it")).toEqual([
    'permits: "permits": nessun effetto senza reservedFor: disabled | loading | resident',
  ]);
  const DUTIES = "permits | maxStay | outside: forbidden | payments | charger";
  expect(await warned(', hours: "Mo-Fr 08:00-20:00"')).toEqual([`hours: "hours": no effect without ${DUTIES}`]);
  expect(await warned(', reservedFor: paid, permits: {}, hours: "Mo-Fr 08:00-20:00"')).toEqual([
    'permits: "permits": no effect without reservedFor: disabled | loading | resident',
    `hours: "hours": no effect without ${DUTIES}`,
  ]);
  expect(await warned(", outside: forbidden")).toEqual(['outside: "outside": no effect without hours']);
  expect(await warned(", stuck: {}, swapped: {}")).toEqual([
    'stuck: "stuck": no effect without neighbours',
    'swapped: "swapped": no effect without neighbours, permits.reader | charger | payments.station',
  ]);
});

it("an attribute of an asset is a point like any other", async () => {
  expect((await found("  a: { kind: parking-bay, occupancy: front.stauts }\n"))[0]).toMatch(
    /unknown-name "front.stauts": a point of front/,
  );
  // Of a kind still to come nobody knows the attributes.
  expect(await found("  a: { kind: parking-bay, occupancy: lens.connected }\n")).toEqual([]);
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

it("a column is a device whose point `state` is a word, and each socket has its own", async () => {
  const column = (more: string) => `  a: { kind: charger, device: ${more} }\n`;
  expect(await found(column("meter, sockets: [{ type: Type2 }]"))).toEqual([
    '0:31 config.wrong-reference "meter" (eastron-sdm120): a charging column, which is a device whose point `state` is a word',
  ]);
  expect(await found(column("column-1, sockets: [{ type: Type2 }]"))).toEqual([]);
  expect(await found(column("column-1, sockets: [{ type: Type2 }, { type: Type2 }]"))).toEqual([
    "0:68 config.missing nothing: the name of a device: only the first socket has the column's",
  ]);
  expect((await found(column("column-1, sockets: [{ type: Type2 }], limit: column-1.limit, most: 16")))[0]).toMatch(
    /config.wrong-reference "column-1.limit"/,
  );
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
  expect(await found("  a: { kind: parking-bay, occupancy: loop.presence, charger: column, socket: 2 }\n")).toEqual([
    '0:78 config.wrong-reference "2": a socket of column, which has 1',
  ]);
  expect(await found("  a: { kind: parking-bay, occupancy: loop.presence, charger: colum }\n")).toEqual([
    '0:62 config.unknown-name "colum": an asset of kind charger',
  ]);
});

describe("assets that hear each other in a circle", () => {
  const circles = async (assets: string, lang: "it" | "en" = "en") =>
    (await found(assets, lang)).filter((line) => line.includes("config.circle"));
  const bay = (id: string, of: string) => `  ${id}: { kind: parking-bay, occupancy: ${of} }\n`;

  it("are refused where the circle closes, with the way that it goes", async () => {
    expect(await circles(bay("a", "b.status") + bay("b", "c.status") + bay("c", "a.status"))).toEqual([
      '2:38 config.circle "a.status": a point of a device, or of an asset that does not hear c itself: c → a → b → c',
    ]);
    expect(await circles(bay("a", "b.status") + bay("b", "a.status"), "it")).toEqual([
      '1:38 config.circle "a.status": un punto di un dispositivo, o di un oggetto che non ascolta a sua volta b: b → a → b',
    ]);
    expect(await circles(bay("a", "a.status"))).toEqual([
      '0:38 config.circle "a.status": a point of a device, or of an asset that does not hear a itself: a → a',
    ]);
  });

  it("are no circle where two hear a third", async () => {
    expect(await circles(bay("a", "c.status") + bay("b", "c.status") + bay("c", "loop.presence"))).toEqual([]);
  });
});

describe("opening hours", () => {
  const bay = (hours: string) => `  a: { kind: parking-bay, occupancy: loop.presence, hours: ${hours} }\n`;

  it("are understood when the configuration is read, or named with the part that is not", async () => {
    expect(await found(bay('"Mo-Sa 08:00-13:00,15:00-20:00; PH off"'))).toEqual([]);
    expect(await found(bay('"Mo-Fr 8-20"'))).toEqual([
      '0:60 config.wrong-value "Mo-Fr 8-20": opening hours such as Mo-Fr 08:00-13:00,15:00-20:00; PH off (8-20 is not understood)',
    ]);
    expect(await found(bay('"Mo-Ve 08:00-20:00"'), "it")).toEqual([
      '0:60 config.wrong-value "Mo-Ve 08:00-20:00": orari come Mo-Fr 08:00-13:00,15:00-20:00; PH off (Mo-Ve non è comprensibile)',
    ]);
  });

  it("that speak of holidays need to know them: otherwise somebody is accused at Christmas", async () => {
    const warned = async (gateway: string, hours: string) => {
      const { problems } = await checkSite(HEAD.replace("site: { id: s }", `site: { id: s }${gateway}`) + bay(hours), "g", "en");
      return problems
        .filter(({ path }) => path === "assets.a.hours")
        .map(({ code, found: what, expected }) => [code, what, expected]);
    };
    const needs = ["config.no-effect", '"PH"', "no effect without gateway.holidays"];
    expect(await warned("", '"Mo-Sa 08:00-20:00; PH off"')).toContainEqual(needs);
    expect(await warned("", '"Mo-Fr,PH 08:00-20:00"')).toContainEqual(needs);
    expect(await warned("", '"Mo-Sa 08:00-20:00"')).not.toContainEqual(needs);
    expect(await warned(", holidays: { country: IT }", '"Mo-Sa 08:00-20:00; PH off"')).not.toContainEqual(needs);
  });
});

it("a day is one of the calendar", () => {
  const day = ref.day();
  expect(day.safeParse("2028-02-29").success).toBe(true);
  for (const wrong of ["2027-02-29", "2027-13-01", "27-01-01", "tomorrow"])
    expect(day.safeParse(wrong).error?.issues[0]?.message).toBe("expected a day such as 2027-06-30");
});
