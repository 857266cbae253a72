/** Sends every device's golden frames through the code that live bytes take, and expects the values of their sources. */
import { describe, expect, it } from "vitest";
import { deviceTypes, loadDriver } from "../src/drivers/index.ts";

const drivers = await Promise.all(Object.keys(deviceTypes).map(loadDriver));

describe.each(drivers.map((driver) => [driver.type, driver] as const))("%s", (type, driver) => {
  it("has its own name in the registry, and goldens: one that holds and one that is refused", () => {
    expect(Object.keys(deviceTypes)).toContain(type);
    const refused = driver.goldens.filter((golden) => golden.expect === "refused");
    expect(refused.length).toBeGreaterThan(0);
    expect(driver.goldens.length).toBeGreaterThan(refused.length);
  });

  it.each(driver.goldens.map((golden) => [golden.name, golden] as const))("%s", (_, golden) => {
    expect(golden.source).not.toBe("");
    if (golden.expect === "refused") expect(() => driver.decode(golden)).toThrow();
    else expect(driver.decode(golden)).toEqual(golden.expect);
  });
});
