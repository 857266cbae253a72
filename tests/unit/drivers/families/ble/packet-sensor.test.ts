/** Sensors whose packets have fixed places, twins' packets and any bytes: what was sent, once, or one error. */
import { describe, expect, it } from "vitest";
import { Tag } from "../../../../../hw-sim/site/ble/tag.ts";
import { ruuviAir } from "../../../../../src/drivers/devices/ruuvi-air.ts";
import { ruuviTag } from "../../../../../src/drivers/devices/ruuvi-tag.ts";
import type { BleAdvert, BleDevice, BleRadio, Driver, Opening, PacketLayout, Wires } from "../../../../../src/drivers/driver.ts";
import { EdgeError } from "../../../../../src/kit/errors.ts";
import type { Reading } from "../../../../../src/model/index.ts";
import fc from "../../../../support/property.ts";
import { never } from "../../support.ts";

const MAC = "CB:B8:33:4C:88:4F";
const TAG = "0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F";
const NEXT = "0512FC5394C37C0004FFFC040CAC364200CECBB8334C884F";

/** What a device yields of this manufacturer data, a second apart. */
async function heard<O>(driver: Driver<O>, options: O, packets: readonly string[]): Promise<readonly (readonly Reading[])[]> {
  const radio: BleDevice = {
    async *adverts() {
      for (const [i, packet] of packets.entries())
        yield {
          mac: MAC,
          mono: i * 1000,
          services: {},
          manufacturers: packet === "" ? {} : { "0499": Buffer.from(packet, "hex") },
        } satisfies BleAdvert;
    },
    read: () => Promise.reject(new Error("never connects")),
    [Symbol.dispose]() {},
  };
  const line: Pick<BleRadio, "open"> = { open: async () => radio };
  const wires = { ble: () => line } as unknown as Wires;
  const opening: Opening<O> = { id: "sensor", options, bus: "radio", wires, stop: never };
  await using device = await driver.open(opening);
  const batches: (readonly Reading[])[] = [];
  for await (const batch of device.readings({ next: async () => 0 }, never)) batches.push(batch);
  return batches;
}

const valuesOf = (batch: readonly Reading[] | undefined) =>
  Object.fromEntries((batch ?? []).map(({ point, value }) => [point, value]));
const packetIn = (driver: Driver, options: unknown): PacketLayout => {
  const layout = driver.layout(options);
  if (!("packet" in layout)) throw new Error(`${driver.type} has no packet`);
  return layout.packet;
};
const drivers = [ruuviTag, ruuviAir] as unknown as readonly Driver[];

describe("a RuuviTag", () => {
  const options = ruuviTag.options.parse({ mac: MAC, points: ["temperature", "battery"] });

  it("tells each measurement once, though the same numbers come again in the next", async () => {
    const batches = await heard(ruuviTag, options, [TAG, TAG, "", NEXT, NEXT]);
    const told = { temperature: 24.3, battery: 2.977 };
    expect(batches.map(valuesOf)).toEqual([told, {}, {}, told, {}]);
  });

  it("has no good value of what it says it does not have, of a packet cut in half, and of another format", async () => {
    const without = `058000${TAG.slice(6)}`;
    const batches = await heard(ruuviTag, options, [without, TAG.slice(0, 24), "03291A1ECE1EFC18F94202CA0B53"]);
    expect(batches.map((batch) => batch.map(({ point, value, code }) => [point, value, code]))).toEqual([
      [
        ["temperature", null, "value.not-a-number"],
        ["battery", 2.977, undefined],
      ],
      [
        ["temperature", null, "frame.invalid"],
        ["battery", null, "frame.invalid"],
      ],
      [
        ["temperature", null, "frame.invalid"],
        ["battery", null, "frame.invalid"],
      ],
    ]);
  });
});

describe.each(drivers.map((driver) => [driver.type, driver] as const))("%s", (_, driver) => {
  const every = driver.options.parse({
    mac: MAC,
    points: packetIn(driver, driver.options.parse({ mac: MAC })).fields.map(({ point }) => point),
  });
  const packet = packetIn(driver, every);
  const golden = (bytes: Uint8Array) =>
    driver.decode({
      name: "",
      rx: Buffer.from(bytes).toString("hex"),
      options: every as object,
      expect: {},
      source: "",
    } as never);

  it("reads what its twin sends, as near as the packet can carry it", () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -70_000, max: 70_000 }), { minLength: 9, maxLength: 9 }), (numbers) => {
        const tag = new Tag(
          driver.layout(every) as ConstructorParameters<typeof Tag>[0],
          packet.fields.map(({ point }) => point),
        );
        for (const [i, { point }] of packet.fields.entries()) tag.set(point, (numbers[i] ?? 0) / 7);
        const data = tag.advert()?.manufacturers?.[packet.manufacturer] ?? "";
        const told = golden(Buffer.from(data, "hex"));
        // What a quantity cannot be is told as no value.
        for (const [point, value] of Object.entries(told)) if (value !== null) expect(value).toBe(tag.values[point]);
        expect(told["temperature"]).toBe(tag.values["temperature"]);
        expect(Object.keys(told)).toEqual(packet.fields.map(({ point }) => point));
      }),
    ));

  it("of any bytes makes finite numbers, or refuses them", () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 40 }),
          fc
            .uint8Array({ minLength: packet.bytes - 1, maxLength: packet.bytes - 1 })
            .map((rest) => Buffer.from([packet.format, ...rest])),
        ),
        (bytes) => {
          try {
            for (const value of Object.values(golden(bytes)))
              expect(value === null || typeof value === "boolean" || Number.isFinite(value)).toBe(true);
          } catch (error) {
            expect(error instanceof EdgeError && error.code).toBe("frame.invalid");
          }
        },
      ),
    ));
});
