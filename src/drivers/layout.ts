/** What the table of a device type says of its wire, as data: decoders, pages and twins derive from it. Types only. */
import type { PointSpec } from "../model/index.ts";
import type { MessageLayout, UplinkLayout } from "./message-layout.ts";

export type * from "./message-layout.ts";

export type Layout =
  | {
      readonly wire: "modbus";
      readonly points: Readonly<Record<string, RegisterPoint>>;
      readonly maxRegisters: number;
      readonly identity: readonly IdentityCheck[];
    }
  | {
      readonly wire: "serial";
      readonly baud: number;
      readonly everyMs?: number;
      /** It sends a frame when it gets these bytes, which come every `everyMs`; absent: by itself. */
      readonly asked?: readonly number[];
      readonly frame: FrameLayout;
    }
  | GpioLayout
  | { readonly wire: "net"; readonly host: string; readonly port: number }
  | { readonly wire: "mqtt"; readonly messages: readonly MessageLayout[] }
  | { readonly wire: "mqtt"; readonly uplinks: UplinkLayout }
  | { readonly wire: "ble"; readonly mac: string; readonly service: string; readonly objects: readonly AdvertisedPoint[] }
  | { readonly wire: "ble"; readonly mac: string; readonly packet: PacketLayout }
  | { readonly wire: "ble"; readonly mac: string; readonly characteristics: Readonly<Record<string, CharacteristicPoint>> }
  | { readonly wire: "ble"; readonly pattern: AdvertPattern; readonly packets: readonly string[] };

/** What advertisements of a beacon begin with, hex (`packets`: what it sends in turn): service data by UUID, or manufacturer data by company id in four hex digits. */
export type AdvertPattern =
  | { readonly service: string; readonly begins: string }
  | { readonly manufacturer: string; readonly begins: string };

/** What stands on a GPIO line. `means` is the name of its point; of pulses `perPulse` is what each adds to it, in the point's unit. */
export interface GpioLayout {
  readonly wire: "gpio";
  readonly line: number;
  readonly active: "high" | "low";
  readonly means: string;
  readonly role: "state" | "pulses" | "output" | "sign";
  /** Of a sign: the line of what sees it red. */
  readonly red?: { readonly line: number; readonly active: "high" | "low" };
  /** Of a sign: it blinks while all is well; absent: it is green. */
  readonly blinks?: true;
  readonly perPulse?: number;
}

/** How registers hold a value. A `bcd` number is one decimal digit for each four bits; a text is two ASCII characters for each register. */
export type Decode =
  | "bool"
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "uint48"
  | "int48"
  | "uint64"
  | "int64"
  | "float32"
  | "float64"
  | "bcd16"
  | "bcd32"
  | "bcd48"
  | "bcd64"
  | "text";

/**
 * Where a value lies in a Modbus unit. `address` as on the bus (from 0); value = raw × scale + offset. fc 1 coil, 2 discrete input,
 * 3 holding, 4 input.
 */
export interface RegisterValue {
  readonly fc: 1 | 2 | 3 | 4;
  readonly address: number;
  readonly decode: Decode;
  /** Order of the 16-bit words of a wider value. */
  readonly words?: "high-first" | "low-first";
  /** Order of the two bytes of each word; absent: most significant first, as the Modbus specification has it. */
  readonly bytes?: "high-first" | "low-first";
  /** Registers of a text. */
  readonly count?: number;
  /** Which byte of the register, for uint8 and int8; absent: the low one. */
  readonly byte?: "high" | "low";
  /** One bit of uint16 or uint32, from 0, the least significant: the value is true or false. */
  readonly bit?: number;
  /** Of a bit, a coil or an input: it is true where the bit is 0. */
  readonly inverted?: true;
  /** These bits of uint16 or uint32 alone, moved down to bit 0. */
  readonly mask?: number;
  /** Number, after `mask`, to the word that is the value. */
  readonly map?: Readonly<Record<string, string>>;
  readonly scale?: number;
  readonly offset?: number;
  /** Address, for the same function, of the power of ten that the value is multiplied by (SunSpec sunssf). It comes in the same reply. */
  readonly scaleFrom?: number;
  /** Numbers of the whole registers by which the device says "no value" (0x7FFFFFFF, 0xFFFF …); NaN always does. */
  readonly absent?: readonly number[];
  readonly range?: PointSpec["range"];
}

export interface RegisterPoint extends PointSpec, RegisterValue {
  /** Read before the ordinary points of every device on the line. */
  readonly alarm?: boolean;
  /** Function that writes it; absent: 5, 6, or 16 for more than one register. */
  readonly writeWith?: 5 | 6 | 15 | 16;
  /** Where it is written, and as what, if not where and as what it is read. */
  readonly writeTo?: { readonly address: number; readonly decode?: Decode };
  /** The unit does not say what it holds here. */
  readonly writeOnly?: true;
  /** Each write wears the unit's memory: a command writes only what the unit does not hold already. */
  readonly wears?: true;
  /** A command succeeded when the unit is read and holds the value; absent: when it has acknowledged the write. */
  readonly readBack?: true;
  /** What it was commanded to be is written once more when the unit has lost it. */
  readonly kept?: true;
  /** The driver's own: no reading of it leaves the driver. */
  readonly hidden?: true;
  /** Asked for at most this often, however often the device is. */
  readonly leastEveryMs?: number;
  /** Written again this often: a fixed value, or what it was last commanded to be. */
  readonly keepAlive?: { readonly everyMs: number; readonly value?: number | boolean };
  /** Written when the unit is met, and when it has lost it, if it holds something else. */
  readonly atConnect?: number | boolean;
}

