/** BTHome packets repeated, replayed, encrypted, cut or random: each value comes once, and only two errors may be thrown. */
import { createCipheriv, randomBytes } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { bthome } from "../../../../../src/drivers/devices/bthome.ts";
import type { BleAdvert, BleDevice, BleRadio, Opening, Wires } from "../../../../../src/drivers/driver.ts";
import { carried, type Objects } from "../../../../../src/drivers/families/ble/bthome-objects.ts";
import { deviceInfo } from "../../../../../src/drivers/index.ts";
import { Collector } from "../../../../../src/edge/devices/collector.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { EdgeError } from "../../../../../src/kit/errors.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import { Watchdog } from "../../../../../src/kit/loop/watchdog.ts";
import type { Reading } from "../../../../../src/model/index.ts";
import fc from "../../../../support/property.ts";
import { codeOf, never } from "../../support.ts";

const MAC = "A4:C1:38:00:00:01";
const layout = bthome.layout(bthome.options.parse({ mac: MAC }));
if (!("objects" in layout)) throw new Error("bthome advertises");
const OBJECTS: Objects = new Map(layout.objects.map((object) => [object.id, object]));

/** What a device yields of these packets, a second apart. */
async function heard(
  written: Readonly<Record<string, unknown>>,
  packets: readonly (string | Buffer)[],
  { key, stepMs = 1000, air }: { readonly key?: Uint8Array; readonly stepMs?: number; readonly air?: Partial<BleRadio> } = {},
): Promise<readonly (readonly Reading[])[]> {
  const adverts = packets.map(
    (packet, i): BleAdvert => ({
      mac: "A4:C1:38:00:00:01",
      mono: i * stepMs,
      services: packet === "" ? {} : { fcd2: typeof packet === "string" ? Buffer.from(packet, "hex") : packet },
      manufacturers: {},
    }),
  );
  const radio: BleDevice = {
    async *adverts() {
      yield* adverts;
    },
    read: () => Promise.reject(new Error("never connects")),
    [Symbol.dispose]() {},
  };
  const line = Object.assign(air ?? {}, { open: async () => radio });
  const wires = { ble: () => line, credential: async () => key ?? Buffer.alloc(0) } as unknown as Wires;
  const options = bthome.options.parse({ mac: MAC, ...written });
  const opening: Opening<typeof options> = { id: "sensor", options, bus: "radio", wires, stop: never };
  await using device = await bthome.open(opening);
  const batches: (readonly Reading[])[] = [];
  for await (const batch of device.readings({ next: async () => 0 }, never)) batches.push(batch);
  return batches;
}

const values = (batches: readonly (readonly Reading[])[]) => batches.map((batch) => batch.map(({ value }) => value));

/** As a sensor does it; not the product's code. */
function encrypted(key: Uint8Array, counter: number, objects: string, mac = MAC): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32LE(counter);
  const nonce = Buffer.concat([Buffer.from(mac.replaceAll(":", ""), "hex"), Buffer.from("d2fc41", "hex"), count]);
  const seal = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: 4 });
  const body = Buffer.concat([seal.update(Buffer.from(objects, "hex")), seal.final()]);
  return Buffer.concat([Buffer.from([0x41]), body, count, seal.getAuthTag()]);
}

