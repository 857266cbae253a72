/** The running edge: devices, ingest, kinds, alarms and commands over one store, started and stopped in order. */

import { listNames } from "../contract/list-form.ts";
import type { Clock } from "../kit/clock.ts";
import { HeldClock } from "../kit/held-clock.ts";
import type { Log } from "../kit/log.ts";
import { pause } from "../kit/loop/pause.ts";
import { AnyOf, broadcast } from "../kit/loop/signals.ts";
import { Watchdog } from "../kit/loop/watchdog.ts";
import { KeyedMutex } from "../kit/mutex.ts";
import type {
  AssetState,
  CommandTarget,
  DeviceInfo,
  EdgeEvent,
  EpochInfo,
  EventDraft,
  Outcome,
  ReadingRecord,
} from "../model/index.ts";
import { Alarms } from "./alarms.ts";
import type { Answers } from "./answers/answers.ts";
import { catalogOf, commandTargets } from "./catalog.ts";
import { CommandProcessor, type CommandProcessorOptions } from "./commands/command-processor.ts";
import { LimitKeeper } from "./commands/limits.ts";
import { CommitBuffer } from "./commit/commit-buffer.ts";
import { Collectors, memoryKeyOf } from "./devices/collectors.ts";
import { DurableOutbox } from "./durable-outbox.ts";
import { Ingest, type IngestOptions } from "./ingest.ts";
import type { SiteAsset } from "./kinds/index.ts";
import { ListTeller, ownerOf } from "./lists/list-teller.ts";
import { Lists, type ListsOptions } from "./lists/lists.ts";
import { lastLook, saveStop, tellOpening, timeOff } from "./opening.ts";
import { Maintenance } from "./operators/maintenance.ts";
import { namingOf, operate } from "./operators/operate.ts";
import { noLists } from "./permits/badge-check.ts";
import { RetainedDocuments } from "./retained-documents.ts";
import type { Store } from "./store/store.ts";
import { contactBefore } from "./time/unsynced-stretches.ts";

const SILENCE_LOOK_MS = 500;
/**
 * The longest that a round of each loop takes when all is well. The store: two proofs of writing, beyond its commit interval; the limits: a
 * device that answers slowly.
 */
const ROUND_MS = { store: 60_000, silence: 30_000, limits: 120_000 };

export interface EdgeRuntimeOptions {
  readonly gateway: string;
  readonly store: Store;
  readonly devices: readonly DeviceInfo[];
  readonly assets: readonly SiteAsset[];
  readonly commitMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** What kinds are answered of the calendar; absent: nobody knows. */
  readonly answers?: Answers;
  /** Where lists that the platform pushes lie, and whose signature counts; absent: none are taken. */
  readonly lists?: Omit<ListsOptions, "clock" | "log">;
  /** Where the loops say that they come round. */
  readonly watchdog?: Watchdog;
}

export class EdgeRuntime {
  readonly commands: CommandProcessor;
  /** Everything that can be commanded. */
  readonly targets: readonly CommandTarget[];
  readonly devices: Collectors;
  readonly outbox: DurableOutbox;
  readonly documents: RetainedDocuments;
  /** null: lists are not taken here. */
  readonly lists: Lists | null;
  readonly epoch: EpochInfo;
  /** The clock of the options, held over while it has no time server: what everybody else must ask too. */
  readonly clock: Clock;
  readonly #o: EdgeRuntimeOptions;
  readonly #watchdog: Watchdog;
  readonly #buffer: CommitBuffer;
  readonly #ingest: Ingest;
  readonly #alarms: Alarms;
  readonly #limits: LimitKeeper;
  readonly #maintenance: Maintenance;
  readonly #locks = new KeyedMutex();
  #opened = false;

