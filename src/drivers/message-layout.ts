/** What the messages of a device on an MQTT wire hold, as data: decoders and simulated twins derive from it. */

/** What messages of one topic hold. */
export interface MessageLayout {
  readonly topic: string;
  readonly points: Readonly<Record<string, MessageValue>>;
}

/** Where a value stands in a message, and what it is. A number is multiplied by `scale`, and `offset` added. */
export interface MessageValue {
  /** JSON pointer (RFC 6901); null: the whole payload, which need not be JSON. */
  readonly at: string | null;
  readonly is: "number" | "boolean" | "text";
  readonly scale?: number;
  readonly offset?: number;
  /** What is written there, as text, to what it means. */
  readonly map?: Readonly<Record<string, boolean | string>>;
}

export type FieldDecode = "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32";

/** Where a value lies. value = (bits of `mask`, moved down) × scale + offset. */
export interface PayloadField {
  readonly point: string;
  /** Byte at which it begins. */
  readonly at: number;
  readonly decode?: FieldDecode;
  /** This bit alone, from 0, the least significant: true or false. */
  readonly bit?: number;
  readonly mask?: number;
  /** Of several bytes; absent: the most significant first. */
  readonly order?: "little";
  readonly scale?: number;
  readonly offset?: number;
  readonly map?: Readonly<Record<number, string>>;
  /** Raw numbers by which the device says that there is no value. */
  readonly absent?: readonly number[];
  /** Some firmware leaves it out, at the end. */
  readonly optional?: true;
}

/** A text made of bytes that are numbers: 0, 29, 2 is "0.29.2". */
export interface VersionField {
  readonly point: string;
  readonly at: number;
  readonly dotted: number;
}

/** A text made of the hex digits of bytes. */
export interface HexField {
  readonly point: string;
  readonly at: number;
  readonly hex: number;
}

export type PayloadPart = PayloadField | VersionField | HexField;

export interface PayloadForm {
  /** Only where the bits of `mask` in this byte have one of these values. */
  readonly when?: { readonly at: number; readonly mask: number; readonly is: readonly number[] };
  readonly fields: readonly PayloadPart[];
}

/** By port; `any`: whatever the port. The first form that fits counts. */
export type PayloadForms =
  | Readonly<Record<number | "any", readonly PayloadForm[]>>
  | Readonly<Record<number, readonly PayloadForm[]>>;

/** What a record holds. Without a point it is only stepped over. */
export interface PayloadRecord {
  readonly point?: string;
  /** Bytes of its data; absent: those of `decode`. */
  readonly bytes?: number;
  readonly decode?: FieldDecode;
  readonly order?: "little";
  readonly scale?: number;
  readonly offset?: number;
  readonly map?: Readonly<Record<number, string>>;
  /** The value is true for this number and false for any other. */
  readonly trueAt?: number;
  readonly absent?: readonly number[];
}

/** By channel and type as they stand in the payload, two hex digits each: `0175`; `**66`: whatever the channel. */
export type PayloadRecords = Readonly<Record<string, PayloadRecord>>;

/** Values at fixed places, records that describe themselves, or the object that a decoder of the network makes, by JSON pointer. */
export type PayloadLayout =
  | { readonly forms: PayloadForms }
  | { readonly records: PayloadRecords }
  | { readonly object: Readonly<Record<string, MessageValue>> };

/** What a LoRaWAN device sends, and how its network publishes it: `topic` has + for the application. */
export interface UplinkLayout {
  readonly network: "chirpstack" | "tts";
  readonly topic: string;
  readonly payload: PayloadLayout;
}
