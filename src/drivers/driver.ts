/** What a device type is (`Driver`), which wires it may ask for (`Wires`), and what proves it (`Golden`); types only. */
import type * as z from "zod";
import type {
  AskedStatus,
  BusStatus,
  Device,
  DeviceHost,
  HeardStatus,
  Now,
  PointSpec,
  Text,
  Value,
  WireStatus,
} from "../model/index.ts";
import type { BusSpec, BusWire } from "./buses.ts";
import type { AdvertPattern, BleCharacteristic, Layout } from "./layout.ts";
import type { MqttFeed } from "./mqtt-feed.ts";

export type * from "./layout.ts";

/** What devices hang on: a bus of the configuration, or the network itself. */
export type Wire = BusWire | "net";

/** One type of device. A file in devices/ exports one, made by its family from a table. */
export interface Driver<O = unknown> {
  readonly type: string;
  /** One line for `cippo devices --types` and the device's page. */
  readonly title: Text;
  readonly wire: Wire;
  /** Strict schema of everything under `devices: {name}` but `type` and `bus`; its descriptions become the documentation. */
  readonly options: z.ZodType<O>;
  points(options: O): Readonly<Record<string, PointSpec>>;
  /** Nothing yielded for this long = silent. */
  silentAfterMs(options: O): number;
  /** Absent, or undefined: the device pushes. */
  everyMs?(options: O): number | undefined;
  /** What no two devices on one bus may share: `unit 3`, `line 17`. */
  claims?(options: O): readonly string[];
  /** What it asks of a bus of its wire that this one cannot give, as the end of "expected …"; absent or empty: it fits. */
  misfits?(options: O, bus: BusSpec): readonly Text[];
  /** How the device answers on its wire, counted since it was opened; undefined before it was asked. Absent: nothing is counted. */
  status?(at: Pick<Opening<O>, "id" | "options" | "bus" | "wires">): WireStatus | undefined;
  open(at: Opening<O>): Promise<Device>;
  /** Bytes (or edges) with their meaning and their source; tests run them through `decode`. */
  readonly goldens: readonly Golden[];
  /** The table itself, as data: pages under docs/devices/ and the simulated twin derive from it. */
  layout(options: O): Layout;
  /** Values that a golden's bytes give, by the code that live bytes go through. */
  decode(golden: Golden): Readonly<Record<string, Value>>;
}

export interface Opening<O> {
  readonly id: string;
  readonly options: O;
  readonly bus: string;
  readonly wires: Wires;
  /** Absent: nobody stores what it yields. */
  readonly host?: DeviceHost | undefined;
  readonly stop: AbortSignal;
}

/**
 * A proof. `rx`: hex bytes as on the wire (after the request `tx` where there is one), for contacts "0@0 1@120 0@130" (level@ms), for MQTT the topic,
 * a blank and the payload, for HTTP and RTSP the text, with its ends of lines written as \\r\\n.
 * `source`: datasheet and page, or `constructed: …` saying how the checksum was computed. `options`: what the config said. `refused`: must be rejected.
 */
export interface Golden {
  readonly name: string;
  readonly tx?: string;
  readonly rx: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly expect: Readonly<Record<string, Value>> | "refused";
  readonly source: string;
  /** The secret that encrypted bytes need, hex; a site's own lies in a file under its credentials folder. */
  readonly key?: string;
}

/** The wires of the site, opened by name of the bus on first use and shared by the devices on it. */
export interface Wires {
  modbus(bus: string): ModbusBus;
  serial(bus: string): SerialLine;
  gpio(bus: string): GpioChip;
  ble(bus: string): BleRadio;
  mqtt(bus: string): MqttFeed;
  /** The network itself, which needs no bus. */
  net(): NetProbe;
  /** This moment by the gateway's clocks. */
  now(): Now;
  /** Bytes of a file of this name in the site's credentials folder. Throws `credentials.missing`. */
  credential(name: string): Promise<Uint8Array>;
  /** The file with the keys under which badge numbers are hashed. Throws `credentials.missing`. */
  badgeKey(): Promise<Uint8Array>;
}

