/** Makes the driver of a LoRaWAN device from a table: where each value lies in the bytes that it sends. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import type { PointSpec, Reading, Text, Value } from "../../../model/index.ts";
import type { Driver, Golden } from "../../driver.ts";
import type { PayloadForms, PayloadLayout, PayloadRecords } from "../../message-layout.ts";
import { withinRange } from "../range-check.ts";
import { misnamed, type NetworkOptions, network } from "./network-options.ts";
import { fieldsIn } from "./payload-fields.ts";
import { recordsIn } from "./payload-records.ts";
import { type Read, uplinkDriver } from "./uplink-device.ts";

interface PayloadTable {
  readonly type: string;
  readonly title: Text;
  readonly points: Readonly<Record<string, PointSpec>>;
  readonly goldens: readonly Golden[];
}

export interface FieldsTable extends PayloadTable {
  readonly forms: PayloadForms;
}

/** A device whose values lie at fixed places. */
export function fieldsDevice({ forms, ...table }: FieldsTable): Driver<NetworkOptions> {
  return device(table, { forms }, () => fieldsReader(forms, table.points));
}

export interface VariantsTable extends PayloadTable {
  /** The option by which firmware that writes the same values elsewhere is told apart, and what lies where. */
  readonly variant: { readonly option: string; readonly describe: string; readonly standard: string };
  readonly forms: Readonly<Record<string, PayloadForms>>;
}

/** A device of which there is firmware that puts its values elsewhere. */
export function variantsDevice({ forms, variant, ...table }: VariantsTable) {
  const { option, describe, standard } = variant;
  const which = z.enum(Object.keys(forms)).prefault(standard).describe(describe);
  const options = z.strictObject({ ...network, [option]: which }).superRefine((o, at) => misnamed(o as NetworkOptions, at));
  const formsOf = (o: NetworkOptions): PayloadForms => forms[(o as Readonly<Record<string, unknown>>)[option] as string] ?? {};
  return uplinkDriver<NetworkOptions>({
    ...table,
    options: options as unknown as z.ZodType<NetworkOptions>,
    points: () => table.points,
    payload: (o) => ({ forms: formsOf(o) }),
    reader: (o) => fieldsReader(formsOf(o), table.points),
  });
}

export interface RecordsTable extends PayloadTable {
  /** The records that it sends on these ports; absent: on every port. */
  readonly ports?: readonly number[];
  readonly records: PayloadRecords;
}

/** A device whose payloads describe themselves. */
export function recordsDevice({ records, ports, ...table }: RecordsTable): Driver<NetworkOptions> {
  return device(table, { records }, () => ({ port, bytes }, mono) => {
    if (ports !== undefined && !ports.includes(port)) return { readings: [] };
    const { values, unknown, isCut } = recordsIn(records, bytes);
    const readings = readingsOf(values, table.points, mono);
    if (isCut && readings.length === 0) return null;
    return { readings, unread: unknown === null ? null : new EdgeError("lorawan.unknown-record", { record: unknown }) };
  });
}

const options = z.strictObject(network).superRefine(misnamed);

const device = ({ points, ...table }: PayloadTable, payload: PayloadLayout, reader: () => Read): Driver<NetworkOptions> =>
  uplinkDriver<NetworkOptions>({ ...table, options, points: () => points, reader, payload: () => payload });

export const fieldsReader =
  (forms: PayloadForms, points: Readonly<Record<string, PointSpec>>): Read =>
  ({ port, bytes }, mono) => {
    const values = fieldsIn(forms, port, bytes);
    return values === null ? null : { readings: readingsOf(values, points, mono) };
  };

export function readingsOf(
  values: Readonly<Record<string, Value>>,
  points: Readonly<Record<string, PointSpec>>,
  mono: number,
): readonly Reading[] {
  return Object.entries(values).map(([point, value]): Reading => {
    if (value === null) return { point, value, quality: "bad", code: "value.not-a-number", mono };
    return withinRange({ point, value, quality: "good", mono }, points[point]?.range);
  });
}
