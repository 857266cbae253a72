/** Makes the driver of a beacon, which is known by what it sends and not by its address. */
import type * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import { duration } from "../../../kit/text/quantities.ts";
import type { Device, PointSpec, Reading, Text, Ticks, Value } from "../../../model/index.ts";
import type { AdvertPattern, BleAdvert, BleListening, Driver, Golden, Layout } from "../../driver.ts";

export const silence = () => duration().prefault("15min").describe("Not heard for this long, it counts as silent.");

/** Null: it is not of this beacon. No readings: it is, and says nothing new. */
export type BeaconInterpreter = (advert: BleAdvert) => readonly Reading[] | null;

export interface BeaconParts<O> {
  readonly type: string;
  readonly title: Text;
  readonly options: z.ZodType<O>;
  /** What a golden's bytes are: advertisements one after the other, each of them data of this kind, with `|` between. */
  readonly goldens: readonly Golden[];
  points(options: O): Readonly<Record<string, PointSpec>>;
  pattern(options: O): AdvertPattern;
  /** What such a beacon sends in turn, hex: for its twin. */
  packets(options: O): readonly string[];
  /** Made anew at each opening. */
  interpreter(options: O): BeaconInterpreter;
  silentAfterMs(options: O): number;
  /** What no two devices on one radio may share. */
  claim(options: O): string;
}

export function beaconDriver<O>(parts: BeaconParts<O>): Driver<O> {
  const { type, title, options, goldens } = parts;
  return {
    type,
    title,
    wire: "ble",
    options,
    goldens,
    points: (o) => parts.points(o),
    silentAfterMs: (o) => parts.silentAfterMs(o),
    claims: (o) => [parts.claim(o)],
    status: ({ options, bus, wires }) => wires.ble(bus).heard(parts.pattern(options)),
    layout: (o): Layout => ({ wire: "ble", pattern: parts.pattern(o), packets: parts.packets(o) }),
    open: async (at) => {
      const listening = await at.wires.ble(at.bus).hear(parts.pattern(at.options), at.stop);
      return new Beacon(listening, parts.interpreter(at.options));
    },
    decode: (golden) => decodeGolden(golden, parts),
  };
}

class Beacon implements Device {
  readonly #listening: BleListening;
  readonly #interpret: BeaconInterpreter;

  constructor(listening: BleListening, interpret: BeaconInterpreter) {
    this.#listening = listening;
    this.#interpret = interpret;
  }

  async *readings(_ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    for await (const advert of this.#listening.adverts(stop)) {
      const readings = this.#interpret(advert);
      if (readings !== null) yield readings;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#listening[Symbol.dispose]();
    return Promise.resolve();
  }
}

/** The values of the last advertisement that is of this beacon. All come from one address, a second apart. */
function decodeGolden<O>(golden: Golden, parts: BeaconParts<O>): Readonly<Record<string, Value>> {
  const options = parts.options.parse(golden.options ?? {});
  const interpret = parts.interpreter(options);
  const pattern = parts.pattern(options);
  const told = golden.rx.split("|").flatMap((part, i) => {
    const bytes = Buffer.from(part.replaceAll(" ", ""), "hex");
    const services = "service" in pattern ? { [pattern.service]: bytes } : {};
    const manufacturers = "manufacturer" in pattern ? { [pattern.manufacturer]: bytes } : {};
    if (!bytes.toString("hex").startsWith(pattern.begins)) return [];
    return interpret({ mac: "C0:00:00:00:00:01", mono: i * 1000, services, manufacturers }) ?? [];
  });
  if (told.length === 0) throw new EdgeError("frame.invalid", { device: golden.name });
  return Object.fromEntries(told.map(({ point, value }) => [point, value]));
}
