/** Lets the watchdog see the rounds of a polled device: each that ends shows that its driver does not hang. */
import type { Ticker } from "../../kit/loop/ticker.ts";
import type { Heartbeat } from "../../kit/loop/watchdog.ts";
import type { Ticks } from "../../model/index.ts";

/** A round of a polled device, or one request of it that waits for its turn, three minutes at most. Beyond, its driver hangs. */
export const roundMs = (everyMs: number) => Math.max(300_000, 3 * everyMs);

/** Ticks that tell the watchdog of each finished round: whoever asks for the next one has ended the one before. */
export const watchedTicks = (ticks: Ticker, heartbeat: Heartbeat): Ticks => ({
  next(stop) {
    heartbeat.touch();
    return ticks.next(stop);
  },
  goesOn: () => heartbeat.touch(),
});
