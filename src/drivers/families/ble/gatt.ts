/** Makes the driver of a Bluetooth device that is connected to now and then, and read. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import type { Device, Reading, Text, Ticks, Value } from "../../../model/index.ts";
import type { BleDevice, CharacteristicPoint, Driver, Golden } from "../../driver.ts";
import { every, report, withReport } from "../options.ts";
import { withinRange } from "../range-check.ts";
import { mac } from "./advertisement.ts";
import { printableText } from "./printable-text.ts";

export interface GattTable {
  readonly type: string;
  readonly title: Text;
  /** Each reading costs the device's battery a connection. */
  readonly every: string;
  /** The first must be there; any other may be missing. */
  readonly points: Readonly<Record<string, CharacteristicPoint>>;
  readonly goldens: readonly Golden[];
}

const MISSED = 3;

export function gattDevice({ type, title, every: standard, points, goldens }: GattTable) {
  const options = z.strictObject({ mac: mac(), every: every(standard), report: report() });
  type Options = z.output<typeof options>;
  return {
    type,
    title,
    wire: "ble",
    options,
    goldens,
    points: (o) => withReport(points, o.report),
    silentAfterMs: (o) => MISSED * o.every,
    everyMs: (o) => o.every,
    claims: (o) => [`mac ${o.mac} by connection`],
    status: ({ options, bus, wires }) => wires.ble(bus).heard(options.mac),
    layout: (o) => ({ wire: "ble", mac: o.mac, characteristics: points }),
    open: async (at) => new GattDevice(await at.wires.ble(at.bus).open(at.options.mac, at.stop), points),
    decode: (golden) => decodeGolden(golden, points),
  } satisfies Driver<Options> as Driver<Options>;
}

class GattDevice implements Device {
  readonly #radio: BleDevice;
  readonly #points: Readonly<Record<string, CharacteristicPoint>>;

  constructor(radio: BleDevice, points: Readonly<Record<string, CharacteristicPoint>>) {
    this.#radio = radio;
    this.#points = points;
  }

  async *readings(ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    while (!stop.aborted) {
      await ticks.next(stop);
      if (stop.aborted) return;
      const { values, mono } = await this.#radio.read(Object.values(this.#points), stop);
      yield readingsOf(this.#points, values, mono);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#radio[Symbol.dispose]();
    return Promise.resolve();
  }
}

function readingsOf(
  points: Readonly<Record<string, CharacteristicPoint>>,
  values: readonly (Uint8Array | null)[],
  mono: number,
): readonly Reading[] {
  return Object.entries(points).flatMap(([point, spec], i): readonly Reading[] => {
    const bytes = values[i] ?? null;
    // What is optional and not there is no fault of the device.
    if (bytes === null && i > 0) return [];
    return [
      bytes === null
        ? { point, value: null, quality: "bad", code: "value.not-a-number", mono }
        : judged(point, spec, bytes, mono),
    ];
  });
}

/** Text ends at the first zero byte (Bluetooth GATT specification supplement, utf8s). */
function judged(point: string, { decode, range }: CharacteristicPoint, bytes: Uint8Array, mono: number): Reading {
  if (decode === "text") {
    const end = bytes.indexOf(0);
    return { point, value: printableText(end < 0 ? bytes : bytes.subarray(0, end)), quality: "good", mono };
  }
  const value = bytes[0];
  if (value === undefined || bytes.length !== 1) return { point, value: null, quality: "bad", code: "frame.invalid", mono };
  return withinRange({ point, value, quality: "good", mono }, range);
}

/** "[2a19] 57 [2a29] 41 42": each characteristic's four digits in brackets, then its bytes. */
function decodeGolden(golden: Golden, points: Readonly<Record<string, CharacteristicPoint>>): Readonly<Record<string, Value>> {
  const bytes = new Map(
    [...golden.rx.matchAll(/\[([0-9a-f]{4})\]([0-9A-Fa-f ]*)/g)].map(([, id = "", hex = ""]) => [
      id,
      Buffer.from(hex.replaceAll(" ", ""), "hex"),
    ]),
  );
  const values = Object.values(points).map(({ characteristic }) => bytes.get(characteristic) ?? null);
  const readings = readingsOf(points, values, 0);
  if (readings.some(({ code }) => code === "frame.invalid")) throw new EdgeError("frame.invalid", { device: golden.name });
  return Object.fromEntries(readings.map(({ point, value }) => [point, value]));
}
