/** Makes the driver of a Bluetooth device that is only listened to, from an interpreter of its advertisements. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import { duration } from "../../../kit/text/quantities.ts";
import type { Device, PointSpec, Reading, Text, Ticks, Value } from "../../../model/index.ts";
import type { BleAdvert, BleDevice, BleRadio, Driver, Golden, Layout } from "../../driver.ts";
import { report } from "../options.ts";

export const mac = () =>
  z
    .string()
    .regex(/^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$/, { error: 'expected an address such as "A4:C1:38:00:00:01"' })
    .transform((text) => text.toUpperCase())
    .describe("Bluetooth address, in quotation marks.");

const SILENT_MS = 15 * 60_000;

/** What every device that only advertises has. */
export const listening = {
  mac: mac(),
  silentAfter: duration()
    .optional()
    .describe(
      "Not heard for this long, it counts as silent. Default 15min; a sensor that says of itself that it sends only when something happens is then never silent.",
    ),
  report: report(),
};
export interface Listening {
  readonly mac: string;
  readonly silentAfter?: number | undefined;
  /** Name of the credential that holds its key. */
  readonly key?: string | undefined;
}

/**
 * What is kept when the device is opened again. If the counter were forgotten, an attacker who disturbs the radio until the devices are reopened
 * could replay a recorded packet.
 */
export interface Sender {
  /** Highest that an encrypted packet had. */
  counter: number | null;
  /** It says that it sends only when something happens. */
  isTriggered: boolean;
  /** What of its last packet could not be read, though the rest was. */
  unread: EdgeError | null;
}

const stranger = (): Sender => ({ counter: null, isTriggered: false, unread: null });

/** For each radio, by address and key (a new key makes a new sender); dropped with the radio. */
const senders = new WeakMap<BleRadio, Map<string, Sender>>();

function senderOf(radio: BleRadio, mac: string, key: Uint8Array | undefined): Sender {
  const known = senders.get(radio) ?? new Map<string, Sender>();
  senders.set(radio, known);
  const name = `${mac} ${key === undefined ? "" : Buffer.from(key).toString("hex")}`;
  const sender = known.get(name) ?? stranger();
  known.set(name, sender);
  return sender;
}

/**
 * Made anew at each opening; anything else that it must remember of earlier advertisements it keeps itself. Null: anybody could have sent it, so it
 * is no sign of life. Throws `frame.invalid`, `ble.key`.
 */
export type Interpreter = (advert: BleAdvert) => readonly Reading[] | null;

export interface AdvertisementParts<O extends Listening> {
  readonly type: string;
  readonly title: Text;
  readonly options: z.ZodType<O>;
  readonly goldens: readonly Golden[];
  /** Service data or manufacturer data that a golden's bytes stand in. */
  readonly golden: (bytes: Uint8Array) => Pick<BleAdvert, "services" | "manufacturers">;
  points(options: O): Readonly<Record<string, PointSpec>>;
  layout(options: O): Layout;
  interpreter(options: O, key: Uint8Array | undefined, sender: Sender): Interpreter;
}

export function advertisementDriver<O extends Listening>(parts: AdvertisementParts<O>): Driver<O> {
  const { type, title, options, goldens } = parts;
  return {
    type,
    title,
    wire: "ble",
    options,
    goldens,
    points: (o) => parts.points(o),
    silentAfterMs: (o) => o.silentAfter ?? SILENT_MS,
    claims: (o) => [`mac ${o.mac}`],
    status: ({ options, bus, wires }) => wires.ble(bus).heard(options.mac),
    layout: (o) => parts.layout(o),
    open: async (at) => {
      const key = at.options.key === undefined ? undefined : keyOf(await at.wires.credential(at.options.key));
      const radio = at.wires.ble(at.bus);
      const device = await radio.open(at.options.mac, at.stop);
      const sender = senderOf(radio, at.options.mac, key);
      const interpret = parts.interpreter(at.options, key, sender);
      const points = Object.keys(parts.points(at.options));
      return new ListeningDevice(device, interpret, points, key !== undefined, sender, at.options.silentAfter !== undefined);
    },
    decode: (golden) => decodeGolden(golden, parts),
  };
}

/** A file with 32 hex digits, or with the 16 bytes themselves. */
function keyOf(file: Uint8Array): Uint8Array {
  const text = Buffer.from(file).toString("latin1").trim();
  if (/^[0-9A-Fa-f]{32}$/.test(text)) return Buffer.from(text, "hex");
  if (file.length === 16) return file;
  throw new EdgeError("ble.key");
}

class ListeningDevice implements Device {
  readonly #radio: BleDevice;
  readonly #interpret: Interpreter;
  readonly #points: readonly string[];
  readonly #hasKey: boolean;
  readonly #sender: Sender;
  /** The site says how long a silence may last. */
  readonly #isTimed: boolean;
  /** A refused packet was reported since the sensor itself was last heard. */
  #told = false;

  constructor(
    radio: BleDevice,
    interpret: Interpreter,
    points: readonly string[],
    hasKey: boolean,
    sender: Sender,
    isTimed: boolean,
  ) {
    this.#sender = sender;
    this.#isTimed = isTimed;
    this.#radio = radio;
    this.#interpret = interpret;
    this.#points = points;
    this.#hasKey = hasKey;
  }

  isTriggered(): boolean {
    return !this.#isTimed && this.#sender.isTriggered;
  }

  unread(): EdgeError | null {
    return this.#sender.unread;
  }

  /**
   * Each batch is a sign of life, also an empty one. Without a key anything under the address counts: for a repeated packet BlueZ may give only the
   * signal strength. With a key only what the key decrypts counts. A refused packet is reported once and not again, or else whoever sends such
   * packets could make a dead sensor look alive.
   */
  async *readings(_ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    for await (const advert of this.#radio.adverts(stop)) {
      const batch = this.#take(advert);
      if (batch !== null) yield batch;
    }
  }

  #take(advert: BleAdvert): readonly Reading[] | null {
    try {
      const batch = this.#interpret(advert);
      if (batch !== null) this.#told = false;
      return batch;
    } catch (error) {
      if (!(error instanceof EdgeError)) throw error;
      if (this.#hasKey && this.#told) return null;
      this.#told = true;
      const { code } = error;
      return this.#points.map((point) => ({ point, value: null, quality: "bad", code, mono: advert.mono }));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#radio[Symbol.dispose]();
    return Promise.resolve();
  }
}

function decodeGolden<O extends Listening>(golden: Golden, parts: AdvertisementParts<O>): Readonly<Record<string, Value>> {
  const options = parts.options.parse(golden.options ?? {});
  const key = golden.key === undefined ? undefined : Buffer.from(golden.key, "hex");
  const interpret = parts.interpreter(options, key, stranger());
  const data = parts.golden(Buffer.from(golden.rx.replaceAll(" ", ""), "hex"));
  return Object.fromEntries((interpret({ mac: options.mac, mono: 0, ...data }) ?? []).map(({ point, value }) => [point, value]));
}
