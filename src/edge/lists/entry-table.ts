/** The entries of a list in some fifty bytes each, found by their key at once, however many there are. */
import { createHash } from "node:crypto";
import type { ListEntry } from "./list-entry.ts";

const WORDS = 4;
const FEW = 64;
const HASH = /^[0-9a-f]{32}$/i;
const NONE = -1;
/** How often one key may stand in a list: whoever looks it up walks over all of them. */
export const MOST_ALIKE = 64;

/** Entries that were replaced by a delta count too, until a whole list comes. */
export const MOST_ENTRIES = 250_000;

const [REVOKED, GONE] = [1, 2];

export type Found = Omit<ListEntry, "key">;

/** Open addressing: `heads` has the newest entry of each key, `next` the others of the same one. Nothing moves but when it grows. */
export class EntryTable {
  size = 0;
  #keys: Uint32Array;
  #from: Float64Array;
  #to: Float64Array;
  #where: Uint32Array;
  #flags: Uint8Array;
  #next: Int32Array;
  #heads: Int32Array;
  #used = 0;
  /** The sets of assets that entries name, each once: a list names the same few again and again. */
  readonly #sets: (readonly string[] | null)[] = [null];
  readonly #setOf = new Map<string, number>();

  /** `expected`: how many entries to make room for, since growing takes milliseconds at once. */
  constructor(expected: number) {
    const room = 2 ** Math.ceil(Math.log2(Math.max(FEW, Math.min(expected, MOST_ENTRIES))));
    this.#keys = new Uint32Array(room * WORDS);
    this.#from = new Float64Array(room);
    this.#to = new Float64Array(room);
    this.#where = new Uint32Array(room);
    this.#flags = new Uint8Array(room);
    this.#next = new Int32Array(room);
    this.#heads = new Int32Array(room * 2).fill(NONE);
  }

  /** Why it cannot be added; null: it is. */
  add({ key, assets, from, to, revoked }: ListEntry): "full" | "alike" | null {
    if (this.#used === MOST_ENTRIES) return "full";
    if (this.#used === this.#from.length) this.#grow();
    const at = this.#used;
    this.#keys.set(wordsOf(key), at * WORDS);
    const slot = this.#slot(at);
    const before = this.#heads[slot] ?? NONE;
    if (this.#countFrom(before) >= MOST_ALIKE) return "alike";
    this.#from[at] = from;
    this.#to[at] = to;
    this.#where[at] = this.#place(assets);
    this.#flags[at] = revoked ? REVOKED : 0;
    this.#next[at] = before;
    this.#heads[slot] = at;
    this.#used += 1;
    this.size += 1;
    return null;
  }

  /** Takes away all entries of a key: what a delta says of a key replaces what was said of it. */
  remove(key: string): void {
    const chain = [...this.#chain(key)];
    for (const at of chain) this.#flags[at] = GONE;
    this.size -= chain.length;
    const [newest] = chain;
    if (newest !== undefined) this.#next[newest] = NONE;
  }

  *find(key: string): Generator<Found> {
    for (const at of this.#chain(key)) yield this.#read(at);
  }

  /** Those that name assets. */
  *placed(): Generator<Found> {
    for (let at = 0; at < this.#used; at += 1)
      if (this.#where[at] !== 0 && ((this.#flags[at] ?? 0) & GONE) === 0) yield this.#read(at);
  }

  /** How many more it takes, until a whole list comes. */
  get room(): number {
    return MOST_ENTRIES - this.#used;
  }

  /** Bytes that it takes, but for the names of assets. */
  get bytes(): number {
    const arrays = [this.#keys, this.#from, this.#to, this.#where, this.#flags, this.#next, this.#heads];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  #read(at: number): Found {
    return {
      assets: this.#sets[this.#where[at] ?? 0] ?? null,
      from: this.#from[at] ?? 0,
      to: this.#to[at] ?? 0,
      revoked: ((this.#flags[at] ?? 0) & REVOKED) !== 0,
    };
  }

  *#chain(key: string): Generator<number> {
    if (this.#used === 0) return;
    const words = wordsOf(key);
    for (let at = this.#heads[this.#slotFor(words)] ?? NONE; at !== NONE; at = this.#next[at] ?? NONE)
      if (((this.#flags[at] ?? 0) & GONE) === 0) yield at;
  }

  #countFrom(head: number): number {
    let count = 0;
    for (let at = head; at !== NONE; at = this.#next[at] ?? NONE) count += 1;
    return count;
  }

  #slot(at: number): number {
    return this.#slotFor(this.#keys.subarray(at * WORDS, (at + 1) * WORDS));
  }

  /** Where the key stands, or the free place where it would. */
  #slotFor(words: Uint32Array): number {
    const mask = this.#heads.length - 1;
    let slot = scattered(words) & mask;
    for (let at = this.#heads[slot] ?? NONE; at !== NONE && !this.#isAt(at, words); at = this.#heads[slot] ?? NONE)
      slot = (slot + 1) & mask;
    return slot;
  }

  #isAt(at: number, words: Uint32Array): boolean {
    for (let i = 0; i < WORDS; i += 1) if (this.#keys[at * WORDS + i] !== words[i]) return false;
    return true;
  }

  #place(assets: readonly string[] | null): number {
    if (assets === null) return 0;
    const name = assets.join(" ");
    const known = this.#setOf.get(name);
    if (known !== undefined) return known;
    this.#sets.push(assets);
    this.#setOf.set(name, this.#sets.length - 1);
    return this.#sets.length - 1;
  }

  #grow(): void {
    const most = this.#from.length * 2;
    this.#keys = copied(this.#keys, new Uint32Array(most * WORDS));
    this.#from = copied(this.#from, new Float64Array(most));
    this.#to = copied(this.#to, new Float64Array(most));
    this.#where = copied(this.#where, new Uint32Array(most));
    this.#flags = copied(this.#flags, new Uint8Array(most));
    this.#next = copied(this.#next, new Int32Array(most));
    this.#heads = new Int32Array(most * 2).fill(NONE);
    for (let at = 0; at < this.#used; at += 1) this.#heads[this.#slot(at)] = at;
  }
}

function copied<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}

/** Keys of 32 digits need be no hashes: numbers that follow one another must not stand in one heap (the end of MurmurHash3). */
function scattered(words: Uint32Array): number {
  let mixed = 0;
  for (const word of words) {
    mixed = Math.imul(mixed ^ word, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    mixed ^= mixed >>> 16;
  }
  return mixed;
}

/** A hash of 128 bits as it is; any other key by the hash of it. */
function wordsOf(key: string): Uint32Array {
  const bytes = HASH.test(key) ? Buffer.from(key, "hex") : createHash("sha256").update(key).digest();
  return Uint32Array.from([0, 4, 8, 12], (at) => bytes.readUInt32LE(at));
}
