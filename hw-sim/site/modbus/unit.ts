/** A Modbus slave made from a table: answers a request as the Modbus Application Protocol 1.1b3, section 6, has it. */
import type { IdentityCheck, RegisterPoint, RegisterValue } from "../../../src/drivers/driver.ts";
import { fromWords, type Shown, toWords, widthOf } from "./registers.ts";

export interface Named {
  readonly point: string;
  readonly value: Shown;
}

export interface Answer {
  readonly pdu: Uint8Array;
  /** Points that lie wholly inside the answer, as a master must understand its bytes. */
  readonly shown: readonly Named[];
  readonly written: readonly Named[];
}

export interface UnitLayout {
  readonly points: Readonly<Record<string, RegisterPoint>>;
  readonly maxRegisters: number;
  /** Eastron: two input registers per value, so start and count must be even; registers between two values read 0 (SDM630 protocol, 1.4). */
  readonly pairs?: boolean;
  /** What the unit says of itself. */
  readonly identity?: readonly IdentityCheck[];
}

type Table = RegisterPoint["fc"];
/** Exception codes, section 7. */
const FUNCTION = 1;
const ADDRESS = 2;
const VALUE = 3;
/** The power of ten that units give with a value, where its table names a register for it. */
const FACTOR = -2;
const MAX_READ_BITS = 2000;
const MAX_WRITE_BITS = 1968;
const MAX_WRITE_REGISTERS = 123;

/** Thrown inside this file only: becomes the exception reply. */
class Refusal {
  readonly exception: number;
  constructor(exception: number) {
    this.exception = exception;
  }
}

export class ModbusUnit {
  readonly layout: UnitLayout;
  readonly #words = new Map<Table, Map<number, number>>();

  constructor(layout: UnitLayout) {
    this.layout = layout;
    for (const point of Object.values(layout.points)) this.#withFactor(point);
    for (const [name, { decode, map }] of Object.entries(layout.points))
      this.set(name, map ? (Object.values(map)[0] ?? "") : decode === "text" ? "" : 0);
    for (const check of layout.identity ?? []) if (check.oneOf) this.#put(check, check.oneOf[0] ?? 0);
  }

  set(name: string, value: Shown): void {
    this.#put(this.#point(name), value);
  }

  #put(at: RegisterValue, value: Shown): void {
    const table = this.#words.get(at.fc) ?? new Map<number, number>();
    this.#words.set(at.fc, table);
    const before = Array.from({ length: widthOf(at) }, (_, i) => table.get(at.address + i) ?? 0);
    for (const [i, word] of toWords(at, value, before, this.#factor(at)).entries()) table.set(at.address + i, word);
  }

  /** Fills the register with the value's power of ten, and the registers between it and the value: real maps have no holes there. */
  #withFactor({ fc, address, scaleFrom, bytes }: RegisterValue): void {
    if (scaleFrom === undefined) return;
    const table = this.#words.get(fc) ?? new Map<number, number>();
    this.#words.set(fc, table);
    for (let i = Math.min(address, scaleFrom); i < Math.max(address, scaleFrom); i++) if (!table.has(i)) table.set(i, 0);
    for (const [i, word] of toWords(factorAt(scaleFrom, fc, bytes), FACTOR).entries()) table.set(scaleFrom + i, word);
  }

  #factor({ fc, scaleFrom, bytes }: RegisterValue): number {
    if (scaleFrom === undefined) return 0;
    return Number(fromWords(factorAt(scaleFrom, fc, bytes), [this.#words.get(fc)?.get(scaleFrom) ?? 0]));
  }

  get(name: string): Shown {
    const point = this.#point(name);
    return fromWords(point, this.#read(point.fc, point.address, widthOf(point)), this.#factor(point));
  }

  answer(request: Uint8Array): Answer {
    const fc = request[0] ?? 0;
    try {
      return this.#carryOut(fc, new DataView(request.buffer, request.byteOffset, request.length));
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      return { pdu: Uint8Array.of(fc | 0x80, refusal.exception), shown: [], written: [] };
    }
  }

  #carryOut(fc: number, request: DataView): Answer {
    switch (fc) {
      case 1:
      case 2:
      case 3:
      case 4:
        return this.#readRange(fc, request);
      case 5:
      case 6:
        return this.#writeOne(fc, request);
      case 15:
      case 16:
        return this.#writeMany(fc, request);
      default:
        throw new Refusal(FUNCTION);
    }
  }

  #readRange(fc: 1 | 2 | 3 | 4, request: DataView): Answer {
    if (!this.#words.has(fc)) throw new Refusal(FUNCTION);
    if (request.byteLength !== 5) throw new Refusal(VALUE);
    const start = request.getUint16(1);
    const quantity = request.getUint16(3);
    const most = fc <= 2 ? MAX_READ_BITS : Math.min(125, this.layout.maxRegisters);
    if (quantity < 1 || quantity > most) throw new Refusal(VALUE);
    if (this.layout.pairs && fc === 4 && start % 2 !== 0) throw new Refusal(ADDRESS);
    if (this.layout.pairs && fc === 4 && quantity % 2 !== 0) throw new Refusal(VALUE);
    const words = this.#read(fc, start, quantity);
    const data = fc <= 2 ? packBits(words) : bytesOf(words);
    const shown = this.#inside(fc, start, quantity).map(([point, spec]) => ({
      point,
      value: fromWords(spec, words.slice(spec.address - start, spec.address - start + widthOf(spec)), this.#factor(spec)),
    }));
    return { pdu: Uint8Array.of(fc, data.length, ...data), shown, written: [] };
  }

