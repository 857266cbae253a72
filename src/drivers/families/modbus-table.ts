/** A table of registers goes in; a driver that reads it in blocks, judges every value and writes its writable points comes out. */
import * as z from "zod";
import { EdgeError } from "../../kit/errors.ts";
import { duration } from "../../kit/quantities.ts";
import type { Device, Outcome, Reading, Text, Ticks, Value } from "../../model.ts";
import type { Driver, Golden, ModbusBus, ModbusReply, ModbusRequest, Opening } from "../driver.ts";
import { crcHolds, expectedOf, findReply } from "../modbus-frame.ts";
import { every, report, withReport } from "./options.ts";
import { type Block, blocksOf, decodePoint, encodePoint, type Points } from "./registers.ts";

/** Polls missed before a device counts as silent, and the least time for it. */
const MISSED = 3;
const LEAST_SILENCE_MS = 30_000;

export const unit = () => z.int().min(0).max(255).describe("Unit address: 1–247 on a serial line, 0–255 on Modbus TCP.");
export const timeout = () => duration().optional().describe("How long to wait for this device's reply; default: the bus's.");

export interface ModbusTable {
  readonly type: string;
  readonly title: Text;
  readonly points: Points;
  /** Most registers that the device gives in one reply. */
  readonly maxRegisters: number;
  /** Standard `every`, as written in a configuration. */
  readonly every: string;
  readonly goldens: readonly Golden[];
}

/** A device that is a table: nothing but unit, every, timeout and report are the site's to say. */
export function modbusDevice(table: ModbusTable) {
  const options = z.strictObject({ unit: unit(), every: every(table.every), timeout: timeout(), report: report() });
  return modbusDriver({
    ...table,
    options,
    points: (o) => withReport(table.points, o.report) as Points,
    maxRegisters: () => table.maxRegisters,
  });
}

interface UnitOptions {
  readonly unit: number;
  readonly every: number;
  readonly timeout?: number | undefined;
}

interface Parts<O> {
  readonly type: string;
  readonly title: Text;
  readonly options: z.ZodType<O>;
  readonly goldens: readonly Golden[];
  points(options: O): Points;
  maxRegisters(options: O): number;
}

export function modbusDriver<O extends UnitOptions>(parts: Parts<O>): Driver<O> {
  const { type, title, options, goldens, points } = parts;
  return {
    type,
    title,
    wire: "modbus",
    options,
    goldens,
    points,
    everyMs: (o) => o.every,
    silentAfterMs: (o) => Math.max(LEAST_SILENCE_MS, MISSED * o.every),
    claims: (o) => [`unit ${o.unit}`],
    layout: (o) => ({ wire: "modbus", points: points(o), maxRegisters: parts.maxRegisters(o) }),
    open: (at) => Promise.resolve(new TableDevice(at, points(at.options), parts.maxRegisters(at.options))),
    decode: (golden) => decodeGolden(golden, points(options.parse({ unit: 1, ...golden.options }))),
  };
}

class TableDevice implements Device {
  readonly #bus: ModbusBus;
  readonly #points: Points;
  readonly #blocks: readonly Block[];
  readonly #unit: number;
  readonly #timing: Pick<ModbusRequest, "timeoutMs">;
  /** Last value of each counter: a meter that counts backwards was replaced, reset, or lies. */
  readonly #counted = new Map<string, number>();

  constructor({ wires, bus, options }: Opening<UnitOptions>, points: Points, maxRegisters: number) {
    this.#bus = wires.modbus(bus);
    this.#points = points;
    this.#blocks = blocksOf(points, maxRegisters);
    this.#unit = options.unit;
    this.#timing = options.timeout === undefined ? {} : { timeoutMs: options.timeout };
  }

