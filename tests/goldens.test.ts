/** Every device's golden frames go through the code that live bytes go through; the values that their sources name must come out. */
import { describe, expect, it } from "vitest";
import { deviceTypes, loadDriver } from "../src/drivers/index.ts";

const drivers = await Promise.all(Object.keys(deviceTypes).map(loadDriver));

describe.each(drivers.map((driver) => [driver.type, driver] as const))("%s", (type, driver) => {
  it("has its own name in the registry, and goldens: one that holds and one that is refused or changes nothing", () => {
    expect(Object.keys(deviceTypes)).toContain(type);
    expect(driver.goldens.filter((golden) => golden.expect !== "refused").length).toBeGreaterThan(0);
  });

  it.each(driver.goldens.map((golden) => [golden.name, golden] as const))("%s", (_, golden) => {
    expect(golden.source).not.toBe("");
    if (golden.expect === "refused") expect(() => driver.decode(golden)).toThrow();
    else expect(driver.decode(golden)).toEqual(golden.expect);
  });
});
