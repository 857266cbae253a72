/** The kernel's clocks go in; moments (`Now`), clock steps and synchronisation come out. The only file that reads wall time. */
import { readFileSync, statSync } from "node:fs";
import type { Now } from "../model.ts";

export interface Clock {
  now(): Now;
  /** Kernel monotonic milliseconds (CLOCK_MONOTONIC), whole. */
  mono(): number;
  /** Identity of this boot of the machine. */
  readonly boot: string;
}

/** Wall and monotonic time drifting apart by more than this is a step, not slew. */
export const STEP_MS = 500;

/** Written by systemd-timesyncd when it has synchronised. */
const TIMESYNC = "/run/systemd/timesync/synchronized";
const SYNC_CHECK_MS = 1000;

/** `assumed`: something outside keeps the clock (a virtual machine's host, PTP). `auto`: systemd-timesyncd says. */
export type Synchronised = "auto" | "assumed";

export function monotonic(): number {
  const [s, ns] = process.hrtime();
  return s * 1000 + Math.floor(ns / 1e6);
}

export function systemClock(synchronised: Synchronised): Clock {
  let checked = Number.NEGATIVE_INFINITY;
  let synced = synchronised === "assumed";
  const boot = bootId();
  return {
    boot,
    mono: monotonic,
    now() {
      const mono = monotonic();
      if (synchronised === "auto" && mono - checked >= SYNC_CHECK_MS) {
        checked = mono;
        synced = statSync(TIMESYNC, { throwIfNoEntry: false }) !== undefined;
      }
      return { mono, wall: Date.now(), synced };
    },
  };
}

/** CIPPO_BOOT_ID is set by a unit whose sandbox hides /proc/sys (systemd's %b). */
function bootId(): string {
  const given = process.env["CIPPO_BOOT_ID"];
  if (given) return given.replaceAll("-", "");
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().replaceAll("-", "");
  } catch {
    return "unknown";
  }
}
