/** Options of every device and bus: each schema can be documented, and each option has a description. */
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { busSchema, wireOf } from "../../../../src/drivers/buses.ts";
import { deviceTypes, loadDriver, plannedTypes } from "../../../../src/drivers/index.ts";

/** Names of properties without a description, at any depth. */
function undescribed(schema: unknown, at = ""): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const found: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (key === "properties")
      for (const [name, property] of Object.entries(value as object)) {
        const { description, const: fixed } = property as { description?: string; const?: unknown };
        if (description === undefined && fixed === undefined) found.push(`${at}.${name}`);
        found.push(...undescribed(property, `${at}.${name}`));
      }
    else if (typeof value === "object") found.push(...undescribed(value, at));
  }
  return found;
}

describe("options", () => {
  it.each(Object.keys(deviceTypes))("of %s are all described and strict", async (type) => {
    const { options } = await loadDriver(type);
    const schema = z.toJSONSchema(options, { io: "input" });
    expect(undescribed(schema)).toEqual([]);
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties ?? {})).not.toContain("type");
  });

  it("no type is both there and planned", () => {
    expect(plannedTypes.filter((type) => type in deviceTypes)).toEqual([]);
  });
});

describe("buses", () => {
  it.each([
    [{ modbus: "rtu", port: "/dev/serial/by-id/usb-FTDI", baud: 9600, parity: "none" }, "modbus"],
    [{ modbus: "tcp", host: "10.20.0.20" }, "modbus"],
    [{ modbus: "rtu-tcp", host: "10.20.0.21", port: 4001 }, "modbus"],
    [{ serial: "/dev/serial0", baud: 9600 }, "serial"],
    [{ serial: "tcp://10.20.0.31:4001" }, "serial"],
    [{ gpio: "auto" }, "gpio"],
    [{ ble: "hci0" }, "ble"],
    [{ mqtt: "mqtts://regional-iot.example:8883", credentials: { ca: "regional-ca.crt" } }, "mqtt"],
  ])("%j is %s", (written, wire) => expect(wireOf(busSchema.parse(written))).toBe(wire));

  it.each([
    [{ modbus: "rtu" }],
    [{ modbus: "ascii", port: "/dev/x" }],
    [{ serial: "COM3" }],
    [{ gpio: "auto", baud: 9600 }],
    [{}],
  ])("%j is refused", (written) => expect(busSchema.safeParse(written).success).toBe(false));

  it("are described, every key of them", () => {
    expect(undescribed(z.toJSONSchema(busSchema, { io: "input" }))).toEqual([]);
  });
});
