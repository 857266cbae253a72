/** What every file of `src/sync` shares while it runs: options, store, documents, topics, tracker and notifier. */
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Watchdog } from "../kit/loop/watchdog.ts";
import type { Credentials } from "../mqtt/broker.ts";
import type { Reconnect } from "../mqtt/reconnect.ts";
import type { Notifier } from "./notifier.ts";
import type { Commands, Documents, EdgeEvent, Lists, Outbox, Updates } from "./outbox.ts";
import type { DeliveryTracker } from "./publish/delivery-tracker.ts";
import type { PoisonDetector } from "./publish/poison-detector.ts";
import type { Topics } from "./topics.ts";

export interface SyncOptions {
  /** mqtt://host:port or mqtts://host:port */
  readonly broker: string;
  readonly acknowledge: "platform" | "broker";
  /** Allows `broker` under 3.1.1, whose PUBACK says nothing; checked with the configuration. */
  readonly acceptLoss?: boolean;
  readonly mqtt: 5 | "3.1.1";
  readonly liveEveryMs: number;
  /** Absent or 0: no cap. */
  readonly historyBytesPerSecond?: number;
  readonly reconnect: Reconnect;
  /** Who the broker is told this is, besides the client id; the password lies in `credentials`. */
  readonly user?: string;
  readonly credentials?: Credentials;
  readonly reportEveryMs?: number;
  readonly refusedRetryMs?: number;
  readonly stateRepublishMs?: number;
  readonly keepaliveSeconds?: number;
  readonly pubackTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** How long a link must have held before it sends a message with which earlier links have died. */
  readonly calmMs?: number;
  /** Shorter outages are only summed up. */
  readonly tellAfterMs?: number;
  /** Nothing acknowledged for this long, though something waits for it: the platform is silent. */
  readonly platformSilentMs?: number;
}

export const DEFAULTS = {
  reportEveryMs: 30_000,
  refusedRetryMs: 60_000,
  stateRepublishMs: 900_000,
  keepaliveSeconds: 30,
  pubackTimeoutMs: 30_000,
  connectTimeoutMs: 30_000,
  calmMs: 5000,
  tellAfterMs: 10_000,
  platformSilentMs: 300_000,
};

export interface SyncParts {
  readonly gateway: string;
  readonly prefix?: string;
  readonly options: SyncOptions;
  readonly outbox: Outbox;
  readonly documents: Documents;
  readonly commands: Commands;
  /** Absent: lists are acknowledged, and nothing is done with them. */
  readonly lists?: Lists | undefined;
  /** Absent: orders to update are acknowledged, and nothing is done with them. */
  readonly updates?: Updates | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** The loop reports here that it is alive. */
  readonly watchdog?: Watchdog;
}

export interface SyncContext extends Omit<SyncParts, "options"> {
  readonly options: SyncOptions & typeof DEFAULTS;
  readonly topics: Topics;
  readonly tracker: DeliveryTracker;
  readonly notifier: Notifier;
  readonly poison: PoisonDetector;
  /** CT-U9: urgent events, by id, that could so far neither be stored nor be given to the broker. */
  readonly unstored: Map<string, EdgeEvent>;
}
