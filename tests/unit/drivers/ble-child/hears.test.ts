/** The Bluetooth child hears advertisements, whoever else scans; skipped without python3-dbusmock. */
import { describe, expect, it } from "vitest";
import { memoryOf } from "../../../support/machine/bluez.ts";
import {
  Child,
  FIRST_TEMPERATURE,
  HEARD_MS,
  lacks,
  MAC,
  NEW,
  TAG,
  useBluez,
  type Word,
  wait,
} from "../../../support/running/ble-child.ts";

describe.skipIf(lacks !== "")("the child on a BlueZ that is not ours", { timeout: 120_000 }, () => {
  const site = useBluez();
  const { hears, scanning } = site;

  it("hears what is advertised now, never what BlueZ remembers", async () => {
    await site.bluez.ask({ do: "advert", mac: MAC, rssi: -50, service: { fcd2: FIRST_TEMPERATURE } });
    await using child = await scanning(MAC, NEW);
    expect(await site.bluez.ask({ do: "adapter_state" })).toEqual({
      powered: true,
      discovering: true,
      filter: ["DuplicateData", "Transport"],
    });
    await site.bluez.ask({ do: "rename", mac: MAC, name: "other" });
    await site.bluez.ask({ do: "advert", mac: TAG, rssi: -70 });
    await wait(800);
    expect(child.words.filter(({ is }) => is === "seen")).toEqual([]);

    expect(await hears(child, MAC, -61)).toMatchObject({ rssi: -61, services: {}, manufacturers: {} });
    await site.bluez.ask({ do: "advert", mac: MAC, service: { fcd2: "40015D" } });
    expect((await child.seen(MAC, ({ services }) => services !== undefined && "fcd2" in services)).services).toEqual({
      fcd2: "40015d",
    });
    await site.bluez.ask({ do: "advert", mac: MAC, manufacturer: { "0499": "0512FC" } });
    expect((await child.seen(MAC, ({ manufacturers }) => Object.keys(manufacturers ?? {}).length > 0)).manufacturers).toEqual({
      "0499": "0512fc",
    });
    // Met for the first time: heard with the object, and followed from then on.
    await site.bluez.ask({ do: "device", mac: NEW });
    expect(await child.seen(NEW)).toMatchObject({ rssi: -79 });
    await hears(child, NEW, -40);
  });

  it("scans again when somebody stopped the discovery", async () => {
    await using child = await scanning(MAC);
    await site.bluez.ask({ do: "stop_discovery" });
    await expect.poll(() => site.bluez.ask({ do: "adapter_state" })).toMatchObject({ discovering: true });
    expect(child.program.running).toBe(true);
  });

  it("hears whoever sends what is wanted, met before or new, and follows it; others it does not tell", async () => {
    await site.bluez.ask({ do: "advert", mac: TAG, rssi: -50, service: { feaa: "00E3AA" } });
    await using child = new Child(site.bluez.env);
    child.say({ do: "want", macs: [], matches: [{ service: "feaa", begins: "00e3" }] });
    await child.state("scanning");
    await hears(child, TAG, -44);
    await site.bluez.ask({ do: "beacon", mac: NEW, service: { feaa: "00E3BB" } });
    expect((await child.seen(NEW)).services).toEqual({ feaa: "00e3bb" });
    await hears(child, NEW, -45);
    await site.bluez.ask({ do: "beacon", mac: "C4:7C:8D:00:00:09", service: { feaa: "10E3BB" } });
    await site.bluez.ask({ do: "advert", mac: MAC, rssi: -51, service: { fcd2: FIRST_TEMPERATURE } });
    await hears(child, NEW, -46);
    expect(child.words.flatMap((word) => (word.is === "seen" && ![TAG, NEW].includes(word.mac) ? [word.mac] : []))).toEqual([]);
  });

  it("takes 5,000 strange addresses in its stride: nothing is told, no rule is taken, memory stays", {
    timeout: 180_000,
  }, async () => {
    await using child = await scanning(MAC);
    const pid = child.program.child.pid ?? 0;
    await hears(child, MAC, -41);
    child.mark();
    const rules = await site.bluez.ask<number>({ do: "match_rules" });
    await site.bluez.ask({ do: "strangers", count: 1000, first: 0 });
    const before = memoryOf(pid);
    for (let first = 1000; first < 5000; first += 1000) await site.bluez.ask({ do: "strangers", count: 1000, first });
    expect(child.words.filter((word) => word.is === "seen" && word.mac !== MAC)).toEqual([]);
    expect(await site.bluez.ask<number>({ do: "match_rules" })).toBe(rules);
    expect(memoryOf(pid) - before).toBeLessThan(6);
    await child.word((word): word is Word => word.is === "state" && word.heard >= 5000, HEARD_MS);
    await hears(child, MAC, -42);
  });

  it("follows another list of the same length, and is connected anew before the daemon's limit of rules", {
    timeout: 300_000,
  }, async () => {
    const some = 210;
    await site.bluez.ask({ do: "strangers", count: 2 * some, first: 0, stay: true });
    const macs = Array.from(
      { length: 2 * some },
      (_, n) => `D0:00:00:00:${[n >> 8, n & 255].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":")}`,
    );
    const [one, other] = [macs.slice(0, some), macs.slice(some)] as const;
    const last = (of: readonly string[]) => of.at(-1) ?? "";
    await using child = await scanning(...one);
    await hears(child, last(one), -33);
    const rules = await site.bluez.ask<number>({ do: "match_rules" });
    for (const list of [other, one]) {
      child.mark();
      child.say({ do: "want", macs: list });
      await hears(child, last(list), -33);
      expect(await site.bluez.ask<number>({ do: "match_rules" })).toBeLessThan(rules + some + 10);
    }
    expect(child.program.running).toBe(true);
  });

  it("listens though another program is scanning already", async () => {
    await site.bluez.ask({ do: "foreign_scan" });
    await using child = await scanning(MAC);
    await hears(child, MAC, -45);
  });
});
