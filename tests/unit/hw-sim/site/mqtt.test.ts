/** A twin that publishes, met through the product's own wire: what it shows is read, and each of its faults is seen. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startSite } from "../../../../hw-sim/site/index.ts";
import { loadDriver } from "../../../../src/drivers/index.ts";
import { running } from "../../drivers/transports/mqtt/running-device.ts";

const TANK = {
  type: "mqtt-json",
  topic: "plant/tank",
  silentAfter: "1h",
  points: {
    level: { at: "/levels/0", unit: "cm", scale: 0.1 },
    pump: { topic: "plant/pump", map: { ON: true, OFF: false } },
    mode: { at: "/mode", map: { "1": "auto", "2": "manual" } },
  },
};

it("a device that publishes is read as it was set, in every form of its table", { timeout: 60_000 }, async () => {
  const dir = await mkdtemp(join(tmpdir(), "cippo-site-mqtt-"));
  await using _folder = { [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
  const scenario = join(dir, "scenario.yaml");
  const tankHere = { ...TANK, bus: "plant" };
  await writeFile(
    scenario,
    JSON.stringify({ buses: { plant: { mqtt: "embedded" } }, devices: { tank: tankHere }, assets: {}, play: {} }),
  );
  await using site = await startSite({ dir, scenario, gpiod: 1, loadDriver });
  const { player } = site;
  player.set("tank", "level", 182.5);
  player.set("tank", "pump", false);
  player.set("tank", "mode", "manual");
  const plant = site.ready.site.buses["plant"] as Readonly<Record<string, unknown>>;
  await using gateway = await running({ tank: TANK }, { ...plant, reconnect: { first: "100ms", max: "200ms" } });
  const tank = gateway.devices["tank"];
  tank?.commit();
  const poll = (look: () => unknown) => expect.poll(look, { timeout: 15_000 });
  const shown = () => Object.fromEntries(tank?.look().points.map(({ point, value }) => [point, value]) ?? []);
  await poll(shown).toEqual({ level: 182.5, pump: false, mode: "manual" });
  expect(() => player.set("tank", "pump", 3)).toThrow("pump is a boolean");

  await site.fault({ kind: "garbage", device: "tank", forMs: 60_000, lateMs: 0 });
  await poll(() => tank?.look().problem?.code).toBe("mqtt.malformed");
  await site.fault({ kind: "unplug", bus: "plant", forMs: 1500, lateMs: 0 });
  await poll(() => tank?.look().problem?.code).toBe("mqtt.broker-away");
  await site.fault({ kind: "silence", device: "tank", forMs: 60_000, lateMs: 0 });
  await poll(() => tank?.look().problem?.code).not.toBe("mqtt.broker-away");
});

it.each([
  ["lorawan-bosch-tps110", { presence: true, temperature: -7 }],
  ["lorawan-nwave-nps405", { presence: true, battery: 3344, temperature: -10.5 }],
  ["lorawan-tekzitel", { presence: true, obstruction: false, "battery-good": true, temperature: 21 }],
  ["lorawan-libelium-parking", { presence: true, "battery-low": false, temperature: 9 }],
  ["lorawan-pni-placepod", { presence: true, temperature: 24.1, battery: 3.61 }],
  ["lorawan-milesight-em310-udl", { battery: 92, distance: 2116, tilted: true }],
  ["lorawan-milesight-em300-th", { battery: 92, temperature: -1.1, humidity: 50.5 }],
  ["lorawan-dragino-lht65n", { battery: 3062, temperature: -1.25, humidity: 88.6 }],
])("%s sends real bytes of its own table, which its own driver reads", { timeout: 60_000 }, async (type, values) => {
  const dir = await mkdtemp(join(tmpdir(), "cippo-site-lora-"));
  await using _folder = { [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
  const scenario = join(dir, "scenario.yaml");
  const written = { type, devEui: "70B3D52C00012345", silentAfter: "1h" };
  const devices = { one: { ...written, bus: "ground" } };
  await writeFile(scenario, JSON.stringify({ buses: { ground: { mqtt: "embedded" } }, devices, assets: {}, play: {} }));
  await using site = await startSite({ dir, scenario, gpiod: 1, loadDriver });
  for (const [point, value] of Object.entries(values)) site.player.set("one", point, value);
  await using gateway = await running({ one: written }, site.ready.site.buses["ground"] as Readonly<Record<string, unknown>>);
  gateway.devices["one"]?.commit();
  const shown = () =>
    Object.fromEntries(
      (gateway.devices["one"]?.look().points ?? []).flatMap(({ point, value }) => (point in values ? [[point, value]] : [])),
    );
  await expect.poll(shown, { timeout: 15_000 }).toEqual(values);
});
