/** A LoRaWAN device whose network publishes its uplinks: the bytes of its own table, in the network's JSON. */
import { randomUUID } from "node:crypto";
import type {
  MessageValue,
  PayloadField,
  PayloadForm,
  PayloadForms,
  PayloadLayout,
  PayloadPart,
  PayloadRecord,
  PayloadRecords,
  UplinkLayout,
} from "../../../src/drivers/driver.ts";
import type { Value } from "../wires/wire.ts";
import { documentOf, firstOf, type Message, type Published, written } from "./publisher.ts";

const ADDRESS = "00189440";
const APPLICATION = "streets";
/** The port of payloads whose table names none. */
const ANY_PORT = 2;
const LENGTH = { uint8: 1, int8: 1, uint16: 2, int16: 2, uint32: 4, int32: 4 } as const;

interface Encoded {
  readonly port: number;
  readonly bytes: Buffer;
  readonly object?: unknown;
  readonly shown: Readonly<Record<string, Value>>;
}

/** Writes the values of a payload's points. */
interface Encoder {
  readonly first: Readonly<Record<string, Value>>;
  encode(values: ReadonlyMap<string, Value>): Encoded;
}

export class UplinkPublisher implements Published {
  readonly #layout: UplinkLayout;
  readonly #encoder: Encoder;
  readonly #values: Map<string, Value>;
  #counter = 0;

  constructor(layout: UplinkLayout) {
    this.#layout = layout;
    this.#encoder = encoderOf(layout.payload);
    this.#values = new Map(Object.entries(this.#encoder.first));
  }

  get values(): Readonly<Record<string, Value>> {
    return Object.fromEntries(this.#values);
  }

  set(point: string, value: Value): void {
    const known = this.#values.get(point);
    if (known === undefined) throw new Error(`no point ${point}: it sends ${[...this.#values.keys()].join(", ")}`);
    if (typeof value !== typeof known) throw new Error(`${point} is a ${typeof known}`);
    this.#values.set(point, value);
  }

  messages(): readonly Message[] {
    this.#counter += 1;
    const { topic } = this.#layout;
    const encoded = this.#encoder.encode(this.#values);
    return [{ topic: topic.replace("+", APPLICATION), payload: JSON.stringify(this.#envelope(encoded)), shown: encoded.shown }];
  }

  /** As ChirpStack v4 (integration.proto, UplinkEvent) and The Things Stack v3 (data formats) write it. */
  #envelope({ port, bytes, object }: Encoded): object {
    const data = bytes.toString("base64");
    const at = new Date().toISOString();
    const level = this.#layout.topic.split("/")[3] ?? "";
    if (this.#layout.network === "chirpstack")
      return {
        deduplicationId: randomUUID(),
        time: at,
        deviceInfo: { applicationName: APPLICATION, devEui: level },
        devAddr: ADDRESS,
        fCnt: this.#counter,
        fPort: port,
        data,
        ...(object !== undefined && { object }),
      };
    const uplink = { f_port: port, f_cnt: this.#counter, frm_payload: data, received_at: at };
    return {
      end_device_ids: { device_id: level, application_ids: { application_id: APPLICATION }, dev_addr: ADDRESS },
      received_at: at,
      uplink_message: { ...uplink, ...(object !== undefined && { decoded_payload: object }) },
    };
  }
}

function encoderOf(payload: PayloadLayout): Encoder {
  if ("object" in payload) return objectEncoder(payload.object);
  return "records" in payload ? recordsEncoder(payload.records) : formEncoder(payload.forms);
}

function objectEncoder(points: Readonly<Record<string, MessageValue>>): Encoder {
  const all = Object.entries(points);
  return {
    first: Object.fromEntries(all.map(([point, spec]) => [point, firstOf(spec)])),
    encode(values) {
      const set = all.map(([point, spec]) => ({ point, spec, ...written(values.get(point) ?? 0, spec) }));
      const shown = Object.fromEntries(set.map((one) => [one.point, one.shown]));
      return { port: ANY_PORT, bytes: Buffer.alloc(0), object: documentOf(set), shown };
    },
  };
}

/** Every point once, in the order of the table. */
function recordsEncoder(records: PayloadRecords): Encoder {
  const seen = new Set<string>();
  const all = Object.entries(records).flatMap(([head, record]) => {
    const { point } = record;
    if (point === undefined || seen.has(point)) return [];
    seen.add(point);
    return [{ point, record, head: Buffer.from(head.replace("**", "00"), "hex") }];
  });
  return {
    first: Object.fromEntries(all.map(({ point, record }) => [point, record.trueAt === undefined ? 0 : false])),
    encode(values) {
      const shown: Record<string, Value> = {};
      const parts = all.flatMap(({ point, record, head }) => {
        const { raw, means } = rawOf(values.get(point) ?? 0, record);
        shown[point] = means;
        return [head, numberIn(record, raw)];
      });
      return { port: ANY_PORT, bytes: Buffer.concat(parts), shown };
    },
  };
}

/** Encodes the form that has the most fields. */
function formEncoder(forms: PayloadForms): Encoder {
  const all = Object.entries(forms).flatMap(([port, those]: readonly [string, readonly PayloadForm[]]) =>
    those.map((form) => ({ port: port === "any" ? ANY_PORT : Number(port), form, fields: form.fields.filter(isPlain) })),
  );
  const [most] = all.toSorted((a, b) => b.fields.length - a.fields.length);
  if (most === undefined) throw new Error("a payload without fields");
  const { port, form, fields } = most;
  const length = Math.max(...form.fields.map((field) => field.at + lengthOf(field)));
  return {
    first: Object.fromEntries(fields.map(({ point, bit }) => [point, bit === undefined ? 0 : false])),
    encode(values) {
      const bytes = Buffer.alloc(length);
      const shown: Record<string, Value> = {};
      const { when } = form;
      if (when !== undefined) bytes[when.at] = (when.is[0] ?? 0) & when.mask;
      for (const field of fields) {
        const { raw, means } = rawOf(values.get(field.point) ?? 0, field);
        shown[field.point] = means;
        if (field.bit !== undefined) bytes[field.at] = (bytes[field.at] ?? 0) | (Number(raw) << field.bit);
        else numberIn(field, raw).copy(bytes, field.at);
      }
      return { port, bytes, shown };
    },
  };
}

const isPlain = (field: PayloadPart): field is PayloadField =>
  !("dotted" in field) && !("hex" in field) && field.map === undefined;
const lengthOf = (field: PayloadPart): number =>
  "dotted" in field ? field.dotted : "hex" in field ? field.hex : LENGTH[field.decode ?? "uint8"];

/** As near as the bytes can carry it. */
function rawOf(value: Value, { scale = 1, offset = 0, ...more }: PayloadField | PayloadRecord): { raw: number; means: Value } {
  if (typeof value === "boolean") {
    const { trueAt } = more as PayloadRecord;
    return { raw: trueAt === undefined ? Number(value) : value ? trueAt : Number(trueAt === 0), means: value };
  }
  const raw = Math.round((Number(value) - offset) / scale);
  return { raw, means: Number((raw * scale + offset).toPrecision(12)) };
}

function numberIn({ decode = "uint8", order }: Pick<PayloadField, "decode" | "order">, raw: number): Buffer {
  const length = LENGTH[decode];
  const bytes = Buffer.alloc(length);
  const whole = raw < 0 ? raw + 2 ** (8 * length) : raw;
  if (order === "little") bytes.writeUIntLE(whole, 0, length);
  else bytes.writeUIntBE(whole, 0, length);
  return bytes;
}
