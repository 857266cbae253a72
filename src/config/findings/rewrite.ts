/** Proposes how a value could be written so that its schema takes it: `yes` as `true`, `5 minuti` as `5min`. */
import { plainQuotes, plainSpaces } from "../yaml/characters.ts";

/** What to try, and how it is written. */
export interface Rewriting {
  readonly value: unknown;
  readonly written: string;
}

const TRUE = /^(yes|y|on|si|sì|s|vero|true)$/i;
const FALSE = /^(no|n|off|falso|false)$/i;
/** Names of units as people write them → as durations and lengths know them. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^(ms|msec|millis|milliseconds?|millisecondi)$/i, "ms"],
  [/^(s|sec|secs|seconds?|secondi|secondo|")$/i, "s"],
  [/^(m|min|mins|minutes?|minuti|minuto|')$/i, "min"],
  [/^(h|hr|hrs|hours?|ore|ora)$/i, "h"],
  [/^(d|days?|giorni|giorno|gg|g)$/i, "d"],
  [/^(mm|millimet\w*)$/i, "mm"],
  [/^(cm|centimet\w*)$/i, "cm"],
  [/^(m|mt|met\w*)$/i, "m"],
];

const number = (value: number): Rewriting => ({ value, written: String(value) });
const word = (value: string): Rewriting => ({ value, written: value });
const quotes = (value: string): Rewriting => ({ value, written: JSON.stringify(value) });

export function rewritings(value: unknown, source: string | undefined): readonly Rewriting[] {
  if (typeof value === "number" || typeof value === "boolean" || value === null)
    return [
      ...flags(value),
      ...(source === undefined || value === null ? [] : [quotes(source)]),
      { value: [value], written: `[${source ?? value}]` },
    ];
  if (typeof value !== "string") return [];
  const text = plainSpaces(value).trim();
  return [
    ...numbers(text),
    ...flags(text),
    ...quantities(text),
    ...addresses(text),
    ...names(text),
    ...(text === value ? [] : [quotes(text)]),
    ...(/[“”„«»]/u.test(text) ? [{ value: JSON.parse(plainQuotes(text)), written: plainQuotes(text) }] : []),
    { value: [text], written: `[${text}]` },
  ];
}

function numbers(text: string): readonly Rewriting[] {
  const signed = text.replace(/^[−–]/, "-").replace(/^\+/, "");
  const [, digits = ""] = /^(-?[\d.,_' ]*\d)\s*[^\d.,]*$/.exec(signed) ?? [];
  const tries = [
    digits.replace(/[_' ]/g, ""),
    digits.replace(",", "."),
    // 1.234,5 in Italian, 1,234.5 in English.
    digits.replaceAll(".", "").replace(",", "."),
    digits.replaceAll(",", ""),
  ];
  return tries.filter((t) => /^-?\d+(\.\d+)?$/.test(t)).map((t) => number(Number(t)));
}

function flags(value: unknown): readonly Rewriting[] {
  const text = String(value);
  if (TRUE.test(text)) return [{ value: true, written: "true" }, word("auto"), word("up")];
  if (FALSE.test(text)) return [{ value: false, written: "false" }, word("none")];
  return text === "1" || text === "0" ? [{ value: text === "1", written: String(text === "1") }] : [];
}

/** `1,5 s`, `10 seconds`, `5 minuti`. */
function quantities(text: string): readonly Rewriting[] {
  const [, amount = "", unit = ""] = /^(\d+(?:[.,]\d+)?)\s*([a-z'"]+)$/i.exec(text) ?? [];
  return UNITS.filter(([pattern]) => pattern.test(unit)).map(([, known]) => word(`${amount.replace(",", ".")}${known}`));
}

function addresses(text: string): readonly Rewriting[] {
  const mac = text.replace(/[^0-9a-f]/gi, "").toUpperCase();
  const bare = text.replace(/^[a-z]+:\/\//i, "").replace(/\/+$/, "");
  return [
    ...(mac.length === 12 ? [quotes(mac.replace(/(..)(?=.)/g, "$1:"))] : []),
    ...(/^(tty|serial)/.test(text) ? [word(`/dev/${text}`)] : []),
    ...(/^[^/\s]+:\d+$/.test(bare) ? [word(`tcp://${bare}`)] : []),
    word(text.replace(/^tcp:/i, "mqtt:").replace(/^(ssl|tls|mqtt\+ssl):/i, "mqtts:")),
    ...(/^[\w.-]+(:\d+)?$/.test(text) && text.includes(".") ? [word(`mqtts://${text}`)] : []),
    word(bare),
    word(bare.replace(/:\d+$/, "")),
  ];
}

function names(text: string): readonly Rewriting[] {
  const ascii = text.normalize("NFD").replace(/\p{M}/gu, "");
  const dashed = ascii.toLowerCase().replace(/[\s_.]+/g, "-");
  // 10.20.0.300 is an address mistyped: as a name, 10-20-0-300 would pass and be nobody's.
  const isName = !/^[\d.]+$/.test(text);
  return [word(text.toLowerCase()), word(text.toUpperCase()), ...(isName ? [word(dashed)] : []), word(text.replace(/\s+/g, ""))];
}
