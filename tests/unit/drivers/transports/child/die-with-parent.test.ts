/** Helper programs end with the gateway, or with its service. */
import { expect, it } from "vitest";
import { dieWithParent } from "../../../../../src/drivers/transports/child/die-with-parent.ts";

const HELPER = ["gpiomon", ["gpiochip0", "4"]] as const;

it("asks the kernel, in a shell and below one that systemd started", () => {
  const bound = ["/usr/bin/setpriv", ["--pdeathsig", "KILL", "--", "gpiomon", "gpiochip0", "4"]];
  expect(dieWithParent(...HELPER, {})).toEqual(bound);
  expect(dieWithParent(...HELPER, { SYSTEMD_EXEC_PID: String(process.ppid) })).toEqual(bound);
});

it("leaves it to systemd, in whose sandbox setpriv may not run", () => {
  expect(dieWithParent(...HELPER, { SYSTEMD_EXEC_PID: String(process.pid) })).toEqual(HELPER);
});
