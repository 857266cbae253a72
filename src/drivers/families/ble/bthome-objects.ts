/** Decodes the service data of BTHome v2, encrypted or not; throws nothing but EdgeError. */
import { createDecipheriv } from "node:crypto";
import { EdgeError } from "../../../kit/errors.ts";
import type { Value } from "../../../model/index.ts";
import type { AdvertisedPoint } from "../../driver.ts";
import { printableText } from "./printable-text.ts";

export type Objects = ReadonlyMap<number, AdvertisedPoint>;

export interface Carried {
  /** In the order sent; a second value of one kind stands under `temperature-2`. Null: of this button or dimmer nothing is told. */
  readonly values: ReadonlyMap<string, Value>;
  /** By which a repetition is known. */
  readonly packet: number | null;
  /** Of an encrypted one: never falls. */
  readonly counter: number | null;
  /** The sensor sends only when something happens. */
  readonly isTriggered: boolean;
  /** The id at which reading ended, because nobody knows how long it is; what stands behind it is lost. */
  readonly unknown: number | null;
}

/**
 * Byte 0 of the service data (bthome.io, format): bit 0 encrypted, bit 2 sends only when triggered, bits 5–7 the version. Bit 1, reserved in the
 * published text, says to the reference parser (Bluetooth-Devices/bthome-ble) that the sensor's address follows, lowest byte first. Bits 3 and 4
 * are reserved.
 */
const ENCRYPTED = 0x01;
const WITH_ADDRESS = 0x02;
const TRIGGERED = 0x04;
const ADDRESS_BYTES = 6;
const VERSION = 2;
const PACKET_ID = 0x00;
const TAIL = { counter: 4, mic: 4 };
const UUID = [0xd2, 0xfc];

const LENGTH: Readonly<Record<AdvertisedPoint["decode"], number | "first byte">> = {
  bool: 1,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint24: 3,
  uint32: 4,
  int32: 4,
  text: "first byte",
  bytes: "first byte",
  button: 1,
  dimmer: 2,
  version3: 3,
  version4: 4,
};
const BUTTON: Readonly<Record<number, string>> = {
  1: "press",
  2: "double-press",
  3: "triple-press",
  4: "long-press",
  5: "long-double-press",
  6: "long-triple-press",
  128: "hold-press",
};

/** Throws `frame.invalid` for what is no BTHome v2, `ble.key` for what the key does not open, and for what anybody could send though a key is known. */
export function carried(data: Uint8Array, objects: Objects, mac: string, key: Uint8Array | undefined): Carried {
  const info = data[0] ?? 0;
  if (info >> 5 !== VERSION) throw new EdgeError("frame.invalid", { device: mac });
  const isTriggered = (info & TRIGGERED) !== 0;
  const begin = 1 + ((info & WITH_ADDRESS) === 0 ? 0 : ADDRESS_BYTES);
  if (data.length < begin) throw new EdgeError("frame.invalid", { device: mac });
  if ((info & ENCRYPTED) === 0) {
    if (key !== undefined) throw new EdgeError("ble.key");
    return { ...objectsIn(data.subarray(begin), objects), counter: null, isTriggered };
  }
  const body = data.length - begin - TAIL.counter - TAIL.mic;
  if (body < 0) throw new EdgeError("frame.invalid", { device: mac });
  if (key === undefined) throw new EdgeError("ble.key");
  const counter = data.subarray(begin + body, begin + body + TAIL.counter);
  const address = begin === 1 ? Buffer.from(mac.replaceAll(":", ""), "hex") : data.slice(1, begin).reverse();
  const plain = decrypt(data.subarray(begin, begin + body), data.subarray(-TAIL.mic), nonceOf(address, info, counter), key);
  return { ...objectsIn(plain, objects), counter: Buffer.from(counter).readUInt32LE(), isTriggered };
}

/** Address, UUID as sent, info byte, counter (bthome.io, encryption). */
const nonceOf = (address: Uint8Array, info: number, counter: Uint8Array): Uint8Array =>
  Buffer.from([...address, ...UUID, info, ...counter]);

function decrypt(cipher: Uint8Array, mic: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  try {
    const open = createDecipheriv("aes-128-ccm", key, nonce, { authTagLength: TAIL.mic });
    open.setAuthTag(mic);
    const plain = open.update(cipher);
    open.final();
    return plain;
  } catch (cause) {
    throw new EdgeError("ble.key", {}, cause);
  }
}

/** An unknown id has no known length: what stood before it counts, what follows cannot be read. */
function objectsIn(bytes: Uint8Array, objects: Objects): Pick<Carried, "values" | "packet" | "unknown"> {
  const values = new Map<string, Value>();
  let packet: number | null = null;
  for (let at = 0; at < bytes.length; ) {
    const id = bytes[at] ?? 0;
    const object = objects.get(id);
    const decode = id === PACKET_ID ? "uint8" : object?.decode;
    if (decode === undefined) return { values, packet, unknown: id };
    const length = LENGTH[decode];
    const start = at + (length === "first byte" ? 2 : 1);
    const end = start + (length === "first byte" ? (bytes[at + 1] ?? bytes.length) : length);
    if (end > bytes.length) break;
    const body = Buffer.from(bytes.subarray(start, end));
    if (object) put(values, object.point, valueIn(body, object));
    else packet = body.readUInt8();
    at = end;
  }
  return { values, packet, unknown: null };
}

function put(values: Map<string, Value>, point: string, value: Value): void {
  let name = point;
  for (let n = 2; values.has(name); n += 1) name = `${point}-${n}`;
  values.set(name, value);
}

/** Null for an event that says "nothing happened". */
function valueIn(bytes: Buffer, { decode, times = 1, per = 1 }: AdvertisedPoint): Value {
  switch (decode) {
    case "bool":
      return bytes[0] !== 0;
    case "text":
      return printableText(bytes);
    case "bytes":
      return bytes.toString("hex");
    case "button":
      return bytes[0] === 0 ? null : (BUTTON[bytes.readUInt8()] ?? `event-${bytes[0]}`);
    case "dimmer":
      return bytes[0] === 0 ? null : bytes[0] === 1 ? -bytes.readUInt8(1) : bytes.readUInt8(1);
    case "version3":
    case "version4":
      return [...bytes].reverse().join(".");
    case "int8":
    case "int16":
    case "int32":
      return (bytes.readIntLE(0, bytes.length) * times) / per;
    case "uint8":
    case "uint16":
    case "uint24":
    case "uint32":
      return (bytes.readUIntLE(0, bytes.length) * times) / per;
  }
}
