/** Device readings, commands and acknowledgements go in; numbered, durable records, events, asset states and answers come out. Joins collectors, ingest, alarms, window and commands over one store. */

import type { Clock } from "../kit/clock.ts";
import { type ContextOf, EdgeError } from "../kit/errors.ts";
import { HeldClock } from "../kit/held-clock.ts";
import type { Log } from "../kit/log.ts";
import { pause } from "../kit/loop/pause.ts";
import { AnyOf, broadcast } from "../kit/loop/signals.ts";
import { Watchdog } from "../kit/loop/watchdog.ts";
import { KeyedMutex } from "./../kit/mutex.ts";
import type {
  AssetState,
  CommandTarget,
  DeviceInfo,
  DeviceStatus,
  EdgeEvent,
  EpochInfo,
  EventDraft,
  Mark,
  OpenAlarm,
  Outcome,
  PointStatus,
  Range,
  ReadingRecord,
  Segment,
  Stream,
  StreamState,
} from "../model/index.ts";
import { Alarms } from "./alarms.ts";
import { type Catalog, catalogOf, commandTargets } from "./catalog.ts";
import { CommandProcessor, type CommandProcessorOptions } from "./commands/command-processor.ts";
import { LimitKeeper } from "./commands/limits.ts";
import { CommitBuffer } from "./commit/commit-buffer.ts";
import type { Committed } from "./commit/encode-commit.ts";
import { Collector, type CollectorHost } from "./devices/collector.ts";
import { assetsIn, stateKeyOf } from "./engine/asset/asset-key.ts";
import type { Answers } from "./engine/kind-context.ts";
import { Ingest, type IngestOptions } from "./ingest.ts";
import type { SiteAsset } from "./kinds/index.ts";
import { lastLook, saveStop, tellOpening, timeOff } from "./opening.ts";
import type { Store } from "./store/store.ts";
import { contactBefore } from "./time/unsynced-stretches.ts";

const SILENCE_LOOK_MS = 500;
const NOTE_EVERY_MS = 3_600_000;
/** Under this name the sync room keeps what it must know after a restart. */
const UPLINK = "uplink";
/** The longest honest round of each loop of the house. The store: two proofs of writing, beyond its commit window; the limits: a device that answers slowly. */
const ROUND_MS = { store: 60_000, silence: 30_000, limits: 120_000 };

export interface EdgeRuntimeOptions {
  readonly gateway: string;
  readonly store: Store;
  readonly devices: readonly DeviceInfo[];
  readonly assets: readonly SiteAsset[];
  /** What kinds are answered of the calendar; absent: nobody knows. */
  readonly answers?: Answers;
  readonly commitMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the loops say that they come round. */
  readonly watchdog?: Watchdog;
}

export class EdgeRuntime {
  readonly catalog: Catalog;
  readonly commands: CommandProcessor;
  readonly targets: readonly CommandTarget[];
  readonly epoch: EpochInfo;
  /** The clock of the options, held over while it has no time server: what everybody else must ask too. */
  readonly clock: Clock;
  readonly #o: EdgeRuntimeOptions;
  readonly #watchdog: Watchdog;
  readonly #buffer: CommitBuffer;
  readonly #ingest: Ingest;
  readonly #alarms: Alarms;
  readonly #limits: LimitKeeper;
  readonly #collectors: ReadonlyMap<string, Collector>;
  readonly #noted = new Map<string, number>();
  readonly #locks = new KeyedMutex();
  readonly #removed: Set<string>;
  #opened = false;

