/** The product's Bluetooth child on a private D-Bus with a BlueZ that is not ours; skipped without python3-dbusmock. */
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type * as z from "zod";
import type { BleMessageBody, commandSchema } from "../../../src/drivers/ble-child/ble-protocol.ts";
import { Bluez, memoryOf, missing } from "../../support/machine/bluez.ts";
import { Gateway, Program, temporary, until } from "../../support/running/processes.ts";

const MAC = "A4:C1:38:00:00:01";
const TAG = "C4:7C:8D:00:00:02";
const NEW = "A4:C1:38:00:00:03";
const FIRST_TEMPERATURE = "4002CA09";
const lacks = missing();
if (lacks !== "") console.warn(`skipped: the Bluetooth child against BlueZ needs ${lacks}`);

type Word = BleMessageBody & { readonly v: 1 };
type Seen = Extract<Word, { is: "seen" }>;

/** The executable, as the gateway starts it. */
class Child implements AsyncDisposable {
  readonly program: Program;
  #id = 0;
  /** Words before this one are of the past. */
  #since = 0;

  constructor(env: NodeJS.ProcessEnv) {
    const bundle = join(import.meta.dirname, "../../../dist/cippo-ble.js");
    this.program = new Program(process.execPath, ["--max-old-space-size=32", bundle, "hci0"], { env });
  }

  say(order: z.input<typeof commandSchema> extends infer O ? (O extends object ? Omit<O, "v"> : never) : never): void {
    this.program.child.stdin?.write(`${JSON.stringify({ v: 1, ...order })}\n`);
  }

  mark(): void {
    this.#since = this.program.lines.length;
  }