  async *readings(ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    for (;;) {
      const due = await ticks.next(stop);
      if (stop.aborted) return;
      const batch: Reading[] = [];
      for (const block of this.#blocks) batch.push(...(await this.#read(block, due, stop)));
      yield batch;
    }
  }

  /** A refused or corrupt block is `bad` readings while the others go on; a unit that does not answer is an exception. */
  async #read(block: Block, due: number, stop: AbortSignal): Promise<readonly Reading[]> {
    try {
      const { fc, address, quantity } = block;
      const reply = await this.#bus.request({ unit: this.#unit, fc, address, quantity, priority: "poll", ...this.#timing }, stop);
      return block.points.map((point) => this.#reading(point, block, reply));
    } catch (error) {
      if (!(error instanceof EdgeError) || (error.code !== "bus.exception" && error.code !== "bus.checksum")) throw error;
      return block.points.map((point) => ({ point, value: null, quality: "bad", code: error.code, mono: due }));
    }
  }

  #reading(point: string, block: Block, { data, mono }: ModbusReply): Reading {
    const spec = this.#points[point];
    const decoded = spec ? decodePoint(data, block, spec) : ({ code: "value.not-a-number" } as const);
    if ("code" in decoded) return { point, value: null, quality: "bad", code: decoded.code, mono };
    const { value } = decoded;
    if (spec?.kind === "counter" && typeof value === "number") {
      const before = this.#counted.get(point);
      this.#counted.set(point, value);
      if (before !== undefined && value < before) return { point, value, quality: "uncertain", code: "value.went-back", mono };
    }
    return { point, value, quality: "good", mono };
  }

  /** The write leaves once. Without an answer the point is read back: equal is success, anything else is unknown. */
  async perform(point: string, value: number | boolean, stop: AbortSignal): Promise<Outcome> {
    const spec = this.#points[point];
    const values = spec?.writable ? encodePoint(value, spec) : null;
    if (!spec || !values) return { state: "failed", code: "command.out-of-range" };
    const fc = spec.fc === 1 ? 5 : values.length === 1 ? 6 : 16;
    try {
      await this.#bus.request(
        { unit: this.#unit, fc, address: spec.address, values, priority: "command", ...this.#timing },
        stop,
      );
      return { state: "succeeded", value };
    } catch (error) {
      if (!(error instanceof EdgeError) || error.context["sent"] !== true)
        return { state: stop.aborted ? "unknown" : "failed", code: codeOf(error) };
      if (error.code === "bus.exception") return { state: "failed", code: error.code };
      return (await this.#holds(point, values, stop))
        ? { state: "succeeded", value }
        : { state: "unknown", code: "command.no-answer" };
    }
  }

  async #holds(point: string, values: readonly number[], stop: AbortSignal): Promise<boolean> {
    const spec = this.#points[point];
    if (!spec) return false;
    try {
      const quantity = values.length;
      const { data } = await this.#bus.request(
        { unit: this.#unit, fc: spec.fc, address: spec.address, quantity, priority: "command", ...this.#timing },
        stop,
      );
      if (spec.fc === 1) return ((data[0] ?? 0) & 1) === values[0];
      return values.every((word, i) => ((data[i * 2] ?? 0) << 8) + (data[i * 2 + 1] ?? 0) === word);
    } catch {
      return false;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

const codeOf = (error: unknown): string => (error instanceof EdgeError ? error.code : "command.no-answer");

/** A golden's frames through the code that live frames go through. Throws what a live frame would be refused with. */
function decodeGolden(golden: Golden, points: Points): Readonly<Record<string, Value>> {
  const request = hex(golden.tx ?? "");
  const frame = hex(golden.rx);
  if (!crcHolds(request, 0, request.length)) throw new EdgeError("bus.checksum", { bus: golden.name });
  const found = findReply(frame, expectedOf(request));
  if (found.kind === "corrupt") throw new EdgeError("bus.checksum", { bus: golden.name });
  if (found.kind === "nothing") throw new EdgeError("bus.foreign-reply", { bus: golden.name });
  const reply = frame.subarray(found.at, found.at + found.length);
  if ((reply[1] ?? 0) > 0x80) throw new EdgeError("bus.exception", { unit: reply[0], exception: reply[2] });
  const view = new DataView(request.buffer, request.byteOffset);
  const fc = view.getUint8(1) as Block["fc"];
  const block: Block = { fc, address: view.getUint16(2), quantity: view.getUint16(4), points: [] };
  const inside = ([, point]: [string, Points[string]]) =>
    point.fc === fc && point.address >= block.address && point.address < block.address + block.quantity;
  return Object.fromEntries(
    Object.entries(points)
      .filter(inside)
      .map(([name, point]) => {
        const decoded = decodePoint(reply.subarray(3, -2), block, point);
        return [name, "value" in decoded ? decoded.value : null];
      }),
  );
}

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");
