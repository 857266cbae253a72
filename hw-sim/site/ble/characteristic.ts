/** Writes the values that a Bluetooth device gives over a connection. */
import type { CharacteristicPoint } from "../../../src/drivers/driver.ts";

const BYTES = { uint8: 1, uint16: 2, int16: 2, uint32: 4 } as const;

/** As near to the value as the characteristic can carry it. */
export function nearest(spec: CharacteristicPoint | undefined, value: number): number | boolean {
  if (!spec) throw new Error("the twin has no such characteristic");
  const { decode, times = 1, per = 1 } = spec;
  if (decode === "line") return value !== 0;
  return (Math.round((value * per) / times) * times) / per;
}

/** Of the points that stand in one characteristic. */
export function bytesFor(
  points: readonly (readonly [string, CharacteristicPoint])[],
  shown: Readonly<Record<string, number | boolean | string>>,
): Buffer {
  const lines = points.flatMap(([point, { decode, line = 0 }]) =>
    decode === "line" ? [[line, shown[point] === true] as const] : [],
  );
  if (lines.length > 0) {
    const data = Buffer.alloc(Math.max(...lines.map(([line]) => line >> 2)) + 1);
    for (const [line, isOn] of lines) if (isOn) data[line >> 2] = (data[line >> 2] ?? 0) | (1 << (2 * (line & 3)));
    return data;
  }
  const [point, { decode, times = 1, per = 1 }] = points[0] ?? ["", { decode: "text" } as CharacteristicPoint];
  if (decode === "text" || decode === "line") return Buffer.from(String(shown[point] ?? ""));
  const data = Buffer.alloc(BYTES[decode]);
  const raw = Math.round((Number(shown[point]) * per) / times);
  if (decode === "int16") data.writeInt16LE(raw);
  else data.writeUIntLE(raw, 0, data.length);
  return data;
}
