/** An opened unit and its table go in; its readings, judged one by one, and the outcome of each write come out. */
import { EdgeError } from "../../kit/errors.ts";
import type { Device, Outcome, Reading, Ticks } from "../../model.ts";
import type { IdentityCheck, ModbusBus, ModbusReply, ModbusRequest, Opening, Priority } from "../driver.ts";
import { type Block, blocksOf, decodePoint, encodePoint, type Merging, type Points, widthOf } from "./registers.ts";

export interface UnitOptions {
  readonly unit: number;
  readonly every: number;
  readonly timeout?: number | undefined;
  readonly slowest?: number | undefined;
}

export interface UnitTable {
  readonly points: Points;
  readonly merging: Merging;
  readonly identity: readonly IdentityCheck[];
}

/** What was learnt of a unit. It outlives reopenings: a meter is replaced, or forgets its count, exactly when it does not answer. */
interface Learnt {
  blocks: readonly Block[];
  /** Last value of each counter: a meter that counts backwards was replaced, reset, or lies. */
  readonly counted: Map<string, number>;
}

/** Failure on the way, acknowledged and still at work; a gateway that could not reach its unit or heard nothing from it: it may be written all the same. */
const UNDER_WAY: readonly number[] = [4, 5, 10, 11];
/** Of a float32's value, rounded twice on its way through a scale. */
const FLOAT32_DIGIT = 2 ** -22;

/** Per line and device; gone with the line. */
const learnt = new WeakMap<ModbusBus, Map<string, Learnt>>();

function learntOf(bus: ModbusBus, id: string, { points, merging }: UnitTable): Learnt {
  const units = learnt.get(bus) ?? new Map<string, Learnt>();
  learnt.set(bus, units);
  const known = units.get(id) ?? { blocks: alarmsFirst(blocksOf(points, merging), points), counted: new Map() };
  units.set(id, known);
  return known;
}

const priorityOf = (block: Block, points: Points): Priority =>
  block.points.some((point) => points[point]?.alarm === true) ? "alarm" : "poll";

const alarmsFirst = (blocks: readonly Block[], points: Points): readonly Block[] => [
  ...blocks.filter((block) => priorityOf(block, points) === "alarm"),
  ...blocks.filter((block) => priorityOf(block, points) === "poll"),
];

/** What requests belong to. */
interface Work {
  readonly stop: AbortSignal;
  /** From when on none of them is sent any more. */
  readonly latest?: number | undefined;
  /** Told after each of them. */
  readonly goesOn?: () => void;
}

interface Round extends Work {
  readonly due: number;
}

export class TableDevice implements Device {
  readonly #bus: ModbusBus;
  readonly #table: UnitTable;
  readonly #unit: number;
  readonly #timing: Pick<ModbusRequest, "timeoutMs" | "slowestMs">;
  readonly #learnt: Learnt;
  #isKnown = false;

  constructor({ id, wires, bus, options }: Opening<UnitOptions>, table: UnitTable) {
    const { timeout, slowest } = options;
    this.#bus = wires.modbus(bus);
    this.#table = table;
    this.#unit = options.unit;
    this.#timing = { ...(timeout !== undefined && { timeoutMs: timeout }), ...(slowest !== undefined && { slowestMs: slowest }) };
    this.#learnt = learntOf(this.#bus, id, table);
  }

