/** Known values on the wires of a site arrive in the platform's database with value, unit, time and quality. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "mqtt";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { monotonic } from "../../../src/kit/clock.ts";
import { Broker, brokerKinds } from "../../support/broker/brokers.ts";
import { Control, Gateway, node, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { proofOf, proved, rowsOf, told } from "../../support/running/proof.ts";

const SITE = {
  buses: { line: { modbus: "rtu-tcp" }, plant: { modbus: "tcp" }, uart: { serial: "tcp" }, pins: { gpio: "gpiod" } },
  devices: {
    meter: { type: "eastron-sdm120", bus: "line", unit: 1, every: "200ms" },
    boiler: {
      type: "modbus-points",
      bus: "plant",
      unit: 3,
      every: "200ms",
      report: { change: 0.1 },
      points: { "flow-temp": { fc: 3, address: 100, decode: "int16", scale: 0.1, unit: "Cel" } },
    },
    sonar: { type: "a02yyuw", bus: "uart", occupiedBelow: "1200mm" },
    tamper: { type: "gpio-contact", bus: "pins", line: 12, means: "tamper" },
  },
  assets: {
    bay: {
      kind: "parking-bay",
      reservedFor: "disabled",
      occupancy: "sonar.presence",
      debounce: "300ms",
      permits: { grace: "700ms" },
      place: { lat: 45.0526, lon: 9.693 },
    },
  },
  // The rest of the meter shows what an honest one shows: it is asked whether it is one.
  play: { bays: { bay: { sensor: "sonar" } }, meters: { meter: { base: 500, peak: 500, period: "1min", energy: 4000 } } },
};
/** Floats of the meter that a float32 holds exactly, a negative temperature, a contact, and what a car at 650 mm makes of the sonar. */
const SET = [
  ["meter", "voltage", 231.5, "V"],
  ["meter", "power", 1234.5, "W"],
  ["meter", "energy-import", 4321.75, "kW.h"],
  ["boiler", "flow-temp", -7.5, "Cel"],
  ["tamper", "tamper", true, ""],
] as const;
const SCHEDULING_MS = 250;

interface Shown {
  readonly k: string;
  readonly device: string;
  readonly point: string;
  readonly value: unknown;
  readonly from: number;
  readonly to: number;
}

/** What a consumer that comes now is given: the retained message of one topic. */
async function retained(url: string, topic: string): Promise<Record<string, unknown>> {
  const client = connect(url, { protocolVersion: 5 });
  try {
    const message = new Promise<[Uint8Array, boolean]>((resolve) =>
      client.on("message", (_, payload, { retain }) => resolve([payload, retain])),
    );
    await client.subscribeAsync(`cippo/v1/gw-1/up/${topic}`, { qos: 1 });
    const [payload, retain] = await message;
    expect(retain).toBe(true);
    return JSON.parse(Buffer.from(payload).toString());
  } finally {
    await client.endAsync(true);
  }
}

describe.each(brokerKinds)("%s", (kind) => {
  it("arrives whole, and its arrival is proved", { timeout: 120_000 }, async () => {
    await using folder = await temporary("reading");
    const scenario = join(folder.path, "scenario.yaml");
    await writeFile(scenario, stringify(SITE));
    await using broker = await Broker.open(kind, folder.path);
    await using site = node("hw-sim/site.js", "--dir", join(folder.path, "site"), "--scenario", scenario);
    const ready = await site.ready<{ control: number; served: string; site: Record<"buses" | "devices" | "assets", object> }>();
    using hand = await Control.open(ready.control);
    const held = join(folder.path, "platform.sqlite");
    await using _platform = await startPlatform(broker.url, held, "--ack-after", "500ms");
    await using gateway = new Gateway(folder.path);
    await gateway.configure(broker.url, ready.site);
    await gateway.start();
    const newest = async (device: string, point: string) => (await told(held, device, point)).at(-1);
    await until(async () => (await newest("bay", "status"))?.value === "free", 15_000, "an empty bay arrives");

    const [mono, wall] = [monotonic(), Date.now()];
    for (const [device, point, value] of SET) expect(await hand.ask({ do: "set", device, point, value })).toEqual({ ok: true });
    await hand.ask({ do: "arrive", bay: "bay" });
    const events = () => rowsOf(held, "SELECT * FROM events WHERE kind = 'bay.illegal-occupation'");
    const raised = await until(async () => (await events())[0], 15_000, "the alarm arrives");
    for (const [device, point, value] of SET)
      await until(async () => (await newest(device, point))?.value === value, 15_000, `${device}.${point} is ${value}`);
    expect(await hand.ask({ do: "freeze" })).toMatchObject({ ok: true });
    await proved(gateway);

    const served = (await readFile(ready.served, "utf8")).trim().split("\n");
    const shown = served.map((line): Shown => JSON.parse(line));
    for (const [device, point, value, unit] of [...SET, ["sonar", "presence", true, ""] as const]) {
      const row = (await told(held, device, point)).find((one) => one.value === value && one.mono >= mono);
      expect(row).toMatchObject({ unit, quality: "good" });
      // On the wire between request and reply, or pushed then; the wall time of the row is that moment's.
      const moment = row?.mono ?? 0;
      if (device !== "tamper")
        expect(
          shown.some(
            (s) =>
              s.device === device && s.point === point && s.value === value && s.from <= moment && moment <= s.to + SCHEDULING_MS,
          ),
          `${device}.${point} was shown at ${moment}`,
        ).toBe(true);
      expect(Math.abs((row?.wall ?? 0) - wall - (moment - mono))).toBeLessThan(SCHEDULING_MS);
    }
    expect(Math.abs(Number((await newest("sonar", "distance"))?.value) - 650)).toBeLessThanOrEqual(4);

    const state = { status: "occupied" };
    expect(await retained(broker.url, "assets/bay")).toMatchObject({ v: 1, state, quality: "good", alarms: [raised["id"]] });
    expect(await retained(broker.url, "state")).toMatchObject({ v: 1, online: true, epoch: raised["epoch"], n: 1 });
    expect(await retained(broker.url, "alarms/1")).toMatchObject({
      open: [{ id: raised["id"], asset: "bay", severity: "high" }],
    });
    expect(raised).toMatchObject({ asset: "bay", state: "raised", severity: "high", clock: "synced", live: 1 });
    expect(JSON.parse(String(raised["body"]))).toMatchObject({
      urn: "urn:ngsi-ld:ParkingSpot:test:bay",
      place: { lat: 45.0526 },
      cause: { device: "sonar", point: "presence", value: true },
    });
    // The stay began when the wire showed the car, not when it had stood long enough.
    expect(Number(raised["at"]) - Number(raised["since"])).toBeGreaterThanOrEqual(700);
    expect(Number(raised["since"])).toBeGreaterThanOrEqual(wall);

    const { streams } = await gateway.status();
    expect(streams.map(({ stream, upTo, head }) => [stream, head - upTo])).toEqual([
      ["readings", 0],
      ["events", 0],
    ]);
    const proof = await proofOf(gateway.db, held, Object.keys(SITE.devices));
    expect(proof).toMatchObject({ delivered: proof.stored, acknowledged: proof.stored, gaps: 0, duplicates: [] });
    expect(await rowsOf(held, "SELECT * FROM malformed")).toEqual([]);
    expect(await gateway.stop()).toBe(0);
  });
});
