/** A Bluetooth device whose values are advertised as bytes, or read over a connection. */
import type { Layout } from "../../../src/drivers/driver.ts";
import { bytesFor, nearest } from "./characteristic.ts";
import { packetOf, shownBy } from "./packet.ts";

export type BleLayout = Extract<Layout, { wire: "ble" }>;
/** What the wire showed, by point. */
export type Shown = Readonly<Record<string, number | boolean | string>>;

interface Advert {
  readonly services: Readonly<Record<string, string>>;
  readonly manufacturers?: Readonly<Record<string, string>>;
  readonly shown: Shown;
}

let strangers = 0;
const WIDTH = { bool: 1, uint8: 1, int8: 1, uint16: 2, int16: 2, uint24: 3, uint32: 4, int32: 4 } as const;
type Sized = keyof typeof WIDTH;
const isSized = (decode: string): decode is Sized => decode in WIDTH;

/** BTHome v2, not encrypted (bthome.io, format): bits 5–7 of the first byte. */
const PLAIN_V2 = 0x40;
const PACKET_ID = 0x00;

export class Tag {
  readonly layout: BleLayout;
  readonly #values = new Map<string, number>();
  readonly #strange = `D0:00:00:00:00:${(++strangers & 0xff).toString(16).padStart(2, "0").toUpperCase()}`;
  #packet = 0;

  /** `points`: those of the device's configuration. */
  constructor(layout: BleLayout, points: readonly string[]) {
    this.layout = layout;
    if ("pattern" in layout) return;
    for (const point of points) if (!this.#isText(point)) this.#values.set(point, 0);
  }

  get values(): Readonly<Record<string, number | boolean>> {
    return Object.fromEntries([...this.#values.keys()].map((point) => [point, this.#shown(point)]));
  }

  set(point: string, value: number | boolean): void {
    if (!this.#values.has(point)) throw new Error(`no point ${point}: it has ${[...this.#values.keys()].join(", ")}`);
    this.#values.set(point, Number(value));
  }

  /** The address that it sends from. A beacon's is not in the configuration: beacons are recognised by what they send. */
  get mac(): string {
    return "mac" in this.layout ? this.layout.mac : this.#strange;
  }

  /** Service data in order of object id, as the format wants; each time another packet. Null: it does not advertise values. */
  advert(): Advert | null {
    if ("pattern" in this.layout) return this.#beacon(this.layout);
    this.#packet = (this.#packet + 1) & 0xff;
    if ("packet" in this.layout) {
      const { packet } = this.layout;
      const data = packetOf(packet, this.#values, this.#packet);
      return { services: {}, manufacturers: { [packet.manufacturer]: data.toString("hex") }, shown: this.values };
    }
    if (!("objects" in this.layout)) return null;
    const objects = [...this.#values.keys()].map((point) => this.#object(point)).sort((a, b) => a.id - b.id);
    const bytes = objects.flatMap(({ id, point, decode }) => [id, ...littleEndian(this.#raw(point), WIDTH[decode])]);
    const data = Buffer.from([PLAIN_V2, PACKET_ID, this.#packet, ...bytes]);
    return { services: { [this.layout.service]: data.toString("hex") }, shown: this.values };
  }

  #beacon({ pattern, packets }: Extract<BleLayout, { pattern: unknown }>): Advert {
    this.#packet = (this.#packet + 1) % packets.length;
    const data = packets[this.#packet] ?? "";
    return "service" in pattern
      ? { services: { [pattern.service]: data }, shown: {} }
      : { services: {}, manufacturers: { [pattern.manufacturer]: data }, shown: {} };
  }

  /** In the order asked; null for a characteristic that it does not have. */
  read(wanted: readonly { readonly service: string; readonly characteristic: string }[]) {
    const points = Object.entries("characteristics" in this.layout ? this.layout.characteristics : {});
    const shown: Record<string, number | boolean | string> = {};
    const values = wanted.map(({ service, characteristic }) => {
      const here = points.filter(([, p]) => p.service === service && p.characteristic === characteristic);
      for (const [point, spec] of here) shown[point] = spec.decode === "text" ? `Simulated ${point}` : this.#shown(point);
      return here.length === 0 ? null : bytesFor(here, shown).toString("hex");
    });
    return { values, shown };
  }

  #isText(point: string): boolean {
    return "characteristics" in this.layout && this.layout.characteristics[point]?.decode === "text";
  }

  #object(point: string) {
    const object = "objects" in this.layout ? this.layout.objects.find((one) => one.point === point) : undefined;
    if (!object || !isSized(object.decode)) throw new Error(`the twin cannot send ${point}`);
    return { times: 1, per: 1, ...object, decode: object.decode };
  }

  #raw(point: string): number {
    const { times, per } = this.#object(point);
    return Math.round(((this.#values.get(point) ?? 0) * per) / times);
  }

  /** As near as the bytes can carry it. */
  #shown(point: string): number | boolean {
    if ("packet" in this.layout) return shownBy(this.layout.packet, point, this.#values.get(point) ?? 0);
    if ("characteristics" in this.layout) return nearest(this.layout.characteristics[point], this.#values.get(point) ?? 0);
    const { decode, times, per } = this.#object(point);
    return decode === "bool" ? this.#raw(point) !== 0 : (this.#raw(point) * times) / per;
  }
}

const littleEndian = (raw: number, width: number): number[] =>
  Array.from({ length: width }, (_, i) => Math.floor(raw / 2 ** (8 * i)) & 0xff);
