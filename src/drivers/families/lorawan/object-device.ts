/** Makes the driver of any LoRaWAN device that its network decodes: values by JSON pointer in the decoded object. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import type { Text } from "../../../model/index.ts";
import type { Driver, Golden, MessageValue } from "../../driver.ts";
import { pointer } from "../mqtt/json-pointer.ts";
import { contradictions, meaning, messageValueOf, pointsOf, rangesOf, specOf } from "../mqtt/json-points.ts";
import { PointReader } from "../mqtt/point-reader.ts";
import { misnamed, network, topicOf } from "./network-options.ts";
import { Repeats } from "./repeats.ts";
import { interpreter, type Read, uplinkDriver } from "./uplink-device.ts";

const point = z
  .strictObject({
    at: pointer().describe("Where it stands in the decoded object: a JSON pointer (RFC 6901) such as /temperature."),
    ...meaning,
  })
  .superRefine(contradictions);

const options = z.strictObject({ ...network, points: pointsOf(point) }).superRefine(misnamed);
type Options = z.output<typeof options>;

export function objectDevice(table: {
  readonly type: string;
  readonly title: Text;
  readonly goldens: readonly Golden[];
}): Driver<Options> {
  const specs = (o: Options) => Object.fromEntries(Object.entries(o.points).map(([name, one]) => [name, specOf(one)]));
  return uplinkDriver<Options>({
    ...table,
    options,
    points: specs,
    reader: readerOf,
    payload: (o) => ({ object: valuesOf(o) }),
    decode: ({ name, rx, options: written }) => {
      const o = options.parse(written);
      const [topic = "", ...payload] = rx.split(" ");
      const interpret = interpreter(o.network, readerOf(o), Object.keys(o.points), new Repeats(undefined, 0));
      const decoded = interpret({ topic, payload: Buffer.from(payload.join(" ")), mono: 0 });
      if (decoded.isMalformed || decoded.readings.length === 0) throw new EdgeError("frame.invalid", { device: name });
      return Object.fromEntries(decoded.readings.map(({ point, value }) => [point, value]));
    },
  });
}

function readerOf(o: Options): Read {
  const topic = topicOf(o);
  const reader = new PointReader(topic, valuesOf(o), rangesOf(o.points));
  return ({ object }, mono) => {
    if (object === undefined || object === null) return { readings: [], unread: new EdgeError("lorawan.no-object", { topic }) };
    return { readings: reader.read(object, "", mono), unread: reader.wrongPointer() };
  };
}

const valuesOf = (o: Options): Readonly<Record<string, MessageValue>> =>
  Object.fromEntries(Object.entries(o.points).map(([name, one]) => [name, messageValueOf(one, one.at)]));
