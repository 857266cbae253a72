/** Joins stored batches into one message, or cuts one that is too large in two (CT-R5). */
import { bodyText, encodeBody, readBody } from "../../contract/message-body.ts";
import type { Range } from "../../model/index.ts";

/** One stretch of a stream with the body that stands for it. */
export interface Piece {
  readonly range: Range;
  readonly body: Uint8Array;
}

/** Made anew for this message. */
const encoded = (json: string): Uint8Array => encodeBody(json, "sent");

/** How many of the first pieces may travel together: their texts joined stay under `maxBytes`. At least one. */
export function fitting(
  pieces: readonly Piece[],
  maxBytes: number,
): { readonly count: number; readonly texts: readonly string[] } {
  const texts: string[] = [];
  let bytes = JOINT.length;
  for (const { body } of pieces) {
    // Joining a large body gains little: it is sent as it is stored.
    if (body.length * 2 > maxBytes) break;
    const text = tried(() => bodyText(body));
    if (text === null) break;
    bytes += Buffer.byteLength(text) + 1;
    if (bytes > maxBytes) break;
    texts.push(text);
  }
  return { count: Math.max(1, texts.length), texts };
}

const JOINT = '{"v":1,"batches":[]}';

export const join = (texts: readonly string[]): Uint8Array => encoded(`{"v":1,"batches":[${texts.join(",")}]}`);

/** The same records in two bodies, or null when there is only one or the batch is thinned (then it counts whole or not at all). */
export function cut({ range: [from, to], body }: Piece): readonly [Piece, Piece] | null {
  const batch = tried(() => readBody(body));
  if (from >= to || !isBatch(batch) || batch.thinned !== undefined) return null;
  const records = "rows" in batch ? "rows" : "events";
  const list = batch[records];
  if (!Array.isArray(list) || list.length !== to - from + 1) return null;
  const half = list.length >> 1;
  const part = (range: Range, part: readonly unknown[]): Piece => ({
    range,
    body: encoded(JSON.stringify({ ...batch, from: range[0], to: range[1], [records]: part })),
  });
  return [part([from, from + half - 1], list.slice(0, half)), part([from + half, to], list.slice(half))];
}

/** A body damaged on the card does not stop the sending: it is sent as it is, and the platform reports it. */
function tried<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

interface Batch {
  readonly thinned?: unknown;
  readonly [field: string]: unknown;
}
const isBatch = (value: unknown): value is Batch => typeof value === "object" && value !== null && !Array.isArray(value);

/** A document with lists at its top, cut into as few parts as fit; every part carries the other fields, `part` and `parts`. Null: one entry alone is too large. */
export function parts(document: Readonly<Record<string, unknown>>, maxBytes: number): readonly Uint8Array[] | null {
  const longest = Math.max(1, ...Object.values(document).map((field) => (Array.isArray(field) ? field.length : 0)));
  for (let count = 1; count < longest * 2; count *= 2) {
    const bodies = Array.from({ length: count }, (_, i) => encoded(JSON.stringify(partOf(document, i, count))));
    if (bodies.every((body) => body.length <= maxBytes)) return bodies;
  }
  return null;
}

function partOf(document: Readonly<Record<string, unknown>>, index: number, count: number): Readonly<Record<string, unknown>> {
  const slice = (list: readonly unknown[]) =>
    list.slice(Math.floor((index * list.length) / count), Math.floor(((index + 1) * list.length) / count));
  return {
    v: 1,
    part: index + 1,
    parts: count,
    ...Object.fromEntries(Object.entries(document).map(([name, field]) => [name, Array.isArray(field) ? slice(field) : field])),
  };
}
