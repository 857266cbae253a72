/** Corrects a moment that was noted in unsynchronised time, by what became known of it (contract, Time). */
import type { Restated } from "../../model/index.ts";

/** `epoch`: in whose unsynchronised time it is now; absent: it is right, or as near as anybody can know. */
export function restated(wall: number, of: Restated): { readonly wall: number; readonly epoch?: string } {
  if ("notBefore" in of) return { wall: Math.min(of.notAfter, Math.max(of.notBefore, wall)) };
  return { wall: wall + of.offsetMs, ...(of.into !== undefined && { epoch: of.into }) };
}
