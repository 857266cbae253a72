/** Packages that cannot be loaded: only the devices that need them fail, and name the one that is missing. */
import { cp, mkdir, readdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Gateway, Program, temporary, until } from "../../support/running/processes.ts";
import { farSide, mbap, registers } from "./support.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** A place to run from, with all the packages of this one. Those that are named are copies: they find what lies beside them there. */
async function installed(folder: string, copied: readonly string[]): Promise<string> {
  const packages = join(folder, "node_modules");
  await mkdir(packages);
  for (const name of await readdir(join(ROOT, "node_modules"))) {
    const from = join(ROOT, "node_modules", name);
    if (copied.includes(name)) await cp(from, join(packages, name), { recursive: true });
    else await symlink(from, join(packages, name));
  }
  await mkdir(join(folder, "dist"));
  await cp(join(ROOT, "dist/cippo.js"), join(folder, "dist/cippo.js"));
  return packages;
}

const devices = {
  sensor: { type: "a02yyuw", bus: "uart" },
  meter: { type: "modbus-points", bus: "line", unit: 1, every: "1s", points: { power: { fc: 3, address: 0 } } },
  boiler: { type: "modbus-points", bus: "plant", unit: 3, every: "1s", points: { flow: { fc: 3, address: 0 } } },
};

/** What is wrong with each device, once each has one or is up. */
async function states(folder: string): Promise<Readonly<Record<string, string>>> {
  await using far = await farSide("tcp", ({ transaction, socket }) => socket.write(mbap(transaction, registers(3, 3, 42))));
  const buses = {
    uart: { serial: join(folder, "port") },
    line: { modbus: "rtu", port: join(folder, "another"), baud: 9600, parity: "none" },
    plant: { ...far.spec, replyDeadline: "500ms", gap: "1ms" },
  };
  await using gateway = new Gateway(folder);
  await gateway.configure("mqtt://127.0.0.1:9", { buses, devices });
  gateway.program = new Program(process.execPath, [join(folder, "dist/cippo.js"), "run", "--config", gateway.file]);
  const told = async () => {
    const { devices } = await gateway.status();
    const words = devices.map(({ id, state, problem }) => [id, problem?.what.en ?? state] as const);
    return words.every(([, word]) => word !== "starting") && Object.fromEntries(words);
  };
  await gateway.program.line((line) => (line.includes('"gateway.ready"') ? true : undefined));
  return await until(told, 15_000, "a word of every device");
}

describe("a package that cannot be loaded", () => {
  it("takes down the devices that need it, by its name, and no other", { timeout: 60_000 }, async () => {
    await using folder = await temporary("native");
    const packages = await installed(folder.path, ["serialport", "@serialport"]);
    // As on a machine that no prebuilt one fits.
    await rm(join(packages, "@serialport/bindings-cpp/prebuilds"), { recursive: true });
    const missing = "Native module serialport is missing";
    expect(await states(folder.path)).toEqual({ sensor: missing, meter: missing, boiler: "up" });
    await rm(join(packages, "modbus-serial"));
    expect(await states(folder.path)).toMatchObject({ sensor: missing, boiler: "Native module modbus-serial is missing" });
  });
});
