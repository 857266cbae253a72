/** Decodes payloads of records that describe themselves: channel, type and data (Cayenne LPP and its kin). */
import type { Value } from "../../../model/index.ts";
import type { PayloadRecord, PayloadRecords } from "../../message-layout.ts";
import { integerIn } from "../integers.ts";
import { scaled } from "./payload-fields.ts";

export interface Walked {
  readonly values: Readonly<Record<string, Value>>;
  /** Channel and type of the first record that nobody knows: how long it is, and so all behind it, cannot be told. */
  readonly unknown: string | null;
  /** It ended within a record. */
  readonly isCut: boolean;
}

export function recordsIn(records: PayloadRecords, bytes: Uint8Array): Walked {
  const values: Record<string, Value> = {};
  let at = 0;
  while (at < bytes.length) {
    const [channel = "", type = ""] = [bytes[at], bytes[at + 1]].map(
      (byte) => byte?.toString(16).padStart(2, "0").toUpperCase() ?? "",
    );
    if (type === "") return { values, unknown: null, isCut: true };
    const record = records[`${channel}${type}`] ?? records[`**${type}`];
    if (record === undefined) return { values, unknown: `${channel} ${type}`, isCut: false };
    const length = record.bytes ?? LENGTH[record.decode ?? "uint8"];
    if (at + 2 + length > bytes.length) return { values, unknown: null, isCut: true };
    if (record.point !== undefined) values[record.point] = valueIn(record, bytes, at + 2);
    at += 2 + length;
  }
  return { values, unknown: null, isCut: false };
}

const LENGTH = { uint8: 1, int8: 1, uint16: 2, int16: 2, uint32: 4, int32: 4 } as const;

function valueIn(record: PayloadRecord, bytes: Uint8Array, at: number): Value {
  const raw = integerIn(bytes, at, record.decode ?? "uint8", record.order === "little");
  if (record.absent?.includes(raw)) return null;
  return record.trueAt === undefined ? scaled(raw, record) : raw === record.trueAt;
}
