/** Devices that are read over a connection: what their twins hold comes through, each characteristic asked for once. */
import { describe, expect, it } from "vitest";
import { Tag } from "../../../../../hw-sim/site/ble/tag.ts";
import { gattBattery } from "../../../../../src/drivers/devices/gatt-battery.ts";
import { gattEnvironment } from "../../../../../src/drivers/devices/gatt-environment.ts";
import { gattIo } from "../../../../../src/drivers/devices/gatt-io.ts";
import type { BleCharacteristic, BleDevice, BleRadio, Driver, Opening, Wires } from "../../../../../src/drivers/driver.ts";
import { never } from "../../support.ts";

const MAC = "C4:7C:8D:00:00:04";

/** A device of this type, its twin set to these values, read once. */
async function readOnce<O>(driver: Driver<O>, written: object, values: Readonly<Record<string, number | boolean>>) {
  const options = driver.options.parse({ mac: MAC, ...written });
  const layout = driver.layout(options);
  if (layout.wire !== "ble") throw new Error(`${driver.type} is on ${layout.wire}`);
  const twin = new Tag(layout, Object.keys(driver.points(options)));
  for (const [point, value] of Object.entries(values)) twin.set(point, value);
  const asked: BleCharacteristic[] = [];
  const over = new AbortController();
  const radio: BleDevice = {
    adverts: () => {
      throw new Error("it is read, not listened to");
    },
    async read(characteristics) {
      asked.push(...characteristics);
      over.abort();
      const bytes = twin.read(characteristics).values;
      return { mono: 1, values: bytes.map((hex) => (hex === null ? null : Buffer.from(hex, "hex"))) };
    },
    [Symbol.dispose]() {},
  };
  const line: Pick<BleRadio, "open"> = { open: async () => radio };
  const opening: Opening<O> = { id: "tag", options, bus: "radio", wires: { ble: () => line } as unknown as Wires, stop: never };
  await using device = await driver.open(opening);
  const readings = [];
  for await (const batch of device.readings({ next: async () => 0 }, over.signal)) readings.push(...batch);
  return {
    asked: asked.map(({ characteristic }) => characteristic),
    told: Object.fromEntries(readings.map(({ point, value }) => [point, value])),
  };
}

describe("a device that is read over a connection", () => {
  it("gives what is wanted of its climate, and its battery", async () => {
    const { asked, told } = await readOnce(
      gattEnvironment,
      { points: ["temperature", "pressure"] },
      { temperature: -12.34, pressure: 1013.197, battery: 87 },
    );
    expect(asked).toEqual(["2a6e", "2a6d", "2a19", "2a29", "2a24", "2a26"]);
    expect(told).toMatchObject({ temperature: -12.34, pressure: 1013.197, battery: 87, model: "Simulated model" });
    expect(told).not.toHaveProperty("humidity");
  });

  it("gives several lines of one characteristic, which is asked for once", async () => {
    const values = { "line-1": true, "line-2": false, "line-6": true, analog: 4660 };
    const { asked, told } = await readOnce(gattIo, { points: Object.keys(values) }, values);
    expect(asked).toEqual(["2a56", "2a58"]);
    expect(told).toEqual(values);
  });

  it("has the points of its table where its options choose none", () => {
    expect(Object.keys(gattBattery.points(gattBattery.options.parse({ mac: MAC })))).toEqual([
      "battery",
      "manufacturer",
      "model",
      "firmware",
    ]);
    expect(gattBattery.options.safeParse({ mac: MAC, points: ["battery"] }).success).toBe(false);
    expect(gattIo.options.safeParse({ mac: MAC, points: ["line-9"] }).success).toBe(false);
  });
});
