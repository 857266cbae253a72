/** How long to wait before the next connection, by how the last one ended (CT-U7). */
import { networkInterfaces } from "node:os";
import type { EdgeError } from "../kit/errors.ts";
import { doubling } from "../kit/loop/backoff.ts";
import { pause } from "../kit/loop/pause.ts";
import { REASON } from "./link.ts";
import { LinkError } from "./link-error.ts";

export interface Reconnect {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The wait when the link failed on our side: to wait longer would spare the broker nothing. */
const LOCAL_MS = 2000;
const CARRIER_LOOK_MS = 1000;

/** Full jitter: when a broker comes back, a thousand gateways connect spread over the whole time. */
export const reconnectWait =
  ({ firstMs, maxMs }: Reconnect, random: () => number = Math.random) =>
  (failures: number, error?: EdgeError): number => {
    const { local = false, reasonCode } = error instanceof LinkError ? error : {};
    // Two gateways with the same id disconnect each other: neither may come back quickly.
    if (reasonCode === REASON.takenOver) return maxMs / 2 + (random() * maxMs) / 2;
    const full = doubling(firstMs, maxMs)(failures);
    if (local && failures <= 1) return random() * Math.min(LOCAL_MS, full);
    return random() * full;
  };

/** Resolves when an external network interface has come up since the call: a connection is then worth a try. */
export async function carrierBack(stop: AbortSignal): Promise<void> {
  let had = hasCarrier();
  while (!stop.aborted) {
    await pause(CARRIER_LOOK_MS, stop);
    const has = hasCarrier();
    if (has && had === false) return;
    had = has ?? had;
  }
}

/** Null: unknown at present. Asking the kernel takes a socket, and there may be no descriptor left for one. */
function hasCarrier(): boolean | null {
  try {
    return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ internal }) => !internal) === true);
  } catch {
    return null;
  }
}
