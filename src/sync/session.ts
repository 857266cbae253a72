/** One link goes in; what must be said first is said first, then live, urgent, retained and history run until the link ends (contract, Up and Promises). */
import { EdgeError } from "../kit/errors.ts";
import { backoff, keepTrying, pause } from "../kit/loop.ts";
import { aborted, broadcast } from "../kit/signals.ts";
import { parts } from "./drain/body.ts";
import { Courier } from "./drain/courier.ts";
import { Bucket, sendHistory } from "./drain/history.ts";
import { Live } from "./drain/live.ts";
import { Shelf } from "./drain/shelf.ts";
import { Urgent } from "./drain/urgent.ts";
import { brokerName } from "./link/broker.ts";
import { Post } from "./link/post.ts";
import type { Filter, Link } from "./mqtt.ts";
import type { Committed, EdgeEvent } from "./outbox.ts";
import type { Room } from "./room.ts";

/** `reported` follows a change, at most this often. */
const CHANGE_MS = 5000;
const AGAIN_MS = 500;

export class Session {
  readonly post: Post;
  /** The broker has acknowledged `state` and `alarms`. */
  greeted = false;
  readonly #room: Room;
  readonly #link: Link;
  /** Every waiting publish listens to it. */
  readonly #over = broadcast();
  readonly #shelf: Shelf;
  readonly #live: Live;
  readonly #urgent: Urgent;
  readonly #courier: Courier;
  /** Parts on the shelf, by document: what is no longer needed is cleared. */
  readonly #parts = new Map<string, number>();
  /** What `state` and `alarms` say has changed, perhaps after they were sent. */
  #outdated = false;
  #reported = "";

