/** The identity of a boot of the machine, known or not. */
import { expect, it } from "vitest";
import { bootId } from "../../../src/kit/clock.ts";

it("is the kernel's, the same for every run of one boot", () => {
  expect(bootId()).toMatch(/^[0-9a-f]{32}$/);
  expect(bootId()).toBe(bootId());
});

it("is never that of an earlier run where nobody tells it", () => {
  const unknown = () => bootId("/proc/sys/kernel/random/no-such-file");
  expect(unknown()).toMatch(/^[0-9a-f]{32}$/);
  expect(unknown()).not.toBe(unknown());
});
