/** Reads the envelope of a list: what it is, what it holds or where that lies, and why it is not one. */
import { createHash } from "node:crypto";
import type * as z from "zod";
import { type ListName, listEnvelope } from "../../contract/list-form.ts";
import { EdgeError } from "../../kit/errors.ts";
import type { Text } from "../../model/index.ts";
import { reasonOf } from "../commands/envelope.ts";
import { entryIn, type ListEntry } from "./list-entry.ts";

/** Of the lines of entries: what fits on a card and is read in seconds. */
export const MOST_BYTES = 33_554_432;

export type Envelope = z.output<typeof listEnvelope>;

/** Entries that lie apart: a line of JSON each. */
export interface Apart {
  readonly sha256: string;
  readonly bytes: number;
  /** Absent: they follow the envelope in its file. */
  readonly url: string | undefined;
}

export interface ListDocument {
  readonly name: ListName;
  readonly envelope: Envelope;
  /** As it came, for the signature. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** Of the whole envelope: the same one again changes nothing. */
  readonly hash: string;
  readonly content: { readonly entries: readonly ListEntry[] } | Apart;
}

/** `list`: as which it came. Throws `list.malformed`, `list.other-topic`, `list.too-large`. */
export function documentIn(body: unknown, list: string): ListDocument {
  const parsed = listEnvelope.safeParse(body);
  if (!parsed.success) throw malformed(reasonOf(parsed.error));
  const envelope = parsed.data;
  if (envelope.name !== list) throw new EdgeError("list.other-topic", { name: envelope.name, list });
  const raw = body as Readonly<Record<string, unknown>>;
  const hash = createHash("sha256").update(JSON.stringify(raw)).digest("hex");
  return { name: envelope.name, envelope, raw, hash, content: contentOf(raw, envelope.base !== undefined) };
}

export const malformed = (reason: Text): EdgeError => new EdgeError("list.malformed", { reason });

function contentOf(
  { entries, sha256, bytes, url }: Readonly<Record<string, unknown>>,
  isDelta: boolean,
): ListDocument["content"] {
  if (entries !== undefined) {
    if (!Array.isArray(entries)) throw malformed({ it: "`entries` non è un elenco", en: "`entries` is no array" });
    return { entries: entries.map((one, i) => entryIn(one) ?? fails(i + 1)) };
  }
  const named = typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256) && Number.isSafeInteger(bytes) && Number(bytes) >= 0;
  if (isDelta)
    throw malformed({ it: "una delta porta le sue voci in `entries`", en: "a delta carries its entries in `entries`" });
  if (!named || (url !== undefined && typeof url !== "string"))
    throw malformed({
      it: "mancano `entries`, oppure `sha256` e `bytes`",
      en: "`entries` are missing, or else `sha256` and `bytes`",
    });
  if (Number(bytes) > MOST_BYTES) throw new EdgeError("list.too-large", { reason: `${Number(bytes)} > ${MOST_BYTES}` });
  return { sha256, bytes: Number(bytes), url };
}

function fails(number: number): never {
  throw malformed(wrongEntry(number));
}

export const wrongEntry = (number: number): Text => ({
  it: `voce ${number} assente o di un'altra forma`,
  en: `entry ${number} is missing or of another form`,
});
