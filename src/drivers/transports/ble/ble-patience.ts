/** How long each part of a Bluetooth adapter may take before something is done about it. */

export const PATIENCE = {
  /** From its start until the radio listens. */
  openMs: 15_000,
  /** Without a sign of life (due every 2 s). */
  silentMs: 20_000,
  /** Not listening for longer than this, every device on it is down. */
  troubleMs: 10_000,
  /** Not one advertisement of anything: perhaps an empty square, perhaps a deaf controller. */
  deafMs: 10 * 60_000,
  lookMs: 1000,
  ladder: { firstMs: 30_000, maxMs: 30 * 60_000 },
  /** Between two starts of a child that does not live. */
  restart: { firstMs: 1000, maxMs: 60_000 },
  healthyMs: 60_000,
  connectMs: 15_000,
  discoverMs: 15_000,
  readMs: 5000,
  /** For one read, with the wait for those before it. A round must end before the watchdog acts (docs/decisions/0007-the-unit.md, polled device). */
  answerMs: 180_000,
  /** Of a device that could not be read: others wait meanwhile for its time-outs, so it is tried ever more rarely. */
  rest: { firstMs: 60_000, maxMs: 30 * 60_000, absentMs: 5000 },
};
export type Patience = typeof PATIENCE;
