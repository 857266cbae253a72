/** Uplinks of two networks over a real connection: decoded, known again when they come twice, refused when they are none. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Network, uplinkIn } from "../../../../../src/drivers/families/lorawan/network-uplink.ts";
import { Repeats } from "../../../../../src/drivers/families/lorawan/repeats.ts";
import { RawBroker } from "../../../../support/broker/raw-broker.ts";
import { Opened } from "../../../../support/running/processes.ts";
import { running } from "../../transports/mqtt/running-device.ts";

const EUI = "70b3d52c00012345";
const BAY = { type: "lorawan-bosch-tps110", devEui: EUI.toUpperCase(), silentAfter: "3d" };
const TOPIC = `application/5bb92de6/device/${EUI}/event/up`;

interface Sent {
  readonly id?: string;
  readonly counter?: number;
  readonly port?: number;
  readonly hex?: string;
}
/** As ChirpStack v4 writes it (integration.proto, JSON mapping). */
const chirpstack = ({ id = crypto.randomUUID(), counter = 4, port = 1, hex = "01" }: Sent = {}) => ({
  deduplicationId: id,
  time: "2022-07-18T09:34:15.775023242+00:00",
  deviceInfo: { tenantName: "ChirpStack", applicationName: "bays", deviceName: "bay-15", devEui: EUI },
  devAddr: "00189440",
  adr: true,
  dr: 1,
  ...(counter > 0 && { fCnt: counter }),
  fPort: port,
  confirmed: false,
  data: Buffer.from(hex, "hex").toString("base64"),
});
/** As The Things Stack v3 writes it (reference, data formats). */
const things = (at: string, hex = "01") => ({
  end_device_ids: {
    device_id: "bay-15",
    application_ids: { application_id: "bays" },
    dev_eui: EUI.toUpperCase(),
    dev_addr: "00BCB929",
  },
  received_at: at,
  uplink_message: { f_port: 1, f_cnt: 1, frm_payload: Buffer.from(hex, "hex").toString("base64"), received_at: at },
});

let open: Opened;
beforeEach(() => {
  open = new Opened();
});
afterEach(() => open[Symbol.asyncDispose]());

async function site(device: Readonly<Record<string, unknown>>) {
  const broker = open.use(await RawBroker.open());
  const { devices } = open.use(await running({ bay: device }, { mqtt: broker.url }));
  const bay = devices["bay"];
  if (bay === undefined) throw new Error("no bay");
  bay.commit();
  await poll(() => broker.subscribes.flatMap(({ subscriptions }) => subscriptions.map(({ topic }) => topic)).length).toBe(1);
  const presences = () => bay.rows.flatMap(({ point, value }) => (point === "presence" ? [value] : []));
  return { broker, bay, presences };
}

const poll = (look: () => unknown) => expect.poll(look, { timeout: 15_000 });

describe("a bay sensor on ChirpStack", () => {
  it("is heard whatever its application, and each uplink once", async () => {
    const { broker, bay, presences } = await site(BAY);
    expect(broker.subscribes[0]?.subscriptions[0]?.topic).toBe(`application/+/device/${EUI}/event/up`);
    const id = crypto.randomUUID();
    const ids = [
      broker.send(TOPIC, chirpstack({ id, counter: 4, hex: "01" })),
      broker.send(TOPIC, chirpstack({ id, counter: 4, hex: "01" })),
      // The same frame through a second server.
      broker.send(TOPIC, chirpstack({ counter: 4, hex: "01" })),
      broker.send(TOPIC, chirpstack({ counter: 5, hex: "00" })),
    ];
    await poll(() => broker.acknowledged).toEqual(ids);
    expect(presences()).toEqual([true, false]);
    expect(bay.look()).toMatchObject({ state: "up", wire: { messages: 4, repeated: 2, malformed: 0 } });
  });

  it("says what each port says, and lives on ports that say nothing of the bay", async () => {
    const { broker, bay } = await site(BAY);
    broker.send(TOPIC, chirpstack({ counter: 0, port: 3, hex: "2403000075030000000000000" + "01D020301" }));
    broker.send(TOPIC, chirpstack({ counter: 1, port: 2, hex: "01FF" }));
    broker.send(TOPIC, chirpstack({ counter: 2, port: 6, hex: "00" }));
    await poll(() => bay.look().wire).toMatchObject({ messages: 3, malformed: 0 });
    const shown = Object.fromEntries(bay.look().points.map(({ point, value }) => [point, value]));
    expect(shown).toEqual({ presence: true, temperature: -1, firmware: "0.29.2", "reset-cause": "system-request" });
  });

  it.each([
    ["no JSON", '{"deduplicationId":'],
    ["another network's words", JSON.stringify(things("2026-03-01T10:00:00Z"))],
    ["data that are no base64", JSON.stringify({ ...chirpstack(), data: "%%%" })],
    ["a counter that is none", JSON.stringify({ ...chirpstack(), fCnt: -1 })],
    ["a payload that is too short", JSON.stringify(chirpstack({ hex: "" }))],
  ])("refuses %s, says so, and goes on", async (_, payload) => {
    const { broker, bay, presences } = await site(BAY);
    broker.send(TOPIC, payload);
    await poll(() => bay.look().wire).toMatchObject({ malformed: 1 });
    expect(bay.rows.find(({ point }) => point === "presence")).toMatchObject({ value: null, quality: "bad" });
    broker.send(TOPIC, chirpstack({ counter: 9, hex: "01" }));
    await poll(() => presences().at(-1)).toBe(true);
  });
});

