/** Keeps one connection to the platform through every outage, until it is stopped. */
import type { EdgeError } from "../kit/errors.ts";
import { keepTrying } from "../kit/loop/keep-trying.ts";
import type { Heartbeat } from "../kit/loop/watchdog.ts";
import type { EdgeEvent, StreamStatus, Text, UplinkStatus } from "../model/index.ts";
import { brokerName } from "../mqtt/broker.ts";
import { openLink } from "../mqtt/client.ts";
import type { Oversized } from "../mqtt/frame-guard.ts";
import { MAX_DOWN_BYTES } from "../mqtt/link.ts";
import { carrierBack, reconnectWait } from "../mqtt/reconnect.ts";
import { CommandGate } from "./command-gate.ts";
import { DEFAULTS, type SyncContext, type SyncOptions, type SyncParts } from "./context.ts";
import { Inbox } from "./inbox.ts";
import { LinkSession } from "./link-session.ts";
import { Notifier } from "./notifier.ts";
import { DeliveryTracker } from "./publish/delivery-tracker.ts";
import { PoisonDetector } from "./publish/poison-detector.ts";
import { ResultPublisher } from "./publish/result-publisher.ts";
import { PREFIX, topicsOf } from "./topics.ts";
import { Uplink } from "./uplink.ts";

export interface SyncStatus {
  readonly broker: string;
  readonly mode: SyncOptions["acknowledge"];
  readonly connected: boolean;
  /** Why the last link ended. */
  readonly code?: string;
  readonly detail?: Text;
  /** What can be done about it. */
  readonly next?: Text;
  readonly uplink: UplinkStatus;
  readonly streams: readonly StreamStatus[];
}

export interface Sync {
  /** Resolves when it has stopped; never rejects. */
  readonly done: Promise<void>;
  status(): SyncStatus;
}

/** A link that has held this long counts as healthy: the waits begin anew. */
const STABLE_MS = 60_000;
const UPLINK_LOOK_MS = 500;
const MOST_UNSTORED = 1000;
/** Allowed beyond the longest wait: a link may end slowly, and pings take their time. */
const SLACK_MS = 60_000;

export function runSync(parts: SyncParts, stop: AbortSignal): Sync {
  const { outbox, commands, clock, log, options } = parts;
  const topics = topicsOf(parts.gateway, parts.prefix ?? PREFIX);
  const context: SyncContext = {
    ...parts,
    options: { ...DEFAULTS, ...options },
    topics,
    tracker: new DeliveryTracker(outbox.epoch),
    notifier: new Notifier(),
    poison: new PoisonDetector(),
    unstored: new Map(),
  };
  let session: LinkSession | null = null;
  const changed = (): void => {
    session?.publisher.heard();
    context.notifier.notify();
  };
  const results = new ResultPublisher({ topics, log, publisher: () => session?.publisher ?? null });
  const gate = new CommandGate({ outbox, notifier: context.notifier, again: () => session?.again() });
  const uplink = uplinkOf(context);
  const heard = () => uplink.heard();
  const { tracker } = context;
  const inbox = new Inbox({
    heard,
    topics,
    outbox,
    commands,
    lists: parts.lists,
    updates: parts.updates,
    results,
    gate,
    tracker,
    clock,
    log,
    changed,
  });
  let failed: EdgeError | null = null;
  // The loop is alive if it hears the broker, at least a PINGRESP, or connects again after the longest wait.
  const heartbeat =
    parts.watchdog?.heartbeat("sync", options.reconnect.maxMs + 2 * context.options.connectTimeoutMs + SLACK_MS) ?? null;

  const work = async (_: AbortSignal, works: () => void): Promise<void> => {
    heartbeat?.touch();
    await using link = await openLink(linkOptions(context, inbox, heartbeat), stop);
    const stable = setTimeout(works, STABLE_MS);
    try {
      session = new LinkSession(link, context);
      await session.run(stop, () => {
        failed = null;
        uplink.up();
      });
    } finally {
      session = null;
      clearTimeout(stable);
    }
  };
  const stopResults = commands.onResult((result) => void results.give(result));
  const waits = () => outbox.streams().some(({ upTo, head }) => upTo < head);
  const looking = setInterval(() => uplink.look(waits()), UPLINK_LOOK_MS);
  const stopKeeping = keepUnstored(context, (event) => session?.unstored(event));
  const done = keepTrying("sync", work, {
    log,
    stop,
    waitMs: reconnectWait(options.reconnect),
    woken: carrierBack,
    failed: (error) => {
      failed = error;
      uplink.lost(error.code);
    },
  }).finally(() => {
    clearInterval(looking);
    stopResults();
    stopKeeping();
    heartbeat?.end();
  });

  return {
    done,
    status: () => ({
      broker: brokerName(options.broker),
      mode: options.acknowledge,
      connected: session?.greeted === true,
      ...(failed !== null && {
        code: failed.code,
        detail: { it: failed.what("it"), en: failed.what("en") },
        next: { it: failed.hint("it"), en: failed.hint("en") },
      }),
      uplink: uplink.status(),
      streams: outbox.streams().map((state) => ({ ...state, sentUpTo: context.tracker.sentUpTo(state.epoch, state.stream) })),
    }),
  };
}

function uplinkOf({ outbox, clock, options }: SyncContext): Uplink {
  return new Uplink({
    clock,
    tellAfterMs: options.tellAfterMs,
    silentMs: options.acknowledge === "platform" ? options.platformSilentMs : null,
    raise: (draft) => outbox.raise?.(draft),
    saved: outbox.uplink,
    save: (value) => outbox.keepUplink?.(value),
  });
}

/** CT-U9: keeps urgent events over every connection until they are stored or the broker has them. */
function keepUnstored({ outbox, unstored }: SyncContext, tell: (event: EdgeEvent) => void): () => void {
  const ends = [
    outbox.onUnstored?.((event) => {
      if (unstored.size < MOST_UNSTORED) unstored.set(event.id, event);
      tell(event);
    }),
    outbox.onCommitted(({ urgent }) => {
      for (const { id } of urgent) unstored.delete(id);
    }),
  ];
  return () => {
    for (const end of ends) end?.();
  };
}

function linkOptions({ options, gateway, topics, outbox, clock }: SyncContext, inbox: Inbox, heartbeat: Heartbeat | null) {
  const { broker, mqtt, user, credentials, keepaliveSeconds, pubackTimeoutMs, connectTimeoutMs } = options;
  return {
    broker,
    mqtt,
    clientId: gateway,
    ...(user !== undefined && { user }),
    ...(credentials !== undefined && { credentials }),
    keepaliveSeconds,
    pubackTimeoutMs,
    timeoutMs: connectTimeoutMs,
    clockSynced: () => clock.now().synced,
    will: { topic: topics.up("state"), payload: JSON.stringify({ v: 1, online: false, epoch: outbox.epoch.id }) },
    onMessage: (...message: Parameters<Inbox["receive"]>) => inbox.receive(...message),
    oversized: (message: Oversized) => outbox.note("sync.message-too-large", { ...message, limit: MAX_DOWN_BYTES }),
    heard: () => heartbeat?.touch(),
  };
}