  constructor(options: EdgeRuntimeOptions) {
    const { store, log, devices, assets } = options;
    const clock = new HeldClock(options.clock, contactBefore(store, lastLook(store), options.clock.boot));
    this.clock = clock;
    this.#o = { ...options, clock };
    this.#watchdog = options.watchdog ?? new Watchdog();
    this.epoch = store.epoch;
    this.targets = commandTargets(devices, assets);
    this.catalog = catalogOf(devices, assets, this.targets);
    this.#buffer = new CommitBuffer({ store, clock, log, commitMs: options.commitMs, cat: this.catalog.hash });
    this.#alarms = new Alarms(this.#buffer, store.saved);
    // Durable since the last run: whoever asks before the first commit of this one must not hear that all is over.
    this.#buffer.alarms = this.#alarms.list();
    this.#removed = new Set(assetsIn(store.saved.keys()));
    for (const { asset } of assets) this.#removed.delete(asset.id);
    const order: IngestOptions["order"] = (...of) => this.commands.order(...of);
    this.#ingest = new Ingest({ ...this.#o, order }, this.#buffer, this.#alarms);
    const host: CollectorHost = {
      log,
      watchdog: this.#watchdog,
      readings: (...of) => this.#ingest.readings(...of),
      silence: (...of) => this.#ingest.silence(...of),
      durable: () => this.#buffer.durable(),
    };
    this.#collectors = new Map(devices.map((d) => [d.id, new Collector(d, host, ...this.#silence(d.id))]));
    const offMs = timeOff(store.formerEnd, store.epoch, clock.now()).offMs ?? 0;
    const targets = new Map(this.targets.map((one) => [one.target, one]));
    this.#limits = new LimitKeeper({ ...this.#commandHost(), alarms: this.#alarms, log }, store.saved, offMs, targets);
    this.commands = new CommandProcessor(this.#desk(offMs));
  }

  /** Whether a device was down when the last run ended, and for how long by now. */
  #silence(id: string): [isSilent: boolean, forMs: number] {
    const since = this.#alarms.openSince(id, "down");
    return [since !== undefined, since === undefined ? 0 : Math.max(0, this.#o.clock.now().wall - since)];
  }

  /** The first words of the epoch, said before anybody else may speak: rules must have met the time off before any command. Once. */
  async open(): Promise<void> {
    if (this.#opened) return;
    this.#opened = true;
    await this.#ingest.catchUp();
    const { store, clock, assets } = this.#o;
    const now = clock.now();
    const off = tellOpening(this.#buffer, store, now, this.catalog.hash, this.#ingest);
    this.#limits.open();
    const owners = [
      ...this.#collectors.keys(),
      ...this.targets.map(({ target }) => target),
      ...assets.map(({ asset }) => asset.id),
    ];
    this.#alarms.removeAllBut(new Set(owners), now.mono);
    this.#ingest.opened(now.mono, off);
  }

  /** Runs everything until stopped; what is open is committed before it returns. Rejects when its file is lost, see CommitBuffer.run. */
  async run(until: AbortSignal): Promise<void> {
    // The window outlives the devices: their last words must be committed too. When it breaks, everything ends.
    const [closing, broken] = [broadcast(), broadcast()];
    using either = new AnyOf(until, broken.signal);
    const stop = either.signal;
    // A disk that says no holds up no stop.
    const unlessStopped = (error: unknown) => {
      if (!stop.aborted) throw error;
    };
    this.#ingest.until(stop);
    await this.open();
    const heartbeat = this.#watchdog.heartbeat("store", ROUND_MS.store + this.#o.commitMs);
    const window = this.#buffer.run(closing.signal, heartbeat).catch((error: unknown) => broken.abort(error));
    stop.addEventListener("abort", () => this.#buffer.leave(), { once: true });
    await Promise.race([this.#buffer.flush().catch(unlessStopped), window]);
    // Before any command, one that waited included: it must not switch on again, for another `maxOn`, what should be off.
    const limits = this.#limits.run(stop, this.#watchdog.heartbeat("limits", ROUND_MS.limits));
    await this.commands.resume(stop).catch(unlessStopped);
    await Promise.all([...[...this.#collectors.values()].map((c) => c.run(stop)), this.#watch(stop), limits]);
    this.#ingest.rest();
    this.commands.rest();
    saveStop(this.#buffer, this.#o.clock);
    closing.abort();
    await window;
    if (broken.signal.aborted) throw broken.signal.reason;
  }

  async #watch(stop: AbortSignal): Promise<void> {
    const heartbeat = this.#watchdog.heartbeat("silence", ROUND_MS.silence);
    while (!stop.aborted) {
      heartbeat.touch();
      await pause(SILENCE_LOOK_MS, stop);
      const mono = this.#o.clock.mono();
      if (stop.aborted) break;
      for (const collector of this.#collectors.values()) collector.watchSilence(mono);
      this.commands.look(mono);
    }
    heartbeat.end();
  }

  // ------------------------------------------------------------ what the other rooms ask

  onCommitted(listener: (committed: Committed) => void): () => void {
    return this.#buffer.onCommitted(listener);
  }

  onUnstored(listener: (event: EdgeEvent) => void): () => void {
    return this.#buffer.onUnstored(listener);
  }

  streams(): readonly StreamState[] {
    return this.#o.store.streams();
  }

  knows(epoch: string): boolean {
    return this.#o.store.knows(epoch);
  }

  read(epoch: string, stream: Stream, from: number, to: number, maxBytes: number): Promise<readonly Segment[]> {
    return this.#o.store.read(epoch, stream, from, to, maxBytes);
  }

  acknowledge(marks: readonly Mark[]): void {
    this.#buffer.acknowledge(marks);
  }

  urgentPending(): Promise<readonly EdgeEvent[]> {
    return this.#o.store.urgentPending();
  }

  sentUrgent(which: { readonly epoch: string; readonly seq: number }): void {
    this.#buffer.sentUrgent(which);
  }

  giveUp(epoch: string, stream: Stream, range: Range, reason: "refused" | "expired", detail: string): void {
    this.#buffer.shed({
      epoch,
      stream,
      range,
      count: range[1] - range[0] + 1,
      kept: 0,
      reason,
      policy: detail,
      replacement: null,
    });
  }

  note<Kind extends "sync.not-authorised" | "sync.ack-refused" | "sync.message-too-large">(
    kind: Kind,
    detail: ContextOf<Kind>,
  ): void {
    const mono = this.#o.clock.mono();
    if (mono - (this.#noted.get(kind) ?? Number.NEGATIVE_INFINITY) < NOTE_EVERY_MS) return;
    this.#noted.set(kind, mono);
    const error = new EdgeError(kind, detail);
    this.#buffer.raise({
      kind,
      state: "noted",
      severity: "medium",
      text: { it: error.what("it"), en: error.what("en") },
      extra: { detail },
    });
  }

  raise(draft: EventDraft): void {
    this.#buffer.raise(draft);
  }

  get uplink(): unknown {
    return this.#o.store.saved.get(UPLINK);
  }

  keepUplink(value: unknown): void {
    this.#buffer.save(UPLINK, value);
  }

  assets(): readonly AssetState[] {
    return [...this.#buffer.assets.values()];
  }

  /** Their last state was shown to the platform, and they are not configured any more. */
  removedAssets(): readonly string[] {
    return [...this.#removed];
  }

  forgetAsset(asset: string): void {
    if (this.#removed.delete(asset)) this.#buffer.save(stateKeyOf(asset), null);
  }

  alarms(): { readonly asOf: number; readonly open: readonly OpenAlarm[] } {
    return { asOf: this.#buffer.asOf, open: this.#buffer.alarms };
  }

  get writable(): boolean {
    return this.#buffer.writable;
  }

  get waiting(): number {
    return this.#buffer.waiting;
  }

  devices(): readonly DeviceStatus[] {
    return [...this.#collectors.values()].map((collector) => {
      const status = collector.status();
      const commands = this.targets.filter((t) => t.target.startsWith(`${status.id}.`));
      return { ...status, points: status.points.map((point) => this.#counted(status.id, point)), commands };
    });
  }

  /** Of what only adds up, people want the total. */
  #counted(device: string, status: PointStatus): PointStatus {
    const total = this.#ingest.total(device, status.point);
    return total === undefined ? status : { ...status, value: total };
  }

  async readNow(device: string, timeoutMs: number): Promise<readonly PointStatus[]> {
    const collector = this.#collectors.get(device);
    if (collector === undefined) throw new EdgeError("cli.unknown-name", { name: device });
    const counted = (points: readonly PointStatus[]) => points.map((point) => this.#counted(device, point));
    try {
      return counted(await collector.readNow(timeoutMs));
    } catch (error) {
      if (!(error instanceof EdgeError) || !Array.isArray(error.context["points"])) throw error;
      throw error.with({ points: counted(error.context["points"]) });
    }
  }

  /** Every record as it gets its number, before it is durable: for people who watch. */
  onRecord(listener: (record: ReadingRecord) => void): () => void {
    return this.#ingest.onRecord(listener);
  }

  /** Every event as it becomes durable: for people who watch. */
  onEvent(listener: (event: EdgeEvent) => void): () => void {
    return this.#buffer.onCommitted(({ events }) => {
      for (const event of events) listener(event);
    });
  }

  // ------------------------------------------------------------ commands

  #commandHost() {
    return {
      mono: () => this.#o.clock.mono(),
      raise: (draft: EventDraft, mono?: number) => void this.#buffer.raise(draft, mono),
      save: (key: string, value: unknown) => this.#buffer.save(key, value),
      flush: () => this.#buffer.flush(),
      running: () => this.#o.store.running(this.#o.clock.mono()),
      alone: (target: string, work: () => Promise<void>) => this.#locks.run(target, work),
      perform: (target: string, value: number | boolean, stop: AbortSignal, latest?: number): Promise<Outcome> => {
        const [device = "", point = ""] = target.split(".");
        return (
          this.#collectors.get(device)?.perform(point, value, stop, latest) ??
          Promise.resolve({ state: "failed", code: "command.unknown-target" })
        );
      },
    };
  }

  #desk(offMs: number): CommandProcessorOptions {
    const { store, clock, log, gateway, assets } = this.#o;
    return {
      gateway,
      targets: this.targets,
      assets: new Set(assets.map(({ asset }) => asset.id)),
      limits: this.#limits,
      clock,
      log,
      saved: store.inbox,
      offMs,
      // When it opened, as far as is known now: a clock that was wrong then may be right since.
      get knowsFrom() {
        const { mono, wall } = clock.now();
        return store.historyLost ? wall - (mono - store.epoch.opened) : null;
      },
      host: {
        ...this.#commandHost(),
        inbox: (row) => this.#buffer.inbox(row),
        asset: (...order) => this.#ingest.command(...order),
        ordered: (...end) => this.#ingest.ordered(...end),
      },
    };
  }
}
