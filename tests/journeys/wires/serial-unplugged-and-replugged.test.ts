/** A serial adapter is unplugged and plugged in under another name: nothing is good meanwhile, all is good soon after. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { socatExists } from "../../../hw-sim/site/pty.ts";
import type { PointStatus } from "../../../src/model/index.ts";
import { Held } from "../../support/running/held.ts";
import { ask, broker, Gateway, Opened, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { Site } from "../../support/running/site.ts";

const ROUNDS = 4;
const OUT_MS = 3000;
/** Of a value that is told each half second. */
const FRESH_MS = 1500;
/** The first time a technician looks and tries a command meanwhile. */
const FIRST_OUT_MS = 8000;
/** The promise of the field notes (S1). */
const BACK_WITHIN_MS = 10_000;

const SCENARIO = {
  buses: { hall: { modbus: "rtu", baud: 9600 }, uart: { serial: "pty", baud: 9600 } },
  devices: {
    boiler: {
      type: "modbus-points",
      bus: "hall",
      unit: 3,
      every: "500ms",
      points: { flow: { fc: 3, address: 100, decode: "int16", scale: 0.1, unit: "Cel" }, pump: { coil: 4, writable: true } },
    },
    bay: { type: "a02yyuw", bus: "uart", occupiedBelow: "1200mm" },
  },
};

/** Takes the number that the next terminal would get, so that the adapter comes back as another. */
async function occupyTerminal(path: string): Promise<AsyncDisposable> {
  const child: ChildProcess = spawn("setpriv", ["--pdeathsig", "TERM", "socat", `PTY,link=${path}`, "PIPE"], { stdio: "ignore" });
  await until(() => existsSync(path), 15_000, "a terminal of our own");
  return {
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

it.skipIf(!socatExists())(
  "serial unplugged and replugged (skipped where socat and setpriv are not installed)",
  { timeout: 180_000 },
  async () => {
    await using folder = await temporary("replug");
    await using city = await broker();
    await using platform = await startPlatform(city.url, join(folder.path, "city.sqlite"), "--ack-after", "200ms");
    await using site = await Site.open(folder.path, SCENARIO);
    await using gateway = new Gateway(folder.path);
    await gateway.configure(city.url, site.ready.site);
    const program = await gateway.start();
    expect(platform.program.running).toBe(true);

    await site.ask({ do: "set", device: "boiler", point: "flow", value: 54.3 });
    await site.ask({ do: "set", device: "bay", point: "distance", value: 700 });
    const points = async (device: string): Promise<readonly PointStatus[]> =>
      (await gateway.status()).devices.find(({ id }) => id === device)?.points ?? [];
    const allGood = async () => {
      const both = [...(await points("boiler")), ...(await points("bay"))];
      return both.length > 0 && both.every(({ quality, ageMs }) => quality === "good" && (ageMs ?? FRESH_MS) < FRESH_MS);
    };
    const noneGood = async () =>
      [...(await points("boiler")), ...(await points("bay"))].every(({ quality }) => quality === "bad");
    const descriptors = () => readdirSync(`/proc/${program.child.pid}/fd`).length;
    await until(allGood, BACK_WITHIN_MS, "good values");
    const before = await until(() => descriptors(), 1000, "descriptors");

    const terminals = ["hall", "uart"].map((bus) => join(folder.path, "site", `tty-${bus}`));
    const seen = terminals.map((path) => new Set([realpathSync(path)]));
    await using taken = new Opened();
    for (let round = 1; round <= ROUNDS; round += 1) {
      const forMs = round === 1 ? FIRST_OUT_MS : OUT_MS;
      for (const device of ["boiler", "bay"]) await site.ask({ do: "fault", kind: "unplug", device, forMs });
      for (const [i] of terminals.entries()) taken.use(await occupyTerminal(join(folder.path, `own-${round}-${i}`)));
      await until(noneGood, forMs, "bad readings");
      if (round === 1) {
        // What cannot be done now fails now, and is never done later.
        const wanted = { do: "command", target: "boiler.pump", action: "set", args: { value: true } };
        expect(await ask(gateway.socket, wanted)).toMatchObject({ state: "failed" });
        const { code, stdout } = await gateway.cippo("devices");
        expect(stdout).toMatch(/boiler.*down.*\n +port\.(missing|lost)/);
        expect(stdout).toMatch(/bay.*down.*\n +port\.(missing|lost)/);
        expect(code).toBe(1);
      }
      await until(() => terminals.every((path) => existsSync(path)), forMs + 15_000, "the adapters are back");
      await until(allGood, BACK_WITHIN_MS, "good values again");
      for (const [i, path] of terminals.entries()) seen[i]?.add(realpathSync(path));
    }
    // Behind the same name stood another terminal, as another ttyUSB would.
    for (const numbers of seen) expect(numbers.size).toBeGreaterThan(1);
    await until(() => descriptors() <= before, 15_000, `no more descriptors than ${before}`);
    await gateway.stop();

    await using held = await Held.open(join(folder.path, "city.sqlite"));
    const served = await site.served();
    expect(served.filter(({ k }) => k === "write")).toEqual([]);
    const unplugged = served.flatMap((line) => (line.k === "fault" && line.kind === "unplug" ? [line] : []));
    expect(unplugged).toHaveLength(4 * ROUNDS);
    for (const [device, bus] of [
      ["boiler", "hall"],
      ["bay", "uart"],
    ] as const) {
      const readings = await held.readings(device);
      const codes = new Set(readings.filter(({ quality }) => quality === "bad").map(({ code }) => code));
      expect([...codes].filter((code) => !["port.lost", "port.missing", "bus.timeout"].includes(code ?? ""))).toEqual([]);
      for (const [i, begun] of unplugged.filter((fault) => fault.bus === bus && fault.state === "begun").entries()) {
        const ended = unplugged.filter((fault) => fault.bus === bus && fault.state === "ended")[i]?.at ?? 0;
        // Bytes sent in the last moment may still be on their way.
        const meanwhile = readings.filter(({ at }) => at > begun.at + 100 && at < ended - 50);
        expect(meanwhile.filter(({ quality }) => quality === "good")).toEqual([]);
      }
      const times = readings.map(({ name, at }) => `${name}@${at}`);
      expect(new Set(times).size).toBe(times.length);
    }
  },
);