/** How a connection came about, or why it did not; `mono`: when that was known. `not-tried`: this machine could not even ask. */
export type ProbeResult =
  | { readonly answerMs: number; readonly mono: number }
  | { readonly failed: "refused" | "unreachable" | "timeout" | "unknown-host"; readonly mono: number }
  | { readonly failed: "not-tried"; readonly reason: Text; readonly mono: number };

export interface NetProbe {
  /** Connects and hangs up at once. Never throws; ends within twice the time-out once it has its turn. */
  connect(host: string, port: number, timeoutMs: number, stop: AbortSignal): Promise<ProbeResult>;
  /** Connects, sends the bytes once, takes what comes and hangs up. Never throws; ends within twice the time-out as well. */
  ask(question: NetQuestion, stop: AbortSignal): Promise<Asked>;
}

export interface NetQuestion {
  readonly host: string;
  readonly port: number;
  /** Absent: over TCP. Of UDP each datagram is looked at alone. */
  readonly by?: "udp";
  readonly bytes: Uint8Array;
  /** For the connection, and again for the answer. */
  readonly timeoutMs: number;
  /** Asked of all that has come so far, and not any more once it said yes. */
  isWhole(bytes: Uint8Array): boolean;
}

/** What came when it was whole, when there was too much of it, or when the other side hung up: then perhaps nothing. `answerMs`: until its first byte. */
export type Asked =
  | { readonly bytes: Uint8Array; readonly answerMs: number; readonly mono: number }
  | Exclude<ProbeResult, { readonly answerMs: number }>;

export type Priority = "command" | "alarm" | "poll";

export interface ModbusRequest {
  readonly unit: number;
  /** Its name in the configuration, to say whose `timeout` a late answer asks for. */
  readonly device?: string;
  readonly fc: 1 | 2 | 3 | 4 | 5 | 6 | 15 | 16;
  readonly address: number;
  /** Registers or bits to read, or the values to write. */
  readonly quantity?: number;
  readonly values?: readonly number[];
  readonly priority: Priority;
  /** Own deadline of this request on the wire. */
  readonly timeoutMs?: number;
  /** How late its unit may still answer, where that is not the bus's `replyDeadline`. */
  readonly replyDeadlineMs?: number;
  /** Kernel monotonic ms from which on it is not sent any more, but fails with `command.expired`. */
  readonly latest?: number;
  /** Kernel monotonic ms before which it is not sent, unless somebody is in a hurry for its unit. */
  readonly notBefore?: number;
  /** How long the connection must have stood before it: some devices need a moment after they were connected to. */
  readonly restMs?: number;
}

export interface ModbusReply {
  /** Data bytes of a read, big-endian as on the wire; empty for a write. */
  readonly data: Uint8Array;
  /** Kernel monotonic ms at which the last byte of the reply arrived. */
  readonly mono: number;
}

/** One physical bus: one queue, one request in flight, drained after any failure. Throws EdgeError `bus.*`, `port.*` or `command.expired`. */
export interface ModbusBus {
  request(request: ModbusRequest, stop: AbortSignal): Promise<ModbusReply>;
  /** A silent unit that is held back is probed now: somebody waits for it. A late reply is still waited for. */
  hurry(unit: number): void;
  /** Counted since opening, for `cippo devices` and `status`. */
  readonly stats: BusStats;
}

/** `occupancy` counts requests, waiting for replies, and the silences between. */
export interface BusStats extends Omit<BusStatus, "bus"> {
  /** Undefined for one that was never asked. */
  unit(unit: number): AskedStatus | undefined;
}

/** As it is counted. */
export type Heard = { -readonly [K in keyof HeardStatus]: HeardStatus[K] };

/** A byte stream. Each `open` is a new port object; ends by throwing `port.*`. */
export interface SerialLine {
  /** Frames and stray bytes are counted by the driver, who knows what a frame is. */
  readonly heard: Heard;
  /** One object for all devices on this line, made for whoever asks first: a master, or one who tells apart what is whose. */
  shared<T>(key: string, make: () => T): T;
  open(stop: AbortSignal): Promise<SerialPortHandle>;
}

