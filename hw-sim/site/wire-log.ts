/** The log of what the wires showed, one JSON line each: the ground truth that a run is judged by. */
import { closeSync, openSync, writeSync } from "node:fs";

/** All times are kernel monotonic ms. `shown`: the wire showed this value between `from` and `to` (pushed: the moment of sending). */
export type WireRecord =
  | {
      readonly k: "shown";
      readonly device: string;
      readonly point: string;
      readonly value: number | boolean | string;
      readonly from: number;
      readonly to: number;
      /** The reply came `lateMs` after its request, by a fault. */
      readonly late?: true;
    }
  /** Meaning of a contact, or state of a relay, after polarity; also once at the start. */
  | { readonly k: "level"; readonly device: string; readonly point: string; readonly value: boolean; readonly at: number }
  /** `n`: passages or pulses since the site started. */
  | { readonly k: "pulse"; readonly device: string; readonly point: string; readonly n: number; readonly at: number }
  /** A Modbus write that the unit carried out. */
  | {
      readonly k: "write";
      readonly device: string;
      readonly point: string;
      readonly value: number | boolean | string;
      readonly at: number;
    }
  | {
      readonly k: "fault";
      readonly kind: string;
      readonly device?: string;
      readonly bus?: string;
      readonly state: "begun" | "ended";
      readonly at: number;
    }
  | { readonly k: "begun"; readonly at: number }
  | { readonly k: "frozen"; readonly at: number };

export interface WireLog extends Disposable {
  readonly file: string;
  write(...records: readonly WireRecord[]): void;
}

export function openWireLog(file: string): WireLog {
  const fd = openSync(file, "a");
  let open = true;
  return {
    file,
    write(...records) {
      if (!open || records.length === 0) return;
      writeSync(fd, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    },
    [Symbol.dispose]() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}
