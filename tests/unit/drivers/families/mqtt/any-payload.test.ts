/** Whatever a broker sends, spoiled in any way: values that the points can have, or a refusal; never anything else. */
import { ok } from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { deviceTypes, loadDriver } from "../../../../../src/drivers/index.ts";
import { EdgeError } from "../../../../../src/kit/errors.ts";
import { type Dice, each } from "../../../../support/memory/dice.ts";

const MINUTES_MS = 20 * 60_000;
const all = await Promise.all(Object.keys(deviceTypes).map(loadDriver));
const drivers = all.filter(({ wire }) => wire === "mqtt");

/** A golden is "port: bytes", or a topic and its payload. */
function spoiled(rx: string, dice: Dice): string {
  const [, port, hex] = /^(\d+):([0-9A-F ]*)$/.exec(rx) ?? [];
  if (port === undefined || hex === undefined) {
    const [topic = "", ...payload] = rx.split(" ");
    return `${topic} ${dice.spoiled(Buffer.from(payload.join(" "))).toString("latin1")}`;
  }
  const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
  return `${dice.pick(port, String(dice.below(256)))}: ${(bytes.length === 0 ? dice.bytes(20) : dice.spoiled(bytes)).toString("hex")}`;
}

describe.each(drivers.map((driver) => [driver.type, driver] as const))("%s", (_, driver) => {
  it("gives values of its points, or refuses", { timeout: MINUTES_MS }, () => {
    const [first, ...others] = driver.goldens;
    if (first === undefined) throw new Error("no golden");
    const of = new Map(driver.goldens.map((golden) => [golden, driver.points(driver.options.parse(golden.options))]));
    each((dice) => {
      const golden = dice.pick(first, ...others);
      const points = of.get(golden) ?? {};
      try {
        for (const [point, value] of Object.entries(driver.decode({ ...golden, rx: spoiled(golden.rx, dice) }))) {
          const spec = points[point];
          ok(spec !== undefined, `no point ${point}`);
          if (typeof value !== "number") continue;
          ok(
            Number.isFinite(value) && (!spec.range || (value >= spec.range[0] && value <= spec.range[1])),
            `${point} = ${value}`,
          );
        }
      } catch (error) {
        if (!(error instanceof EdgeError)) throw error;
        expect(error.code).toBe("frame.invalid");
      }
    });
  });
});
