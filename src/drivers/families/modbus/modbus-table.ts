/** Makes the driver of a Modbus device from its table of registers, and proves the table by its golden frames. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import { duration } from "../../../kit/text/quantities.ts";
import type { Text, Value } from "../../../model/index.ts";
import type { Driver, Golden, IdentityCheck } from "../../driver.ts";
import { crcHolds, expectedOf, findReply } from "../../transports/modbus/framing/modbus-frame.ts";
import { every, report, withReport } from "../options.ts";
import { TableDevice, type UnitOptions } from "./modbus-unit.ts";
import { type Block, decodePoint, type Merging, type Points, spanOf } from "./registers.ts";

/** Polls missed before a device counts as silent, and the least time for it. */
const MISSED = 3;
const LEAST_SILENCE_MS = 30_000;

export const unit = () => z.int().min(0).max(255).describe("Unit address: 1–247 on a serial line, 0–255 on Modbus TCP.");
export const patience = () => ({
  timeout: duration({ least: "1ms", most: "1min" })
    .optional()
    .describe("How long to wait for this device's reply; default: the bus's."),
  replyDeadline: duration().optional().describe("How late this device may still answer; default: the bus's."),
  atConnect: z
    .strictObject({
      pause: duration({ least: "1ms", most: "1min" }).describe("How long it is left alone after its bus has connected."),
    })
    .optional()
    .describe("For a device that does not answer at once after a connection."),
});
export const maxGap = (standard: number) =>
  z
    .int()
    .min(0)
    .max(120)
    .prefault(standard)
    .describe("Most unused registers read over to save a request; 0 for a device that refuses or ignores what it does not have.");
const identity = () =>
  z
    .boolean()
    .prefault(true)
    .describe("Whether the device must say at connecting that it is of this type; false for a variant that says something else.");

export interface ModbusTable {
  readonly type: string;
  readonly title: Text;
  readonly points: Points;
  /** Most registers that the device gives in one reply. */
  readonly maxRegisters: number;
  /** Unused registers that its document says are answered, and that are worth reading over: about 20 cost as much as a request. */
  readonly maxGap?: number;
  /** By what it is known at connecting. */
  readonly identity?: readonly IdentityCheck[];
  /** Standard `every`, as written in a configuration. */
  readonly every: string;
  readonly goldens: readonly Golden[];
}

/** A device that is a table: nothing but its address, its times, gaps, identity and report are the site's to say. */
export function modbusDevice(table: ModbusTable) {
  const checks = table.identity ?? [];
  const options = z.strictObject({
    unit: unit(),
    every: every(table.every),
    ...patience(),
    maxGap: maxGap(table.maxGap ?? 0),
    ...(checks.length > 0 && { identity: identity() }),
    report: report(),
  });
  return modbusDriver<z.output<typeof options>>({
    ...table,
    options,
    points: (o) => withReport(table.points, o.report) as Points,
    merging: (o) => ({ maxRegisters: table.maxRegisters, maxGap: o.maxGap }),
    identity: (o) => (o.identity === false ? [] : checks),
  });
}

interface Parts<O> {
  readonly type: string;
  readonly title: Text;
  readonly options: z.ZodType<O>;
  readonly goldens: readonly Golden[];
  points(options: O): Points;
  merging(options: O): Merging;
  identity(options: O): readonly IdentityCheck[];
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
    misfits: ({ unit }, bus) => ("modbus" in bus && bus.modbus !== "tcp" && (unit < 1 || unit > 247) ? [noSerialUnit(unit)] : []),
    status: ({ options, bus, wires }) => wires.modbus(bus).stats.unit(options.unit),
    layout: (o) => ({
      wire: "modbus",
      points: points(o),
      maxRegisters: parts.merging(o).maxRegisters,
      identity: parts.identity(o),
    }),
    open: (at) =>
      Promise.resolve(
        new TableDevice(at, {
          points: points(at.options),
          merging: parts.merging(at.options),
          identity: parts.identity(at.options),
        }),
      ),
    decode: (golden) => decodeGolden(golden, points(options.parse({ unit: 1, ...golden.options }))),
  };
}

/** Modbus over Serial Line V1.02, 2.2: 0 is the broadcast, 248 to 255 are reserved. */
const noSerialUnit = (unit: number): Text => ({
  it: `un'unità da 1 a 247, gli indirizzi di una linea seriale, non ${unit}`,
  en: `a unit from 1 to 247, the addresses of a serial line, not ${unit}`,
});

/** A golden's frames through the code that live frames go through. Throws what a live frame would be refused with. */
function decodeGolden(golden: Golden, points: Points): Readonly<Record<string, Value>> {
  const request = hex(golden.tx ?? "");
  const frame = hex(golden.rx);
  if (!crcHolds(request, 0, request.length)) throw new EdgeError("bus.checksum", { bus: golden.name });
  const found = findReply(frame, expectedOf(request));
  if (found.kind === "corrupt") throw new EdgeError("bus.checksum", { bus: golden.name });
  if (found.kind === "nothing") throw new EdgeError("bus.foreign-reply", { bus: golden.name, bytes: golden.rx });
  const reply = frame.subarray(found.at, found.at + found.length);
  if ((reply[1] ?? 0) > 0x80) throw new EdgeError("bus.exception", { unit: reply[0] ?? 0, exception: reply[2] ?? 0 });
  const view = new DataView(request.buffer, request.byteOffset);
  const fc = view.getUint8(1) as Block["fc"];
  const block = { address: view.getUint16(2), quantity: view.getUint16(4) };
  const inside = ([, point]: [string, Points[string]]) => {
    const { address } = spanOf(point);
    return point.fc === fc && address >= block.address && address < block.address + block.quantity;
  };
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
