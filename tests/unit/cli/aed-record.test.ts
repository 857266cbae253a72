/** `cippo aed record` tells what law 116/2021 asks for, in either language, and what of it nobody has written yet. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const CIPPO = join(import.meta.dirname, "../../../dist/cippo.js");
const SITE = `
gateway: { id: gw-1, site: { id: park } }
sync: { broker: "mqtt://127.0.0.1:1883" }
buses: { pins: { gpio: gpiod } }
devices:
  aed-door: { type: gpio-contact, bus: pins, line: 5, active: low, means: door }
  aed-light: { type: gpio-blink, bus: pins, line: 6, red: { line: 12 } }
  hall-sign: { type: gpio-colour, bus: pins, line: 16, red: { line: 26 } }
assets:
  aed-park:
    { kind: defibrillator, name: { it: "Parco; ingresso", en: "Park, entrance" }, door: aed-door.door, light: aed-light.blink, make: Philips, model: HeartStart FRx,
      serial: A1-00042, operation: semi, batteryExpiry: 2028-03-31, pads: [{ type: adult, expiry: 2027-01-31 }], access: "24/7",
      place: { lat: 45.0352, lon: 9.6867, hint: { it: Lato ingresso, en: Entrance side } }, trained: 4, installed: 2026-01-15,
      register118: { centre: Piacenza Soccorso, id: PC-0042, date: 2026-02-01 }, responsible: { office: Ufficio Sport, phone: "+39 0523 000000" } }
  aed-hall: { kind: defibrillator, light: hall-sign.colour, make: ZOLL, model: AED Plus }
`;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cippo-aed-"));
  await writeFile(join(folder, "gateway.yaml"), SITE);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const cippo = (...words: readonly string[]): Promise<{ readonly out: string; readonly code: number }> =>
  new Promise((resolve) => {
    const args = [CIPPO, "aed", "record", ...words, "--config", join(folder, "gateway.yaml")];
    execFile(process.execPath, args, { env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" } }, (error, out, err) =>
      resolve({ out: `${out}${err}`, code: error === null ? 0 : Number(error.code) }),
    );
  });

describe("the record of a defibrillator", () => {
  it("is one row for a spreadsheet, in Italian with its commas and days", async () => {
    const { out, code } = await cippo("aed-park", "--csv", "--lang", "it");
    const [headings = "", row] = out.trim().split("\n");
    expect(code).toBe(0);
    expect(headings.split(";").slice(0, 4)).toEqual(["nome", "numero di apparecchi", "marca", "modello"]);
    expect(row).toBe(
      '"Parco; ingresso";1;Philips;HeartStart FRx;semiautomatico;A1-00042;;;Lato ingresso;45,0352;9,6867;24/7;31/03/2028;' +
        "adulti 31/01/2027;4;Ufficio Sport;+39 0523 000000;15/01/2026;Piacenza Soccorso;PC-0042;01/02/2026",
    );
  });

  it("says as JSON and to people what is still missing", async () => {
    const all = JSON.parse((await cippo("--json")).out);
    expect(all).toMatchObject([
      { asset: "aed-park", make: "Philips", kind: "semi", pads: [{ type: "adult", expiry: "2027-01-31" }], missing: [] },
      {
        asset: "aed-hall",
        make: "ZOLL",
        missing: [
          "operation",
          "serial",
          "place",
          "access",
          "batteryExpiry",
          "pads",
          "trained",
          "responsible",
          "register118.date",
        ],
      },
    ]);
    expect((await cippo("aed-hall")).out).toContain("still missing           operation, serial");
  });

  it("of a name that is none is refused, with the one that was meant", async () => {
    const { out, code } = await cippo("aed-prak");
    expect(code).toBe(1);
    expect(out).toContain("aed-park");
  });
});
