/** Decodes payloads whose fields lie at fixed places, by port and by what a byte says of the rest. */
import type { Value } from "../../../model/index.ts";
import type { PayloadField, PayloadForms, PayloadPart } from "../../message-layout.ts";
import { integerIn } from "../integers.ts";

export type Decoded = Readonly<Record<string, Value>>;

/** The values of a payload. Null: it is shorter than its form. Empty: nothing is known of this port or form, or it has none of the points. */
export function fieldsIn(forms: PayloadForms, port: number, bytes: Uint8Array): Decoded | null {
  const those = forms[port] ?? ("any" in forms ? forms.any : undefined) ?? [];
  const form = those.find(({ when }) => when === undefined || when.is.includes((bytes[when.at] ?? -1) & when.mask));
  if (form === undefined) return {};
  const values: Record<string, Value> = {};
  for (const field of form.fields) {
    if (field.at + lengthOf(field) > bytes.length) {
      if ("optional" in field) continue;
      return null;
    }
    values[field.point] = fieldValue(field, bytes);
  }
  return values;
}

const LENGTH = { uint8: 1, int8: 1, uint16: 2, int16: 2, uint32: 4, int32: 4 } as const;
function lengthOf(field: PayloadPart): number {
  if ("dotted" in field) return field.dotted;
  return "hex" in field ? field.hex : LENGTH[field.decode ?? "uint8"];
}

function fieldValue(field: PayloadPart, bytes: Uint8Array): Value {
  const those = bytes.slice(field.at, field.at + lengthOf(field));
  if ("dotted" in field) return those.join(".");
  if ("hex" in field) return Buffer.from(those).toString("hex").toUpperCase();
  const { at, decode = "uint8", bit, mask, order, absent } = field;
  const raw = integerIn(bytes, at, decode, order === "little");
  if (bit !== undefined) return ((raw >>> bit) & 1) === 1;
  if (absent?.includes(raw)) return null;
  return scaled(mask === undefined ? raw : (raw & mask) / (mask & -mask), field);
}

/** The word or the scaled number that a raw number stands for, rounded so that scaling adds no false digits. */
export function scaled(raw: number, { map, scale, offset }: Pick<PayloadField, "map" | "scale" | "offset">): Value {
  if (map !== undefined) return map[raw] ?? String(raw);
  return scale === undefined && offset === undefined ? raw : Number((raw * (scale ?? 1) + (offset ?? 0)).toPrecision(12));
}
