/** The Bluetooth adapter is pulled out and its process killed: other devices go on, and Bluetooth comes back by itself. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { DeviceStatus } from "../../../src/model/index.ts";
import { broker, Gateway, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { Site } from "../../support/running/site.ts";

const SCENARIO = {
  buses: { radio: { ble: "hci0" }, uart: { serial: "tcp", baud: 9600 } },
  devices: {
    env: { type: "bthome", bus: "radio", mac: "A4:C1:38:00:00:01" },
    tag: { type: "gatt-battery", bus: "radio", mac: "C4:7C:8D:00:00:02", every: "1s" },
    bay: { type: "a02yyuw", bus: "uart", occupiedBelow: "1200mm" },
  },
};
/** The process is told at once, the adapter's absence is believed after 10 s. */
const NOTICED_MS = 20_000;
const BACK_MS = 15_000;
const FRESH_MS = 2000;

const processesOf = (path: string): readonly number[] => {
  try {
    return execFileSync("pgrep", ["-f", path], { encoding: "utf8" }).trim().split("\n").map(Number);
  } catch {
    return [];
  }
};

it("Bluetooth gone, others go on", { timeout: 120_000 }, async () => {
  await using folder = await temporary("radio");
  await using city = await broker();
  await using platform = await startPlatform(city.url, join(folder.path, "city.sqlite"), "--ack-after", "200ms");
  await using site = await Site.open(folder.path, SCENARIO);
  await using gateway = new Gateway(folder.path);
  await gateway.configure(city.url, site.ready.site);
  const program = await gateway.start();
  expect(platform.program.running).toBe(true);
  await site.ask({ do: "set", device: "env", point: "temperature", value: 21.5 });
  await site.ask({ do: "set", device: "tag", point: "battery", value: 62 });
  await site.ask({ do: "set", device: "bay", point: "distance", value: 700 });

  const device = async (id: string): Promise<DeviceStatus | undefined> =>
    (await gateway.status()).devices.find((one) => one.id === id);
  const value = async (id: string, point: string) => {
    const found = (await device(id))?.points.find((one) => one.point === point);
    return found?.quality === "good" && (found.ageMs ?? FRESH_MS) < FRESH_MS ? found.value : undefined;
  };
  /** Looked at at every turn. */
  const bay: unknown[] = [];
  const bayGoesOn = async () => bay.push(await value("bay", "distance"));
  const well = async () => (await value("env", "temperature")) === 21.5 && (await value("tag", "battery")) === 62;
  await until(well, BACK_MS, "both Bluetooth devices");
  await until(async () => (await value("bay", "distance")) === 700, BACK_MS, "the bay");
  expect((await device("tag"))?.points.find(({ point }) => point === "model")?.value).toBe("Simulated model");

  await site.ask({ do: "fault", kind: "unplug", bus: "radio", forMs: 14_000 });
  const told = async () => {
    await bayGoesOn();
    const codes = [(await device("env"))?.problem?.code, (await device("tag"))?.problem?.code];
    return codes.every((code) => code === "ble.unavailable" || code === "ble.unreachable");
  };
  await until(told, NOTICED_MS, "devices that are down");
  const back = async () => {
    await bayGoesOn();
    return well();
  };
  await until(back, NOTICED_MS + BACK_MS, "Bluetooth after the adapter came back");

  const helper = join(folder.path, "site/tools/radio/cippo-ble");
  const [pid = 0] = processesOf(helper);
  for (const one of processesOf(helper)) process.kill(one, "SIGKILL");
  await until(async () => processesOf(helper).some((one) => one !== pid), BACK_MS, "another process");
  await until(back, BACK_MS, "Bluetooth after its process was killed");

  expect(bay.length).toBeGreaterThan(20);
  expect(new Set(bay), "the other wire was never late").toEqual(new Set([700]));

  program.child.kill("SIGKILL");
  await program.ended;
  await until(() => processesOf(helper).length === 0, 15_000, "no process that outlives the gateway");
});