  constructor(link: Link, room: Room) {
    const { options, clock, log, outbox, topics, book } = room;
    this.#link = link;
    this.#room = room;
    const stop = this.#over.signal;
    const barred = (topic: string, reasonCode: number): void => {
      log.warn("sync.not-authorised", { code: "sync.not-authorised", topic, reasonCode });
      outbox.note("sync.not-authorised", { topic, reasonCode });
    };
    this.post = new Post({
      link,
      clock,
      retryMs: options.refusedRetryMs,
      stop,
      barred,
      strikes: room.strikes,
      calmMs: options.calmMs,
    });
    this.#shelf = new Shelf(this.post, log);
    this.#courier = new Courier({ post: this.post, book, outbox, topics, brokerProves: options.acknowledge === "broker", log });
    this.#urgent = new Urgent({ post: this.post, outbox, clock, topic: topics.up("urgent"), log, unstored: room.unstored });
    const courier = this.#courier;
    this.#live = new Live({
      courier,
      book,
      clock,
      everyMs: options.liveEveryMs,
      barred: (stream) => this.post.barred(courier.topic("live", stream)),
    });
  }

  /** What the broker holds for us and could not give us comes with the next connection only. What was just said leaves before. */
  again(): void {
    const { broker } = this.#room.options;
    const reason = new EdgeError("sync.unreachable", {
      broker: brokerName(broker),
      reason: "connecting anew",
      local: true,
      ours: true,
    });
    void pause(AGAIN_MS, this.#over.signal).then(() => this.#link.end(reason));
  }

  /** An urgent event that could not be stored, at once. */
  unstored(event: EdgeEvent): void {
    this.#urgent.unstored(event);
  }

  /** Returns when stopped; rejects with the reason when the link ends. `greeted` is called when the broker knows how we are. */
  async run(stop: AbortSignal, greeted: () => void = () => {}): Promise<void> {
    const { outbox } = this.#room;
    const end = (): void => this.#over.abort(new EdgeError("sync.unreachable", { reason: "stopped" }));
    stop.addEventListener("abort", end, { once: true });
    if (stop.aborted) end();
    void this.#link.closed.then((reason) => this.#over.abort(reason));
    const deaf = outbox.onCommitted((committed) => this.#committed(committed));
    try {
      // What is in flight is settled by the link, which gives it a moment once this has returned.
      await Promise.race([this.#work(greeted), aborted(this.#over.signal)]);
    } catch (error) {
      if (!stop.aborted) throw this.#over.signal.aborted ? this.#over.signal.reason : error;
    } finally {
      stop.removeEventListener("abort", end);
      deaf();
      this.#live.close();
      end();
    }
    if (!stop.aborted) throw this.#over.signal.reason;
  }

  async #work(greeted: () => void): Promise<void> {
    await this.#greet(greeted);
    await Promise.all([this.#history(), this.#report(), this.#republish()]);
  }

  /** In this order: ears, `state`, `alarms`, urgent copies, then the gates of live open, and the rest of what is retained follows. */
  async #greet(greeted: () => void): Promise<void> {
    const { options } = this.#room;
    await this.#subscribe();
    this.#outdated = false;
    await this.#state();
    await this.#alarms();
    this.#over.signal.throwIfAborted();
    this.greeted = true;
    this.post.open();
    greeted();
    for (const event of this.#room.unstored.values()) this.#urgent.unstored(event);
    await this.#urgent.pending();
    this.#live.open();
    const { documents } = this.#room;
    await Promise.all([
      ...(this.#outdated ? [this.#state(), this.#alarms()] : []),
      ...documents.assets().map(({ asset }) => this.#asset(asset)),
      ...documents.removedAssets().map((asset) => this.#clear(asset)),
      this.#catalog(),
      this.#tell(),
    ]);
    this.#room.log.info("sync.online", { broker: options.broker, resumed: this.#link.sessionPresent });
  }

  async #subscribe(): Promise<void> {
    const { topics, outbox, options } = this.#room;
    const filters: readonly Filter[] = [
      { topic: topics.down("ack"), retainHandling: 1 },
      { topic: topics.down("commands"), retainHandling: 1 },
      { topic: topics.down("config"), retainHandling: 0 },
      { topic: topics.down("lists/+"), retainHandling: 0 },
      { topic: topics.down("update"), retainHandling: 0 },
    ];
    const granted = await this.#link.subscribe(filters);
    const refused = filters.filter((_, i) => (granted[i] ?? 0x80) >= 0x80);
    if (refused.length === 0) return;
    for (const { topic } of refused) {
      const reasonCode = granted[filters.findIndex((f) => f.topic === topic)] ?? 0x80;
      this.#room.log.warn("sync.not-authorised", { code: "sync.not-authorised", topic, reasonCode });
      outbox.note("sync.not-authorised", { topic, reasonCode });
    }
    // What goes up is not held back by what does not come down; proof waits.
    void pause(options.refusedRetryMs, this.#over.signal)
      .then(() => (this.#over.signal.aborted ? undefined : this.#subscribe()))
      .catch(() => undefined);
  }

  #committed({ segments, assets, alarms, urgent, restated }: Committed): void {
    this.#urgent.offer(urgent);
    if (!this.greeted) this.#outdated ||= alarms || restated === true;
    else {
      if (restated) void this.#retained().catch(() => undefined);
      else if (alarms) void this.#alarms().catch(() => undefined);
      for (const { asset } of assets) void this.#asset(asset).catch(() => undefined);
    }
    this.#room.book.committed(segments);
    this.#live.offer(segments);
    this.#room.bell.ring();
  }

  // ------------------------------------------------------------ retained

  #state(): Promise<void> {
    const { outbox, documents, clock, topics } = this.#room;
    return this.#shelf.put("state", topics.up("state"), () => {
      const { boot, id: epoch, n } = outbox.epoch;
      const own = { v: 1, online: true, at: clock.now().wall, boot, epoch, n, catalog: documents.catalog().hash };
      return JSON.stringify({ ...own, ...documents.state() });
    });
  }

  #alarms(): Promise<void> {
    const { documents, outbox } = this.#room;
    const { asOf, open } = documents.alarms();
    return this.#inParts("alarms", { epoch: outbox.epoch.id, asOf, open });
  }

  #catalog(): Promise<void> {
    const { hash, body } = this.#room.documents.catalog();
    return this.#inParts("catalog", { cat: hash, ...body });
  }

  #asset(asset: string): Promise<void> {
    const { documents, topics } = this.#room;
    const cat = documents.catalog().hash;
    return this.#shelf.put("retained", topics.asset(asset), () => {
      const state = documents.assets().find((a) => a.asset === asset);
      if (state === undefined) return "";
      const { asset: _, ...rest } = state;
      return JSON.stringify({ v: 1, cat, ...rest });
    });
  }

  /** Removed from the configuration: whoever subscribes later must not meet it (contract, `assets/{asset}`). */
  async #clear(asset: string): Promise<void> {
    const { documents, topics } = this.#room;
    await this.#shelf.put("retained", topics.asset(asset), () => "");
    documents.clearedAsset(asset);
  }

  async #inParts(name: "catalog" | "alarms", document: Readonly<Record<string, unknown>>): Promise<void> {
    const { topics, log } = this.#room;
    const bodies = parts(document, this.post.room(topics.part(name, 99)));
    if (bodies === null)
      return log.warn("sync.retained-refused", { code: "sync.record-refused", topic: name, reason: "too-large" });
    const rank = name === "alarms" ? "state" : "retained";
    const surplus = Math.max(0, (this.#parts.get(name) ?? 0) - bodies.length);
    this.#parts.set(name, bodies.length);
    const all = [...bodies, ...Array.from({ length: surplus }, () => "")];
    await Promise.all(all.map((body, i) => this.#shelf.put(rank, topics.part(name, i + 1), () => body)));
  }

  #tell(): Promise<void> {
    const { book, outbox, topics, documents, clock } = this.#room;
    this.#reported = JSON.stringify(documents.reported());
    return this.#shelf.put("retained", topics.up("reported"), () => {
      book.refresh(outbox.streams());
      return JSON.stringify({ v: 1, at: clock.now().wall, ...documents.reported(), streams: book.reported() });
    });
  }

  // ------------------------------------------------------------ what goes on

  async #history(): Promise<void> {
    const { outbox, book, bell, clock, options, log } = this.#room;
    const bucket = new Bucket(options.historyBytesPerSecond || null, clock);
    const parts = { outbox, book, bell, bucket, post: this.post, courier: this.#courier };
    const tries = { log, stop: this.#over.signal, waitMs: backoff(1000, 30_000) };
    await keepTrying("sync.history", (stop) => sendHistory(parts, stop), tries);
  }

  /** On change, and at the latest after `reportEveryMs` while the platform has not proved what it was sent: so a lost tail is found. */
  async #report(): Promise<void> {
    const { options, book, clock, documents } = this.#room;
    const stop = this.#over.signal;
    let told = clock.mono();
    while (!stop.aborted) {
      await pause(Math.min(CHANGE_MS, options.reportEveryMs), stop);
      if (stop.aborted) return;
      const due = clock.mono() - told >= options.reportEveryMs && options.acknowledge === "platform" && book.unproved;
      if (!due && JSON.stringify(documents.reported()) === this.#reported) continue;
      told = clock.mono();
      await this.#tell();
    }
  }

  async #republish(): Promise<void> {
    const stop = this.#over.signal;
    for (;;) {
      await pause(this.#room.options.stateRepublishMs, stop);
      if (stop.aborted) return;
      await this.#retained();
    }
  }

  async #retained(): Promise<void> {
    const assets = this.#room.documents.assets().map(({ asset }) => this.#asset(asset));
    await Promise.all([this.#state(), this.#alarms(), ...assets, this.#catalog(), this.#tell()]);
  }
}