describe("a bthome sensor", () => {
  it("gives each value once, however often its packet is repeated", async () => {
    const button = { points: ["button"] };
    expect(values(await heard(button, ["4000013A01", "4000013A01", "4000013A01", "4000023A01"]))).toEqual([
      ["press"],
      [],
      [],
      ["press"],
    ]);
    // Without a packet id only the same bytes within four seconds are a repetition.
    expect(values(await heard(button, ["403A02", "403A02", "403A04"]))).toEqual([["double-press"], [], ["long-press"]]);
    expect(values(await heard(button, ["403A02", "403A02"], { stepMs: 4001 }))).toEqual([["double-press"], ["double-press"]]);
    expect(values(await heard({ points: ["dimmer"] }, ["403C0103", "403C0205", "403C0000"]))).toEqual([[-3], [5], []]);
  });

  it("tells its buttons apart by their place, also where the first ones say that nothing happened", async () => {
    const named = async (packet: string, points: readonly string[]) =>
      (await heard({ points }, [packet])).flat().map(({ point, value }) => [point, value]);
    const buttons = ["button", "button-2", "button-3", "button-4"];
    expect(await named("403A003A01", buttons)).toEqual([["button-2", "press"]]);
    expect(await named("4400103A003A003A013A00", buttons)).toEqual([["button-3", "press"]]);
    expect(await named("403C00003C0103", ["dimmer", "dimmer-2"])).toEqual([["dimmer-2", -3]]);
  });

  it("lives when it is only heard, and when it sends what nobody asked for", async () => {
    expect(await heard({ points: ["temperature"] }, ["", "400157", "40000102CA09"])).toEqual([
      [],
      [],
      [{ point: "temperature", value: 25.06, quality: "good", mono: 2000 }],
    ]);
  });

  it("marks what cannot be, and what it cannot read", async () => {
    expect(await heard({ points: ["battery"] }, ["4001C8"])).toEqual([
      [{ point: "battery", value: null, quality: "bad", code: "value.out-of-range", mono: 0 }],
    ]);
    const bad = (await heard({ points: ["battery", "door"] }, ["2001"]))[0];
    expect(bad?.map(({ point, quality, code }) => [point, quality, code])).toEqual([
      ["battery", "bad", "frame.invalid"],
      ["door", "bad", "frame.invalid"],
    ]);
    expect((await heard({ points: ["battery"] }, ["41A47266C95F730011223378237214"]))[0]?.[0]?.code).toBe("ble.key");
  });

  it("opens encrypted packets with the key of its credential, and takes none that is not newer", async () => {
    const key = randomBytes(16);
    const battery = { points: ["battery"], key: "sensor.key" };
    // Each shows its place as the value.
    const withCounters = (counters: readonly number[]) => counters.map((counter, i) => encrypted(key, counter, `010${i + 1}`));
    const text = Buffer.from(`${key.toString("hex")}\n`);
    for (const file of [key, text])
      expect(values(await heard(battery, withCounters([500, 501, 501, 400, 499, 502]), { key: file, stepMs: 5000 }))).toEqual([
        [1],
        [2],
        [6],
      ]);
    // A new battery: it counts from the beginning, once.
    expect(values(await heard(battery, withCounters([500, 3, 4, 3]), { key, stepMs: 5000 }))).toEqual([[1], [2], [3]]);
    const foreign = [encrypted(randomBytes(16), 600, "0157"), encrypted(key, 601, "0157")];
    expect((await heard(battery, foreign, { key })).map((b) => b[0]?.quality)).toEqual(["bad", "good"]);
    expect(await codeOf(heard(battery, [], { key: Buffer.from("not a key") }))).toBe("ble.key");
  });

  it("of which a key is known lives by what its key opens alone, and by nothing that anybody can send under its address", async () => {
    const key = randomBytes(16);
    const battery = { points: ["battery"], key: "sensor.key" };
    const forged = Buffer.from("400109", "hex");
    const [first, second] = [encrypted(key, 500, "0157"), encrypted(key, 501, "0158")];
    // Only heard, replayed, refused: no word of the sensor. What is refused is told once, until the sensor is heard itself.
    const packets = [
      "",
      first,
      "",
      first,
      forged,
      forged,
      first,
      "",
      second,
      first,
      forged,
      encrypted(randomBytes(16), 502, "0159"),
    ];
    const air = {};
    const told = async (sent: readonly (string | Buffer)[]) =>
      (await heard(battery, sent, { key, air, stepMs: 5000 })).map((batch) => batch.map(({ value, code }) => code ?? value));
    expect(await told(packets)).toEqual([[87], ["ble.key"], [88], ["ble.key"]]);
    // Opened anew, nobody knows yet why nothing is heard of it.
    expect(await told([second, forged, forged])).toEqual([["ble.key"]]);
    expect(await told([encrypted(key, 502, "0159")])).toEqual([[89]]);
    // Opened by the key, though of a point that nobody asked for: it lives.
    expect(await told([encrypted(key, 503, "02CA09")])).toEqual([[]]);
  });

  it("knows a packet that others overtook by its number, which begins anew after 255", async () => {
    const sent = async (numbers: readonly number[], stepMs = 1000) => {
      const packets = numbers.map((number) => Buffer.from([0x40, 0x00, number, 0x3a, 0x01]));
      return (await heard({ points: ["button"] }, packets, { stepMs })).map((batch) => batch.length);
    };
    expect(await sent([5, 6, 5, 4, 7])).toEqual([1, 1, 0, 0, 1]);
    expect(await sent([254, 255, 0, 255, 1])).toEqual([1, 1, 1, 0, 1]);
    // 63 ahead is newer, 64 is one that was there before; after four seconds nobody can tell any more.
    expect(await sent([10, 73])).toEqual([1, 1]);
    expect(await sent([10, 74])).toEqual([1, 0]);
    expect(await sent([10, 10, 9], 4000)).toEqual([1, 1, 1]);
  });

  it("reads the address that a sensor puts in front, and uses it as the sender did", async () => {
    const key = randomBytes(16);
    const inner = encrypted(key, 500, "0157", MAC);
    // As it is sealed with bit 1 set, which is part of what is sealed.
    const nonce = Buffer.concat([Buffer.from("A4C138000001", "hex"), Buffer.from("d2fc43", "hex"), inner.subarray(-8, -4)]);
    const seal = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: 4 });
    const body = Buffer.concat([seal.update(Buffer.from("0157", "hex")), seal.final()]);
    const packet = Buffer.concat([Buffer.from("43010000" + "38C1A4", "hex"), body, inner.subarray(-8, -4), seal.getAuthTag()]);
    expect(values(await heard({ points: ["battery"], key: "sensor.key" }, [packet], { key }))).toEqual([[87]]);
    for (let cut = 1; cut < packet.length; cut += 1)
      expect((await heard({ points: ["battery"] }, [packet.subarray(0, cut)]))[0]?.[0]?.quality).toBe("bad");
    expect((await heard({ points: ["battery"] }, ["42010000"]))[0]?.[0]?.code).toBe("frame.invalid");
  });

  it("shows no character of a text from the air that turns a line round or that nobody sees", async () => {
    const text = Buffer.from("a\u202eb\u0000c\u200d", "utf8");
    const packet = Buffer.concat([Buffer.from([0x40, 0x53, text.length]), text]);
    expect(values(await heard({ points: ["text"] }, [packet]))).toEqual([["a\ufffdb\ufffdc\ufffd"]]);
  });

  describe("at its collector", () => {
    /** Packets as they are said, heard by the collector of one device. */
    function listening(written: Readonly<Record<string, unknown>>, silentAfterMs: number, key?: Uint8Array) {
      const sent: (string | Buffer)[] = [];
      let ring = (): void => undefined;
      const radio: BleDevice = {
        async *adverts(stop) {
          while (!stop.aborted) {
            const packet = sent.shift();
            if (packet === undefined)
              await new Promise<void>((resolve) => {
                ring = resolve;
                stop.addEventListener("abort", () => resolve(), { once: true });
              });
            else
              yield {
                mac: MAC,
                mono: monotonic(),
                services: { fcd2: Buffer.from(packet.toString("hex"), "hex") },
                manufacturers: {},
              };
          }
        },
        read: () => Promise.reject(new Error("never connects")),
        [Symbol.dispose]() {},
      };
      const line = { open: async () => radio };
      const wires = { ble: () => line, credential: async () => key ?? Buffer.alloc(0) } as unknown as Wires;
      const info = {
        ...deviceInfo("tag", bthome, bthome.options.parse({ mac: MAC, ...written }), "radio", wires),
        silentAfterMs,
        wire: () => undefined,
      };
      const silences: string[] = [];
      const host = {
        readings: () => undefined,
        durable: () => Promise.resolve(),
        badge: () => undefined,
        remember: () => undefined,
        silence: (_: unknown, problem: { readonly code: string } | null) => void silences.push(problem?.code ?? "speaks"),
        log: noLog,
        watchdog: new Watchdog(),
      };
      const stop = new AbortController();
      const collector = new Collector(info, host, false);
      const done = collector.run(stop.signal);
      return {
        collector,
        silences,
        say: (...packets: readonly (string | Buffer)[]) => {
          sent.push(...packets.map((packet) => (typeof packet === "string" ? Buffer.from(packet, "hex") : packet)));
          ring();
        },
        async [Symbol.asyncDispose]() {
          stop.abort();
          await done;
        },
      };
    }

    it("one that sends only when something happens is not silent because nothing happens, unless the site says how long it may be", async () => {
      for (const [written, info, expected] of [
        [{}, "44", []],
        [{}, "40", ["device.silent"]],
        [{ silentAfter: "1s" }, "44", ["device.silent"]],
      ] as const) {
        await using one = listening({ points: ["button"], ...written }, 1000);
        one.say(`${info}00013A01`);
        await vi.waitFor(() => expect(one.collector.status().ageMs).not.toBeNull(), { timeout: 15_000, interval: 5 });
        one.collector.watchSilence(monotonic() + 3_600_000);
        expect(one.silences, `${JSON.stringify(written)} ${info}`).toEqual(expected);
      }
    });

    it("an object that nobody knows is named, with what is lost; what stands before it counts, encrypted or not", async () => {
      const key = randomBytes(16);
      for (const [written, packets] of [
        [{}, ["4000010157FE02CA09", "40000202CA09"]],
        [{ key: "sensor.key" }, [encrypted(key, 500, "0157FE02CA09"), encrypted(key, 501, "02CA09")]],
      ] as const) {
        await using one = listening({ points: ["battery", "temperature"], ...written }, 1e9, key);
        one.say(packets[0]);
        await vi.waitFor(() => expect(one.collector.status().state).toBe("problem"), { timeout: 15_000, interval: 5 });
        const { problem, points } = one.collector.status();
        expect(problem).toMatchObject({
          code: "ble.unknown-object",
          what: { en: expect.stringContaining("0xFE"), it: expect.stringContaining("0xFE") },
        });
        expect(points.find(({ point }) => point === "battery")).toMatchObject({ value: 87, quality: "good" });
        one.say(packets[1]);
        await vi.waitFor(() => expect(one.collector.status().state).toBe("up"), { timeout: 15_000, interval: 5 });
        expect(one.collector.status().problem).toBeUndefined();
      }
    });
  });

  it("takes no older packet when it is opened anew, and a new one once its key is another", async () => {
    const [key, other] = [randomBytes(16), randomBytes(16)];
    const battery = { points: ["battery"], key: "sensor.key" };
    const air = {};
    const of = async (k: Buffer, counter: number) =>
      (await heard(battery, [encrypted(k, counter, "0157")], { key: k, air })).length;
    expect([await of(key, 500), await of(key, 499), await of(key, 500), await of(key, 501), await of(other, 200)]).toEqual([
      1, 0, 0, 1, 1,
    ]);
  });

  it("of which a key is known believes nothing that is not encrypted: everybody can send that under its address", async () => {
    const key = randomBytes(16);
    const packets = [encrypted(key, 500, "0157"), Buffer.from("400109", "hex"), encrypted(key, 501, "0158")];
    const batches = await heard({ points: ["battery"], key: "sensor.key" }, packets, { key, stepMs: 5000 });
    expect(batches.map((batch) => batch.map(({ value, quality, code }) => [value, quality, code]))).toEqual([
      [[87, "good", undefined]],
      [[null, "bad", "ble.key"]],
      [[88, "good", undefined]],
    ]);
  });

  it("takes points it knows and the name of a key, never the key", () => {
    const takes = (written: Readonly<Record<string, unknown>>) => bthome.options.safeParse({ mac: MAC, ...written }).success;
    expect(takes({})).toBe(true);
    expect(Object.keys(bthome.points(bthome.options.parse({ mac: "a4:c1:38:00:00:01" })))).toEqual([
      "temperature",
      "humidity",
      "battery",
    ]);
    expect(takes({ points: ["presence", "occupancy", "tamper", "temperature-2"] })).toBe(true);
    expect(takes({ points: ["warmth"] })).toBe(false);
    expect(takes({ key: "aed.key" })).toBe(true);
    expect(takes({ key: "231d39c1d7cc1ab1aee224cd096db932" })).toBe(false);
    expect(takes({ key: "../keys/aed" })).toBe(false);
    expect(takes({ mac: "A4C138000001" })).toBe(false);
  });

  it("never throws but EdgeError, on 100,000 packets of anything", { timeout: 60_000 }, () => {
    const key = randomBytes(16);
    const known = fc.constantFrom(...OBJECTS.keys());
    const likely = fc
      .tuple(
        fc.constantFrom(0x40, 0x41, 0x44, 0x45, 0x42),
        fc.array(fc.oneof(known, fc.integer({ min: 0, max: 255 })), { maxLength: 30 }),
      )
      .map(([info, bytes]) => Uint8Array.from([info, ...bytes]));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 255 }), likely), fc.boolean(), (data, keyed) => {
        try {
          const { values, packet } = carried(data, OBJECTS, MAC, keyed ? key : undefined);
          const sane = [...values.values()].every((value) => !Number.isNaN(value));
          return sane && values.size <= data.length && (packet === null || (packet >= 0 && packet <= 255));
        } catch (error) {
          return error instanceof EdgeError;
        }
      }),
      { numRuns: 100_000 },
    );
  });

  it("reads back whatever a sensor may send of one object, cut anywhere", () => {
    for (const { id, decode } of OBJECTS.values()) {
      const length = {
        bool: 1,
        uint8: 1,
        int8: 1,
        button: 1,
        uint16: 2,
        int16: 2,
        dimmer: 2,
        uint24: 3,
        uint32: 4,
        int32: 4,
        text: 3,
        bytes: 3,
        version3: 3,
        version4: 4,
      }[decode];
      const body = decode === "text" || decode === "bytes" ? [2, 0x41, 0x42] : Array.from({ length }, () => 1);
      const whole = Uint8Array.from([0x40, id, ...body]);
      expect(carried(whole, OBJECTS, MAC, undefined).values.size).toBe(1);
      for (let cut = 1; cut < whole.length; cut += 1)
        expect(carried(whole.subarray(0, cut), OBJECTS, MAC, undefined).values.size).toBe(0);
    }
  });
});
