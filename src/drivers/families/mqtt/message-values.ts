/** Reads the values of a device's points from the payload of one message. */
import { type Context, EdgeError } from "../../../kit/errors.ts";
import type { Reading, Value } from "../../../model/index.ts";
import type { MessageLayout, MessageValue } from "../../driver.ts";
import { printableText } from "../ble/printable-text.ts";
import { valueAt } from "./json-pointer.ts";
import type { Interpret, Understood } from "./listening-device.ts";

/** Characters of a text that are kept. */
const TEXT_MOST = 256;
/** Characters of what was found there instead, as it is shown. */
const SHOWN_MOST = 40;
const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;
/** Messages without a point after which its pointer is doubted, where the point was never seen. */
const MISSED_MOST = 10;

type Range = readonly [min: number, max: number] | undefined;
type Found =
  | { readonly value: Value; readonly doubt?: "value.unlisted" }
  | { readonly code: "mqtt.mistyped" | "value.out-of-range"; readonly why: Context };

/** `ranges` by point. Remembers which points were ever seen: one that never comes has a wrong pointer. */
export function messageValues(layouts: readonly MessageLayout[], ranges: Readonly<Record<string, Range>>): Interpret {
  const byTopic = new Map(layouts.map((layout) => [layout.topic, layout]));
  /** Of points that were never seen: how many messages of their topic came without them. */
  const missed = new Map<string, number>();
  const wrongPointer = (least: number): EdgeError | null => {
    for (const { topic, points } of layouts)
      for (const [point, { at }] of Object.entries(points))
        if (at !== null && (missed.get(point) ?? 0) >= least) return new EdgeError("mqtt.no-value", { topic, at });
    return null;
  };
  return ({ topic, payload, mono }) => {
    const points = Object.entries(byTopic.get(topic)?.points ?? {});
    const text = textOf(payload);
    const isJson = points.some(([, { at }]) => at !== null);
    const document = text === null || !isJson ? undefined : parsed(text);
    if (text === null || (isJson && document === undefined)) return malformed(points, topic, text, mono);
    const readings = points.flatMap(([point, spec]): readonly Reading[] => {
      const written = spec.at === null ? text : valueAt(document?.value, spec.at);
      if (written === undefined || written === null) return [];
      return [readingOf(point, found(written, spec, ranges[point]), { topic, at: spec.at ?? topic }, mono)];
    });
    const seen = new Set(readings.map(({ point }) => point));
    for (const [point] of points) missed.set(point, seen.has(point) ? Number.NEGATIVE_INFINITY : (missed.get(point) ?? 0) + 1);
    return { readings, unread: wrongPointer(seen.size === 0 ? 1 : MISSED_MOST) };
  };
}

/** Null: it is no UTF-8. */
function textOf(payload: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(payload);
  } catch {
    return null;
  }
}

/** Undefined: it is no JSON. */
function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function malformed(points: readonly (readonly [string, MessageValue])[], topic: string, text: string | null, mono: number) {
  const reason = text === null ? "not UTF-8" : text === "" ? "empty" : `not JSON: ${shown(text)}`;
  const why = { topic, reason };
  const readings = points.map(([point]): Reading => ({ point, value: null, quality: "bad", code: "mqtt.malformed", mono, why }));
  return { readings, isMalformed: true } satisfies Understood;
}

function found(written: unknown, spec: MessageValue, range: Range): Found {
  const { is, map } = spec;
  const mistyped: Found = { code: "mqtt.mistyped", why: { found: shown(written) } };
  if (typeof written === "object") return mistyped;
  if (map !== undefined) {
    const word = String(written).trim();
    if (Object.hasOwn(map, word)) return { value: map[word] ?? null };
    // Of true and false there is no third; of words, the one that came is as good as any.
    return is === "boolean" ? mistyped : { value: word.slice(0, TEXT_MOST), doubt: "value.unlisted" };
  }
  if (is === "boolean") return typeof written === "boolean" ? { value: written } : asBoolean(written, spec, mistyped);
  if (is === "text") return { value: printableText(Buffer.from(String(written))).slice(0, TEXT_MOST) };
  const number = typeof written === "number" ? written : numberIn(written);
  if (number === null) return mistyped;
  const value = scaled(number, spec);
  const isOutside = range !== undefined && (value < range[0] || value > range[1]);
  return isOutside || !Number.isFinite(value) ? { code: "value.out-of-range", why: {} } : { value };
}

/** Only of a payload that is no JSON: there `true` is a word. */
function asBoolean(written: unknown, { at }: MessageValue, mistyped: Found): Found {
  const word = at === null ? String(written).trim() : "";
  return word === "true" || word === "false" ? { value: word === "true" } : mistyped;
}

/** Many publish numbers as text. */
const numberIn = (written: unknown): number | null =>
  typeof written === "string" && NUMBER.test(written) ? Number(written) : null;

/** As many digits as a double holds for sure: 0.1 × 3 is 0.3. */
function scaled(number: number, { scale, offset }: MessageValue): number {
  if (scale === undefined && offset === undefined) return number;
  return Number((number * (scale ?? 1) + (offset ?? 0)).toPrecision(15));
}

function readingOf(point: string, what: Found, where: Context, mono: number): Reading {
  if ("code" in what) return { point, value: null, quality: "bad", code: what.code, mono, why: { ...where, ...what.why } };
  const { value, doubt } = what;
  return doubt === undefined
    ? { point, value, quality: "good", mono }
    : { point, value, quality: "uncertain", code: doubt, mono };
}

function shown(written: unknown): string {
  const text = (typeof written === "string" ? written : JSON.stringify(written)).replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ");
  return text.length > SHOWN_MOST ? `${text.slice(0, SHOWN_MOST)}…` : text;
}
