/** Makes the driver of a Bluetooth device that is connected to now and then, and read. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import type { Device, Reading, Text, Ticks, Value } from "../../../model/index.ts";
import type { BleCharacteristic, BleDevice, CharacteristicPoint, Driver, Golden } from "../../driver.ts";
import { every, report, withReport } from "../options.ts";
import { withinRange } from "../range-check.ts";
import { mac } from "./advertisement.ts";
import { printableText } from "./printable-text.ts";

export interface GattTable {
  readonly type: string;
  readonly title: Text;
  /** Each reading costs the device's battery a connection. */
  readonly every: string;
  readonly points: Readonly<Record<string, CharacteristicPoint>>;
  /** Of these a device's options choose, and what they choose must be there; absent: the first must. Any other may be missing. */
  readonly choice?: { readonly from: readonly string[]; readonly usual: readonly string[] };
  readonly goldens: readonly Golden[];
}

const MISSED = 3;

type Points = Readonly<Record<string, CharacteristicPoint>>;

export function gattDevice({ type, title, every: standard, points: all, choice, goldens }: GattTable) {
  const options = z.strictObject({
    mac: mac(),
    every: every(standard),
    ...(choice && {
      points: z
        .array(z.enum(choice.from))
        .min(1)
        .prefault([...choice.usual])
        .describe("What of it is wanted, and must be there. Anything else is left out."),
    }),
    report: report(),
  });
  type Options = z.output<typeof options> & { readonly points?: readonly string[] };
  const required = (o: Options): readonly string[] => o.points ?? Object.keys(all).slice(0, 1);
  const chosen = (o: Options): Points =>
    Object.fromEntries(Object.entries(all).filter(([point]) => !choice?.from.includes(point) || required(o).includes(point)));
  return {
    type,
    title,
    wire: "ble",
    options: options as z.ZodType<Options>,
    goldens,
    points: (o) => withReport(chosen(o), o.report),
    silentAfterMs: (o) => MISSED * o.every,
    everyMs: (o) => o.every,
    claims: (o) => [`mac ${o.mac} by connection`],
    status: ({ options, bus, wires }) => wires.ble(bus).heard(options.mac),
    layout: (o) => ({ wire: "ble", mac: o.mac, characteristics: chosen(o) }),
    open: async (at) =>
      new GattDevice(await at.wires.ble(at.bus).open(at.options.mac, at.stop), chosen(at.options), required(at.options)),
    decode: (golden) => {
      const o = options.parse(golden.options ?? {}) as Options;
      return decodeGolden(golden, chosen(o), required(o));
    },
  } satisfies Driver<Options> as Driver<Options>;
}

class GattDevice implements Device {
  readonly #radio: BleDevice;
  readonly #points: Points;
  readonly #required: readonly string[];
  /** Several lines stand in one characteristic: it is read once. */
  readonly #asked: readonly BleCharacteristic[];

  constructor(radio: BleDevice, points: Points, required: readonly string[]) {
    this.#radio = radio;
    this.#points = points;
    this.#required = required;
    this.#asked = [...new Map(Object.values(points).map((point) => [nameOf(point), point])).values()];
  }

  async *readings(ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    while (!stop.aborted) {
      await ticks.next(stop);
      if (stop.aborted) return;
      const { values, mono } = await this.#radio.read(this.#asked, stop);
      const found = new Map(this.#asked.map((one, i) => [nameOf(one), values[i] ?? null]));
      yield readingsOf(this.#points, this.#required, found, mono);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#radio[Symbol.dispose]();
    return Promise.resolve();
  }
}

const nameOf = ({ service, characteristic }: BleCharacteristic): string => `${service} ${characteristic}`;

function readingsOf(
  points: Points,
  required: readonly string[],
  found: ReadonlyMap<string, Uint8Array | null>,
  mono: number,
): readonly Reading[] {
  return Object.entries(points).flatMap(([point, spec]): readonly Reading[] => {
    const bytes = found.get(nameOf(spec)) ?? null;
    if (bytes !== null) return [judged(point, spec, bytes, mono)];
    // What is optional and not there is no fault of the device.
    return required.includes(point) ? [without(point, mono)] : [];
  });
}

const without = (point: string, mono: number): Reading => ({
  point,
  value: null,
  quality: "bad",
  code: "value.not-a-number",
  mono,
});

const LENGTH = { uint8: 1, uint16: 2, int16: 2, uint32: 4 } as const;

/** Text ends at the first zero byte (Bluetooth GATT specification supplement, utf8s). */
function judged(point: string, spec: CharacteristicPoint, bytes: Uint8Array, mono: number): Reading {
  const { decode, range, times = 1, per = 1 } = spec;
  const data = Buffer.from(bytes);
  if (decode === "text") {
    const end = data.indexOf(0);
    return { point, value: printableText(end < 0 ? data : data.subarray(0, end)), quality: "good", mono };
  }
  if (data.length === 0 || (decode !== "line" && data.length !== LENGTH[decode]))
    return { point, value: null, quality: "bad", code: "frame.invalid", mono };
  if (decode === "line") {
    const state = lineIn(data, spec.line ?? 0);
    return state === null ? without(point, mono) : { point, value: state, quality: "good", mono };
  }
  const raw = decode === "int16" ? data.readInt16LE() : data.readUIntLE(0, data.length);
  if (raw === spec.absent) return without(point, mono);
  return withinRange({ point, value: (raw * times) / per, quality: "good", mono }, range);
}

/** Null: the device has no such line, or says of it that it is neither on nor off. */
function lineIn(data: Buffer, line: number): boolean | null {
  const two = ((data[line >> 2] ?? 0xff) >> (2 * (line & 3))) & 3;
  return two > 1 ? null : two === 1;
}

/** "[2a19] 57 [2a29] 41 42": each characteristic's four digits in brackets, then its bytes. */
function decodeGolden(golden: Golden, points: Points, required: readonly string[]): Readonly<Record<string, Value>> {
  const bytes = new Map(
    [...golden.rx.matchAll(/\[([0-9a-f]{4})\]([0-9A-Fa-f ]*)/g)].map(([, id = "", hex = ""]) => [
      id,
      Buffer.from(hex.replaceAll(" ", ""), "hex"),
    ]),
  );
  const found = new Map(Object.values(points).map((point) => [nameOf(point), bytes.get(point.characteristic) ?? null]));
  const readings = readingsOf(points, required, found, 0);
  if (readings.some(({ code }) => code === "frame.invalid")) throw new EdgeError("frame.invalid", { device: golden.name });
  return Object.fromEntries(readings.map(({ point, value }) => [point, value]));
}
