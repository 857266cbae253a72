/** A meter is silent for one register, another has a wrong address: the rest arrives, and the box says what is wrong. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { Held } from "../../support/running/held.ts";
import { broker, Gateway, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { farSide, mbap, registers } from "../../unit/drivers/support.ts";

const SILENT = 30;
const POINTS = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}`, { fc: 3, address: i * 10 }]));

it("one silent register costs its own point, and a wrong address is told by its number", { timeout: 90_000 }, async () => {
  await using folder = await temporary("silent-register");
  await using city = await broker();
  await using _platform = await startPlatform(city.url, join(folder.path, "city.sqlite"), "--ack-after", "200ms");
  await using meter = await farSide("tcp", (asked) => {
    if (asked.address !== SILENT) asked.socket.write(mbap(asked.transaction, registers(asked.unit, 3, asked.address)));
  });
  // The switch of the one that was mounted as unit 5 is at 7.
  await using line = await farSide("rtu-tcp", ({ socket }) => socket.write(registers(7, 3, 1)));
  const portOf = ({ spec }: typeof meter) => ("port" in spec ? spec.port : 0);
  await using gateway = new Gateway(folder.path);
  await gateway.configure(city.url, {
    buses: {
      net: { modbus: "tcp", host: "127.0.0.1", port: portOf(meter) },
      line: { modbus: "rtu-tcp", host: "127.0.0.1", port: portOf(line) },
    },
    devices: {
      boiler: { type: "modbus-points", bus: "net", unit: 3, every: "1s", points: POINTS },
      pump: { type: "modbus-points", bus: "line", unit: 5, every: "1s", points: { flow: { fc: 3, address: 0 } } },
    },
  });
  await gateway.start();
  const statusOf = async (id: string) => (await gateway.status()).devices.find((device) => device.id === id);
  await using held = await Held.open(join(folder.path, "city.sqlite"));
  const rows = async () => (await held.readings("boiler")).map(({ name, value, quality, code }) => [name, value, quality, code]);
  const expected = Object.entries(POINTS).map(([name, { address }]) =>
    address === SILENT ? [name, null, "bad", "bus.timeout"] : [name, address, "good", null],
  );
  await until(async () => new Set((await rows()).map(([name]) => name)).size === expected.length, 30_000, "all nine points");
  expect((await rows()).filter((row) => !expected.some((one) => JSON.stringify(one) === JSON.stringify(row)))).toEqual([]);
  expect(await statusOf("boiler")).toMatchObject({ state: "problem", problem: { code: "bus.timeout", points: ["p3"] } });

  await until(async () => (await statusOf("pump"))?.problem?.code === "bus.other-unit", 30_000, "the other unit");
  const { problem } = (await statusOf("pump")) ?? {};
  expect(problem?.what.en).toBe("On bus line unit 7 answered instead of unit 5");
  expect(problem?.next.it).toMatch(/selettore d'indirizzo.*è su 7.*`unit: 5`/);
});
