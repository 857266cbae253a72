/** Writes the packet of a sensor in whose manufacturer data each number has its place. */
import type { PacketBits, PacketField, PacketLayout } from "../../../src/drivers/driver.ts";

/** A value that is not among the points is one that the sensor does not have. */
export function packetOf(layout: PacketLayout, values: ReadonlyMap<string, number>, sequence: number): Buffer {
  const data = Buffer.alloc(layout.bytes);
  data[0] = layout.format;
  put(data, layout.sequence, sequence);
  for (const field of layout.fields) {
    const value = values.get(field.point);
    put(data, field.bits, value === undefined ? (field.absent ?? 0) : rawOf(field, value));
  }
  return data;
}

/** As near to the value as the packet can carry it. */
export function shownBy(layout: PacketLayout, point: string, value: number): number | boolean {
  const field = layout.fields.find((one) => one.point === point);
  if (!field) throw new Error(`the twin cannot send ${point}`);
  const { decode, plus = 0, times = 1, per = 1 } = field;
  const raw = rawOf(field, value);
  if (decode === "bool") return raw !== 0;
  if (decode === "log8") return Math.round((65_536 ** (raw / 254) - 1) * 100) / 100;
  return ((raw + plus) * times) / per;
}

function rawOf({ decode, bits, plus = 0, times = 1, per = 1 }: PacketField, value: number): number {
  const width = bits.reduce((sum, [, count]) => sum + count, 0);
  if (decode === "log8") return within(Math.round((254 * Math.log(Math.max(value, 0) + 1)) / Math.log(65_536)), 0, 254);
  const raw = Math.round((value * per) / times) - plus;
  if (decode === "signed") return within(raw, 1 - 2 ** (width - 1), 2 ** (width - 1) - 1);
  return within(raw, 0, width === 1 ? 1 : 2 ** width - 2);
}

const within = (raw: number, least: number, most: number): number => Math.min(Math.max(raw, least), most);

/** From the last bit backwards. */
function put(data: Buffer, bits: PacketBits, number: number): void {
  const places = bits.flatMap(([first, count]) => Array.from({ length: count }, (_, i) => first + i));
  for (const [i, place] of places.toReversed().entries()) {
    const mask = 0x80 >> (place & 7);
    const isSet = Math.floor(number / 2 ** i) % 2 !== 0;
    const at = place >> 3;
    data[at] = isSet ? (data[at] ?? 0) | mask : (data[at] ?? 0) & ~mask;
  }
}