describe("a bay sensor on The Things Stack", () => {
  it("is named by its id there, and its uplinks come with QoS 0", async () => {
    const { broker, presences } = await site({ ...BAY, devEui: undefined, network: "tts", device: "bay-15" });
    expect(broker.subscribes[0]?.subscriptions[0]?.topic).toBe("v3/+/devices/bay-15/up");
    for (const [at, hex] of [
      ["2026-03-01T10:00:00.1Z", "01"],
      ["2026-03-01T10:00:00.1Z", "01"],
      ["2026-03-01T10:05:00.2Z", "00"],
    ] as const)
      broker.send("v3/bays@tenant/devices/bay-15/up", things(at, hex), { qos: 0 });
    await poll(presences).toEqual([true, false]);
  });
});

describe("an uplink that comes again", () => {
  const uplink = (network: Network, document: object) => {
    const found = uplinkIn(network, document);
    if (found === null) throw new Error("no uplink");
    return found;
  };

  it("is one with the same id, however late; the same frame only for a while", () => {
    const repeats = new Repeats(undefined, 0);
    const first = uplink("chirpstack", chirpstack({ id: "a" }));
    expect(repeats.isRepeated(first, 0)).toBe(false);
    expect(repeats.isRepeated(first, 3_600_000)).toBe(true);
    const sameFrame = uplink("chirpstack", chirpstack({ id: "b" }));
    expect(repeats.isRepeated(sameFrame, 60_000)).toBe(true);
    // A device without a join counts from 0 after each start: an hour later the same counter is another uplink.
    expect(repeats.isRepeated(sameFrame, 3_600_000)).toBe(false);
  });

  it("is none with another counter, another address or other bytes", () => {
    const repeats = new Repeats(undefined, 0);
    const seen = [
      chirpstack({ counter: 1 }),
      chirpstack({ counter: 2 }),
      chirpstack({ counter: 2, hex: "00" }),
      { ...chirpstack({ counter: 2 }), devAddr: "00189441" },
    ].map((document) => repeats.isRepeated(uplink("chirpstack", document), 0));
    expect(seen).toEqual([false, false, false, false]);
  });
});

it("a device that its network decodes says so when the network does not", async () => {
  const points = { moisture: { at: "/water_SOIL_f", unit: "%" } };
  const { broker, bay } = await site({ type: "lorawan-json", devEui: EUI, silentAfter: "2h", points });
  broker.send(TOPIC, chirpstack());
  await poll(() => bay.look()).toMatchObject({ state: "problem", problem: { code: "lorawan.no-object" } });
  broker.send(TOPIC, { ...chirpstack({ counter: 5 }), object: { water_SOIL_f: 13.74 } });
  await poll(() => bay.look()).toMatchObject({ state: "up", points: [{ value: 13.74 }] });
});

it("a record that nobody knows is told with its channel and type, and what stands before it counts", async () => {
  const { broker, bay } = await site({ type: "lorawan-milesight-em310-udl", devEui: EUI, silentAfter: "1h" });
  broker.send(TOPIC, chirpstack({ port: 85, hex: "01755CFF990003824408" }));
  await poll(() => bay.look()).toMatchObject({ state: "problem", problem: { code: "lorawan.unknown-record" } });
  expect(bay.look().problem?.what.en).toContain("FF 99");
  expect(bay.rows).toMatchObject([{ point: "battery", value: 92 }]);
});

it("the number of a tag that somebody showed is in no record and no status", async () => {
  const { broker, bay } = await site({ type: "lorawan-nwave-nps405", devEui: EUI, silentAfter: "1h" });
  const id = broker.send(TOPIC, chirpstack({ port: 10, hex: "D1201F345678" }));
  await poll(() => broker.acknowledged).toEqual([id]);
  expect(JSON.stringify([bay.rows, bay.look()])).not.toContain("1F345678");
  expect(bay.rows).toMatchObject([{ point: "presence", value: true }]);
});
