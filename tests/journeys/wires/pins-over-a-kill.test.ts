/** A pulse meter and a relay over a kill of the gateway: no pulse counts twice, and what must not stay on goes off. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EdgeEvent, Value } from "../../../src/model/index.ts";
import { Held } from "../../support/running/held.ts";
import { broker, Gateway, list, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { Site } from "../../support/running/site.ts";

const BUSY = { timeout: 60_000 };
const PINS = { pins: { gpio: "gpiod" } };

async function value(gateway: Gateway, device: string, point: string): Promise<Value | undefined> {
  const found = (await gateway.status()).devices.find(({ id }) => id === device);
  return found?.state === "up" ? found.points.find((one) => one.point === point)?.value : undefined;
}

describe("pins over a kill", () => {
  it("pulses: the total goes on where it was, and that nobody counted meanwhile is told", BUSY, async () => {
    await using folder = await temporary("pulses");
    await using city = await broker();
    const file = join(folder.path, "city.sqlite");
    await using _platform = await startPlatform(city.url, file, "--ack-after", "200ms");
    await using site = await Site.open(folder.path, {
      buses: PINS,
      devices: { water: { type: "gpio-pulse", bus: "pins", line: 17, litresPerPulse: 10, every: "1s" } },
    });
    await using gateway = new Gateway(folder.path);
    await gateway.configure(city.url, site.ready.site);
    await gateway.start();
    const volume = (wanted: number) =>
      until(async () => (await value(gateway, "water", "volume")) === wanted, 15_000, `${wanted} m3`);
    /** Refused while the pulse before stands. */
    const pulse = () => until(() => site.ask({ do: "set", device: "water", point: "volume", value: true }), 15_000, "a pulse");

    await using held = await Held.open(file);
    // What the gateway shows is committed and sent a moment later.
    const rows = async () => (await held.readings("water")).map(({ value, quality, code }) => [value, quality, code ?? ""]);
    await volume(0);
    for (const wanted of [0.01, 0.02, 0.03]) {
      await pulse();
      await volume(wanted);
    }
    await until(async () => (await rows()).some(([value]) => value === 0.03), 15_000, "0.03 m3 at the platform");
    await gateway.kill();
    await pulse();
    await gateway.start();
    await volume(0.03);
    await pulse();
    await volume(0.04);

    await until(async () => (await rows()).some(([value]) => value === 0.04), 15_000, "0.04 m3 at the platform");
    expect(await rows()).toEqual([
      [0, "uncertain", "counter.restarted"],
      [0.01, "good", ""],
      [0.02, "good", ""],
      [0.03, "good", ""],
      [0.03, "uncertain", "counter.unobserved"],
      [0.04, "good", ""],
    ]);
  });

  it("a relay: off after maxOn with the platform away, and after a kill by the deadline from before it", BUSY, async () => {
    await using folder = await temporary("relay");
    await using site = await Site.open(folder.path, {
      buses: PINS,
      devices: {
        lamp: { type: "gpio-relay", bus: "pins", line: 27, active: "low", onStart: "keep", limits: { maxOn: "2s" } },
        pump: {
          type: "gpio-relay",
          bus: "pins",
          line: 26,
          onStart: "on",
          onStop: "on",
          limits: { maxOn: "10s", minInterval: "1h" },
        },
      },
    });
    await using gateway = new Gateway(folder.path);
    // Nobody is there.
    await gateway.configure("mqtt://127.0.0.1:1", site.ready.site);
    await gateway.start();
    const is = (device: string, on: boolean, withinMs = 15_000) =>
      until(async () => (await value(gateway, device, "on")) === on, withinMs, `${device} ${on ? "on" : "off"}`);
    const switched = async (device: string) =>
      (await site.served()).flatMap((one) => (one.k === "level" && one.device === device ? [one.value] : []));
    const set = async (device: string, on: boolean) =>
      (await gateway.cippo("command", `${device}.on`, "set", `value=${on}`)).code;

    await is("pump", true);
    await is("lamp", false);
    expect(await set("lamp", true)).toBe(0);
    await until(async () => (await switched("lamp")).length === 3, 15_000, "a lamp that goes off by itself");
    expect(await switched("lamp")).toEqual([false, true, false]);
    await is("lamp", false);

    // The command's deadline outlives the gateway: the pump begins on again, and it is by the command that it goes off (`limit-reached`).
    expect(await set("pump", true)).toBe(0);
    const commanded = performance.now();
    await gateway.kill();
    await until(async () => (await switched("pump")).at(-1) === false, 15_000, "a pump that nobody holds");
    await gateway.start();
    await is("pump", true);
    await is("pump", false, 15_000);
    expect(performance.now() - commanded).toBeGreaterThan(9500);
    expect(await set("pump", true)).not.toBe(0);
    const reached = await list<EdgeEvent>(gateway.socket, { do: "events", limit: 1000 });
    expect(reached.filter(({ kind }) => kind === "command.limit-reached").map(({ target }) => target)).toEqual([
      "lamp.on",
      "pump.on",
    ]);
    expect(await switched("pump")).toEqual([false, true, false, true, false]);

    // A soft stop leaves it as the site wants it, for as long as anybody drives the line.
    expect(await gateway.stop()).toBe(0);
    expect((await switched("pump")).slice(-2)).toEqual([true, false]);
  });
});
