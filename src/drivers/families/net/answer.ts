/** Reads what a server answers in the way of HTTP and RTSP: a first line, headers, and a body where there is one. */

export interface Answer {
  readonly status: number;
  /** Of each header what it was given, in order; names in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

/** `more`: what has come so far is the beginning of an answer. `invalid`: it is none. */
export type Read = Answer | "more" | "invalid";

export interface Reading {
  /** The server has hung up, so that no more comes. */
  readonly isOver?: boolean;
  /** What was asked for has headers only, whatever they say of a body. */
  readonly isHead?: boolean;
}

/** Bytes of an answer at most: headers and a device's description of itself are a few thousand. */
export const MOST_BYTES = 65_536;

const FIRST_LINE = /^(?:HTTP\/1\.[01]|RTSP\/[12]\.0) ([1-5]\d\d)(?: |$)/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/;
const END_OF_HEAD = "\r\n\r\n";

export function readAnswer(bytes: Uint8Array, { isOver = false, isHead = false }: Reading = {}): Read {
  const text = Buffer.from(bytes).toString("latin1");
  const end = text.indexOf(END_OF_HEAD);
  if (!"HTTP/1.RTSP/".includes(text.slice(0, 4)) || bytes.length > MOST_BYTES) return "invalid";
  if (end < 0) return isOver ? "invalid" : "more";
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = Number(FIRST_LINE.exec(first)?.[1] ?? Number.NaN);
  const headers = headersIn(lines);
  if (Number.isNaN(status) || headers === null) return "invalid";
  const body =
    isHead || status === 204 || status === 304 ? "" : bodyOf(text.slice(end + END_OF_HEAD.length), headers, first, isOver);
  if (body === "more") return isOver ? "invalid" : "more";
  // What is said in it is UTF-8; the bytes were only cut as Latin-1.
  return { status, headers, body: Buffer.from(body, "latin1").toString("utf8") };
}

function headersIn(lines: readonly string[]): ReadonlyMap<string, readonly string[]> | null {
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) return null;
    const key = name.toLowerCase();
    headers.set(key, [...(headers.get(key) ?? []), value.trim()]);
  }
  return headers;
}

/** "more": it has not all come. RFC 9112, 6.3; of RTSP an answer without a length has no body. */
function bodyOf(rest: string, headers: ReadonlyMap<string, readonly string[]>, first: string, isOver: boolean): string {
  if (headers.get("transfer-encoding")?.at(-1)?.toLowerCase() === "chunked") return chunks(rest);
  const length = headers.get("content-length")?.[0];
  if (length === undefined) return first.startsWith("RTSP") ? "" : isOver ? rest : "more";
  return /^\d{1,9}$/.test(length) && rest.length >= Number(length) ? rest.slice(0, Number(length)) : "more";
}

function chunks(rest: string): string {
  let [body, at] = ["", 0];
  for (;;) {
    const end = rest.indexOf("\r\n", at);
    if (end < 0) return "more";
    const size = /^([0-9a-f]{1,7})(?:[ \t]*;.*)?$/i.exec(rest.slice(at, end))?.[1];
    if (size === undefined) return "more";
    const [from, length] = [end + 2, Number.parseInt(size, 16)];
    if (length === 0) return body;
    if (rest.length < from + length + 2) return "more";
    body += rest.slice(from, from + length);
    at = from + length + 2;
  }
}

/** Of a golden: its lines end with \\r\\n, written so. */
export const bytesOf = (rx: string): Uint8Array => Buffer.from(rx.replaceAll("\\r\\n", "\r\n"), "utf8");
