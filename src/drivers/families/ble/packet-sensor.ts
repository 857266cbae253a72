/** Makes the driver of a sensor that advertises manufacturer data in which each number has its place. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import type { PointSpec, Reading, Text, Value } from "../../../model/index.ts";
import type { Golden, PacketBits, PacketField, PacketLayout } from "../../driver.ts";
import { withReport } from "../options.ts";
import { withinRange } from "../range-check.ts";
import { advertisementDriver, type Interpreter, listening } from "./advertisement.ts";

const ROW_AT_LEAST_MS = 15 * 60_000;
const LOG8_STEP = Math.log(65_536) / 254;

/** A row of the table: where the number lies, and what it is. */
export interface PacketPoint extends PacketField {
  readonly unit: string;
  readonly range?: PointSpec["range"];
  /** Smallest change worth a row, in the unit. */
  readonly change?: number;
}

export interface PacketTable {
  readonly type: string;
  readonly title: Text;
  readonly packet: Omit<PacketLayout, "fields"> & { readonly fields: readonly PacketPoint[] };
  /** Points of a device whose options name none. */
  readonly usual: readonly string[];
  readonly goldens: readonly Golden[];
}

export function packetSensor({ type, title, packet, usual, goldens }: PacketTable) {
  const { manufacturer } = packet;
  const options = z.strictObject({
    ...listening,
    points: z
      .array(z.enum(packet.fields.map(({ point }) => point)))
      .min(1)
      .prefault([...usual])
      .describe("What it sends that is wanted. Anything else it sends is left out."),
  });
  return advertisementDriver<z.output<typeof options>>({
    type,
    title,
    options,
    goldens,
    golden: (bytes) => ({ services: {}, manufacturers: { [manufacturer]: bytes } }),
    points: (o) =>
      withReport(Object.fromEntries(wanted(packet.fields, o.points).map((field) => [field.point, specOf(field)])), o.report),
    layout: (o) => ({ wire: "ble", mac: o.mac, packet }),
    interpreter: (o) => interpreter(packet, wanted(packet.fields, o.points), o.mac),
  });
}

const wanted = (fields: readonly PacketPoint[], points: readonly string[]) =>
  fields.filter(({ point }) => points.includes(point));

function specOf({ unit, decode, range, change }: PacketPoint): PointSpec {
  if (decode === "bool") return { unit: "", kind: "state", report: { atLeastMs: ROW_AT_LEAST_MS } };
  const report = { ...(change !== undefined && { change }), atLeastMs: ROW_AT_LEAST_MS };
  return { unit, kind: "gauge", report, ...(range && { range }) };
}

function interpreter(packet: PacketLayout, fields: readonly PacketPoint[], mac: string): Interpreter {
  let last = "";
  return ({ manufacturers, mono }) => {
    const data = manufacturers[packet.manufacturer];
    if (!data || packet.beside.includes(data[0] ?? packet.format)) return [];
    if (data[0] !== packet.format || data.length !== packet.bytes) throw new EdgeError("frame.invalid", { device: mac });
    // One measurement is sent many times, to be heard. The sensor counts them, so the next one differs though nothing has changed.
    const bytes = Buffer.from(data).toString("latin1");
    if (bytes === last) return [];
    last = bytes;
    return fields.map((field): Reading => {
      const { point, range } = field;
      const value = valueIn(data, field);
      if (value === null) return { point, value, quality: "bad", code: "value.not-a-number", mono };
      return withinRange({ point, value, quality: "good", mono }, range);
    });
  };
}

/** Null: the sensor says that it has none. */
function valueIn(data: Uint8Array, { bits, decode, plus = 0, times = 1, per = 1, absent }: PacketField): Value {
  const raw = numberIn(data, bits);
  if (raw === absent) return null;
  switch (decode) {
    case "bool":
      return raw !== 0;
    case "unsigned":
      return ((raw + plus) * times) / per;
    case "signed":
      return ((raw >= 2 ** (widthOf(bits) - 1) ? raw - 2 ** widthOf(bits) : raw) * times) / per;
    case "log8":
      // Ruuvi: "rounded at most to 0.01".
      return Math.round((Math.exp(raw * LOG8_STEP) - 1) * 100) / 100;
  }
}

const widthOf = (bits: PacketBits): number => bits.reduce((sum, [, count]) => sum + count, 0);

function numberIn(data: Uint8Array, bits: PacketBits): number {
  let number = 0;
  for (const [first, count] of bits)
    for (let bit = first; bit < first + count; bit += 1) number = number * 2 + (((data[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
  return number;
}
