/** Our master reads and writes slaves of libmodbus and pymodbus, over TCP and a pseudo-terminal. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Library, missing, type PeerWire, Scratch, type Slave, startSlave } from "../../bench/modbus/peers.ts";
import { busSchema, type ModbusSpec } from "../../src/drivers/buses.ts";
import type { ModbusRequest } from "../../src/drivers/driver.ts";
import { ModbusLine } from "../../src/drivers/transports/modbus/modbus-line.ts";
import { noLog } from "../../src/kit/log.ts";
import { codeOf, never } from "../unit/drivers/support.ts";

/** What the slaves' memories hold (bench/modbus/libmodbus-slave.c). */
const HELD = {
  1: (i: number) => i % 3 === 0,
  2: (i: number) => i % 4 === 0,
  3: (i: number) => 1000 + i,
  4: (i: number) => 2000 + i,
};
const PAIRS = (["libmodbus", "pymodbus"] as const).flatMap((library) =>
  (["tcp", "rtu"] as const).map((wire) => [library, wire] as const),
);

const lacks = (library: Library, wire: PeerWire) => (wire === "rtu" ? missing(library, "socat") : missing(library));

for (const [library, wire] of PAIRS) {
  const lacking = lacks(library, wire);
  describe.skipIf(lacking !== null)(`${library} over ${wire}${lacking === null ? "" : ` (${lacking})`}`, () => {
    let scratch: Scratch;
    let slave: Slave;
    let line: ModbusLine;
    beforeAll(async () => {
      scratch = new Scratch();
      slave = await startSlave(library, wire, scratch, { baud: 115_200 });
      line = new ModbusLine("judge", busSchema.parse({ ...slave.at, timeout: "2s", replyDeadline: "2s" }) as ModbusSpec, noLog);
    }, 30_000);
    afterAll(async () => {
      await line[Symbol.asyncDispose]();
      await slave[Symbol.asyncDispose]();
      scratch[Symbol.dispose]();
    });
    const ask = (request: Omit<ModbusRequest, "unit" | "priority">) =>
      line.request({ unit: 1, priority: "poll", ...request }, never);
    const words = async (fc: 3 | 4, address: number, quantity: number) => {
      const { data } = await ask({ fc, address, quantity });
      return Array.from({ length: quantity }, (_, i) => Buffer.from(data).readUInt16BE(i * 2));
    };
    const bits = async (fc: 1 | 2, address: number, quantity: number) => {
      const { data } = await ask({ fc, address, quantity });
      return Array.from({ length: quantity }, (_, i) => (((data[i >> 3] ?? 0) >> (i & 7)) & 1) === 1);
    };
    const from = <T>(held: (i: number) => T, address: number, quantity: number) =>
      Array.from({ length: quantity }, (_, i) => held(address + i));

    it("reads every table, a little and the most", { timeout: 60_000 }, async () => {
      for (const [address, quantity] of [
        [100, 1],
        [101, 7],
        [333, 60],
        [500, 125],
      ] as const) {
        for (const fc of [3, 4] as const) expect(await words(fc, address, quantity)).toEqual(from(HELD[fc], address, quantity));
        for (const fc of [1, 2] as const) expect(await bits(fc, address, quantity)).toEqual(from(HELD[fc], address, quantity));
      }
    });

    it("gives each of many requests at once its own registers", { timeout: 60_000 }, async () => {
      const addresses = Array.from({ length: 60 }, (_, i) => (i * 97) % 800);
      const { timeouts, checksumErrors, foreignReplies } = line.stats;
      const answers = await Promise.all(addresses.map((address) => words(3, address + 100, 10)));
      expect(answers).toEqual(addresses.map((address) => from(HELD[3], address + 100, 10)));
      expect(line.stats).toMatchObject({ timeouts, checksumErrors, foreignReplies });
    });

    it("hears a refusal, and goes on", async () => {
      await expect(ask({ fc: 3, address: 998, quantity: 5 })).rejects.toMatchObject({
        code: "bus.exception",
        context: { exception: 2 },
      });
      expect(await words(4, 998, 2)).toEqual([2998, 2999]);
    });

    it("writes coils and registers, one and many", async () => {
      await ask({ fc: 6, address: 10, values: [0xabcd] });
      await ask({ fc: 16, address: 11, values: [1, 0xffff, 3] });
      expect(await words(3, 10, 4)).toEqual([0xabcd, 1, 0xffff, 3]);
      await ask({ fc: 5, address: 20, values: [1] });
      await ask({ fc: 15, address: 21, values: [0, 1, 1, 0, 1, 0, 0, 1, 1] });
      expect(await bits(1, 20, 10)).toEqual([true, false, true, true, false, true, false, false, true, true]);
      await ask({ fc: 5, address: 20, values: [0] });
      expect(await bits(1, 20, 1)).toEqual([false]);
    });

    it.runIf(wire === "rtu")("hears nothing of a unit that is not there, and the other one still", async () => {
      const nobody = line.request({ unit: 9, fc: 3, address: 1, quantity: 1, priority: "poll", timeoutMs: 300 }, never);
      expect(await codeOf(nobody)).toBe("bus.timeout");
      // A libmodbus slave takes the next frame after a request to somebody else for that one's reply, whatever it is (modbus-rtu.c).
      if (library === "libmodbus") expect(await codeOf(words(3, 200, 2))).toBe("bus.timeout");
      expect(await words(3, 200, 2)).toEqual([1200, 1201]);
    });
  });
}
