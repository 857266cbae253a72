/** Reads the values of a device's points from one document, and notices a point that never comes. */
import { type Context, EdgeError } from "../../../kit/errors.ts";
import type { Reading, Value } from "../../../model/index.ts";
import type { MessageValue } from "../../driver.ts";
import { printableText } from "../ble/printable-text.ts";
import { valueAt } from "./json-pointer.ts";
import { shown, withNumbersAsWritten } from "./payload-text.ts";

/** Characters of a text that are kept. */
const TEXT_MOST = 256;
const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;
/** Documents without a point after which its pointer is doubted, where the point was never seen. */
const MISSED_MOST = 10;

export type Range = readonly [min: number, max: number] | undefined;
type Found =
  | { readonly value: Value; readonly doubt?: "value.unlisted" }
  | { readonly code: "mqtt.mistyped" | "value.out-of-range"; readonly why: Context };

/** Of the documents that come on one topic. */
export class PointReader {
  readonly #topic: string;
  readonly #points: readonly (readonly [string, MessageValue])[];
  readonly #ranges: Readonly<Record<string, Range>>;
  /** Of points that were never seen: how many documents came without them. */
  readonly #missed = new Map<string, number>();
  #sawNothing = false;

  constructor(topic: string, points: Readonly<Record<string, MessageValue>>, ranges: Readonly<Record<string, Range>>) {
    this.#topic = topic;
    this.#points = Object.entries(points);
    this.#ranges = ranges;
  }

  /** Some point stands inside a document. */
  get isJson(): boolean {
    return this.#points.some(([, { at }]) => at !== null);
  }

  /** `text`: the whole payload, for points without a pointer. */
  read(document: unknown, text: string, mono: number): readonly Reading[] {
    const readings = this.#points.flatMap(([point, spec]): readonly Reading[] => {
      const written = spec.at === null ? text : valueAt(document, spec.at);
      if (written === undefined || written === null) return [];
      const isWord = spec.is !== "number" && typeof written === "number" && spec.at !== null && text !== "";
      const word = isWord ? valueAt(withNumbersAsWritten(text), spec.at) : undefined;
      const where = { topic: this.#topic, at: spec.at ?? this.#topic };
      return [readingOf(point, found(written, word, spec, this.#ranges[point]), where, mono)];
    });
    const seen = new Set(readings.map(({ point }) => point));
    this.#sawNothing = seen.size === 0;
    for (const [point] of this.#points) {
      const missed = seen.has(point) ? Number.NEGATIVE_INFINITY : (this.#missed.get(point) ?? 0) + 1;
      this.#missed.set(point, missed);
    }
    return readings;
  }

  /** Every point, for one reason. */
  refused(code: string, why: Context, mono: number): readonly Reading[] {
    return this.#points.map(([point]): Reading => ({ point, value: null, quality: "bad", code, mono, why }));
  }

  /** A point that was never seen in all this time; null: there is none. */
  wrongPointer(): EdgeError | null {
    const least = this.#sawNothing ? 1 : MISSED_MOST;
    const never = this.#points.filter(([point]) => (this.#missed.get(point) ?? 0) >= least);
    const at = never.map(([, spec]) => spec.at).find((pointer) => pointer !== null);
    return at === undefined ? null : new EdgeError("mqtt.no-value", { topic: this.#topic, at });
  }
}

/** `asWritten`: a number of the document as a word, with all its digits; undefined: it is none, or nobody has the text. */
function found(written: unknown, asWritten: unknown, spec: MessageValue, range: Range): Found {
  const { is, map } = spec;
  const mistyped: Found = { code: "mqtt.mistyped", why: { found: shown(written) } };
  if (typeof written === "object") return mistyped;
  // Beyond 2^53 a JSON number has lost its last digits already: as a quantity it is as near as before, as a word it is another one.
  const isRounded = Number.isInteger(written) && !Number.isSafeInteger(written);
  if (is !== "number" && isRounded && asWritten === undefined) return mistyped;
  const text = String(asWritten ?? written);
  if (map !== undefined) {
    const word = text.trim();
    if (Object.hasOwn(map, word)) return { value: map[word] ?? null };
    // 1.0 is 1 where nothing else is said of it.
    if (!isRounded && Object.hasOwn(map, String(written))) return { value: map[String(written)] ?? null };
    // An unlisted word cannot be true or false, so it is an error there; a text point takes it, marked as unlisted.
    return is === "boolean" ? mistyped : { value: word.slice(0, TEXT_MOST), doubt: "value.unlisted" };
  }
  if (is === "boolean") return typeof written === "boolean" ? { value: written } : asBoolean(written, spec, mistyped);
  if (is === "text") return { value: printableText(Buffer.from(text)).slice(0, TEXT_MOST) };
  const number = typeof written === "number" ? written : numberIn(written);
  if (number === null) return mistyped;
  const value = scaled(number, spec);
  const isOutside = range !== undefined && (value < range[0] || value > range[1]);
  return isOutside || !Number.isFinite(value) ? { code: "value.out-of-range", why: {} } : { value };
}

/** Only in a plain payload may `true` be a word; in JSON it would be a boolean already. */
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
