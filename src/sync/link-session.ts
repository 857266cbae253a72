/** One connection from its first message to its last: greeting, then everything by priority (contract, Up). */

import { EdgeError } from "../kit/errors.ts";
import { backoff } from "../kit/loop/backoff.ts";
import { keepTrying } from "../kit/loop/keep-trying.ts";
import { pause } from "../kit/loop/pause.ts";
import { aborted, broadcast } from "../kit/loop/signals.ts";
import { stopped } from "../kit/text/reasons.ts";
import { brokerName } from "../mqtt/broker.ts";
import type { Filter, Link } from "../mqtt/link.ts";
import { LinkError } from "../mqtt/link-error.ts";
import type { SyncContext } from "./context.ts";
import type { Committed, EdgeEvent } from "./outbox.ts";
import { parts } from "./publish/batch-body.ts";
import { BatchPublisher } from "./publish/batch-publisher.ts";
import { sendHistory, TokenBucket } from "./publish/history-publisher.ts";
import { LivePublisher } from "./publish/live-publisher.ts";
import { Publisher } from "./publish/publisher.ts";
import { RetainedPublisher } from "./publish/retained-publisher.ts";
import { UrgentPublisher } from "./publish/urgent-publisher.ts";

/** `reported` follows a change, at most this often. */
const CHANGE_MS = 5000;
const AGAIN_MS = 500;

export class LinkSession {
  readonly publisher: Publisher;
  /** The broker has acknowledged `state` and `alarms`. */
  greeted = false;
  readonly #context: SyncContext;
  readonly #link: Link;
  /** Every waiting publish listens to it. */
  readonly #over = broadcast();
  readonly #retained: RetainedPublisher;
  readonly #live: LivePublisher;
  readonly #urgent: UrgentPublisher;
  readonly #batches: BatchPublisher;
  /** Parts at the broker, by document: what is no longer needed is cleared. */
  readonly #parts = new Map<string, number>();
  /** What `state` and `alarms` say has changed, perhaps after they were sent. */
  #outdated = false;
  #reported = "";