/** A value by which a device of this type is recognised: inside `range`, and one of `oneOf`. A device that does not have the register passes. */
export interface IdentityCheck extends RegisterValue {
  readonly oneOf?: readonly number[];
}

/** A value in service data that describes itself: its object id, then little-endian bytes; value = raw × times / per. */
export interface AdvertisedPoint {
  readonly id: number;
  readonly point: string;
  readonly decode:
    | "bool"
    | "uint8"
    | "int8"
    | "uint16"
    | "int16"
    | "uint24"
    | "uint32"
    | "int32"
    | "text"
    | "bytes"
    | "button"
    | "dimmer"
    | "version3"
    | "version4";
  readonly times?: number;
  readonly per?: number;
}

/** Manufacturer data in which each number has its place. */
export interface PacketLayout {
  /** Company id in four hex digits. */
  readonly manufacturer: string;
  /** First byte: it says what stands in the others. */
  readonly format: number;
  /** With the first. */
  readonly bytes: number;
  /** Formats that the sensor may send in turn with this one, to those who can hear it. They are left aside. */
  readonly beside: readonly number[];
  /** Where it counts its measurements. */
  readonly sequence: PacketBits;
  readonly fields: readonly PacketField[];
}

/** Runs of bits that make one number, its highest first. A bit's number counts from the highest bit of the first byte. */
export type PacketBits = readonly (readonly [bit: number, count: number])[];

/**
 * A number in a packet. value = (raw + plus) × times / per. `log8`: a step of 1 is the 254th part of the way from 1 to 65,536, in factors, and 1 is
 * taken away from what comes of it.
 */
export interface PacketField {
  readonly point: string;
  readonly bits: PacketBits;
  readonly decode: "bool" | "unsigned" | "signed" | "log8";
  readonly plus?: number;
  readonly times?: number;
  readonly per?: number;
  /** By which the sensor says that it has no value. */
  readonly absent?: number;
}

/** UUIDs of the Bluetooth SIG by their four hex digits, others whole. */
export interface BleCharacteristic {
  readonly service: string;
  readonly characteristic: string;
}

/** A value that is read over a connection: a little-endian number, whose value is raw × times / per, a text, or one line of a digital characteristic. */
export interface CharacteristicPoint extends PointSpec, BleCharacteristic {
  readonly decode: "uint8" | "uint16" | "int16" | "uint32" | "text" | "line";
  readonly times?: number;
  readonly per?: number;
  /** Raw number by which the device says that it has no value. */
  readonly absent?: number;
  /** From 0: two bits for each line, the lowest first (Automation IO Service 1.0). */
  readonly line?: number;
}

/** How a device cuts the stream of its bytes into frames, and what stands in one. */
export type FrameLayout = FixedFrame | SizedFrame | LineFrame;

/** Header, fields one after the other, a check of all bytes before it, and a tail where there is one. */
export interface FixedFrame {
  readonly framing: "fixed";
  readonly header: readonly number[];
  readonly fields: readonly FrameField[];
  /** `sum8`: low byte of the sum of all bytes before it; `sum8-body`: of those after the header. */
  readonly check: "sum8" | "sum8-body" | "none";
  readonly tail?: readonly number[];
}

/** Header, how many bytes the body has, the body, and a tail. The fields begin with the body; what follows them in it is left aside. */
export interface SizedFrame {
  readonly framing: "sized";
  readonly header: readonly number[];
  readonly size: "uint8" | "uint16-low-first";
  /** Bytes of the longest body. */
  readonly most: number;
  readonly fields: readonly FrameField[];
  /** The last bytes of every body. */
  readonly bodyEnd?: readonly number[];
  readonly tail: readonly number[];
}

/** A number of a binary frame; value = raw × scale. `plus15`: 15 bits, and a highest bit that is set where the number is positive. */
export interface FrameField {
  readonly name: string;
  readonly decode: "uint8" | "int8" | "uint16" | "int16" | "plus15";
  /** Absent: most significant byte first. */
  readonly bytes?: "low-first";
  readonly scale?: number;
  /** What it always is; bytes that say something else are no frame of this device. */
  readonly oneOf?: readonly number[];
}

/** A line of ASCII: `begin`, the fields, a check, `after`, and any character of `end`. Further ones, as of CR LF, are left aside. */
export interface LineFrame {
  readonly framing: "line";
  readonly begin: string;
  readonly fields: readonly LineField[];
  /**
   * `xor-hex`: two hex digits, the XOR of the bytes that the hex digits of the fields stand for. `nmea`: commas stand between the fields, and `*`
   * and two hex digits follow, the XOR of all characters before it but the first; fields that are left out at the end are empty.
   */
  readonly check?: "xor-hex" | "nmea";
  readonly after?: string;
  readonly end: string;
}

/**
 * Characters of a line: digits alone, a number with sign and decimal point (of both, value = raw × scale), or the characters themselves, or what they
 * say of a Wiegand number of so many bits; of both nothing but a hash may be kept.
 */
export type LineField = {
  readonly name: string;
  readonly chars: readonly [least: number, most: number];
  readonly scale?: number;
} & (
  | { readonly decode: "decimal" | "number" }
  | { readonly decode: "hex" | "text" }
  | { readonly decode: "wiegand-hex" | "wiegand-decimal" | "wiegand-bits"; readonly bits: 26 | 34 }
);
