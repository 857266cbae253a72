/** The lines that the gateway and its Bluetooth child exchange: schemas, limits, and a splitter (docs/decisions/0008). */
import * as z from "zod";
import { firstLine } from "../../kit/text/first-line.ts";

export const PROTOCOL = 1;
/** A longer line is no line of this protocol. */
export const LINE_MAX = 16_384;
/** Addresses that one child listens for. */
export const WANTED_MAX = 256;
/** Patterns that one child listens for, and senders of such advertisements that it follows at a time: their addresses change. */
export const MATCHES_MAX = 32;
export const SENDERS_MAX = 64;
const READ_MAX = 16;

export const macSchema = z.string().regex(/^([0-9A-F]{2}:){5}[0-9A-F]{2}$/);
/** A UUID of the Bluetooth SIG by its four hex digits, any other whole. */
const uuid = z.string().regex(/^([0-9a-f]{4}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/);
const bytes = z
  .string()
  .max(2048)
  .regex(/^([0-9a-f]{2})*$/);
const company = z.string().regex(/^[0-9a-f]{4}$/);
const id = z.int().min(1);
const ms = z.int().min(1).max(600_000);
const v = z.literal(PROTOCOL);
const reason = z.string().transform((text) => firstLine(text, 200));

const characteristic = z.object({ service: uuid, characteristic: uuid });

/** Service data, or manufacturer data by company id, that begins so, whoever sends it. */
const match = z.union([z.object({ service: uuid, begins: bytes }), z.object({ manufacturer: company, begins: bytes })]);
export type AdvertMatch = z.output<typeof match>;

export const commandSchema = z.discriminatedUnion("do", [
  /** All addresses and patterns to listen for; replaces the lists before. */
  z.object({
    v,
    do: z.literal("want"),
    macs: z.array(macSchema).max(WANTED_MAX),
    matches: z.array(match).max(MATCHES_MAX).prefault([]),
  }),
  /** Answered by `values` or `failed` with the same id; one device at a time, in the order asked. */
  z.object({
    v,
    do: z.literal("read"),
    id,
    mac: macSchema,
    characteristics: z.array(characteristic).min(1).max(READ_MAX),
    connectMs: ms,
    discoverMs: ms,
    readMs: ms,
  }),
  /** The first two rungs of the ladder; the third ends the process. */
  z.object({ v, do: z.literal("reset"), what: z.enum(["adapter", "connection"]) }),
]);
export type BleCommand = z.output<typeof commandSchema>;
export type ReadCommand = Extract<BleCommand, { do: "read" }>;

/** `scanning` and `reading` are health; every other one says what is missing. */
export const STATES = [
  "starting",
  "scanning",
  "reading",
  "off",
  "no-adapter",
  "no-bluez",
  "no-bus",
  "denied",
  "failing",
] as const;
export type RadioState = (typeof STATES)[number];
/** Where a read ended. `absent`: not heard lately, so not tried; `radio`: the adapter cannot. */
export const STEPS = ["absent", "radio", "connect", "discover", "read"] as const;
export type ReadStep = (typeof STEPS)[number];

export const messageSchema = z.discriminatedUnion("is", [
  /** At each change, and at least every two seconds: the sign of life. `heard` counts advertisements, strange ones too. */
  z.object({ v, is: z.literal("state"), state: z.enum(STATES), reason: reason.optional(), heard: z.int().min(0) }),
  /** One advertisement, heard at `mono` of the kernel's clock. */
  z.object({
    v,
    is: z.literal("seen"),
    mac: macSchema,
    mono: z.int().min(0),
    rssi: z.int().min(-128).max(127).optional(),
    services: z.record(uuid, bytes).prefault({}),
    manufacturers: z.record(company, bytes).prefault({}),
  }),
  /** In the order of the characteristics; null: the device has none, or refused it. */
  z.object({ v, is: z.literal("values"), id, mono: z.int().min(0), values: z.array(bytes.nullable()).max(READ_MAX) }),
  z.object({ v, is: z.literal("failed"), id, step: z.enum(STEPS), reason }),
]);
export type BleMessage = z.output<typeof messageSchema>;

/** What a child says, before it has a version. */
export type BleMessageBody = z.input<typeof messageSchema> extends infer W ? (W extends unknown ? Omit<W, "v"> : never) : never;

/** Null for what is no line of this protocol. */
export function parseLine<S extends z.ZodType>(schema: S, line: string): z.output<S> | null {
  try {
    return schema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

interface Carried {
  readonly services: Readonly<Record<string, string>>;
  readonly manufacturers: Readonly<Record<string, string>>;
}

export const fits = (wanted: AdvertMatch, { services, manufacturers }: Carried): boolean =>
  ("service" in wanted ? services[wanted.service] : manufacturers[wanted.manufacturer])?.startsWith(wanted.begins) ?? false;
