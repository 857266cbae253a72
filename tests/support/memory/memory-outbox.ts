/** The gateway's side of sync in memory: an outbox, documents and commands, for tests of sync without SQLite. */
import { randomBytes } from "node:crypto";
import { deflateSync } from "node:zlib";
import { type Clock, systemClock } from "../../../src/kit/clock.ts";
import type {
  AssetState,
  CommandResult,
  EdgeEvent,
  EpochInfo,
  EventDraft,
  Mark,
  OpenAlarm,
  Range,
  Segment,
  Stream,
  StreamState,
} from "../../../src/model/index.ts";
import type { SyncParts } from "../../../src/sync/context.ts";
import type { Committed, Outbox } from "../../../src/sync/outbox.ts";

type EdgeRuntime = Pick<SyncParts, "outbox" | "documents" | "commands">;

export interface GivenUp {
  readonly epoch: string;
  readonly stream: Stream;
  readonly range: Range;
  readonly reason: string;
}

export class MemoryOutbox implements EdgeRuntime {
  readonly clock: Clock = systemClock("assumed");
  readonly epoch: EpochInfo;
  readonly segments: Segment[] = [];
  readonly removed = new Set<string>();
  readonly marks = new Map<string, Mark>();
  readonly givenUp: GivenUp[] = [];
  readonly notes: { readonly kind: string; readonly detail: Readonly<Record<string, unknown>> }[] = [];
  readonly urgentSent: string[] = [];
  readonly raised: EventDraft[] = [];
  urgent: EdgeEvent[] = [];
  assetStates: AssetState[] = [];
  open: OpenAlarm[] = [];
  reads = 0;
  writable = true;
  /** Lists that were handed on. */
  readonly listed: (readonly [list: string, payload: string])[] = [];
  readonly received: { readonly body: unknown; readonly retained: boolean }[] = [];
  /** A command is durable when this resolves. */
  durable: () => Promise<void> = () => Promise.resolve();
  readonly #listeners = new Set<(committed: Committed) => void>();
  readonly #results = new Set<(result: CommandResult) => void>();
  readonly #unstored = new Set<(event: EdgeEvent) => void>();
  readonly #heads = new Map<string, number>();

  constructor(epoch = "E2", former: EpochInfo["former"] = null) {
    this.epoch = { id: epoch, n: 2, boot: "b00t", opened: this.clock.mono(), cause: "start", former };
  }

  // ------------------------------------------------------------ what a test does

  /** One commit of one batch of readings. */
  readings(count: number, epoch = this.epoch.id, live = true): Segment {
    const from = this.head(epoch, "readings") + 1;
    const rows = Array.from({ length: count }, (_, i) => [i, 0, from + i]);
    const head = { v: 1, epoch, cat: "cat1", from, to: from + count - 1, mono0: 0, t0: this.clock.now().wall, clock: "synced" };
    return this.#commit("readings", epoch, count, { ...head, points: [["meter", "power", "W"]], rows }, live);
  }

  /** One record that is a text of so many random characters, committed long ago. */
  text(characters: number, epoch = this.epoch.id): Segment {
    const from = this.head(epoch, "readings") + 1;
    const text = randomBytes(characters).toString("base64").slice(0, characters);
    const head = { v: 1, epoch, cat: "cat1", from, to: from, mono0: 0, t0: this.clock.now().wall, clock: "synced" };
    return this.#commit("readings", epoch, 1, { ...head, points: [["sign", "text", ""]], rows: [[0, 0, text]] }, false);
  }

  event(severity: EdgeEvent["severity"] = "medium", epoch = this.epoch.id, live = true): EdgeEvent {
    const seq = this.head(epoch, "events") + 1;
    const event = this.makeEvent(seq, severity, epoch);
    const batch = { v: 1, epoch, cat: "cat1", from: seq, to: seq, events: [event] };
    const urgent = severity === "critical" ? [event] : [];
    this.urgent.push(...urgent);
    this.#commit("events", epoch, 1, batch, live, { urgent });
    return event;
  }

  makeEvent(seq: number, severity: EdgeEvent["severity"] = "medium", epoch = this.epoch.id): EdgeEvent {
    const { mono, wall } = this.clock.now();
    const text = { it: "Prova", en: "Test" };
    const when = { at: wall, since: wall, mono: mono - this.epoch.opened, clock: "synced" as const };
    return { seq, after: 0, ...when, id: `${epoch}/${seq}`, kind: "aed.fault", state: "raised", severity, text };
  }

  asset(asset: string, status: string): void {
    const { wall } = this.clock.now();
    const time = { at: wall, since: wall, clock: "synced" as const };
    const state: AssetState = {
      asset,
      urn: `urn:ngsi-ld:ParkingSpot:test:${asset}`,
      epoch: this.epoch.id,
      seq: this.head(this.epoch.id, "readings"),
      ...time,
      state: { status },
      quality: "good",
      alarms: [],
    };
    this.assetStates = [...this.assetStates.filter((a) => a.asset !== asset), state];
    this.#tell({ segments: [], assets: [state], alarms: false, urgent: [] });
  }

