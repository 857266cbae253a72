/** The payload of a message as text and as JSON, and as it is shown to people where it is neither. */

/** Characters of what was found that are shown. */
const SHOWN_MOST = 40;

/** Null: it is no UTF-8. */
export function textIn(payload: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(payload);
  } catch {
    return null;
  }
}

/** Null: it is no JSON. */
export function jsonIn(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** The same document with every number as it is written: 1.10 and 12345678901234567890 are "1.10" and "12345678901234567890". To be told JSON. */
export const withNumbersAsWritten = (text: string): unknown =>
  JSON.parse(text.replace(STRING_OR_NUMBER, (found) => (found.startsWith('"') ? found : `"${found}"`)));

/** Its beginning, in quotation marks; bytes that are no text as hex digits. */
export function shownPayload(payload: Uint8Array): string {
  const text = textIn(payload);
  return text === null
    ? Buffer.from(payload.subarray(0, SHOWN_MOST / 2))
        .toString("hex")
        .toUpperCase()
    : `"${shown(text)}"`;
}

/** In one line. */
export function shown(written: unknown): string {
  const text = (typeof written === "string" ? written : JSON.stringify(written)).replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ");
  return text.length > SHOWN_MOST ? `${text.slice(0, SHOWN_MOST)}…` : text;
}
