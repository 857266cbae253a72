/** Carries out what a Modbus unit is commanded: one write at most, and then what the unit says that it holds. */
import { monotonic } from "../../../kit/clock.ts";
import { EdgeError, toldOf } from "../../../kit/errors.ts";
import type { Outcome } from "../../../model/index.ts";
import type { ModbusReply, ModbusRequest, RegisterPoint } from "../../driver.ts";
import { ExchangeError } from "../../transports/modbus/exchange-error.ts";
import { widthOf } from "./decodes.ts";
import { isRefusal, patiently, thoughHungUp } from "./poll-round.ts";
import { decodePoint, type Encoded, encodePoint, isWithin, type Points } from "./registers.ts";

/** Exception codes after which a write may have happened all the same: device failure, acknowledged but still at work, and a gateway that found no way to its unit or got no answer. */
const UNDER_WAY: readonly number[] = [4, 5, 10, 11];
/** How long a command waits for a busy unit, before it checks the unit's identity or reads what the unit holds. */
const PATIENCE_MS = 4000;
/** A unit may take a moment before it holds what it acknowledged: the pauses before it is read, and read again. */
const LOOK_AFTER_MS = [0, 500, 1000] as const;

/** Who carries it out, and within which time. */
export interface Errand {
  readonly stop: AbortSignal;
  /** From when on nothing of it is sent any more. */
  readonly latest?: number | undefined;
}

export type Asked = Omit<ModbusRequest, "unit" | "timeoutMs" | "replyDeadlineMs" | "latest">;

export interface CommandedUnit {
  readonly points: Points;
  request(asked: Asked, errand: Errand): Promise<ModbusReply>;
  isOfThisType(errand: Errand, notBefore?: number): Promise<boolean>;
}

export const writerOf = (point: RegisterPoint): 5 | 6 | 15 | 16 =>
  point.writeWith ?? (point.fc === 1 ? 5 : widthOf(writtenAs(point)) === 1 ? 6 : 16);

const writtenAs = (point: RegisterPoint): RegisterPoint => ({ ...point, ...point.writeTo });

/** The write of a value; null: the registers cannot hold it. */
export function writeOf(
  value: number | boolean,
  point: RegisterPoint,
): (Pick<ModbusRequest, "fc" | "address"> & { readonly values: readonly number[]; readonly held: Encoded["value"] }) | null {
  const as = writtenAs(point);
  const encoded = encodePoint(value, as);
  return encoded && { fc: writerOf(point), address: as.address, values: encoded.registers, held: encoded.value };
}

/** The write leaves once. Without an answer the point is read: equal is success, anything else is unknown. */
export async function commandUnit(unit: CommandedUnit, point: string, value: number | boolean, errand: Errand): Promise<Outcome> {
  const spec = unit.points[point];
  const write = spec?.writable ? writeOf(value, spec) : null;
  // Limits are checked against the value that the registers will really hold, after rounding.
  if (!spec || !write || !isWithin(write.held, spec)) return { state: "failed", code: "command.out-of-range" };
  const { held, ...request } = write;
  const { stop, latest } = errand;
  let written = false;
  try {
    const until = Math.min(latest ?? Number.POSITIVE_INFINITY, monotonic() + PATIENCE_MS);
    const isRight = await patiently((notBefore) => unit.isOfThisType(errand, notBefore), until);
    if (!isRight) return { state: "failed", code: "value.wrong-device" };
    if (spec.wears && (await read(unit, spec, errand, until)) === held) return { state: "succeeded", value: held };
    written = true;
    await unit.request({ ...request, priority: "command" }, errand);
    if (!spec.readBack || (await comesToHold(unit, spec, held, stop))) return { state: "succeeded", value: held };
    return stop.aborted ? { state: "unknown", code: "command.no-answer" } : { state: "unknown", code: "command.not-held" };
  } catch (error) {
    if (whyOf(error).code === "command.expired") return { state: "expired", code: "command.expired" };
    if (!written || !(error instanceof ExchangeError))
      return { state: written && stop.aborted ? "unknown" : "failed", ...whyOf(error) };
    if (error.code === "bus.exception" && !isRefusal(error, UNDER_WAY)) return { state: "failed", ...whyOf(error) };
    return (await holds(unit, spec, held, stop))
      ? { state: "succeeded", value: held }
      : { state: "unknown", code: "command.no-answer" };
  }
}

async function read(unit: CommandedUnit, point: RegisterPoint, errand: Errand, until: number, from?: number): Promise<unknown> {
  const { fc, address } = point;
  const asked = { fc, address, quantity: widthOf(point), priority: "command" } as const;
  const { data } = await patiently(
    (notBefore = from) => thoughHungUp(() => unit.request({ ...asked, ...(notBefore !== undefined && { notBefore }) }, errand)),
    until,
  );
  const decoded = decodePoint(data, { address }, point);
  return "value" in decoded ? decoded.value : null;
}

/** Whether it holds the value now; false where that cannot be told. */
async function holds(
  unit: CommandedUnit,
  point: RegisterPoint,
  held: unknown,
  stop: AbortSignal,
  from?: number,
): Promise<boolean> {
  if (point.writeOnly) return false;
  try {
    return (await read(unit, point, { stop }, monotonic() + PATIENCE_MS, from)) === held;
  } catch {
    return false;
  }
}

async function comesToHold(unit: CommandedUnit, point: RegisterPoint, held: unknown, stop: AbortSignal): Promise<boolean> {
  for (const pauseMs of LOOK_AFTER_MS)
    if (!stop.aborted && (await holds(unit, point, held, stop, monotonic() + pauseMs))) return true;
  return false;
}

const whyOf = (error: unknown): Pick<Outcome, "told"> & { readonly code: string } =>
  error instanceof EdgeError ? { code: error.code, told: toldOf(error) } : { code: "command.no-answer" };
