/** What is durable, as the sender to the platform sees it: streams to read, news of commits, proof to give back. */
import type { Clock } from "../kit/clock.ts";
import { type ContextOf, EdgeError } from "../kit/errors.ts";
import { hostEvent } from "../model/host-events.ts";
import type { EdgeEvent, EpochInfo, EventDraft, Mark, Range, Segment, Stream, StreamState } from "../model/index.ts";
import type { CommitBuffer } from "./commit/commit-buffer.ts";
import type { Committed } from "./commit/encode-commit.ts";
import type { Store } from "./store/store.ts";

/** A note of one kind is an event at most this often. */
const NOTE_EVERY_MS = 3_600_000;
/** Under this key the state of the uplink is saved for the next run. */
const UPLINK = "uplink";

export class DurableOutbox {
  readonly #store: Store;
  readonly #buffer: CommitBuffer;
  readonly #clock: Pick<Clock, "mono">;
  /** When a note of each kind was last written, kernel monotonic ms. */
  readonly #noted = new Map<string, number>();

  constructor(store: Store, buffer: CommitBuffer, clock: Pick<Clock, "mono">) {
    this.#store = store;
    this.#buffer = buffer;
    this.#clock = clock;
  }

  get epoch(): EpochInfo {
    return this.#store.epoch;
  }

  /** False: nothing can be stored now. */
  get writable(): boolean {
    return this.#buffer.writable;
  }

  onCommitted(listener: (committed: Committed) => void): () => void {
    return this.#buffer.onCommitted(listener);
  }

  onUnstored(listener: (event: EdgeEvent) => void): () => void {
    return this.#buffer.onUnstored(listener);
  }

  streams(): readonly StreamState[] {
    return this.#store.streams();
  }

  knows(epoch: string): boolean {
    return this.#store.knows(epoch);
  }

  read(epoch: string, stream: Stream, from: number, to: number, maxBytes: number): Promise<readonly Segment[]> {
    return this.#store.read(epoch, stream, from, to, maxBytes);
  }

  acknowledge(marks: readonly Mark[]): void {
    this.#buffer.acknowledge(marks);
  }

  urgentPending(): Promise<readonly EdgeEvent[]> {
    return this.#store.urgentPending();
  }

  sentUrgent(which: { readonly epoch: string; readonly seq: number }): void {
    this.#buffer.sentUrgent(which);
  }

  /** These numbers will never be sent: the ledger names them with this reason. */
  giveUp(epoch: string, stream: Stream, range: Range, reason: "refused" | "expired", detail: string): void {
    const count = range[1] - range[0] + 1;
    this.#buffer.shed({ epoch, stream, range, count, kept: 0, reason, policy: detail, replacement: null });
  }

  note<Kind extends "sync.not-authorised" | "sync.ack-refused" | "sync.message-too-large">(
    kind: Kind,
    detail: ContextOf<Kind>,
  ): void {
    const mono = this.#clock.mono();
    if (mono - (this.#noted.get(kind) ?? Number.NEGATIVE_INFINITY) < NOTE_EVERY_MS) return;
    this.#noted.set(kind, mono);
    const error = new EdgeError(kind, detail);
    const text = { it: error.what("it"), en: error.what("en") };
    this.#buffer.raise({ ...hostEvent(kind), state: "noted", text, extra: { detail } });
  }

  raise(draft: EventDraft): void {
    this.#buffer.raise(draft);
  }

  /** What `keepUplink` was given in an earlier run. */
  get uplink(): unknown {
    return this.#store.saved.get(UPLINK);
  }

  keepUplink(value: unknown): void {
    this.#buffer.save(UPLINK, value);
  }
}
