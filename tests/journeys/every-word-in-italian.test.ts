/** A site on which much goes wrong, asked everything in Italian: no answer holds an English word. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { englishIn } from "../support/italian.ts";
import { type Coils, coils } from "../support/running/coils.ts";
import { Gateway, Opened, Program, temporary, until } from "../support/running/processes.ts";

const open = new Opened();
let slave: Coils;
let gateway: Gateway;
let folder = "";
/** Names of the site, as its technician chose them, and what the device types name. */
const names = new Set<string>();

/** Nobody is at the broker's address. */
const NO_BROKER = "mqtt://127.0.0.1:9";

beforeAll(async () => {
  folder = open.use(await temporary("italian")).path;
  slave = open.use(await coils("500ms"));
  gateway = open.use(new Gateway(folder));
  slave.inputs.add(0);
  // Each its own: YAML would write the second as an alias of the first.
  const points = () => ({ bagnata: { fc: 2, address: 0 }, pompa: { coil: 1, writable: true } });
  const nobody = { modbus: "tcp", host: "127.0.0.1", port: 9 };
  await gateway.configure(NO_BROKER, {
    buses: {
      impianto: slave.bus,
      spento: nobody,
      staccata: { modbus: "rtu", port: join(folder, "ttyUSB9") },
      seriale: { serial: join(folder, "ttyUSB8") },
    },
    devices: {
      pompe: { type: "modbus-points", bus: "impianto", unit: 1, every: "300ms", points: points() },
      muta: { type: "modbus-points", bus: "impianto", unit: 2, every: "300ms", points: points() },
      sorda: { type: "modbus-points", bus: "impianto", unit: 4, every: "300ms", points: points() },
      posto: { type: "modbus-points", bus: "impianto", unit: 3, every: "200ms", points: { occupato: { fc: 2, address: 0 } } },
      lontano: { type: "modbus-points", bus: "spento", unit: 1, every: "1s", points: points() },
      contatore: { type: "eastron-sdm120", bus: "staccata", unit: 1, every: "1s" },
      distanza: { type: "a02yyuw", bus: "seriale" },
      rete: { type: "tcp-alive", host: "127.0.0.1", port: 9, every: "1s" },
    },
    assets: {
      "stallo-1": {
        kind: "parking-bay",
        reservedFor: "disabled",
        occupancy: "posto.occupato",
        debounce: "100ms",
        permits: { list: "disabled", grace: "100ms" },
      },
    },
  });
  await gateway.start();
  slave.dead.add(2);
  slave.dead.add(4);
  await until(
    async () => {
      const { alarms, devices } = await gateway.status();
      for (const device of devices)
        for (const name of [device.id, device.bus ?? "", ...device.points.map(({ point }) => point)]) names.add(name);
      return alarms.length > 0 && devices.filter(({ state }) => state === "down").length >= 5;
    },
    30_000,
    "everything that fails has failed",
  );
}, 60_000);
afterAll(() => open[Symbol.asyncDispose]());

/** Keys, actions and arguments are the same in every language. */
const KEYS = ["cippo", "set", "value", "disabled", "modbus-points", "serial", "net", "until", "event", "by", "note"];
/** Of a product: AMTRON Start. */
const PRODUCTS = ["start"];
/** A spreadsheet compares the words of the contract. */
const CSV = ["true", "false"];
const SECTIONS = ["credentials", "store", "buses", "devices", "assets", "rules"];

async function says(...words: readonly string[]): Promise<string> {
  const { stdout, stderr } = await gateway.cippo(...words, "--lang", "it");
  const text = `${stdout}\n${stderr}`;
  expect(
    englishIn(text, [
      ...names,
      ...KEYS,
      ...(words.includes("--types") ? PRODUCTS : []),
      ...(words.includes("--csv") ? CSV : []),
      ...(words[0] === "config" ? SECTIONS : []),
    ]),
    `cippo ${words.join(" ")}\n${text}`,
  ).toEqual([]);
  return text;
}

describe("in Italian", { timeout: 120_000 }, () => {
  it.each([
    [["status"]],
    [["status", "--all"]],
    [["devices"]],
    [["devices", "--types"]],
    [["devices", "--commands"]],
    [["devices", "nessuno"]],
    [["read", "pompe"]],
    [["read", "muta"]],
    [["read", "lontano"]],
    [["read", "contatore"]],
    [["read", "distanza"]],
    [["read", "rete"]],
    [["read", "stallo-1"]],
    [["read", "nessuno"]],
    [["events"]],
    [["events", "--limit", "3"]],
    [["history", "pompe.pompa"]],
    [["history", "muta.pompa"]],
    [["history", "stallo-1.status"]],
    [["history", "posto.occupato", "--csv"]],
    [["history", "posto"]],
    [["history", "posto.niente"]],
    [["watch", "posto.niente"]],
    [["command", "pompe.pompa", "set", "value=vero"]],
    [["command", "pompe.pompa", "set", "value=7"]],
    [["command", "pompe.pompa", "spegni"]],
    [["command", "muta.pompa", "set", "value=vero"]],
    [["command", "lontano.pompa", "set", "value=vero"]],
    [["command", "stallo-1", "permit.confirm", "until=ieri"]],
    [["command", "stallo-1", "permit.confirm", "until=+1h"]],
    [["status"]],
    [["events"]],
  ])("cippo %j", async (words) => {
    expect((await says(...words)).length).toBeGreaterThan(5);
  });

  it("cippo watch", async () => {
    const env = { CIPPO_SOCKET: gateway.socket, LANG: "it_IT.UTF-8" };
    await using watch = new Program(process.execPath, [join(import.meta.dirname, "../../dist/cippo.js"), "watch"], { env });
    slave.inputs.delete(0);
    await watch.line((line) => (line.includes("stallo-1.status") && line.includes("libero") ? line : undefined), 20_000);
    expect(englishIn(watch.lines.join("\n"), [...names, ...KEYS]), watch.lines.join("\n")).toEqual([]);
  });

  it("cippo config check", async () => {
    const file = join(folder, "sbagliata.yaml");
    await writeFile(file, "gatway: {}\nsync: { broker: niente }\ndevices: { a: { type: eastron-smd120, unit: uno } }\n");
    await says("config", "check", file);
    await says("config", "check", gateway.file);
  });
});
