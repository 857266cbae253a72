/** Runs one program of the comparison through outage, SIGKILL, restart and drain, and counts what arrived. */
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../hw-sim/free-port.ts";
import { cpuMs } from "../way/product.ts";
import { openCentre } from "./centre.ts";
import type { Kind } from "./peer.ts";

export interface Outcome {
  readonly taken: number;
  readonly lost: number;
  readonly repeats: number;
  /** CPU of the peer's process for each reading, µs: until it has taken it, and until it is at the centre. */
  readonly takeUs: number;
  readonly drainUs: number;
  /** Readings a second that arrived when the centre was back; 0 when none did. */
  readonly perSecond: number;
}

/** What came by then came; a peer that tries again every few seconds has tried. */
const QUIET_MS = 15_000;
const LOOK_MS = 100;

export async function peerRun(kind: Kind, folder: string, count: number): Promise<Outcome | { readonly why: string }> {
  const port = await freePort();
  const first = await kind.start(folder, port);
  if ("why" in first) return first;
  const begun = cpuMs(first.pid);
  await first.take(count);
  const takeUs = ((cpuMs(first.pid) - begun) * 1000) / count;
  await first.kill();
  const again = await kind.start(folder, port);
  if ("why" in again) return again;
  await using peer = again;
  const before = cpuMs(peer.pid);
  await using centre = await openCentre(port, folder);
  await settled(async () => centre.arrived, count);
  const drainUs = ((cpuMs(peer.pid) - before) * 1000) / count;
  const { arrived, repeats } = centre;
  const perSecond = arrived < 2 ? 0 : (arrived * 1000) / (centre.last - centre.first);
  return { taken: count, lost: count - arrived, repeats, takeUs, drainUs, perSecond };
}

/** When all have arrived, or no more came for long. `last`: `performance.now()` at which the last was seen. */
export async function settled(
  arrived: () => Promise<number>,
  count: number,
): Promise<{ readonly value: number; readonly last: number }> {
  let value = 0;
  for (let last = performance.now(); ; await sleep(LOOK_MS)) {
    const now = await arrived();
    if (now > value) last = performance.now();
    value = now;
    if (value >= count || performance.now() - last > QUIET_MS) return { value, last };
  }
}
