/** Checks the bytes of one up message and ignores fields that it does not know (contract: version 1 only adds). */
import { inflateSync } from "node:zlib";
import * as z from "zod";
import type { Quality, Range, Stream, Value } from "../../src/model/index.ts";

export class Malformed extends Error {
  override readonly name = "Malformed";
}

/** One record of `readings`. `mono`: ms since its epoch opened; `wall`: epoch ms, to be corrected by `clock.corrected` when `unsynced`. */
export interface Reading {
  readonly seq: number;
  readonly source: string;
  readonly name: string;
  readonly unit: string;
  readonly value: Value;
  readonly quality: Quality;
  readonly code: string | null;
  readonly mono: number;
  readonly wall: number;
}

export interface Readings {
  readonly epoch: string;
  readonly range: Range;
  readonly clock: "synced" | "unsynced";
  readonly cat: string | null;
  /** Then the batch stands for its whole range with fewer rows, and is taken whole or not at all. */
  readonly thinned: boolean;
  readonly rows: readonly Reading[];
}

const number = z.int().positive();
const event = z.looseObject({
  seq: number.nullable(),
  at: z.number(),
  since: z.number(),
  mono: z.number(),
  clock: z.enum(["synced", "unsynced"]),
  id: z.string(),
  kind: z.string(),
  state: z.enum(["raised", "updated", "acknowledged", "cleared", "noted"]),
  severity: z.enum(["info", "low", "medium", "high", "critical"]),
  asset: z.string().optional(),
  device: z.string().optional(),
});
export type Event = z.infer<typeof event>;

export interface Events {
  readonly epoch: string;
  readonly range: Range;
  readonly events: readonly (Event & { readonly seq: number })[];
}

/** A loss that the gateway names. `kept` > 0: the thinned batch that stands for the range will say so itself. */
export interface Gap {
  readonly epoch: string;
  readonly stream: Stream;
  readonly range: Range;
  readonly kept: number;
  readonly reason: string;
}

const MAX_INFLATED = 32 * 1024 * 1024;
const ZLIB = 0x78;

/** Bodies are JSON, or zlib of it: the first byte tells. */
export function open(payload: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const bytes = payload[0] === ZLIB ? inflateSync(payload, { maxOutputLength: MAX_INFLATED }) : payload;
    const body: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return check(z.looseObject({ v: z.literal(1) }), body);
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Several stored bodies may travel joined: `{v, batches:[…]}`. */
export const unjoin = (body: Readonly<Record<string, unknown>>): readonly unknown[] =>
  Array.isArray(body["batches"]) ? body["batches"] : [body];

const readingsBody = z.looseObject({
  epoch: z.string().min(1),
  from: number,
  to: number,
  mono0: z.number(),
  t0: z.number(),
  clock: z.enum(["synced", "unsynced"]),
  cat: z.string().optional(),
  points: z.array(z.tuple([z.string(), z.string(), z.string()])),
  rows: z.array(z.array(z.unknown()).min(3)),
  thinned: z.string().optional(),
  n: z.array(z.int().nonnegative()).optional(),
});

export function readings(body: unknown): Readings {
  const { epoch, from, to, mono0, t0, clock, cat, points, rows, thinned, n } = check(readingsBody, body);
  const whole = to - from + 1;
  if (thinned === undefined ? rows.length !== whole : n?.length !== rows.length)
    throw new Malformed(`${rows.length} rows for the range ${from}..${to}`);
  return {
    epoch,
    range: [from, to],
    clock,
    cat: cat ?? null,
    thinned: thinned !== undefined,
    rows: rows.map(([offset, index, value, quality = "good", code = null], i) => {
      const [source, name, unit] = points[Number(index)] ?? [];
      const seq = from + (n?.[i] ?? i);
      if (source === undefined || name === undefined || unit === undefined) throw new Malformed(`row ${i} names no point`);
      if (typeof offset !== "number" || !isValue(value) || !isQuality(quality) || seq > to) throw new Malformed(`row ${i}`);
      if (code !== null && typeof code !== "string") throw new Malformed(`row ${i}: code`);
      return { seq, source, name, unit, value, quality, code, mono: mono0 + offset, wall: t0 + offset };
    }),
  };
}

const eventsBody = z.looseObject({ epoch: z.string().min(1), from: number, to: number, events: z.array(event) });

export function events(body: unknown): Events {
  const { epoch, from, to, events: list } = check(eventsBody, body);
  const numbered = list.map((e, i) => {
    if (e.seq !== from + i) throw new Malformed(`event ${i} has seq ${e.seq}, not ${from + i}`);
    return { ...e, seq: e.seq };
  });
  if (list.length !== to - from + 1) throw new Malformed(`${list.length} events for the range ${from}..${to}`);
  return { epoch, range: [from, to], events: numbered };
}

/** A copy of one event, sent ahead of it; `seq` is null when the store could not be written (then `id` alone identifies it). */
export function urgent(body: Readonly<Record<string, unknown>>): Event & { readonly epoch: string } {
  const inner = typeof body["event"] === "object" ? { ...body, ...body["event"] } : body;
  return { ...check(event, inner), ...check(z.looseObject({ epoch: z.string() }), body) };
}

const gapFields = z.looseObject({
  epoch: z.string(),
  stream: z.enum(["readings", "events"]),
  from: number,
  to: number,
  kept: z.int().nonnegative(),
  reason: z.string(),
});

export function gap(of: Event): Gap {
  const { epoch, stream, from, to, kept, reason } = check(gapFields, of);
  return { epoch, stream, range: [from, to], kept, reason };
}

/** What the gateway says of itself: which epoch is current, and which boot and count it is. */
export const stateBody = z.looseObject({
  online: z.boolean(),
  epoch: z.string(),
  n: z.number().optional(),
  boot: z.string().optional(),
});

const pair = z.tuple([z.int().nonnegative(), z.int().nonnegative()]);
export const reportedBody = z.looseObject({
  streams: z
    .array(
      z.looseObject({
        epoch: z.string(),
        stream: z.enum(["readings", "events"]),
        head: z.int().nonnegative(),
        sentUpTo: z.int().nonnegative(),
        pending: z.array(pair).default([]),
      }),
    )
    .default([]),
});

export const openedFields = z.looseObject({ n: z.number(), boot: z.string(), cause: z.string(), opened: z.number().optional() });
export const assetBody = z.looseObject({ epoch: z.string(), seq: z.int().nonnegative() });
const ranges = { epoch: z.string(), readings: pair.nullable(), events: pair.nullable() };
export const correctedFields = z.looseObject({ ...ranges, offsetMs: z.number(), boundMs: z.number() });
export const boundedFields = z.looseObject({ ...ranges, notBefore: z.number(), notAfter: z.number() });
export const resultBody = z.looseObject({
  id: z.string(),
  state: z.string(),
  code: z.string().optional(),
  value: z.unknown().optional(),
});

export type Result = z.infer<typeof resultBody>;

export function check<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Malformed(issue ? `${issue.path.join(".")}: ${issue.message}` : "not understood");
}

const isValue = (value: unknown): value is Value =>
  value === null || typeof value === "number" || typeof value === "boolean" || typeof value === "string";
const isQuality = (quality: unknown): quality is Quality => quality === "good" || quality === "uncertain" || quality === "bad";
