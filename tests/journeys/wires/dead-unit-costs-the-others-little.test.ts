/** One of fifteen meters on a line is dead: the others keep their cadence, and the box says which one is silent and why. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { monotonic } from "../../../src/kit/clock.ts";
import { Held } from "../../support/running/held.ts";
import { broker, Gateway, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { farSide, registers } from "../../unit/drivers/support.ts";

const EVERY_MS = 1000;
const DEAD = 9;
const LIVING = Array.from({ length: 15 }, (_, i) => i + 1).filter((unit) => unit !== DEAD);

it("a dead unit costs the others on its line little", { timeout: 90_000 }, async () => {
  await using folder = await temporary("dead");
  await using city = await broker();
  await using _platform = await startPlatform(city.url, join(folder.path, "city.sqlite"), "--ack-after", "200ms");
  const askedAt: { readonly unit: number; readonly at: number }[] = [];
  await using line = await farSide("rtu-tcp", ({ unit, fc, address, socket }) => {
    askedAt.push({ unit, at: monotonic() });
    if (unit !== DEAD) socket.write(registers(unit, fc, unit * 1000 + address));
  });
  await using gateway = new Gateway(folder.path);
  const meter = (unit: number) => ({
    type: "modbus-points",
    bus: "line",
    unit,
    every: `${EVERY_MS}ms`,
    points: { n: { fc: 3, address: 7 } },
  });
  await gateway.configure(city.url, {
    buses: { line: { modbus: "rtu-tcp", host: "127.0.0.1", port: "port" in line.spec ? line.spec.port : 0 } },
    devices: Object.fromEntries([...LIVING, DEAD].map((unit) => [`unit-${unit}`, meter(unit)])),
  });
  const program = await gateway.start();
  const statusOf = async (unit: number) => (await gateway.status()).devices.find(({ id }) => id === `unit-${unit}`);
  const polls = (unit: number, from: number, to: number) =>
    askedAt.filter((asked) => asked.unit === unit && asked.at >= from && asked.at < to).length;
  await until(() => askedAt.some(({ unit }) => unit === DEAD), 10_000, "the dead one is asked");
  const begun = askedAt.find(({ unit }) => unit === DEAD)?.at ?? 0;

  await until(async () => (await statusOf(DEAD))?.problem?.code === "bus.timeout", 10_000, "bus.timeout");
  for (const unit of LIVING) await until(async () => (await statusOf(unit))?.state === "up", 15_000, `unit ${unit} up`);
  await using held = await Held.open(join(folder.path, "city.sqlite"));
  await until(async () => (await held.events("device.down")).length > 0, 40_000, "device.down");

  // About 30 s, in which the dead one went through every step of its back-off.
  const ended = monotonic();
  const wanted = Math.floor(((ended - begun) / EVERY_MS) * 0.9);
  for (const unit of LIVING) expect(polls(unit, begun, ended)).toBeGreaterThanOrEqual(wanted);
  // It is still asked, less and less: at most as often as a circuit breaker lets through.
  expect(polls(DEAD, begun, ended)).toBeGreaterThanOrEqual(2);
  expect(polls(DEAD, begun, ended)).toBeLessThanOrEqual(10);

  expect((await held.events("device.down")).map(({ device, state }) => [device, state])).toEqual([[`unit-${DEAD}`, "raised"]]);
  const silent = await held.readings(`unit-${DEAD}`);
  expect(silent.map(({ value, quality, code }) => [value, quality, code])).toEqual([[null, "bad", "bus.timeout"]]);
  for (const unit of LIVING) {
    const readings = await held.readings(`unit-${unit}`);
    expect(readings.length).toBeGreaterThan(wanted * 0.9);
    expect(readings.filter(({ value, quality }) => quality !== "good" || value !== unit * 1000 + 7)).toEqual([]);
  }
  const told = await gateway.cippo("devices");
  expect(told.code).toBe(1);
  expect(told.stdout).toMatch(/unit-9 .*down.*\n +bus\.timeout/);
  // Nor does Node find anything amiss, such as a signal that all devices wait for.
  await gateway.stop();
  expect(program.stderr).toBe("");
});