  constructor(options: EdgeRuntimeOptions) {
    const { store, log, devices, assets } = options;
    const clock = new HeldClock(options.clock, contactBefore(store, lastLook(store), options.clock.boot));
    this.clock = clock;
    this.#o = { ...options, clock };
    this.#watchdog = options.watchdog ?? new Watchdog();
    this.epoch = store.epoch;
    this.targets = commandTargets(devices, assets);
    const catalog = catalogOf(devices, assets, this.targets);
    this.#buffer = new CommitBuffer({ store, clock, log, commitMs: options.commitMs, cat: catalog.hash });
    this.#alarms = new Alarms(this.#buffer, store.saved);
    // The alarms of the last run are durable: without this line the list would seem empty until the first commit.
    this.#buffer.alarms = this.#alarms.list();
    const names = assets.map(({ asset }) => asset.id);
    this.documents = new RetainedDocuments(catalog, this.#buffer, store.saved, names);
    this.outbox = new DurableOutbox(store, this.#buffer, clock);
    const order: IngestOptions["order"] = (...of) => this.commands.order(...of);
    this.lists = options.lists === undefined ? null : new Lists({ ...options.lists, clock, log }, this.#listTeller(names));
    this.#ingest = new Ingest({ ...this.#o, permits: this.lists ?? noLists, order }, this.#buffer, this.#alarms);
    this.devices = this.#collectors();
    const offMs = timeOff(store.formerEnd, store.epoch, clock.now()).offMs ?? 0;
    const targets = new Map(this.targets.map((one) => [one.target, one]));
    this.#limits = new LimitKeeper({ ...this.#commandHost(), alarms: this.#alarms, log }, store.saved, offMs, targets);
    const naming = namingOf(devices, assets);
    this.#maintenance = new Maintenance(
      { ...this.#commandHost(), alarms: this.#alarms, now: () => clock.now(), show: (id) => this.#buffer.assetAgain(id), naming },
      store.saved,
      new Set(names),
    );
    this.#buffer.maintenanceOf = (asset) => this.#maintenance.of(asset);
    const operators = { alarms: this.#alarms, maintenance: this.#maintenance, naming };
    this.commands = new CommandProcessor(this.#commandOptions(offMs, (...of) => operate(operators, ...of)));
    this.#buffer.onForgotten = (ids) => this.commands.forget(ids);
  }

  #listTeller(assets: readonly string[]): ListTeller {
    const host = {
      alarms: this.#alarms,
      listed: (...of: Parameters<Ingest["listed"]>) => this.#ingest.listed(...of),
      raise: (draft: EventDraft) => void this.#buffer.raise(draft),
      save: (key: string, value: unknown) => this.#buffer.save(key, value),
      now: () => this.clock.now(),
    };
    return new ListTeller(host, this.#o.store.saved, new Set(assets));
  }

  #collectors(): Collectors {
    const { devices, clock, log, store } = this.#o;
    const host = {
      log,
      watchdog: this.#watchdog,
      durable: () => this.#buffer.durable(),
      remember: ({ id }: DeviceInfo, memory: unknown) => this.#buffer.save(memoryKeyOf(id), memory),
      readings: (...of: Parameters<Ingest["readings"]>) => this.#ingest.readings(...of),
      badge: ({ id }: DeviceInfo, shown: string, mono: number) => this.#ingest.badge(id, shown, mono),
      silence: (...of: Parameters<Ingest["silence"]>) => this.#ingest.silence(...of),
    };
    const total = (device: string, point: string) => this.#ingest.total(device, point);
    const { saved } = store;
    return new Collectors({ devices, host, clock, targets: this.targets, alarms: this.#alarms, total, saved });
  }

  /** The first words of the epoch, said before anybody else may speak: kinds must have met the time off before any command. Once. */
  async open(): Promise<void> {
    if (this.#opened) return;
    this.#opened = true;
    await this.#ingest.catchUp();
    const { store, clock, assets, devices } = this.#o;
    const now = clock.now();
    const off = tellOpening(this.#buffer, store, now, this.documents.catalog.hash, this.#ingest);
    this.#limits.open();
    // A maintenance that is over by now must not mark the events to come.
    this.#maintenance.look(now.mono);
    const owners = [
      ...devices.map(({ id }) => id),
      ...this.targets.map(({ target }) => target),
      ...assets.map(({ asset }) => asset.id),
      ...(this.lists === null ? [] : listNames.map(ownerOf)),
    ];
    this.#alarms.removeAllBut(new Set(owners), now.mono);
    this.#ingest.opened(now.mono, off);
  }

  /** Runs everything until stopped; what is open is committed before it returns. Rejects when its file is lost, see CommitBuffer.run. */
  async run(until: AbortSignal): Promise<void> {
    // The buffer outlives the devices: their last words must be committed too. When it breaks, everything ends.
    const [closing, broken] = [broadcast(), broadcast()];
    using either = new AnyOf(until, broken.signal);
    const stop = either.signal;
    // A disk that cannot be written holds up no stop.
    const unlessStopped = (error: unknown) => {
      if (!stop.aborted) throw error;
    };
    this.#ingest.until(stop);
    await this.open();
    const heartbeat = this.#watchdog.heartbeat("store", ROUND_MS.store + this.#o.commitMs);
    const commits = this.#buffer.run(closing.signal, heartbeat).catch((error: unknown) => broken.abort(error));
    stop.addEventListener("abort", () => this.#buffer.leave(), { once: true });
    await Promise.race([this.#buffer.flush().catch(unlessStopped), commits]);
    // Before any command, one that waited included: it must not switch on again, for another `maxOn`, what should be off.
    const lists = this.lists?.run(stop);
    const limits = this.#limits.run(stop, this.#watchdog.heartbeat("limits", ROUND_MS.limits));
    await this.commands.resume(stop).catch(unlessStopped);
    await Promise.all([this.devices.run(stop), this.#watch(stop), limits, lists]);
    this.#ingest.rest();
    this.commands.rest();
    saveStop(this.#buffer, this.#o.clock);
    closing.abort();
    await commits;
    if (broken.signal.aborted) throw broken.signal.reason;
  }

  async #watch(stop: AbortSignal): Promise<void> {
    const heartbeat = this.#watchdog.heartbeat("silence", ROUND_MS.silence);
    while (!stop.aborted) {
      heartbeat.touch();
      await pause(SILENCE_LOOK_MS, stop);
      const mono = this.#o.clock.mono();
      if (stop.aborted) break;
      this.devices.watchSilence(mono);
      this.commands.look(mono);
      this.#maintenance.look(mono);
      this.lists?.look();
    }
    heartbeat.end();
  }

  /** Records and events that are not durable yet. */
  get waiting(): number {
    return this.#buffer.waiting;
  }

  /** Assets as the records that were told show them, durable or not; `documents` has what is durable. */
  presentAssets(): readonly AssetState[] {
    return this.#ingest.assets();
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

  #commandHost() {
    return {
      mono: () => this.#o.clock.mono(),
      raise: (draft: EventDraft, mono?: number) => void this.#buffer.raise(draft, mono),
      save: (key: string, value: unknown) => this.#buffer.save(key, value),
      flush: () => this.#buffer.flush(),
      running: () => this.#o.store.running(this.#o.clock.mono()),
      alone: (target: string, work: () => Promise<void>) => this.#locks.run(target, work),
      perform: (target: string, value: number | boolean, stop: AbortSignal, latest?: number): Promise<Outcome> =>
        this.devices.perform(target, value, stop, latest),
    };
  }

  #commandOptions(offMs: number, operator: CommandProcessorOptions["host"]["operator"]): CommandProcessorOptions {
    const { store, clock, log, gateway, assets, lists: signed } = this.#o;
    return {
      gateway,
      targets: this.targets,
      assets: new Set(assets.map(({ asset }) => asset.id)),
      limits: this.#limits,
      checkSignature: signed && ((document, action) => signed.keys.check(`${signed.downTopic}/commands`, document, action)),
      clock,
      log,
      saved: store.inbox,
      offMs,
      // The wall time of the opening, by today's knowledge: computed at each call, because a wrong clock may have been corrected since.
      get knowsFrom() {
        const { mono, wall } = clock.now();
        return store.historyLost ? wall - (mono - store.epoch.opened) : null;
      },
      host: {
        ...this.#commandHost(),
        inbox: (row) => this.#buffer.inbox(row),
        asset: (...order) => this.#ingest.command(...order),
        ordered: (...end) => this.#ingest.ordered(...end),
        operator,
      },
    };
  }
}