  get words(): readonly Word[] {
    return this.program.lines.slice(this.#since).map((line) => JSON.parse(line) as Word);
  }

  /** The first since the mark that is as wanted. */
  async word<W extends Word>(wanted: (word: Word) => word is W, withinMs = 20_000): Promise<W> {
    let n = 0;
    return this.program.line((line) => {
      n += 1;
      const word = JSON.parse(line) as Word;
      return n > this.#since && wanted(word) ? word : undefined;
    }, withinMs);
  }

  state(...states: readonly string[]): Promise<Word> {
    return this.word((word): word is Word => word.is === "state" && states.includes(word.state));
  }

  seen(mac: string, wanted: (seen: Seen) => boolean = () => true): Promise<Seen> {
    return this.word((word): word is Seen => word.is === "seen" && word.mac === mac && wanted(word));
  }

  /** Its id, for `answer`. */
  order(mac: string, characteristics: readonly (readonly [string, string])[]): number {
    const id = ++this.#id;
    const list = characteristics.map(([service, characteristic]) => ({ service, characteristic }));
    this.say({ do: "read", id, mac, characteristics: list, connectMs: 1000, discoverMs: 1000, readMs: 1500 });
    return id;
  }

  async answer(id: number) {
    const word = await this.word((w): w is Extract<Word, { id: number }> => "id" in w && w.id === id, 30_000);
    return word.is === "values" ? word.values : word.step;
  }

  read(mac: string, characteristics: readonly (readonly [string, string])[]) {
    return this.answer(this.order(mac, characteristics));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.program.child.stdin?.end();
    return this.program.ended;
  }
}

const HEARD_MS = 60_000;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const BATTERY = [["180f", "2a19"]] as const;

describe.skipIf(lacks !== "")("the child on a BlueZ that is not ours", { timeout: 120_000 }, () => {
  let folder: { readonly path: string } & AsyncDisposable;
  let bluez: Bluez;
  beforeAll(async () => {
    folder = await temporary("bluez");
    bluez = new Bluez(folder.path);
    await bluez.start();
  }, 60_000);
  afterAll(async () => {
    await bluez[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  /** Each test has its own adapter with the two devices, known to BlueZ from before. */
  beforeEach(async () => {
    await bluez.ask({ do: "remove_adapter" }).catch(() => undefined);
    await bluez.ask({ do: "adapter" });
    await bluez.ask({ do: "device", mac: MAC });
    await bluez.ask({ do: "device", mac: TAG });
    await bluez.ask({
      do: "gatt",
      mac: TAG,
      values: { "180f": { "2a19": "57" }, "180a": { "2a29": "414243", "2a24": "refused" } },
    });
  });

  async function scanning(...macs: readonly string[]): Promise<Child> {
    const child = new Child(bluez.env);
    child.say({ do: "want", macs: [...macs] });
    await child.state("scanning");
    return child;
  }

  /** When a child follows an address, or a new connection of it does again, nobody says: it is advertised until it is heard. */
  async function hears(child: Child, mac: string, rssi: number): Promise<Seen> {
    let heard: Seen | null = null;
    child
      .seen(mac, (seen) => seen.rssi === rssi)
      .then(
        (seen) => (heard = seen),
        () => undefined,
      );
    return until(
      async () => {
        // A value that stays is no news.
        await bluez.ask({ do: "advert", mac, rssi: rssi - 1 });
        await bluez.ask({ do: "advert", mac, rssi });
        return heard ?? false;
      },
      HEARD_MS,
      `${mac} is heard`,
    );
  }

  it("hears what is advertised now, never what BlueZ remembers", async () => {
    await bluez.ask({ do: "advert", mac: MAC, rssi: -50, service: { fcd2: FIRST_TEMPERATURE } });
    await using child = await scanning(MAC, NEW);
    expect(await bluez.ask({ do: "adapter_state" })).toEqual({
      powered: true,
      discovering: true,
      filter: ["DuplicateData", "Transport"],
    });
    await bluez.ask({ do: "rename", mac: MAC, name: "other" });
    await bluez.ask({ do: "advert", mac: TAG, rssi: -70 });
    await wait(800);
    expect(child.words.filter(({ is }) => is === "seen")).toEqual([]);

    expect(await hears(child, MAC, -61)).toMatchObject({ rssi: -61, services: {}, manufacturers: {} });
    await bluez.ask({ do: "advert", mac: MAC, service: { fcd2: "40015D" } });
    expect((await child.seen(MAC, ({ services }) => services !== undefined && "fcd2" in services)).services).toEqual({
      fcd2: "40015d",
    });
    await bluez.ask({ do: "advert", mac: MAC, manufacturer: { "0499": "0512FC" } });
    expect((await child.seen(MAC, ({ manufacturers }) => Object.keys(manufacturers ?? {}).length > 0)).manufacturers).toEqual({
      "0499": "0512fc",
    });
    // Met for the first time: heard with the object, and followed from then on.
    await bluez.ask({ do: "device", mac: NEW });
    expect(await child.seen(NEW)).toMatchObject({ rssi: -79 });
    await hears(child, NEW, -40);
  });

  it("scans again when somebody stopped the discovery", async () => {
    await using child = await scanning(MAC);
    await bluez.ask({ do: "stop_discovery" });
    await expect.poll(() => bluez.ask({ do: "adapter_state" })).toMatchObject({ discovering: true });
    expect(child.program.running).toBe(true);
  });

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
    const rules = await bluez.ask<number>({ do: "match_rules" });
    for (let round = 0; round < 3; round += 1) expect(await child.read(TAG, BATTERY)).toEqual(["57"]);
    expect(await bluez.ask<number>({ do: "match_rules" })).toBe(rules);
    await expect.poll(() => bluez.ask({ do: "connected", mac: TAG })).toBe(false);
    await hears(child, MAC, -42);
  });

  it("gives up on one that does not answer, and serves the next", async () => {
    await using child = await scanning(MAC, TAG);
    expect(await child.read(NEW, BATTERY)).toBe("absent");
    await bluez.ask({ do: "hang", mac: MAC, method: "Connect" });
    const orders = [child.order(MAC, BATTERY), child.order(TAG, BATTERY)];
    expect([await child.answer(orders[0] ?? 0), await child.answer(orders[1] ?? 0)]).toEqual(["connect", ["57"]]);
  });

  it("serves who waits longest: nobody overtakes by asking again, and one order waits for each device", async () => {
    await using child = await scanning(MAC, TAG);
    await bluez.ask({ do: "hang", mac: MAC, method: "Connect" });
    const first = child.order(MAC, BATTERY);
    await child.state("reading");
    const [again, other, thrice] = [child.order(MAC, BATTERY), child.order(TAG, BATTERY), child.order(MAC, BATTERY)];
    await child.answer(thrice);
    const answers = child.words.flatMap((word) => ("id" in word ? [word.id] : []));
    expect(answers).toEqual([again, first, other, thrice]);
  });

  it("gives up on services that are never resolved, on a device that goes away meanwhile, and on a value that never comes", async () => {
    await bluez.ask({ do: "gatt", mac: MAC, values: { "180f": { "2a19": "slow" } }, resolved: false });
    await using child = await scanning(MAC, TAG);
    expect(await child.read(MAC, BATTERY)).toBe("discover");
    const lost = child.order(MAC, BATTERY);
    child.mark();
    await child.state("reading");
    await expect.poll(() => bluez.ask({ do: "connected", mac: MAC })).toBe(true);
    await bluez.ask({ do: "set_connected", mac: MAC, on: false });
    expect(await child.answer(lost)).toBe("discover");

    await bluez.ask({ do: "device", mac: NEW });
    await bluez.ask({ do: "gatt", mac: NEW, values: { "180f": { "2a19": "slow" } } });
    child.say({ do: "want", macs: [MAC, TAG, NEW] });
    await hears(child, NEW, -41);
    expect(await child.read(NEW, BATTERY)).toBe("read");
    expect(await child.read(TAG, BATTERY)).toEqual(["57"]);
  });

  it("hears whoever sends what is wanted, met before or new, and follows it; others it does not tell", async () => {
    await bluez.ask({ do: "advert", mac: TAG, rssi: -50, service: { feaa: "00E3AA" } });
    await using child = new Child(bluez.env);
    child.say({ do: "want", macs: [], matches: [{ service: "feaa", begins: "00e3" }] });
    await child.state("scanning");
    await hears(child, TAG, -44);
    await bluez.ask({ do: "beacon", mac: NEW, service: { feaa: "00E3BB" } });
    expect((await child.seen(NEW)).services).toEqual({ feaa: "00e3bb" });
    await hears(child, NEW, -45);
    await bluez.ask({ do: "beacon", mac: "C4:7C:8D:00:00:09", service: { feaa: "10E3BB" } });
    await bluez.ask({ do: "advert", mac: MAC, rssi: -51, service: { fcd2: FIRST_TEMPERATURE } });
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
    const rules = await bluez.ask<number>({ do: "match_rules" });
    await bluez.ask({ do: "strangers", count: 1000, first: 0 });
    const before = memoryOf(pid);
    for (let first = 1000; first < 5000; first += 1000) await bluez.ask({ do: "strangers", count: 1000, first });
    expect(child.words.filter((word) => word.is === "seen" && word.mac !== MAC)).toEqual([]);
    expect(await bluez.ask<number>({ do: "match_rules" })).toBe(rules);
    expect(memoryOf(pid) - before).toBeLessThan(6);
    await child.word((word): word is Word => word.is === "state" && word.heard >= 5000, HEARD_MS);
    await hears(child, MAC, -42);
  });

  it("follows another list of the same length, and is connected anew before the daemon's limit of rules", {
    timeout: 300_000,
  }, async () => {
    const some = 210;
    await bluez.ask({ do: "strangers", count: 2 * some, first: 0, stay: true });
    const macs = Array.from(
      { length: 2 * some },
      (_, n) => `D0:00:00:00:${[n >> 8, n & 255].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":")}`,
    );
    const [one, other] = [macs.slice(0, some), macs.slice(some)] as const;
    const last = (of: readonly string[]) => of.at(-1) ?? "";
    await using child = await scanning(...one);
    await hears(child, last(one), -33);
    const rules = await bluez.ask<number>({ do: "match_rules" });
    for (const list of [other, one]) {
      child.mark();
      child.say({ do: "want", macs: list });
      await hears(child, last(list), -33);
      expect(await bluez.ask<number>({ do: "match_rules" })).toBeLessThan(rules + some + 10);
    }
    expect(child.program.running).toBe(true);
  });

  it("listens though another program is scanning already", async () => {
    await bluez.ask({ do: "foreign_scan" });
    await using child = await scanning(MAC);
    await hears(child, MAC, -45);
  });

  it("says when the adapter is gone or off, and hears again when it is back", async () => {
    await using child = await scanning(MAC);
    await bluez.ask({ do: "remove_adapter" });
    await child.state("no-adapter");
    await bluez.ask({ do: "adapter" });
    await bluez.ask({ do: "device", mac: MAC });
    await hears(child, MAC, -43);

    child.mark();
    await bluez.ask({ do: "power", on: false });
    await child.state("off");
    child.mark();
    child.say({ do: "reset", what: "adapter" });
    await child.state("scanning");
    expect(await bluez.ask({ do: "adapter_state" })).toMatchObject({ powered: true, discovering: true });
  });

  it("says so when bluetoothd answers no call, and hears again when it does", async () => {
    await using child = await scanning(MAC);
    child.mark();
    bluez.freeze(true);
    try {
      await child.state("failing");
    } finally {
      bluez.freeze(false);
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
      await bluez[kill]();
      await child.state("no-bluez", "no-bus", "failing");
      await bluez.start({ daemon });
      await bluez.ask({ do: "device", mac: MAC });
      child.mark();
      await hears(child, MAC, -44);
    }
    child.mark();
    child.say({ do: "reset", what: "connection" });
    await child.state("scanning");
  });

  it("serves the built gateway, which starts it by itself; and without D-Bus only the devices on it are down", async () => {
    const devices = {
      env: { type: "bthome", bus: "radio", mac: MAC, points: ["temperature"] },
      tag: { type: "gatt-battery", bus: "radio", mac: TAG, every: "1s" },
    };
    await using gateway = new Gateway(folder.path);
    await gateway.configure("mqtt://127.0.0.1:1", { buses: { radio: { ble: "hci0" } }, devices });
    const point = async (device: string, name: string) =>
      (await gateway.status()).devices.find(({ id }) => id === device)?.points.find((one) => one.point === name);
    await gateway.start(bluez.env);
    // Its radio listens before its first advertisement counts: it is sent until it is heard.
    await until(async () => {
      await bluez.ask({ do: "advert", mac: MAC, service: { fcd2: "4002CA09" } });
      return (await point("env", "temperature"))?.value === 25.06;
    });
    await until(async () => (await point("tag", "battery"))?.value === 87);
    expect((await point("tag", "manufacturer"))?.value).toBe("ABC");
    expect(await gateway.stop()).toBe(0);

    await gateway.start({ DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${folder.path}/nothing` });
    const down = async () => (await gateway.status()).devices.every(({ problem }) => problem?.code === "ble.unavailable");
    await until(down, 30_000, "devices that are down");
    expect((await gateway.status()).devices[0]?.problem?.what.en).toMatch(/hci0.*ENOENT/);
    expect(await gateway.stop()).toBe(0);
  });

  it("without any D-Bus says so, goes on saying so, and ends when the gateway does", async () => {
    const child = new Child({ DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${folder.path}/nothing` });
    await child.state("no-bus");
    expect(await child.read(MAC, BATTERY)).toBe("radio");
    child.mark();
    await child.state("no-bus");
    await child[Symbol.asyncDispose]();
    expect(child.program.child.exitCode).toBe(0);
  });
});
