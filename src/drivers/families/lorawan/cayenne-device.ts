/** Makes the driver of any LoRaWAN device that sends Cayenne LPP, with the channels that the configuration names. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import type { PointSpec, Text } from "../../../model/index.ts";
import type { Driver, Golden } from "../../driver.ts";
import type { PayloadRecord, PayloadRecords } from "../../message-layout.ts";
import { pointsOf } from "../mqtt/json-points.ts";
import { misnamed, network } from "./network-options.ts";
import { readingsOf } from "./payload-device.ts";
import { recordsIn } from "./payload-records.ts";
import { type Read, uplinkDriver } from "./uplink-device.ts";

interface LppType extends PayloadRecord {
  readonly code: string;
  readonly spec?: PointSpec;
}

const report = { atLeastMs: 15 * 60_000 };
const gauge = (unit: string): PointSpec => ({ unit, kind: "gauge", report });
const state: PointSpec = { unit: "", kind: "state", report };

/** myDevices, Cayenne LPP 2.0, data types; those without a spec are only stepped over. */
const TYPES = {
  "digital-input": { code: "00", trueAt: 1, spec: state },
  "digital-output": { code: "01", trueAt: 1, spec: state },
  "analog-input": { code: "02", decode: "int16", scale: 0.01, spec: gauge("1") },
  "analog-output": { code: "03", decode: "int16", scale: 0.01, spec: gauge("1") },
  illuminance: { code: "65", decode: "uint16", spec: gauge("lx") },
  presence: { code: "66", trueAt: 1, spec: state },
  temperature: { code: "67", decode: "int16", scale: 0.1, spec: gauge("Cel") },
  humidity: { code: "68", scale: 0.5, spec: gauge("%") },
  accelerometer: { code: "71", bytes: 6 },
  barometer: { code: "73", decode: "uint16", scale: 0.1, spec: gauge("hPa") },
  gyrometer: { code: "86", bytes: 6 },
  gps: { code: "88", bytes: 9 },
} as const satisfies Readonly<Record<string, LppType>>;

const named = Object.keys(TYPES).filter((name) => "spec" in typeOf(name));

const options = z
  .strictObject({
    ...network,
    points: pointsOf(
      z.strictObject({
        channel: z.int().min(0).max(255).describe("Number of the channel that the device sends it on."),
        type: z.enum(named).describe("What it sends there."),
      }),
    ),
  })
  .superRefine(misnamed);
type Options = z.output<typeof options>;

function typeOf(name: string): LppType {
  return TYPES[name as keyof typeof TYPES];
}

export function cayenneDevice(table: {
  readonly type: string;
  readonly title: Text;
  readonly goldens: readonly Golden[];
}): Driver<Options> {
  const specs = (o: Options) =>
    Object.fromEntries(Object.entries(o.points).map(([name, { type }]) => [name, typeOf(type).spec ?? state]));
  return uplinkDriver<Options>({
    ...table,
    options,
    points: specs,
    reader: (o) => readerOf(o, specs(o)),
    payload: (o) => ({ records: recordsOf(o) }),
  });
}

function recordsOf(o: Options): PayloadRecords {
  const others = Object.values(TYPES).map((type): [string, PayloadRecord] => [`**${type.code}`, type]);
  const wanted = Object.entries(o.points).map(([point, { channel, type }]): [string, PayloadRecord] => {
    const { code, ...record } = typeOf(type);
    return [`${channel.toString(16).padStart(2, "0").toUpperCase()}${code}`, { ...record, point }];
  });
  return Object.fromEntries([...others, ...wanted]);
}

function readerOf(o: Options, specs: Readonly<Record<string, PointSpec>>): Read {
  const records = recordsOf(o);
  return ({ bytes }, mono) => {
    const { values, unknown, isCut } = recordsIn(records, bytes);
    const readings = readingsOf(values, specs, mono);
    if (isCut && readings.length === 0) return null;
    return { readings, unread: unknown === null ? null : new EdgeError("lorawan.unknown-record", { record: unknown }) };
  };
}