  #writeOne(fc: 5 | 6, request: DataView): Answer {
    if (!this.#words.has(fc === 5 ? 1 : 3)) throw new Refusal(FUNCTION);
    if (request.byteLength !== 5) throw new Refusal(VALUE);
    const word = request.getUint16(3);
    if (fc === 5 && word !== 0xff00 && word !== 0) throw new Refusal(VALUE);
    const written = this.#write(fc === 5 ? 1 : 3, request.getUint16(1), [fc === 5 ? Number(word !== 0) : word]);
    return { pdu: new Uint8Array(request.buffer, request.byteOffset, 5).slice(), shown: [], written };
  }

  #writeMany(fc: 15 | 16, request: DataView): Answer {
    if (!this.#words.has(fc === 15 ? 1 : 3)) throw new Refusal(FUNCTION);
    if (request.byteLength < 7) throw new Refusal(VALUE);
    const quantity = request.getUint16(3);
    const bytes = fc === 15 ? Math.ceil(quantity / 8) : quantity * 2;
    if (quantity < 1 || quantity > (fc === 15 ? MAX_WRITE_BITS : MAX_WRITE_REGISTERS)) throw new Refusal(VALUE);
    if (request.getUint8(5) !== bytes || request.byteLength !== 6 + bytes) throw new Refusal(VALUE);
    const words = Array.from({ length: quantity }, (_, i) =>
      fc === 15 ? (request.getUint8(6 + (i >> 3)) >> (i & 7)) & 1 : request.getUint16(6 + i * 2),
    );
    const written = this.#write(fc === 15 ? 1 : 3, request.getUint16(1), words);
    return { pdu: new Uint8Array(request.buffer, request.byteOffset, 5).slice(), shown: [], written };
  }

  /** All or nothing: every word must belong to a writable point that is wholly written. */
  #write(table: 1 | 3, start: number, words: readonly number[]): readonly Named[] {
    const points = Object.entries(this.layout.points)
      .filter(([, spec]) => isWritten(spec))
      .map(([point, spec]) => [point, { ...spec, ...spec.writeTo }] as const)
      .filter(([, spec]) => spec.fc === table && spec.address >= start && spec.address + widthOf(spec) <= start + words.length);
    const covered = points.reduce((sum, [, spec]) => sum + widthOf(spec), 0);
    if (covered !== words.length) throw new Refusal(ADDRESS);
    return points.map(([point, spec]) => {
      const value = fromWords(spec, words.slice(spec.address - start, spec.address - start + widthOf(spec)));
      this.set(point, value);
      return { point, value };
    });
  }

  #read(table: Table, start: number, quantity: number): number[] {
    const memory = this.#words.get(table) ?? new Map<number, number>();
    const last = Math.max(...memory.keys());
    return Array.from({ length: quantity }, (_, i) => {
      const word = memory.get(start + i);
      if (word !== undefined) return word;
      // Eastron answers unused registers inside its map with zero; others refuse what they do not have.
      if (this.layout.pairs && start + i <= last) return 0;
      throw new Refusal(ADDRESS);
    });
  }

  #inside(table: Table, start: number, quantity: number): readonly (readonly [string, RegisterPoint])[] {
    const has = (from: number, width: number) => from >= start && from + width <= start + quantity;
    return Object.entries(this.layout.points).filter(
      ([, spec]) =>
        spec.fc === table && has(spec.address, widthOf(spec)) && (spec.scaleFrom === undefined || has(spec.scaleFrom, 1)),
    );
  }

  #point(name: string): RegisterPoint {
    const point = this.layout.points[name];
    if (!point) throw new Error(`no point ${name}: this unit has ${Object.keys(this.layout.points).join(", ")}`);
    return point;
  }
}

const isWritten = ({ writable, keepAlive, atConnect }: RegisterPoint): boolean =>
  writable !== undefined || keepAlive !== undefined || atConnect !== undefined;

/** A unit that exchanges the bytes of its registers does so with all of them. */
const factorAt = (address: number, fc: Table, bytes: RegisterValue["bytes"]): RegisterValue => ({
  fc,
  address,
  decode: "int16",
  ...(bytes && { bytes }),
});

function packBits(bits: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [i, bit] of bits.entries()) if (bit) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
  return bytes;
}

function bytesOf(words: readonly number[]): Uint8Array {
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}
