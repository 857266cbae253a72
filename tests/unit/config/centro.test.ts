/** The town centre of config/sites has nothing to be told, and each mistake that is made in it is told at its place. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkSite, problemLine } from "../../../src/config/index.ts";

const centro = await readFile(join(import.meta.dirname, "../../../config/sites/centro.yaml"), "utf8");

it("has nothing to be told", async () => {
  const { problems, site } = await checkSite(centro, "centro.yaml");
  expect(problems.map((one) => problemLine(one, "en"))).toEqual([]);
  expect(Object.keys(site?.assets ?? {})).toContain("cittadella");
});

/** As it stands in the file, as somebody wrote it, and what is told of which word. */
const MISTAKES: readonly (readonly [right: string, wrong: string, ...told: string[]])[] = [
  ['"70B3D52C00012346"', '"70B3D52C00012345"', 'config.claimed-twice of "70B3D52C00012345": devices.cavour-3-sensore.devEui'],
  ["line: 20,", "line: 21,", "config.claimed-twice of 21: devices.cittadella-in-2.line"],
  [
    "{ grace: 5min, shownBefore: 3min }",
    "{ list: disbled, reader: cavalli-letore }",
    "config.unknown-name of disbled: assets.cavalli-dis-2.permits.list; disabled?",
    "config.unknown-name of cavalli-letore: assets.cavalli-dis-2.permits.reader; cavalli-lettore?",
  ],
  [
    "portici-2-sensore.presence",
    "portici-2-sensor.presence",
    "config.unknown-name of portici-2-sensor.presence: assets.portici-carico-2.occupancy; portici-2-sensore?",
  ],
  ["charger: colonnina-farnese-1", "charger: blu", "config.wrong-reference of blu: assets.farnese-ev-1.charger"],
  ['"08:00-22:00"', '"8-22"', 'config.wrong-value of "8-22": assets.farnese-ev-2.hours'],
  ["[portici-3, cavour-1,", "[portici-3, cavour-9,", "config.unknown-name of cavour-9: assets.blu.bays.1"],
  [
    "[battisti-ev,",
    "[cavalli-dis-1,",
    "config.claimed-twice of cavalli-dis-1: assets.ricarica.bays.0",
    "config.wrong-reference of cavalli-dis-1: assets.ricarica.bays.0",
  ],
  [
    "parcometro-1-cassa.door",
    "parcometro-1-porta.door",
    "config.unknown-name of parcometro-1-porta.door: assets.parcometro-1.cashBox; parcometro-1-cassa?",
  ],
];

it("with nine lines written wrong, each mistake is told where it stands", async () => {
  let text = centro;
  for (const [right, wrong] of MISTAKES) {
    expect(text.split(right), right).toHaveLength(2);
    text = text.replace(right, wrong);
  }
  const lines = text.split("\n");
  const { problems } = await checkSite(text, "centro.yaml");
  const told = problems
    .filter(({ severity }) => severity === "error")
    .map(({ line, column, code, path, hint }) => {
      const word = lines[line - 1]?.slice(column - 1).match(/^"[^"]*"|^[^\s,\]}]+/)?.[0];
      const proposed = hint?.match(/"(.+)"\?$/)?.[1];
      return `${code} of ${word}: ${path}${proposed === undefined ? "" : `; ${proposed}?`}`;
    });
  expect(told).toEqual(MISTAKES.flatMap(([, , ...each]) => each));
});
