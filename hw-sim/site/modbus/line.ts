/** A Modbus line that answers any master like the real thing, faults included. */
import type { Socket } from "node:net";
import { monotonic } from "../../../src/kit/clock.ts";
import type { Fault, Faults } from "../faults.ts";
import { SocketLine } from "../socket-line.ts";
import type { WireLog } from "../wire-log.ts";
import type { ColumnLetters } from "./column-letters.ts";
import { type Framing, type Request, rtuFraming, tcpFraming } from "./framing.ts";
import type { Answer, ModbusUnit } from "./unit.ts";

export interface LineUnit {
  readonly device: string;
  readonly unit: ModbusUnit;
  /** Only of a charging column. */
  readonly letters?: ColumnLetters;
}

export interface ModbusLineOptions {
  readonly bus: string;
  readonly framing: "tcp" | "rtu";
  /** By unit address. */
  readonly units: ReadonlyMap<number, LineUnit>;
  readonly faults: Faults;
  readonly log: WireLog;
}

const BROADCAST = 0;

export function modbusLine(options: ModbusLineOptions): SocketLine {
  return new SocketLine((socket) => {
    const framing = options.framing === "tcp" ? tcpFraming() : rtuFraming(monotonic);
    socket.on("data", (bytes) => {
      const requests = framing.take(bytes);
      if (requests === "hang-up") socket.destroy();
      else for (const request of requests) serve(options, framing, request, socket);
    });
  });
}

function serve(options: ModbusLineOptions, framing: Framing, request: Request, socket: Socket): void {
  const from = monotonic();
  if (request.unit === BROADCAST && options.framing === "rtu") {
    for (const unit of options.units.values()) wrote(options, unit.device, unit.unit.answer(request.pdu), from);
    return;
  }
  const addressed = options.units.get(request.unit);
  if (!addressed) return; // nobody there: the wire stays silent
  const fault = options.faults.on(options.bus, addressed.device);
  if (fault?.kind === "silence") return;
  const answer = addressed.unit.answer(request.pdu);
  wrote(options, addressed.device, answer, from);
  const send = (): void => {
    if (!socket.writable) return;
    socket.write(spoilt(fault, framing, request, answer.pdu));
    if (fault && fault.kind !== "late-reply") return; // such bytes show nothing of this unit
    const to = monotonic();
    const late = fault ? ({ late: true } as const) : {};
    const shown = [...answer.shown, ...(addressed.letters?.madeOf(answer.shown) ?? [])];
    options.log.write(...shown.map((s) => ({ k: "shown" as const, device: addressed.device, ...s, from, to, ...late })));
  };
  if (fault?.kind === "late-reply") setTimeout(send, fault.lateMs).unref();
  else send();
}

function wrote(options: ModbusLineOptions, device: string, answer: Answer, at: number): void {
  options.log.write(...answer.written.map((w) => ({ k: "write" as const, device, ...w, at })));
}

/** The bytes of the reply as the fault leaves them. */
function spoilt(fault: Fault | undefined, framing: Framing, request: Request, pdu: Uint8Array): Uint8Array {
  const good = framing.wrap(request, request.unit, pdu);
  switch (fault?.kind) {
    case "wrong-unit":
      return framing.wrap(request, (request.unit % 247) + 1, pdu);
    case "garbage":
      return good.map((byte, i) => (byte * 7 + i * 31 + 0x5a) & 0xff);
    case "bad-crc":
      return good.map((byte, i) => (i === good.length - 1 ? byte ^ 0xff : byte));
    default:
      return good;
  }
}