  constructor(link: Link, context: SyncContext) {
    const { options, clock, log, outbox, topics, tracker } = context;
    this.#link = link;
    this.#context = context;
    const stop = this.#over.signal;
    const barred = (topic: string, reasonCode: number): void => {
      log.warn("sync.not-authorised", { code: "sync.not-authorised", topic, reasonCode });
      outbox.note("sync.not-authorised", { topic, reasonCode });
    };
    this.publisher = new Publisher({
      link,
      clock,
      retryMs: options.refusedRetryMs,
      stop,
      barred,
      poison: context.poison,
      calmMs: options.calmMs,
    });
    this.#retained = new RetainedPublisher(this.publisher, log);
    this.#batches = new BatchPublisher({
      publisher: this.publisher,
      tracker,
      outbox,
      topics,
      brokerProves: options.acknowledge === "broker",
      log,
    });
    this.#urgent = new UrgentPublisher({
      publisher: this.publisher,
      outbox,
      clock,
      topic: topics.up("urgent"),
      log,
      unstored: context.unstored,
    });
    const batches = this.#batches;
    this.#live = new LivePublisher({
      batches,
      tracker,
      clock,
      everyMs: options.liveEveryMs,
      barred: (stream) => this.publisher.barred(batches.topic("live", stream)),
    });
  }

  /** Connects anew: only then does the broker send again what was not acknowledged. What is being sent gets a moment to leave. */
  again(): void {
    const { broker } = this.#context.options;
    const anew = new EdgeError("sync.unreachable", {
      broker: brokerName(broker),
      reason: { it: "si ricollega", en: "connecting anew" },
    });
    const reason = new LinkError(anew, { local: true, ours: true });
    void pause(AGAIN_MS, this.#over.signal).then(() => this.#link.end(reason));
  }

  /** An urgent event that could not be stored, at once. */
  unstored(event: EdgeEvent): void {
    this.#urgent.unstored(event);
  }

  /** Returns when stopped; rejects with the reason when the link ends. `greeted` is called when the broker knows how we are. */
  async run(stop: AbortSignal, greeted: () => void = () => {}): Promise<void> {
    const { outbox, options } = this.#context;
    const broker = brokerName(options.broker);
    const end = (): void => this.#over.abort(new EdgeError("sync.unreachable", { broker, reason: stopped }));
    stop.addEventListener("abort", end, { once: true });
    if (stop.aborted) end();
    void this.#link.closed.then((reason) => this.#over.abort(reason));
    const stopListening = outbox.onCommitted((committed) => this.#committed(committed));
    try {
      // What is in flight is settled by the link, which gives it a moment once this has returned.
      await Promise.race([this.#work(greeted), aborted(this.#over.signal)]);
    } catch (error) {
      if (!stop.aborted) throw this.#over.signal.aborted ? this.#over.signal.reason : error;
    } finally {
      stop.removeEventListener("abort", end);
      stopListening();
      this.#live.close();
      end();
    }
    if (!stop.aborted) throw this.#over.signal.reason;
  }

  async #work(greeted: () => void): Promise<void> {
    await this.#greet(greeted);
    await Promise.all([this.#history(), this.#report(), this.#republish()]);
  }

  /** In this order: subscriptions, `state`, `alarms`, urgent copies, then live sending begins, and the other retained topics follow. */
  async #greet(greeted: () => void): Promise<void> {
    const { options } = this.#context;
    await this.#subscribe();
    this.#outdated = false;
    await this.#state();
    await this.#alarms();
    this.#over.signal.throwIfAborted();
    this.greeted = true;
    this.publisher.open();
    greeted();
    for (const event of this.#context.unstored.values()) this.#urgent.unstored(event);
    await this.#urgent.pending();
    this.#live.open();
    const { documents } = this.#context;
    await Promise.all([
      ...(this.#outdated ? [this.#state(), this.#alarms()] : []),
      ...documents.assets().map(({ asset }) => this.#asset(asset)),
      ...documents.removedAssets().map((asset) => this.#clear(asset)),
      this.#catalog(),
      this.#tell(),
    ]);
    this.#context.log.info("sync.online", { broker: options.broker, resumed: this.#link.sessionPresent });
  }

  async #subscribe(): Promise<void> {
    const { topics, outbox, options } = this.#context;
    const filters: readonly Filter[] = [
      { topic: topics.down("ack"), retainHandling: 1 },
      { topic: topics.down("commands"), retainHandling: 1 },
      { topic: topics.down("config"), retainHandling: 0 },
      { topic: topics.down("lists/+"), retainHandling: 0 },
      { topic: topics.down("lists/+/delta"), retainHandling: 1 },
      { topic: topics.down("update"), retainHandling: 0 },
    ];
    const granted = await this.#link.subscribe(filters);
    const refused = filters.filter((_, i) => (granted[i] ?? 0x80) >= 0x80);
    if (refused.length === 0) return;
    for (const { topic } of refused) {
      const reasonCode = granted[filters.findIndex((f) => f.topic === topic)] ?? 0x80;
      this.#context.log.warn("sync.not-authorised", { code: "sync.not-authorised", topic, reasonCode });
      outbox.note("sync.not-authorised", { topic, reasonCode });
    }
    // A refused subscription does not hold back what goes up; only its proof of delivery must wait.
    void pause(options.refusedRetryMs, this.#over.signal)
      .then(() => (this.#over.signal.aborted ? undefined : this.#subscribe()))
      .catch(() => undefined);
  }

  #committed({ segments, assets, alarms, urgent, restated }: Committed): void {
    this.#urgent.offer(urgent);
    if (!this.greeted) this.#outdated ||= alarms || restated === true;
    else {
      if (restated) void this.#republishAll().catch(() => undefined);
      else if (alarms) void this.#alarms().catch(() => undefined);
      for (const { asset } of assets) void this.#asset(asset).catch(() => undefined);
    }
    this.#context.tracker.committed(segments);
    this.#live.offer(segments);
    this.#context.notifier.notify();
  }

  // ------------------------------------------------------------ retained

  #state(): Promise<void> {
    const { outbox, documents, clock, topics } = this.#context;
    return this.#retained.put("state", topics.up("state"), () => {
      const { boot, id: epoch, n } = outbox.epoch;
      const own = { v: 1, online: true, at: clock.now().wall, boot, epoch, n, catalog: documents.catalog().hash };
      return JSON.stringify({ ...own, ...documents.state() });
    });
  }

  #alarms(): Promise<void> {
    const { documents, outbox } = this.#context;
    const { asOf, open } = documents.alarms();
    return this.#inParts("alarms", { epoch: outbox.epoch.id, asOf, open });
  }

  #catalog(): Promise<void> {
    const { hash, body } = this.#context.documents.catalog();
    return this.#inParts("catalog", { cat: hash, ...body });
  }

  #asset(asset: string): Promise<void> {
    const { documents, topics } = this.#context;
    const cat = documents.catalog().hash;
    return this.#retained.put("retained", topics.asset(asset), () => {
      const state = documents.assets().find((a) => a.asset === asset);
      if (state === undefined) return "";
      const { asset: _, ...rest } = state;
      return JSON.stringify({ v: 1, cat, ...rest });
    });
  }

  /** Removed from the configuration: whoever subscribes later must not meet it (contract, `assets/{asset}`). */
  async #clear(asset: string): Promise<void> {
    const { documents, topics } = this.#context;
    await this.#retained.put("retained", topics.asset(asset), () => "");
    documents.clearedAsset(asset);
  }

  async #inParts(name: "catalog" | "alarms", document: Readonly<Record<string, unknown>>): Promise<void> {
    const { topics, log } = this.#context;
    const bodies = parts(document, this.publisher.maxPayload(topics.part(name, 99)));
    if (bodies === null)
      return log.warn("sync.retained-refused", { code: "sync.document-refused", topic: name, reason: "too-large" });
    const rank = name === "alarms" ? "state" : "retained";
    const surplus = Math.max(0, (this.#parts.get(name) ?? 0) - bodies.length);
    this.#parts.set(name, bodies.length);
    const all = [...bodies, ...Array.from({ length: surplus }, () => "")];
    await Promise.all(all.map((body, i) => this.#retained.put(rank, topics.part(name, i + 1), () => body)));
  }

  #tell(): Promise<void> {
    const { tracker, outbox, topics, documents, clock } = this.#context;
    this.#reported = JSON.stringify(documents.reported());
    return this.#retained.put("retained", topics.up("reported"), () => {
      tracker.refresh(outbox.streams());
      return JSON.stringify({ v: 1, at: clock.now().wall, ...documents.reported(), streams: tracker.reported() });
    });
  }

  // ------------------------------------------------------------ what goes on

  async #history(): Promise<void> {
    const { outbox, tracker, notifier, clock, options, log } = this.#context;
    const bucket = new TokenBucket(options.historyBytesPerSecond || null, clock);
    const parts = { outbox, tracker, notifier, bucket, publisher: this.publisher, batches: this.#batches };
    const tries = { log, stop: this.#over.signal, waitMs: backoff(1000, 30_000) };
    await keepTrying("sync.history", (stop) => sendHistory(parts, stop), tries);
  }

  /** On each change, and every `reportEveryMs` while something is sent and not acknowledged: so the platform finds records lost at the end. */
  async #report(): Promise<void> {
    const { options, tracker, clock, documents } = this.#context;
    const stop = this.#over.signal;
    let told = clock.mono();
    while (!stop.aborted) {
      await pause(Math.min(CHANGE_MS, options.reportEveryMs), stop);
      if (stop.aborted) return;
      const due = clock.mono() - told >= options.reportEveryMs && options.acknowledge === "platform" && tracker.unproved;
      if (!due && JSON.stringify(documents.reported()) === this.#reported) continue;
      told = clock.mono();
      await this.#tell();
    }
  }

  async #republish(): Promise<void> {
    const stop = this.#over.signal;
    for (;;) {
      await pause(this.#context.options.stateRepublishMs, stop);
      if (stop.aborted) return;
      await this.#republishAll();
    }
  }

  async #republishAll(): Promise<void> {
    const assets = this.#context.documents.assets().map(({ asset }) => this.#asset(asset));
    await Promise.all([this.#state(), this.#alarms(), ...assets, this.#catalog(), this.#tell()]);
  }
}