  alarm(id: string): void {
    this.open = [...this.open, { id, asset: "aed", kind: "aed.fault", severity: "critical", since: this.clock.now().wall }];
    this.#tell({ segments: [], assets: [], alarms: true, urgent: [] });
  }

  /** The clock was found. */
  restated(): void {
    this.#tell({ segments: [], assets: [], alarms: false, urgent: [], restated: true });
  }

  result(result: CommandResult): void {
    for (const listener of this.#results) listener(result);
  }

  unstored(event: EdgeEvent): void {
    for (const listener of this.#unstored) listener(event);
  }

  forget(stream: Stream, [from, to]: Range): void {
    const kept = this.segments.filter((s) => s.stream !== stream || s.from > to || s.to < from);
    this.segments.splice(0, this.segments.length, ...kept);
  }

  head(epoch: string, stream: Stream): number {
    return this.#heads.get(`${epoch}/${stream}`) ?? 0;
  }

  mark(stream: Stream, epoch = this.epoch.id): Mark {
    return this.marks.get(`${epoch}/${stream}`) ?? { epoch, stream, upTo: 0, held: [] };
  }

  // ------------------------------------------------------------ what sync sees

  readonly outbox: Outbox = this.#outbox();

  readonly documents = {
    catalog: () => ({ hash: "cat1", body: { devices: [], assets: [], commands: [], features: ["proof"] } }),
    assets: () => this.assetStates,
    removedAssets: () => [...this.removed],
    clearedAsset: (asset: string) => void this.removed.delete(asset),
    alarms: () => ({ asOf: this.head(this.epoch.id, "events"), open: this.open }),
    reported: () => ({ config: { rev: "1" } }),
    state: () => ({ version: "0.1.0", configRev: "1", clock: "synced", since: 1 }),
  };

  readonly commands = {
    receive: async (message: { readonly body: unknown; readonly retained: boolean }) => {
      await this.durable();
      this.received.push(message);
    },
    onResult: (listener: (result: CommandResult) => void) => {
      this.#results.add(listener);
      return () => this.#results.delete(listener);
    },
  };

  readonly lists = {
    receive: async (list: string, payload: Uint8Array) => {
      await this.durable();
      this.listed.push([list, Buffer.from(payload).toString()]);
    },
  };

  readonly updates = {
    receive: async (payload: Uint8Array) => {
      await this.durable();
      this.listed.push(["update", Buffer.from(payload).toString()]);
    },
  };

  #outbox(): Outbox {
    const edge = this;
    return {
      get epoch() {
        return edge.epoch;
      },
      get writable() {
        return edge.writable;
      },
      onCommitted: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      onUnstored: (listener) => {
        this.#unstored.add(listener);
        return () => this.#unstored.delete(listener);
      },
      streams: () => this.#streams(),
      read: async (epoch, stream, from, to, maxBytes) => {
        this.reads += 1;
        const met = this.segments.filter((s) => s.epoch === epoch && s.stream === stream && s.to >= from && s.from <= to);
        let bytes = 0;
        return met.filter(({ body }, i) => {
          bytes += body.length;
          return bytes <= maxBytes || i === 0;
        });
      },
      acknowledge: (marks) => {
        for (const mark of marks) this.marks.set(`${mark.epoch}/${mark.stream}`, mark);
      },
      urgentPending: async () => this.urgent,
      sentUrgent: ({ epoch, seq }) => {
        this.urgentSent.push(`${epoch}/${seq}`);
        this.urgent = this.urgent.filter((event) => event.seq !== seq);
      },
      giveUp: (epoch, stream, range, reason) => void this.givenUp.push({ epoch, stream, range, reason }),
      note: (kind, detail) => void this.notes.push({ kind, detail }),
      raise: (draft) => void this.raised.push(draft),
    };
  }

  #streams(): readonly StreamState[] {
    const epochs = [...new Set([...[...this.#heads.keys()].map((key) => key.split("/")[0] ?? ""), this.epoch.id])];
    const ordered = epochs.sort((a, b) => Number(a === this.epoch.id) - Number(b === this.epoch.id));
    return ordered
      .flatMap((epoch) => (["events", "readings"] as const).map((stream) => ({ epoch, stream, head: this.head(epoch, stream) })))
      .map(({ epoch, stream, head }) => ({ ...this.mark(stream, epoch), head, oldest: 1 }))
      .filter(({ epoch, upTo, head }) => epoch === this.epoch.id || upTo < head);
  }

  #commit(
    stream: Stream,
    epoch: string,
    count: number,
    batch: { readonly from: number; readonly to: number; readonly [field: string]: unknown },
    live: boolean,
    more: Partial<Committed> = {},
  ): Segment {
    const json = Buffer.from(JSON.stringify(batch));
    const body = json.length > 512 ? deflateSync(json, { level: 1 }) : json;
    const { from, to } = batch;
    const segment = { epoch, stream, from, to, count, mono: live ? this.clock.mono() : null, body };
    this.segments.push(segment);
    this.#heads.set(`${epoch}/${stream}`, to);
    if (live) this.#tell({ segments: [segment], assets: [], alarms: false, urgent: [], ...more });
    return segment;
  }

  #tell(committed: Committed): void {
    for (const listener of this.#listeners) listener(committed);
  }
}
