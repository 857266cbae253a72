/** The Bluetooth child outlives its adapter, bluetoothd and D-Bus; skipped without python3-dbusmock. */
import { describe, expect, it } from "vitest";
import { BATTERY, Child, lacks, MAC, useBluez } from "../../../support/running/ble-child.ts";

describe.skipIf(lacks !== "")("the child on a BlueZ that is not ours", { timeout: 120_000 }, () => {
  const site = useBluez();
  const { hears, scanning } = site;

  it("says when the adapter is gone or off, and hears again when it is back", async () => {
    await using child = await scanning(MAC);
    await site.bluez.ask({ do: "remove_adapter" });
    await child.state("no-adapter");
    await site.bluez.ask({ do: "adapter" });
    await site.bluez.ask({ do: "device", mac: MAC });
    await hears(child, MAC, -43);

    child.mark();
    await site.bluez.ask({ do: "power", on: false });
    await child.state("off");
    child.mark();
    child.say({ do: "reset", what: "adapter" });
    await child.state("scanning");
    expect(await site.bluez.ask({ do: "adapter_state" })).toMatchObject({ powered: true, discovering: true });
  });

  it("says so when bluetoothd answers no call, and hears again when it does", async () => {
    await using child = await scanning(MAC);
    child.mark();
    site.bluez.freeze(true);
    try {
      await child.state("failing");
    } finally {
      site.bluez.freeze(false);
    }
    await hears(child, MAC, -46);
  });

  it("outlives bluetoothd and D-Bus, each killed and started again", { timeout: 300_000 }, async () => {
    await using child = await scanning(MAC);
    for (const [kill, daemon] of [
      ["stopBluez", false],
      ["stopBus", true],
    ] as const) {
      child.mark();
      await site.bluez[kill]();
      await child.state("no-bluez", "no-bus", "failing");
      await site.bluez.start({ daemon });
      await site.bluez.ask({ do: "device", mac: MAC });
      child.mark();
      await hears(child, MAC, -44);
    }
    child.mark();
    child.say({ do: "reset", what: "connection" });
    await child.state("scanning");
  });

  it("without any D-Bus says so, goes on saying so, and ends when the gateway does", async () => {
    const child = new Child({ DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${site.folder}/nothing` });
    await child.state("no-bus");
    expect(await child.read(MAC, BATTERY)).toBe("radio");
    child.mark();
    await child.state("no-bus");
    await child[Symbol.asyncDispose]();
    expect(child.program.child.exitCode).toBe(0);
  });
});
