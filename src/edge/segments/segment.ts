/** Writes records and events as the bodies of the contract that are stored and sent, and reads them back. */
import { bodyText, encodeBody } from "../../contract/message-body.ts";
import { CodedError } from "../../kit/errors.ts";
import type { EdgeEvent, Quality, ReadingRecord, Value } from "../../model/index.ts";
import type { EventRow, SegmentRow } from "../store/store.ts";
import { worthOf } from "./event-worth.ts";

/** The epoch that numbers belong to: `opened` is kernel monotonic ms, `cat` the hash of the catalog in force. */
export interface InEpoch {
  readonly id: string;
  readonly opened: number;
  readonly cat: string;
}

/** Records with successive numbers under one clock: no step and no change of `clock` inside (CT-R1). */
export interface Batch {
  readonly from: number;
  readonly clock: "synced" | "unsynced";
  /** wall − mono, for all of them. */
  readonly offset: number;
  readonly records: readonly ReadingRecord[];
}

/** One record out of a stored body; `mono` counts from the opening of its epoch. */
export interface DecodedRecord extends ReadingRecord {
  readonly seq: number;
  readonly wall: number;
}

export interface DecodedReadings {
  readonly stream: "readings";
  readonly epoch: string;
  readonly cat: string;
  readonly from: number;
  readonly to: number;
  readonly clock: "synced" | "unsynced";
  /** wall − mono, with `mono` counting from the opening of the epoch. */
  readonly offset: number;
  readonly thinned: string | null;
  readonly records: readonly DecodedRecord[];
}

export interface DecodedEvents {
  readonly stream: "events";
  readonly epoch: string;
  readonly cat: string;
  readonly from: number;
  readonly to: number;
  readonly events: readonly EdgeEvent[];
}

export function encodeReadings(epoch: InEpoch, batch: Batch): SegmentRow {
  const { from, records, offset, clock } = batch;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { mono } of records) {
    if (mono < first) first = mono;
    if (mono > last) last = mono;
  }
  const points = new Points();
  let rows = "";
  for (const record of records) {
    const dt = record.mono - first;
    if (!Number.isFinite(dt)) throw new TypeError(`a time is ${record.mono}`);
    rows += `${rows === "" ? "[" : ",["}${dt},${points.index(record)},${valueAndQuality(record)}]`;
  }
  const to = from + records.length - 1;
  const head = `{"v":1,"epoch":"${epoch.id}","cat":"${epoch.cat}","from":${from},"to":${to},`;
  const times = `"mono0":${first - epoch.opened},"t0":${first + offset},"clock":"${clock}",`;
  return {
    from,
    to,
    count: records.length,
    mono: first,
    t0: first + offset,
    t1: last + offset,
    clock,
    body: encodeBody(`${head}${times}"points":[${points.text}],"rows":[${rows}]}`),
  };
}

/** One event is one segment and one message. */
export function encodeEvent(epoch: InEpoch, event: EdgeEvent, urgent: boolean): EventRow {
  const { seq } = event;
  return {
    from: seq,
    to: seq,
    count: 1,
    mono: event.mono + epoch.opened,
    t0: event.at,
    t1: event.at,
    clock: event.clock,
    urgent,
    worth: worthOf(event.kind),
    body: encodeBody(
      `{"v":1,"epoch":"${epoch.id}","from":${seq},"to":${seq},"cat":"${epoch.cat}","events":[${JSON.stringify(event)}]}`,
    ),
  };
}

type Row = readonly [dt: number, point: number, value: Value, quality?: Quality, code?: string];

/** The envelope as stored. These bodies were written by this file: their shape is not checked again. */
interface Envelope {
  readonly epoch: string;
  readonly cat: string;
  readonly from: number;
  readonly to: number;
  readonly mono0: number;
  readonly t0: number;
  readonly clock: "synced" | "unsynced";
  readonly points: readonly (readonly [source: string, name: string, unit: string])[];
  readonly rows: readonly Row[];
  readonly thinned?: string;
  readonly n?: readonly number[];
  readonly events?: readonly EdgeEvent[];
}

/** Errors: `store.corrupt`, for what this file did not write. */
export function decodeBody(body: Uint8Array): DecodedReadings | DecodedEvents {
  try {
    return decoded(body);
  } catch (raw) {
    // Whoever reads the body adds the name of the file.
    throw new CodedError("store.corrupt", { reason: `a body that nobody wrote: ${String(raw)}` }, raw);
  }
}

function decoded(body: Uint8Array): DecodedReadings | DecodedEvents {
  const envelope = JSON.parse(bodyText(body)) as Envelope;
  const { epoch, cat, from, to, mono0, t0, clock, points, n } = envelope;
  if (envelope.events !== undefined) return { stream: "events", epoch, cat, from, to, events: envelope.events };
  const records = envelope.rows.map(([dt, at, value, quality = "good", code], i): DecodedRecord => {
    const [source, name, unit] = points[at] ?? ["", "", ""];
    const base = { source, name, unit, value, quality, mono: mono0 + dt, wall: t0 + dt, seq: from + (n?.[i] ?? i) };
    return code === undefined ? base : { ...base, code };
  });
  return { stream: "readings", epoch, cat, from, to, clock, offset: t0 - mono0, thinned: envelope.thinned ?? null, records };
}

/** What a batch calls its points: each (source, name, unit) once, numbered as first met. */
export class Points {
  text = "";
  #size = 0;
  readonly #sources = new Map<string, Map<string, { readonly at: number; readonly unit: string }>>();

  index({ source, name, unit }: Pick<ReadingRecord, "source" | "name" | "unit">): number {
    const known = this.#sources.get(source)?.get(name);
    if (known !== undefined && known.unit === unit) return known.at;
    const at = this.#size++;
    const names = this.#sources.get(source) ?? new Map();
    this.#sources.set(source, names.set(name, { at, unit }));
    this.text += `${at === 0 ? "" : ","}${JSON.stringify([source, name, unit])}`;
    return at;
  }
}

/** `value`, or `value,quality,code`. A `good` record is just its value; a `bad` one has none. */
export function valueAndQuality({ value, quality, code }: Pick<ReadingRecord, "value" | "quality" | "code">): string {
  if (typeof value === "number" && !Number.isFinite(value)) return 'null,"bad","value.not-a-number"';
  if (quality === "good") return jsonValue(value);
  return `${quality === "bad" ? "null" : jsonValue(value)},"${quality}",${JSON.stringify(code ?? "")}`;
}

/** Integers that a double cannot hold exactly travel as strings (contract). */
function jsonValue(value: Value): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) return `"${BigInt(value)}"`;
  if (value !== null && typeof value !== "boolean" && typeof value !== "number")
    throw new TypeError(`a value is a ${typeof value}`);
  return String(value);
}
