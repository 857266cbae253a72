/** mbpoll, a master that we did not write, reads and writes the simulated slaves over TCP and a pseudo-terminal. */
import { execFile } from "node:child_process";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, Scratch } from "../../bench/modbus/peers.ts";
import { Faults } from "../../hw-sim/site/faults.ts";
import { modbusLine } from "../../hw-sim/site/modbus/line.ts";
import { ModbusUnit } from "../../hw-sim/site/modbus/unit.ts";
import { Pty } from "../../hw-sim/site/pty.ts";
import type { SocketLine } from "../../hw-sim/site/socket-line.ts";
import { openWireLog, type WireLog } from "../../hw-sim/site/wire-log.ts";
import type { RegisterPoint } from "../../src/drivers/driver.ts";
import { wait } from "../unit/drivers/support.ts";

const writable = { value: "number", impact: "low" } as const;
const points: Readonly<Record<string, RegisterPoint>> = {
  voltage: { fc: 4, address: 0, decode: "float32", words: "low-first", unit: "V", kind: "gauge" },
  total: { fc: 4, address: 2, decode: "uint16", unit: "m3", kind: "counter" },
  setpoint: { fc: 3, address: 7, decode: "uint16", unit: "Cel", kind: "gauge", writable },
  pump: { fc: 1, address: 4, decode: "bool", unit: "", kind: "state", writable: { value: "boolean", impact: "low" } },
  door: { fc: 2, address: 5, decode: "bool", unit: "", kind: "state" },
};

const run = promisify(execFile);

describe.each(["tcp", "rtu"] as const)("over %s", (wire) => {
  const lacking = missing("mbpoll", "socat");
  describe.skipIf(lacking !== null)(lacking ?? "mbpoll", { shuffle: false }, () => {
    let scratch: Scratch;
    const unit = new ModbusUnit({ maxRegisters: 60, points });
    let log: WireLog;
    let line: SocketLine;
    let pty: Pty;
    beforeAll(async () => {
      scratch = new Scratch();
      log = await openWireLog(join(scratch.path, "served.jsonl"));
      const units = new Map([[3, { device: "boiler", unit }]]);
      line = modbusLine({ bus: "plant", framing: wire, units, faults: new Faults(log), log });
      await line.plug();
      pty = new Pty(join(scratch.path, "tty"), line.port);
      if (wire === "rtu") await pty.plug();
      unit.set("voltage", 230.2);
      unit.set("total", 4321);
      unit.set("door", true);
    });
    afterAll(async () => {
      await pty[Symbol.asyncDispose]();
      await line[Symbol.asyncDispose]();
      log[Symbol.dispose]();
      scratch[Symbol.dispose]();
    });

    /** Values by address, as mbpoll prints them. */
    const poll = async (type: string, address: number, ...more: readonly string[]) => {
      if (wire === "rtu") await plugged();
      const how = wire === "tcp" ? ["-m", "tcp", "-p", String(line.port)] : ["-m", "rtu", "-b", "19200", "-P", "none"];
      const what = ["-a", "3", "-0", "-1", "-o", "2", "-t", type, "-r", String(address)];
      const { stdout } = await run("mbpoll", [...how, ...what, wire === "tcp" ? "127.0.0.1" : pty.path, ...more]);
      return [...stdout.matchAll(/^\[(\d+)\]:\s+(\S+)/gm)].map(([, at, value]) => [Number(at), Number(value)]);
    };
    /** After each master a new terminal takes the place of the one that it closed. */
    let used = 0;
    const plugged = async () => {
      const made = () => lstatSync(pty.path, { throwIfNoEntry: false })?.ctimeMs ?? used;
      while (made() === used) await wait(5);
      used = made();
    };

    it("finds the values of every table", async () => {
      expect(await poll("3:float", 0)).toEqual([[0, 230.2]]);
      expect(await poll("3", 2)).toEqual([[2, 4321]]);
      expect(await poll("1", 5)).toEqual([[5, 1]]);
      expect(await poll("0", 4)).toEqual([[4, 0]]);
    });

    it("writes a register and a coil", async () => {
      await poll("4", 7, "215");
      expect(unit.get("setpoint")).toBe(215);
      await poll("0", 4, "1");
      expect(unit.get("pump")).toBe(true);
    });

    it("is refused what is not there", async () => {
      await expect(poll("4", 100)).rejects.toThrow(/Illegal data address/);
    });
  });
});
