/** Random schedules of faults on a Modbus line: every value is the one that was asked for. */

import { expect, it } from "vitest";
import { faultyRun, ours, SLOWEST_MS, TIMEOUT_MS, tolerating } from "../../../../../bench/modbus/faulty-run.ts";
import { FaultySlave } from "../../../../../bench/modbus/faulty-slave.ts";
import type { ModbusSpec } from "../../../../../src/drivers/buses.ts";
import { ModbusLine } from "../../../../../src/drivers/transports/modbus/modbus-line.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import fc from "../../../../support/property.ts";
import { type Asked, farSide, never, registers, wait, withCrc } from "../../support.ts";

type Fault =
  | "none"
  | "late"
  | "twice"
  | "other unit"
  | "corrupt"
  | "cut"
  | "noise"
  | "silent"
  | "exception"
  | "dribble"
  | "hang up";
const FAULTS: readonly Fault[] = [
  "none",
  "late",
  "twice",
  "other unit",
  "corrupt",
  "cut",
  "noise",
  "silent",
  "exception",
  "dribble",
  "hang up",
];

/** What a register holds says which unit and address it belongs to. */
const held = (unit: number, address: number): number => unit * 1000 + address;

async function misbehave({ unit, fc, address, socket }: Asked, fault: Fault): Promise<void> {
  const good = registers(unit, fc, held(unit, address));
  const corrupt = Buffer.from(good);
  corrupt.writeUInt8(corrupt.readUInt8(4) ^ 0x10, 4);
  const send: Record<Fault, () => unknown> = {
    none: () => socket.write(good),
    late: () => wait(70).then(() => socket.writable && socket.write(good)),
    twice: () => socket.write(Buffer.concat([good, good])),
    "other unit": () => socket.write(registers(unit + 1, fc, 7)) && socket.write(good),
    corrupt: () => socket.write(corrupt),
    cut: () => socket.write(good.subarray(0, 4)),
    noise: () => socket.write(Buffer.concat([Buffer.from([0xff, 0x00, unit, fc]), good])),
    silent: () => undefined,
    exception: () => socket.write(withCrc(unit, fc | 0x80, 6)),
    dribble: async () => {
      for (const byte of good) {
        if (socket.writable) socket.write(Buffer.of(byte));
        await wait(1);
      }
    },
    "hang up": () => socket.write(good.subarray(0, 3)) && socket.destroy(),
  };
  await send[fault]();
}

// Units that fall silent are held back for seconds: a schedule may take long.
it("never gives a value of another unit or register", { timeout: 90_000 }, async () => {
  const plan = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 9 }), fc.constantFrom(...FAULTS)), {
    minLength: 6,
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(plan, async (steps) => {
      await using far = await farSide("rtu-tcp", (asked) => void misbehave(asked, steps[asked.n - 1]?.[2] ?? "none"), {
        timeout: "40ms",
        replyDeadline: "120ms",
      });
      await using line = new ModbusLine("line", far.spec as ModbusSpec, noLog);
      const asked = steps.map(([unit, address]) =>
        line.request({ unit, fc: 3, address, quantity: 1, priority: "poll" }, never).then(
          ({ data }) => expect(Buffer.from(data).readUInt16BE(0)).toBe(held(unit, address)),
          (error: { readonly code?: string }) => expect(error.code).toMatch(/^bus\./),
        ),
      );
      await Promise.all(asked);
    }),
    { numRuns: 6 },
  );
});

it.each(["tcp", "rtu", "rtu-tcp"] as const)(
  "believes nothing but the register asked over %s (the hundred thousand: `npm run bench:modbus`)",
  { timeout: 240_000 },
  async (wire) => {
    // The slaves are of this process: what keeps it waiting makes them later still, and must not make them later than `replyDeadline`.
    const late = { from: TIMEOUT_MS, to: SLOWEST_MS / 2 };
    const { wrong, stale, right, done } = await faultyRun(ours, wire, 1500, 30, { seed: 7, share: 0.15, late });
    expect({ wrong, stale }).toEqual({ wrong: 0, stale: 0 });
    expect(right).toBeGreaterThan(500);
    expect(done.size).toBeGreaterThan(15);
  },
);

it.each([[["transaction-echo"]], [["unit-echo", "transaction-echo"]]] as const)(
  "believes nothing late or twice of a gateway that is tolerated not to return %j",
  { timeout: 240_000 },
  async (careless) => {
    const late = { from: TIMEOUT_MS, to: SLOWEST_MS / 2 };
    // What it says at once of another unit or request nobody can tell from the answer: that is what the site tolerates.
    const only = FaultySlave.faults.filter((name) => !name.startsWith("of another unit") && name !== "wrong transaction");
    const faults = { seed: 7, share: 0.15, late, careless, only };
    const { wrong, stale, right } = await faultyRun(tolerating(...careless), "tcp", 600, 30, faults);
    expect({ wrong, stale }).toEqual({ wrong: 0, stale: 0 });
    expect(right).toBeGreaterThan(200);
  },
);
