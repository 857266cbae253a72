/** Every program of the simulator answers words that it does not understand with a sentence, its help and exit 2. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const program = (name: string) => fileURLToPath(new URL(`../../../dist/${name}.js`, import.meta.url));
const needs = ["--broker", "mqtt://127.0.0.1:1", "--db", "/dev/null/x"];

it.each([
  ["hw-sim/soak", ["--json"], "Unknown option '--json'"],
  ["hw-sim/soak", ["--for", "soon"], "--for soon: expected a duration such as"],
  ["hw-sim/soak", ["--broker", "mqtt://x"], "--broker mqtt://x: expected embedded or mosquitto"],
  ["hw-sim/vm", ["--cuts", "x"], "--cuts x: expected a whole number, at least 1"],
  ["hw-sim/vm", ["--only", "wifi"], "--only wifi: expected unit, gpio, serial, ble, power"],
  ["hw-sim/platform", [], "--broker: is needed"],
  ["hw-sim/platform", [...needs, "--ack-after", "later"], "--ack-after later: expected a time such as 5s"],
  ["hw-sim/platform", [...needs, "--set", "relay.mains=on"], "--set relay.mains=on: expected TARGET=VALUE"],
  ["hw-sim/broker", ["--port", "eighty"], "--port eighty: expected a port from 0 to 65535"],
  ["hw-sim/site", ["--gpiod", "3"], "--dir is missing"],
  ["bench/modbus-faults", ["--share", "2"], "--share 2: expected a number from 0 to 1"],
] as const)("%s %j", (name, words, expected) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program(name), ...words], {
    encoding: "utf8",
    timeout: 15_000,
  });
  expect(status).toBe(2);
  expect(stdout).toBe("");
  const [first, empty, help] = stderr.split("\n");
  expect(first).toContain(expected);
  expect([empty, help]).toEqual(["", expect.stringContaining(`node dist/${name}.js`)]);
  expect(stderr).not.toMatch(/^ +at /m);
});
