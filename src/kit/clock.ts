/**
 * Reads the kernel's clocks, and says how far a moment can be trusted.
 *
 * The only file that reads wall time.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Now } from "../model/index.ts";
import { TimeSource, type TimeSourceOptions } from "./time-source.ts";

export interface Clock {
  now(): Now;
  /** Kernel monotonic milliseconds (CLOCK_MONOTONIC), whole. */
  mono(): number;
  /** Identity of this boot of the machine. */
  readonly boot: string;
  /** Resolves when it is known whether a time server keeps the clock. Absent: from the first moment on. */
  known?(): Promise<void>;
}

/** Wall and monotonic time drifting apart by more than this is a step, not slew; a time that may be wrong by more is `unsynced`. */
export const STEP_MS = 500;
/** What a quartz may gain or lose between −20 and +70 °C (contract, Time). */
const CRYSTAL = 100 / 1e6;

/** How wrong a clock may be that went on alone for so long. */
export const driftMs = (aloneMs: number): number => aloneMs * CRYSTAL;

/** What records of this moment carry as their `clock`. */
export function clockOf({ synced, heldMs }: Now): "synced" | "unsynced" {
  const right = heldMs === undefined ? synced : driftMs(heldMs) < STEP_MS;
  return right ? "synced" : "unsynced";
}

/** `assumed`: something outside keeps the clock (a virtual machine's host). `auto`: timesyncd or the kernel says, see TimeSource. */
export type Synchronised = "auto" | "assumed";

export function monotonic(): number {
  const [s, ns] = process.hrtime();
  return s * 1000 + Math.floor(ns / 1e6);
}

export function systemClock(synchronised: Synchronised, options: TimeSourceOptions = {}): Clock {
  const boot = bootId();
  if (synchronised === "assumed")
    return { boot, mono: monotonic, now: () => ({ mono: monotonic(), wall: Date.now(), synced: true }) };
  const source = new TimeSource(options);
  return {
    boot,
    mono: monotonic,
    now() {
      const mono = monotonic();
      const wall = Date.now();
      return { mono, wall, synced: source.synced(mono, wall) };
    },
    known: () => source.first(monotonic(), Date.now()),
  };
}

/**
 * CIPPO_BOOT_ID is set by a unit whose sandbox hides /proc/sys (systemd's %b). Where neither tells, nobody knows whether this is the boot of an
 * earlier run: an id of its own makes it another one, so that no time of that run is taken for one of this.
 */
export function bootId(file = "/proc/sys/kernel/random/boot_id"): string {
  const given = process.env["CIPPO_BOOT_ID"];
  if (given) return given.replaceAll("-", "");
  try {
    return readFileSync(file, "utf8").trim().replaceAll("-", "");
  } catch {
    return randomUUID().replaceAll("-", "");
  }
}
