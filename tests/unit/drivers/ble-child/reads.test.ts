/** The Bluetooth child connects, reads and lets go, one device at a time; skipped without python3-dbusmock. */
import { describe, expect, it } from "vitest";
import { BATTERY, lacks, MAC, NEW, TAG, useBluez } from "../../../support/running/ble-child.ts";
import { Gateway, until } from "../../../support/running/processes.ts";

describe.skipIf(lacks !== "")("the child on a BlueZ that is not ours", { timeout: 120_000 }, () => {
  const site = useBluez();
  const { hears, scanning } = site;

  it("reads a battery: connects, reads, lets go, listens on; and leaves no match rule behind", async () => {
    await using child = await scanning(MAC, TAG);
    const wanted = [
      ["180f", "2a19"],
      ["180a", "2a29"],
      ["180a", "2a24"],
      ["180a", "2a26"],
      ["1809", "2a1c"],
    ] as const;
    for (const mac of [MAC, TAG]) await hears(child, mac, -41);
    expect(await child.read(TAG, wanted)).toEqual(["57", "414243", null, null, null]);
    const rules = await site.bluez.ask<number>({ do: "match_rules" });
    for (let round = 0; round < 3; round += 1) expect(await child.read(TAG, BATTERY)).toEqual(["57"]);
    expect(await site.bluez.ask<number>({ do: "match_rules" })).toBe(rules);
    await expect.poll(() => site.bluez.ask({ do: "connected", mac: TAG })).toBe(false);
    await hears(child, MAC, -42);
  });

  it("gives up on one that does not answer, and serves the next", async () => {
    await using child = await scanning(MAC, TAG);
    expect(await child.read(NEW, BATTERY)).toBe("absent");
    await site.bluez.ask({ do: "hang", mac: MAC, method: "Connect" });
    const orders = [child.order(MAC, BATTERY), child.order(TAG, BATTERY)];
    expect([await child.answer(orders[0] ?? 0), await child.answer(orders[1] ?? 0)]).toEqual(["connect", ["57"]]);
  });

  it("serves who waits longest: nobody overtakes by asking again, and one order waits for each device", async () => {
    await using child = await scanning(MAC, TAG);
    await site.bluez.ask({ do: "hang", mac: MAC, method: "Connect" });
    const first = child.order(MAC, BATTERY);
    await child.state("reading");
    const [again, other, thrice] = [child.order(MAC, BATTERY), child.order(TAG, BATTERY), child.order(MAC, BATTERY)];
    await child.answer(thrice);
    const answers = child.words.flatMap((word) => ("id" in word ? [word.id] : []));
    expect(answers).toEqual([again, first, other, thrice]);
  });

  it("gives up on services that are never resolved, on a device that goes away meanwhile, and on a value that never comes", async () => {
    await site.bluez.ask({ do: "gatt", mac: MAC, values: { "180f": { "2a19": "slow" } }, resolved: false });
    await using child = await scanning(MAC, TAG);
    expect(await child.read(MAC, BATTERY)).toBe("discover");
    const lost = child.order(MAC, BATTERY);
    child.mark();
    await child.state("reading");
    await expect.poll(() => site.bluez.ask({ do: "connected", mac: MAC })).toBe(true);
    await site.bluez.ask({ do: "set_connected", mac: MAC, on: false });
    expect(await child.answer(lost)).toBe("discover");

    await site.bluez.ask({ do: "device", mac: NEW });
    await site.bluez.ask({ do: "gatt", mac: NEW, values: { "180f": { "2a19": "slow" } } });
    child.say({ do: "want", macs: [MAC, TAG, NEW] });
    await hears(child, NEW, -41);
    expect(await child.read(NEW, BATTERY)).toBe("read");
    expect(await child.read(TAG, BATTERY)).toEqual(["57"]);
  });

  it("serves the built gateway, which starts it by itself; and without D-Bus only the devices on it are down", async () => {
    const devices = {
      env: { type: "bthome", bus: "radio", mac: MAC, points: ["temperature"] },
      tag: { type: "gatt-battery", bus: "radio", mac: TAG, every: "1s" },
    };
    await using gateway = new Gateway(site.folder);
    await gateway.configure("mqtt://127.0.0.1:1", { buses: { radio: { ble: "hci0" } }, devices });
    const point = async (device: string, name: string) =>
      (await gateway.status()).devices.find(({ id }) => id === device)?.points.find((one) => one.point === name);
    await gateway.start(site.bluez.env);
    // Its radio listens before its first advertisement counts: it is sent until it is heard.
    await until(async () => {
      await site.bluez.ask({ do: "advert", mac: MAC, service: { fcd2: "4002CA09" } });
      return (await point("env", "temperature"))?.value === 25.06;
    });
    await until(async () => (await point("tag", "battery"))?.value === 87);
    expect((await point("tag", "manufacturer"))?.value).toBe("ABC");
    expect(await gateway.stop()).toBe(0);

    await gateway.start({ DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${site.folder}/nothing` });
    const down = async () => (await gateway.status()).devices.every(({ problem }) => problem?.code === "ble.unavailable");
    await until(down, 30_000, "devices that are down");
    expect((await gateway.status()).devices[0]?.problem?.what.en).toMatch(/hci0.*ENOENT/);
    expect(await gateway.stop()).toBe(0);
  });
});