export interface SerialPortHandle extends AsyncDisposable {
  /** Bytes as they arrive, with the kernel monotonic ms of their arrival; no bytes each time that nothing came for `quietMs`. */
  chunks(stop: AbortSignal, quietMs?: number): AsyncIterable<{ readonly bytes: Uint8Array; readonly mono: number }>;
  /** Never queues on a closed port: throws `port.lost`. */
  write(bytes: Uint8Array, stop: AbortSignal): Promise<void>;
  readonly isOpen: boolean;
}

export interface GpioEdge {
  /** Electrical level after the edge (1 = high), before `active` is applied. */
  readonly level: 0 | 1;
  readonly mono: number;
  /** Set when this process had stood still: the edge may have come at any time from here to `mono`, when it was read. Absent: it came at `mono`. */
  readonly notBefore?: number;
}

export interface GpioWatch {
  readonly bias: "none" | "up" | "down";
  /** How long a level must stand before it counts; needed to tell `notBefore`. Absent or 0: every edge matters. */
  readonly debounceMs?: number;
  /** Every edge is counted: the line is never released to read its level, since an edge could be missed meanwhile. */
  readonly counts?: boolean;
}

export interface GpioChip {
  /** First yields the level at opening, then each edge; also each level found different when polled (state, not edge, is truth). Throws `gpio.*`. */
  watch(line: number, options: GpioWatch, stop: AbortSignal): AsyncIterable<GpioEdge>;
  /** Takes a line as an output. It begins at `first` without passing through the other level; `keep`: at the one it is found at. Throws `gpio.*`. */
  drive(line: number, first: 0 | 1 | "keep"): Promise<GpioOutput>;
}

/** An output line. Closing it lets go of the line; what it falls to then is the kernel's and the board's affair (docs/decisions/0010). */
export interface GpioOutput extends AsyncDisposable {
  /** As read back; null: it cannot be told before it is set for the first time. Throws `gpio.*`. */
  level(): Promise<0 | 1 | null>;
  /** Sets it once; what is read back then, null if that cannot be told. Throws `gpio.*` when the line surely was not set. */
  set(level: 0 | 1): Promise<0 | 1 | null>;
  /** Aborted, with an EdgeError `gpio.*`, when the line is no longer ours: its level is not known from then on. */
  readonly lost: AbortSignal;
}

/** A Bluetooth adapter in a process of its own. Throws `ble.unavailable` when it cannot listen. */
export interface BleRadio {
  /** From now on this address (upper case, with colons) is listened for; all others cost nothing. */
  open(mac: string, stop: AbortSignal): Promise<BleDevice>;
  /** The same for whoever sends what fits: beacons change their addresses. */
  hear(match: AdvertPattern, stop: AbortSignal): Promise<BleListening>;
  /** Counted since it was first listened to; undefined for one that never was. */
  heard(who: string | AdvertPattern): HeardStatus | undefined;
}

export interface BleListening extends Disposable {
  /** Each advertisement heard from now on, never a remembered one; of those nobody took, the last few. Throws `ble.unavailable`. */
  adverts(stop: AbortSignal): AsyncIterable<BleAdvert>;
}

export interface BleDevice extends BleListening {
  /** Connects, reads, disconnects: one device at a time, in turn. Throws `ble.unreachable`, `ble.unavailable`. */
  read(characteristics: readonly BleCharacteristic[], stop: AbortSignal): Promise<BleValues>;
}

export interface BleAdvert {
  /** Who sent it. */
  readonly mac: string;
  readonly mono: number;
  /** dBm. */
  readonly rssi?: number;
  /** Service data by UUID, manufacturer data by company id in four hex digits; empty when only the signal was heard. */
  readonly services: Readonly<Record<string, Uint8Array>>;
  readonly manufacturers: Readonly<Record<string, Uint8Array>>;
}

/** In the order asked for; null: the device has no such characteristic, or refused it. `mono`: when the last one was read. */
export interface BleValues {
  readonly mono: number;
  readonly values: readonly (Uint8Array | null)[];
}
