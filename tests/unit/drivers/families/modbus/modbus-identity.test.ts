/** When a unit that must say what it is falls silent and comes back, it is believed as soon as it answers. Real sockets. */
import { expect, it } from "vitest";
import type { Driver } from "../../../../../src/drivers/driver.ts";
import { modbusDevice } from "../../../../../src/drivers/families/modbus/modbus-table.ts";
import { deviceInfo } from "../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { asEdgeError } from "../../../../../src/kit/errors.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import type { DeviceInfo, Reading, Ticks } from "../../../../../src/model/index.ts";
import { type Asked, farSide, mbap, never, registers } from "../../support.ts";

const ticks: Ticks = { next: () => Promise.resolve(5) };
/** A silence is short, but no answer takes so long. */
const BRIEF = { timeout: "250ms", replyDeadline: "250ms" };
const WHO = 0x0b;

const driver = modbusDevice({
  type: "known",
  title: { it: "", en: "" },
  maxRegisters: 10,
  every: "1s",
  identity: [{ fc: 3, address: WHO, decode: "uint16", oneOf: [341] }],
  points: {
    volts: { fc: 4, address: 0, decode: "uint16", unit: "V", kind: "gauge" },
    other: { fc: 3, address: 5, decode: "uint16", unit: "V", kind: "gauge" },
  },
  goldens: [],
}) as Driver;
const values = (asked: Asked) => mbap(asked.transaction, registers(3, asked.fc, asked.address === WHO ? 341 : 230));

/** As the gateway does it: opened anew after each failure, until something was read. */
async function firstRead(info: DeviceInfo, failed: () => void): Promise<readonly Reading[]> {
  for (;;) {
    const device = await info.open(never);
    try {
      for await (const batch of device.readings(ticks, never)) return batch;
    } catch (error) {
      expect(asEdgeError(error).code).toBe("bus.timeout");
      failed();
    }
  }
}

it("silent when the gateway started, it is believed from its first answer on", { timeout: 60_000 }, async () => {
  let isThere = false;
  await using side = await farSide("tcp", (asked) => isThere && asked.socket.write(values(asked)), BRIEF);
  await using wires = openWires({ plant: side.spec }, noLog);
  const info = deviceInfo("meter", driver, driver.options.parse({ unit: 3 }) as object, "plant", wires);
  const batch = await firstRead(info, () => {
    isThere = true;
    // The line would let it rest for as long as a silence is worth.
    wires.modbus("plant").hurry(3);
  });
  expect(batch.map(({ value, quality, code }) => [value, quality, code])).toEqual([
    [230, "good", undefined],
    [230, "good", undefined],
  ]);
});

it("silent to that question alone, then altogether, it is asked again when it is back", { timeout: 60_000 }, async () => {
  const mute = { who: true, all: false };
  await using side = await farSide(
    "tcp",
    (asked) => !mute.all && !(mute.who && asked.address === WHO) && asked.socket.write(values(asked)),
    BRIEF,
  );
  await using wires = openWires({ plant: side.spec }, noLog);
  const info = deviceInfo("meter", driver, driver.options.parse({ unit: 3 }) as object, "plant", wires);
  const device = await info.open(never);
  const batches = device.readings(ticks, never)[Symbol.asyncIterator]();
  const doubted = ((await batches.next()).value as readonly Reading[]).map(({ code }) => code);
  expect(doubted).toEqual(["value.unidentified", "value.unidentified"]);
  mute.all = true;
  await expect(batches.next()).rejects.toMatchObject({ code: "bus.timeout" });
  mute.who = mute.all = false;
  wires.modbus("plant").hurry(3);
  const batch = await firstRead(info, () => undefined);
  expect(batch.map(({ quality }) => quality)).toEqual(["good", "good"]);
});
