/** One list in force, read from its file line by line and checked, while all else has its turn. */
import { isListName, type ListName } from "../../contract/list-form.ts";
import { asEdgeError, EdgeError } from "../../kit/errors.ts";
import { clipped } from "../commands/envelope.ts";
import { EntryTable, MOST_ALIKE, MOST_ENTRIES } from "./entry-table.ts";
import { entryOn, type ListEntry } from "./list-entry.ts";
import { documentIn, type ListDocument, malformed, wrongEntry } from "./list-envelope.ts";
import { type Line, LineSum, linesOf } from "./list-file.ts";

/** A line of an entry is hardly shorter. */
const LEAST_LINE = 64;

/** Throws where a document may not come into force: its signature, its key. */
export type Check = (document: ListDocument) => Promise<void>;

export interface HeldList {
  readonly name: ListName;
  readonly version: number;
  readonly kid: string | undefined;
  readonly issuedAt: number;
  readonly maxAgeMs: number;
  readonly table: EntryTable;
  /** The holidays that it names, where it is the list of them. */
  readonly days: Set<string>;
  /** Of the whole document and of each delta: the same one again is nothing new. */
  readonly hashes: ReadonlySet<string>;
}

/** What was read, how far it is whole, and why it does not go on. */
export interface Read {
  readonly held: HeldList;
  readonly end: number;
  readonly spoilt: EdgeError | null;
}

/**
 * Throws what is wrong with its whole document. What is wrong with a delta behind that ends the reading there: a power cut may have left half of
 * one, which the platform sends again.
 */
export async function readList(path: string, name: ListName, check: Check): Promise<Read> {
  let reading: Reading | null = null;
  let end = 0;
  for await (const lines of linesOf(path)) {
    for (const line of lines) {
      try {
        reading ??= await begun(line, name, check);
        if (reading.isBegun) await reading.take(line, check);
        reading.isBegun = true;
      } catch (error) {
        if (reading?.isWhole !== true) throw error;
        return { held: reading.held, end, spoilt: asEdgeError(error) };
      }
      end = line.end;
    }
  }
  if (reading === null) throw malformed({ it: "è vuota", en: "it is empty" });
  reading.mustBeWhole();
  return { held: reading.held, end, spoilt: null };
}

async function begun({ bytes }: Line, name: ListName, check: Check): Promise<Reading> {
  const document = documentOn(bytes, name);
  if (document.envelope.base !== undefined) throw malformed({ it: "comincia con una delta", en: "it begins with a delta" });
  await check(document);
  return new Reading(document);
}

class Reading {
  held: HeldList;
  isBegun = false;
  readonly #content: ListDocument["content"];
  readonly #sum = new LineSum();
  #number = 0;
  isWhole: boolean;

  constructor(document: ListDocument) {
    const { content } = document;
    this.#content = content;
    this.held = wholeOf(document);
    this.isWhole = "entries" in content || content.bytes === 0;
  }

  async take(line: Line, check: Check): Promise<void> {
    if (!this.isWhole) return this.#entry(line);
    const delta = documentOn(line.bytes, this.held.name);
    await check(delta);
    mustFit(this.held, delta);
    this.held = changed(this.held, delta);
  }

  #entry(line: Line): void {
    this.#sum.add(line);
    this.#number += 1;
    const entry = entryOn(line.bytes.toString("utf8"));
    if (entry === null) throw malformed(wrongEntry(this.#number));
    put(this.held, entry);
    const { bytes, sha256 } = this.#content as Extract<ListDocument["content"], { sha256: string }>;
    if (this.#sum.bytes < bytes) return;
    if (this.#sum.bytes > bytes) throw new EdgeError("list.damaged", { reason: `${this.#sum.bytes} > ${bytes}` });
    if (this.#sum.sha256 !== sha256) throw new EdgeError("list.damaged", { reason: "sha256" });
    this.isWhole = true;
  }

  mustBeWhole(): void {
    if (!this.isWhole)
      throw new EdgeError("list.damaged", { reason: { it: "ne manca una parte", en: "a part of it is missing" } });
  }
}

/** A document as it stands in a file or was sent. */
export function documentOn(bytes: Uint8Array, name: ListName): ListDocument {
  return documentIn(parsed(bytes), name);
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8")) as unknown;
  } catch {
    throw malformed({ it: "non è JSON", en: "it is no JSON" });
  }
}

/** The name in the envelope of a file, which came under no topic. Throws `list.malformed`. */
export function nameIn(bytes: Uint8Array): ListName {
  const { name } = (parsed(bytes) ?? {}) as { name?: unknown };
  if (typeof name === "string" && isListName(name)) return name;
  throw malformed({ it: "`name` assente o sconosciuto", en: "`name` is missing or unknown" });
}

/** Of entries that lie apart, those are still to come. */
export function wholeOf({ name, envelope, hash, content }: ListDocument): HeldList {
  const { version, kid, issuedAt, maxAgeMs } = envelope;
  const expected = "entries" in content ? content.entries.length : content.bytes / LEAST_LINE;
  const held = {
    name,
    version,
    kid,
    issuedAt,
    maxAgeMs,
    table: new EntryTable(expected),
    days: new Set<string>(),
    hashes: new Set([hash]),
  };
  if ("entries" in content) for (const entry of content.entries) put(held, entry);
  return held;
}

/** Throws why a delta cannot change this list. */
export function mustFit({ version, kid, table }: HeldList, { name, envelope, content }: ListDocument): void {
  const { base, version: next } = envelope;
  if (base !== version) throw new EdgeError("list.other-base", { base: base ?? 0, held: version });
  if (next <= version) throw new EdgeError("list.older", { version: next, held: version });
  if (envelope.kid !== undefined && envelope.kid !== kid) throw new EdgeError("list.other-kid", { kid: envelope.kid });
  const entries = "entries" in content ? content.entries : [];
  if (entries.length > table.room) throw tooMany();
  const times = new Map<string, number>();
  for (const { key } of entries) {
    if (name === "holidays" && !DAY.test(key)) throw noDay(key);
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  if ([...times.values()].some((count) => count >= MOST_ALIKE)) throw tooAlike();
}

/** The list with what a delta says: of each key that it names, its entries take the place of the former ones. It must fit. */
export function changed(held: HeldList, { envelope, hash, content }: ListDocument): HeldList {
  const { version, issuedAt, maxAgeMs } = envelope;
  const entries = "entries" in content ? content.entries : [];
  for (const { key } of entries) {
    held.table.remove(key);
    held.days.delete(key);
  }
  const next: HeldList = { ...held, version, issuedAt, maxAgeMs, hashes: new Set([...held.hashes, hash]) };
  for (const entry of entries) put(next, entry);
  return next;
}

const DAY = /^(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const MOST_DAYS = 1000;

const tooMany = (most = MOST_ENTRIES): EdgeError => new EdgeError("list.too-large", { reason: `> ${most}` });
const tooAlike = (): EdgeError => malformed({ it: "una chiave vi sta troppe volte", en: "a key stands in it too often" });
const noDay = (key: string): EdgeError => malformed({ it: `${clipped(key)} non è un giorno`, en: `${clipped(key)} is no day` });

function put(held: HeldList, entry: ListEntry): void {
  if (held.name === "holidays") {
    if (!DAY.test(entry.key)) throw noDay(entry.key);
    if (held.days.size >= MOST_DAYS) throw tooMany(MOST_DAYS);
    if (!entry.revoked) held.days.add(entry.key);
  }
  const refused = held.table.add(entry);
  if (refused === "full") throw tooMany();
  if (refused === "alike") throw tooAlike();
}
