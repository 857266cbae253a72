/** Makes the driver of a LoRaWAN device from what its payloads hold. */
import type * as z from "zod";
import { monotonic } from "../../../kit/clock.ts";
import { EdgeError } from "../../../kit/errors.ts";
import type { PointSpec, Reading, Text, Value } from "../../../model/index.ts";
import type { Driver, Golden } from "../../driver.ts";
import type { PayloadLayout } from "../../message-layout.ts";
import { type Interpret, ListeningDevice, memoryOf, type Understood } from "../mqtt/listening-device.ts";
import { jsonIn, shownPayload, textIn } from "../mqtt/payload-text.ts";
import { withReport } from "../options.ts";
import { type NetworkOptions, topicOf } from "./network-options.ts";
import { type Network, type Uplink, uplinkIn } from "./network-uplink.ts";
import { Repeats } from "./repeats.ts";

/** What one uplink says; null: its payload is no payload of this device. */
export type Read = (uplink: Uplink, mono: number) => Pick<Understood, "readings" | "unread"> | null;

export interface UplinkParts<O extends NetworkOptions> {
  readonly type: string;
  readonly title: Text;
  readonly options: z.ZodType<O>;
  readonly goldens: readonly Golden[];
  points(options: O): Readonly<Record<string, PointSpec>>;
  /** One per opening. */
  reader(options: O): Read;
  /** The table itself. */
  payload(options: O): PayloadLayout;
  /** Values of a golden. Absent: it is "port: bytes". */
  decode?(golden: Golden): Readonly<Record<string, Value>>;
}

export function uplinkDriver<O extends NetworkOptions>(parts: UplinkParts<O>): Driver<O> {
  const { type, title, options, goldens } = parts;
  const points = (o: O) => withReport(parts.points(o), o.report);
  return {
    type,
    title,
    wire: "mqtt",
    options,
    goldens,
    points,
    silentAfterMs: (o) => o.silentAfter,
    claims: (o) => [o.network === "chirpstack" ? `devEui ${o.devEui?.toUpperCase()}` : `device ${o.device}`],
    status: ({ id, bus, wires }) => wires.mqtt(bus).received(id),
    layout: (o) => ({ wire: "mqtt", uplinks: { network: o.network, topic: topicOf(o), payload: parts.payload(o) } }),
    open: (at) => {
      const listener = at.wires.mqtt(at.bus).listen(at.id, [topicOf(at.options)]);
      const repeats = new Repeats(memoryOf(at.host), monotonic());
      const interpret = interpreter(at.options.network, parts.reader(at.options), Object.keys(points(at.options)), repeats);
      return Promise.resolve(new ListeningDevice(listener, interpret, at.host, () => repeats.memory));
    },
    decode: (golden) => parts.decode?.(golden) ?? decodeGolden(golden, parts),
  };
}

/** `points`: of what nobody understands each is told to be unknown. */
export function interpreter(network: Network, read: Read, points: readonly string[], repeats: Repeats): Interpret {
  return ({ topic, payload, mono }) => {
    const refused = (code: string, why: object): Understood => ({
      readings: points.map((point): Reading => ({ point, value: null, quality: "bad", code, mono, why: { ...why } })),
      isMalformed: true,
    });
    const text = textIn(payload);
    const uplink = text === null ? null : uplinkIn(network, jsonIn(text)?.value);
    if (uplink === null) return refused("mqtt.malformed", { topic, found: shownPayload(payload) });
    if (repeats.isRepeated(uplink, mono)) return { readings: [], isRepeated: true };
    return read(uplink, mono) ?? refused("frame.invalid", {});
  };
}

/** `port: bytes`, through the code that live payloads go through. */
function decodeGolden<O extends NetworkOptions>({ name, rx, options }: Golden, parts: UplinkParts<O>) {
  const [port = "", hex = ""] = rx.split(":");
  const uplink = { id: null, address: "", counter: 0, port: Number(port), object: undefined };
  const read = parts.reader(parts.options.parse(options));
  const decoded = read({ ...uplink, bytes: Buffer.from(hex.replaceAll(" ", ""), "hex") }, 0);
  if (decoded === null) throw new EdgeError("frame.invalid", { device: name });
  return Object.fromEntries(decoded.readings.map(({ point, value }) => [point, value]));
}
