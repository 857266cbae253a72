/** Which faults hold right now; their beginning and end stand in the wire log. */
import { monotonic } from "../../src/kit/clock.ts";
import type { WireLog } from "./wire-log.ts";

export const FAULTS = ["silence", "late-reply", "wrong-unit", "garbage", "bad-crc", "unplug", "helper-dies", "chatter"] as const;
export type FaultKind = (typeof FAULTS)[number];

export interface Fault {
  readonly kind: FaultKind;
  readonly device?: string;
  readonly bus?: string;
  readonly forMs: number;
  /** Of late-reply: how long after the request. */
  readonly lateMs: number;
}

export class Faults implements Disposable {
  readonly #log: WireLog;
  readonly #active = new Map<Fault, NodeJS.Timeout>();

  constructor(log: WireLog) {
    this.#log = log;
  }

  /** `ended` puts things right when the time is over. */
  begin(fault: Fault, ended: () => void | Promise<void> = () => undefined): void {
    this.#log.write({ k: "fault", ...named(fault), state: "begun", at: monotonic() });
    const timer = setTimeout(async () => {
      await ended();
      this.#active.delete(fault);
      this.#log.write({ k: "fault", ...named(fault), state: "ended", at: monotonic() });
    }, fault.forMs);
    this.#active.set(fault, timer);
  }

  /** The newest fault of this device or of its whole bus. */
  on(bus: string, device?: string): Fault | undefined {
    return [...this.#active.keys()].findLast((f) => (f.device === undefined ? f.bus === bus : f.device === device));
  }

  list(): readonly Fault[] {
    return [...this.#active.keys()];
  }

  [Symbol.dispose](): void {
    for (const timer of this.#active.values()) clearTimeout(timer);
    this.#active.clear();
  }
}

const named = (fault: Fault): { kind: FaultKind; device?: string; bus?: string } => ({
  kind: fault.kind,
  ...(fault.device === undefined ? {} : { device: fault.device }),
  ...(fault.bus === undefined ? {} : { bus: fault.bus }),
});