  async *readings(ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    for (;;) {
      const due = await ticks.next(stop);
      if (stop.aborted) return;
      const round: Round = { due, stop, goesOn: () => ticks.goesOn?.() };
      const isRight = await this.#isOfThisType("poll", round);
      const batch: Reading[] = [];
      for (const block of this.#learnt.blocks) batch.push(...(await this.#read(block, round)));
      yield batch.map((reading) => (isRight ? this.#counted(reading) : doubtful(reading)));
    }
  }

  /** Asked until it has said so once; a register that it does not have says nothing against it. */
  async #isOfThisType(priority: Priority, work: Work): Promise<boolean> {
    if (this.#isKnown) return true;
    for (const check of this.#table.identity) {
      const { fc, address } = check;
      try {
        const { data } = await this.#request({ fc, address, quantity: widthOf(check), priority }, work);
        if (!fits(data, check)) return false;
      } catch (error) {
        if (!isRefusal(error, [1, 2, 3])) throw error;
      }
    }
    this.#isKnown = true;
    return true;
  }

  /** A refused or corrupt block is `bad` readings while the others go on; a unit that does not answer is an exception. */
  async #read(block: Block, round: Round): Promise<readonly Reading[]> {
    try {
      const { fc, address, quantity } = block;
      const reply = await this.#request({ fc, address, quantity, priority: priorityOf(block, this.#table.points) }, round);
      return block.points.map((point) => this.#reading(point, block, reply));
    } catch (error) {
      if (!(error instanceof EdgeError) || !isAnswer(error)) throw error;
      if (block.overHoles && isRefusal(error, [2, 3])) return this.#readInParts(block, round);
      return block.points.map((point) => ({ point, value: null, quality: "bad", code: error.code, mono: round.due }));
    }
  }

  /** It may have refused only what lies between the points. If one of them is answered alone, that is how they are read from now on. */
  async #readInParts(block: Block, round: Round): Promise<readonly Reading[]> {
    const { points, merging } = this.#table;
    const inside = Object.fromEntries(Object.entries(points).filter(([point]) => block.points.includes(point)));
    const parts = blocksOf(inside, { ...merging, hole: 0 });
    const readings: Reading[] = [];
    for (const part of parts) readings.push(...(await this.#read(part, round)));
    if (readings.some(({ code }) => code !== "bus.exception"))
      this.#learnt.blocks = alarmsFirst(
        this.#learnt.blocks.flatMap((known) => (known === block ? parts : [known])),
        points,
      );
    return readings;
  }

  async #request(
    request: Omit<ModbusRequest, "unit" | "timeoutMs" | "slowestMs" | "latest">,
    { stop, latest, goesOn }: Work,
  ): Promise<ModbusReply> {
    const until = latest === undefined ? {} : { latest };
    try {
      return await this.#bus.request({ unit: this.#unit, ...request, ...this.#timing, ...until }, stop);
    } finally {
      goesOn?.();
    }
  }

  #reading(point: string, block: Block, { data, mono }: ModbusReply): Reading {
    const spec = this.#table.points[point];
    const decoded = spec ? decodePoint(data, block, spec) : ({ code: "value.not-a-number" } as const);
    if ("code" in decoded) return { point, value: null, quality: "bad", code: decoded.code, mono };
    return { point, value: decoded.value, quality: "good", mono };
  }

  #counted(reading: Reading): Reading {
    const { point, value } = reading;
    if (this.#table.points[point]?.kind !== "counter" || typeof value !== "number") return reading;
    const before = this.#learnt.counted.get(point);
    this.#learnt.counted.set(point, value);
    return before !== undefined && value < before ? { ...reading, quality: "uncertain", code: "value.went-back" } : reading;
  }

  /** The write leaves once. Without an answer the point is read back: equal is success, anything else is unknown. */
  async perform(point: string, value: number | boolean, stop: AbortSignal, latest?: number): Promise<Outcome> {
    const spec = this.#table.points[point];
    const encoded = spec?.writable ? encodePoint(value, spec) : null;
    // What the registers hold of it is what is written: the limits are kept by that.
    if (!spec || !encoded || !isWithin(encoded.value, spec)) return { state: "failed", code: "command.out-of-range" };
    const { registers: values, value: held } = encoded;
    const fc = spec.fc === 1 ? 5 : values.length === 1 ? 6 : 16;
    let written = false;
    try {
      if (!(await this.#isOfThisType("command", { stop, latest }))) return { state: "failed", code: "value.wrong-device" };
      written = true;
      await this.#request({ fc, address: spec.address, values, priority: "command" }, { stop, latest });
      return { state: "succeeded", value: held };
    } catch (error) {
      if (whyOf(error).code === "command.expired") return { state: "expired", code: "command.expired" };
      if (!written || !(error instanceof EdgeError) || error.context["sent"] !== true)
        return { state: written && stop.aborted ? "unknown" : "failed", ...whyOf(error) };
      if (error.code === "bus.exception" && !isRefusal(error, UNDER_WAY)) return { state: "failed", ...whyOf(error) };
      return (await this.#holds(point, values, stop))
        ? { state: "succeeded", value: held }
        : { state: "unknown", code: "command.no-answer" };
    }
  }

  hurry(): void {
    this.#bus.hurry(this.#unit);
  }

  async #holds(point: string, values: readonly number[], stop: AbortSignal): Promise<boolean> {
    const spec = this.#table.points[point];
    if (!spec) return false;
    try {
      const { fc, address } = spec;
      const { data } = await this.#request({ fc, address, quantity: values.length, priority: "command" }, { stop });
      if (fc === 1) return ((data[0] ?? 0) & 1) === values[0];
      return values.every((word, i) => ((data[i * 2] ?? 0) << 8) + (data[i * 2 + 1] ?? 0) === word);
    } catch {
      return false;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function fits(data: Uint8Array, check: IdentityCheck): boolean {
  const decoded = decodePoint(data, check, check);
  if ("code" in decoded) return decoded.code === "value.not-a-number";
  return check.oneOf === undefined || check.oneOf.includes(Number(decoded.value));
}

/** Of a float32 the last digit, which it may not have, does not count. */
function isWithin(value: number | boolean, { decode, writable }: Points[string]): boolean {
  if (typeof value === "boolean") return true;
  const { min = -Infinity, max = Infinity } = writable?.limits ?? {};
  const slack = (limit: number) => (decode === "float32" ? Math.abs(limit) * FLOAT32_DIGIT : 0);
  return value >= min - slack(min) && value <= max + slack(max);
}

const doubtful = (reading: Reading): Reading =>
  reading.quality === "bad" ? reading : { ...reading, quality: "uncertain", code: "value.wrong-device" };

/** Something of the unit came back. 10 and 11 are a gateway's words for a unit that is silent. */
const isAnswer = (error: EdgeError): boolean =>
  error.code === "bus.checksum" || (error.code === "bus.exception" && !isRefusal(error, [10, 11]));

const isRefusal = (error: unknown, exceptions: readonly number[]): boolean =>
  error instanceof EdgeError && error.code === "bus.exception" && exceptions.includes(Number(error.context["exception"]));

const whyOf = (error: unknown): Pick<Outcome, "detail"> & { readonly code: string } =>
  error instanceof EdgeError ? { code: error.code, detail: error.what("en") } : { code: "command.no-answer" };
