/** Device readings, commands and acknowledgements go in; numbered, durable records, events, asset states and answers come out. Joins window, stage, alarms, collectors and commands over one store. */
import type { Clock } from "../kit/clock.ts";
import { EdgeError } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import { pause } from "../kit/loop.ts";
import { Pulse } from "../kit/pulse.ts";
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
  Reading,
  ReadingRecord,
  Segment,
  Stream,
  StreamState,
} from "../model.ts";
import { Alarms } from "./alarms.ts";
import { type Catalog, catalogOf, commandTargets } from "./catalog.ts";
import { ClockBounds } from "./clock-bounds.ts";
import { Collector } from "./collect.ts";
import { CommandDesk, type CommandOptions } from "./commands/desk.ts";
import { Lanes } from "./commands/lanes.ts";
import { LimitKeeper } from "./commands/limits.ts";
import type { Store } from "./parts.ts";
import { assetsIn, Stage, type StagedAsset, stateKeyOf } from "./stage.ts";
import type { Committed } from "./window/committed.ts";
import { Window } from "./window/window.ts";

const SILENCE_LOOK_MS = 500;
const NOTE_EVERY_MS = 3_600_000;
/** The longest honest round of each loop of the house. The store: two proofs of writing, beyond its commit window; the limits: a device that answers slowly. */
const ROUND_MS = { store: 60_000, silence: 30_000, limits: 120_000 };
/** Where a soft stop is saved. */
const STOPPED = "stopped";

/** The end of the run before this one; null: there was none. */
type End = Store["formerEnd"];

export interface HouseOptions {
  readonly gateway: string;
  readonly store: Store;
  readonly devices: readonly DeviceInfo[];
  readonly assets: readonly StagedAsset[];
  readonly commitMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the loops say that they come round. */
  readonly pulse?: Pulse;
}

export class House {
  readonly catalog: Catalog;
  readonly commands: CommandDesk;
  readonly targets: readonly CommandTarget[];
  readonly epoch: EpochInfo;
  readonly #o: HouseOptions;
  readonly #pulse: Pulse;
  readonly #window: Window;
  readonly #stage: Stage;
  readonly #alarms: Alarms;
  readonly #limits: LimitKeeper;
  readonly #collectors: ReadonlyMap<string, Collector>;
  /** Totals of points of kind `increments`, by device and point. */
  readonly #counters: Map<string, Record<string, number>>;
  readonly #noted = new Map<string, number>();
  readonly #watchers = new Set<(record: ReadingRecord) => void>();
  readonly #lanes = new Lanes();
  readonly #removed: Set<string>;
  #opened = false;
  #timer: NodeJS.Timeout | undefined;
  /** What the timer is set to. */
  #due: number | null = null;
  #stop: AbortSignal = new AbortController().signal;

  constructor(options: HouseOptions) {
    this.#o = options;
    this.#pulse = options.pulse ?? new Pulse();
    const { store, clock, log, devices, assets } = options;
    this.epoch = store.epoch;
    this.targets = commandTargets(devices, assets);
    this.catalog = catalogOf(devices, assets, this.targets);
    this.#window = new Window({ store, clock, log, commitMs: options.commitMs, cat: this.catalog.hash });
    this.#alarms = new Alarms(this.#window, store.saved);
    // Durable since the last run: whoever asks before the first commit of this one must not hear that all is over.
    this.#window.alarms = this.#alarms.list();
    this.#removed = new Set(assetsIn(store.saved.keys()));
    for (const { asset } of assets) this.#removed.delete(asset.id);
    this.#stage = new Stage(assets, this.#sink(), this.#alarms, store.saved, store.epoch.id);
    const silent = (id: string) => this.#alarms.isOpen(id, "down");
    this.#collectors = new Map(devices.map((d) => [d.id, new Collector(d, this.#host(), silent(d.id))]));
    this.#counters = new Map(
      devices.map((d) => [d.id, { ...((store.saved.get(`counters/${d.id}`) ?? {}) as Record<string, number>) }]),
    );
    const off = this.#off(store.formerEnd);
    this.#limits = new LimitKeeper({ ...this.#commandHost(), log }, store.saved, off.offMs ?? 0);
    this.commands = new CommandDesk(this.#desk());
  }

  /** Runs everything until stopped; what is open is committed before it returns. Rejects when its file is lost, see Window.run. */
  async run(until: AbortSignal): Promise<void> {
    // The window outlives the devices: their last words must be committed too. When it breaks, everything ends.
    const [closing, broken] = [new AbortController(), new AbortController()];
    const stop = AbortSignal.any([until, broken.signal]);
    this.#stop = stop;
    this.open();
    const beat = this.#pulse.beat("store", ROUND_MS.store + this.#o.commitMs);
    const window = this.#window.run(closing.signal, beat).catch((error: unknown) => broken.abort(error));
    await Promise.race([this.#window.flush(), window]);
    await this.commands.resume(stop);
    const limits = this.#limits.run(stop, this.#pulse.beat("limits", ROUND_MS.limits));
    await Promise.all([...[...this.#collectors.values()].map((c) => c.run(stop)), this.#watch(stop), limits]);
    clearTimeout(this.#timer);
    this.#window.save(STOPPED, { boot: this.#o.clock.boot, ...this.#o.clock.now() });
    closing.abort();
    await window;
    if (broken.signal.aborted) throw broken.signal.reason;
  }

  // ------------------------------------------------------------ what the other rooms ask

  onCommitted(listener: (committed: Committed) => void): () => void {
    return this.#window.onCommitted(listener);
  }

  onUnstored(listener: (event: EdgeEvent) => void): () => void {
    return this.#window.onUnstored(listener);
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
    this.#window.acknowledge(marks);
  }

  urgentPending(): Promise<readonly EdgeEvent[]> {
    return this.#o.store.urgentPending();
  }

  sentUrgent(which: { readonly epoch: string; readonly seq: number }): void {
    this.#window.sentUrgent(which);
  }

  giveUp(epoch: string, stream: Stream, range: Range, reason: "refused" | "expired", detail: string): void {
    this.#window.shed({
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

  note(kind: "sync.not-authorised" | "sync.ack-refused", detail: Readonly<Record<string, unknown>>): void {
    const mono = this.#o.clock.mono();
    if (mono - (this.#noted.get(kind) ?? Number.NEGATIVE_INFINITY) < NOTE_EVERY_MS) return;
    this.#noted.set(kind, mono);
    const error = new EdgeError(kind, detail);
    this.#window.raise({
      kind,
      state: "noted",
      severity: "medium",
      text: { it: error.what("it"), en: error.what("en") },
      extra: { detail },
    });
  }

  assets(): readonly AssetState[] {
    return [...this.#window.assets.values()];
  }

  /** Their last state was shown to the platform, and they are not configured any more. */
  removedAssets(): readonly string[] {
    return [...this.#removed];
  }

  forgetAsset(asset: string): void {
    if (this.#removed.delete(asset)) this.#window.save(stateKeyOf(asset), null);
  }

  alarms(): { readonly asOf: number; readonly open: readonly OpenAlarm[] } {
    return { asOf: this.#window.asOf, open: this.#window.alarms };
  }

  get writable(): boolean {
    return this.#window.writable;
  }

  get waiting(): number {
    return this.#window.waiting;
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
    const total = this.#counters.get(device)?.[status.point];
    return total === undefined ? status : { ...status, value: total };
  }

  async readNow(device: string, timeoutMs: number): Promise<readonly PointStatus[]> {
    const collector = this.#collectors.get(device);
    if (collector === undefined) throw new EdgeError("cli.unknown-name", { name: device });
    return (await collector.readNow(timeoutMs)).map((point) => this.#counted(device, point));
  }

  /** Every record as it gets its number, before it is durable: for people who watch. */
  onRecord(listener: (record: ReadingRecord) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** Every event as it becomes durable: for people who watch. */
  onEvent(listener: (event: EdgeEvent) => void): () => void {
    return this.#window.onCommitted(({ events }) => {
      for (const event of events) listener(event);
    });
  }

  // ------------------------------------------------------------ wire → record → rules

  #host() {
    return {
      log: this.#o.log,
      pulse: this.#pulse,
      readings: (device: DeviceInfo, readings: readonly Reading[]) => {
        for (const reading of readings) this.#take(device, reading);
        this.#schedule();
      },
      silence: (device: DeviceInfo, silent: boolean, mono: number) => this.#silence(device, silent, mono),
    };
  }

  #take(device: DeviceInfo, reading: Reading): void {
    this.#stage.timers(reading.mono);
    const record = this.#recordOf(device, reading);
    this.#add(record);
    this.#stage.record(record);
  }

  #recordOf(device: DeviceInfo, { point, value, quality, code, mono }: Reading): ReadingRecord {
    const spec = device.points[point];
    const plain = { source: device.id, name: point, unit: spec?.unit ?? "", value, quality, mono: this.#stage.notBefore(mono) };
    const record: ReadingRecord = code === undefined ? plain : { ...plain, code };
    if (spec?.kind !== "increments" || typeof value !== "number") return record;
    const counters = this.#counters.get(device.id) ?? {};
    const before = counters[point];
    counters[point] = exact((before ?? 0) + value);
    this.#window.save(`counters/${device.id}`, { ...counters });
    // The total of a new database says nothing about the past.
    return {
      ...record,
      value: counters[point],
      ...(before === undefined && { quality: "uncertain" as const, code: "counter.restarted" }),
    };
  }

  #add(record: ReadingRecord): number {
    for (const watcher of this.#watchers) watcher(record);
    return this.#window.add(record);
  }

  #silence(device: DeviceInfo, silent: boolean, mono: number): void {
    this.#stage.timers(mono);
    const at = this.#stage.notBefore(mono);
    const error = new EdgeError("device.silent", { device: device.id });
    const draft = {
      kind: "device.down",
      severity: "medium" as const,
      device: device.id,
      ...(device.place !== undefined && { extra: { place: device.place } }),
    };
    if (silent) this.#alarms.raise(device.id, "down", { ...draft, text: { it: error.what("it"), en: error.what("en") } }, at);
    else
      this.#alarms.clear(
        device.id,
        "down",
        { ...draft, text: { it: `${device.id} risponde di nuovo`, en: `${device.id} answers again` } },
        at,
      );
    this.#stage.device(device.id, !silent, at);
    this.#schedule();
  }

  #sink() {
    return {
      add: (record: ReadingRecord) => this.#add(record),
      save: (key: string, value: unknown) => this.#window.save(key, value),
      asset: (state: AssetState) => this.#window.asset(state),
      wall: (mono: number) => this.#window.wall(mono),
    };
  }

  /** One timer for all rules: it fires when the earliest is due. */
  #schedule(): void {
    const due = this.#stop.aborted ? null : this.#stage.due;
    if (due === this.#due) return;
    this.#due = due;
    clearTimeout(this.#timer);
    if (due === null) return;
    this.#timer = setTimeout(
      () => {
        this.#due = null;
        this.#stage.timers(this.#o.clock.mono());
        this.#schedule();
      },
      Math.min(2 ** 31 - 1, Math.max(0, due - this.#o.clock.mono())),
    );
  }

  async #watch(stop: AbortSignal): Promise<void> {
    const beat = this.#pulse.beat("silence", ROUND_MS.silence);
    while (!stop.aborted) {
      beat.touch();
      await pause(SILENCE_LOOK_MS, stop);
      const mono = this.#o.clock.mono();
      if (!stop.aborted) for (const collector of this.#collectors.values()) collector.watchSilence(mono);
    }
    beat.end();
  }

  // ------------------------------------------------------------ opening

  /** How long nobody looked, and what brings old monotonic times into this boot. */
  #off(end: End): { offMs: number | null; shiftMs: number } {
    const { epoch } = this.#o.store;
    if (end === null) return { offMs: null, shiftMs: 0 };
    const now = this.#o.clock.now();
    if (end.boot === epoch.boot) return { offMs: Math.max(0, epoch.opened - end.mono), shiftMs: 0 };
    const known = end.synced && now.synced;
    return { offMs: known ? Math.max(0, now.wall - end.wall) : null, shiftMs: epoch.opened - end.mono };
  }

  /** A soft stop says until when everything was observed. After a kill the last record must do: what was seen since was worth no row. */
  #lastLook(): End {
    const { formerEnd, saved } = this.#o.store;
    const stopped = (saved.get(STOPPED) ?? null) as End;
    const later = stopped !== null && formerEnd !== null && stopped.boot === formerEnd.boot && stopped.mono > formerEnd.mono;
    return later ? stopped : formerEnd;
  }

  /** The first words of the epoch, said before anybody else may speak: rules must have met the time off before any command. Once. */
  open(): void {
    if (this.#opened) return;
    this.#opened = true;
    const { store, clock } = this.#o;
    const { epoch, saved } = store;
    const mono = clock.mono();
    const off = this.#off(this.#lastLook());
    const { n, cause, boot, opened, former } = epoch;
    this.#event(
      "epoch.opened",
      "info",
      { it: "Gateway avviato", en: "Gateway started" },
      { n, cause, boot, opened, former, ...off },
      mono,
    );
    if (cause === "salvaged") {
      const error = new EdgeError("store.corrupt", { file: "" });
      this.#event("store.salvaged", "critical", { it: error.what("it"), en: error.what("en") }, {}, mono);
    }
    const previous = saved.get("catalog") ?? null;
    const { hash } = this.catalog;
    if (previous !== hash) {
      this.#event("catalog.changed", "info", { it: "Catalogo cambiato", en: "Catalog changed" }, { hash, previous }, mono);
      this.#window.save("catalog", hash);
    }
    const bounds = new ClockBounds(this.#window, saved, epoch.id, store.formerEnd);
    this.#window.onSynchronised = (now) => bounds.synchronised(now);
    bounds.opened(clock.now());
    this.#alarms.removeAllBut(new Set([...this.#collectors.keys(), ...this.#o.assets.map(({ asset }) => asset.id)]), mono);
    this.#stage.opened(mono, off);
    this.#schedule();
  }

  #event(
    kind: string,
    severity: EventDraft["severity"],
    text: EventDraft["text"],
    extra: Readonly<Record<string, unknown>>,
    mono: number,
  ): void {
    this.#window.raise({ kind, state: "noted", severity, text, extra }, mono);
  }

  // ------------------------------------------------------------ commands

  #commandHost() {
    return {
      mono: () => this.#o.clock.mono(),
      raise: (draft: EventDraft, mono?: number) => void this.#window.raise(draft, mono),
      save: (key: string, value: unknown) => this.#window.save(key, value),
      flush: () => this.#window.flush(),
      running: () => this.#o.store.running(this.#o.clock.mono()),
      alone: (target: string, work: () => Promise<void>) => this.#lanes.alone(target, work),
      perform: (target: string, value: number | boolean, stop: AbortSignal): Promise<Outcome> => {
        const [device = "", point = ""] = target.split(".");
        return (
          this.#collectors.get(device)?.perform(point, value, stop) ??
          Promise.resolve({ state: "failed", code: "command.unknown-target" })
        );
      },
    };
  }

  #desk(): CommandOptions {
    const { store, clock, log, gateway, assets } = this.#o;
    return {
      gateway,
      targets: this.targets,
      assets: new Set(assets.map(({ asset }) => asset.id)),
      limits: this.#limits,
      clock,
      log,
      saved: store.inbox,
      knowsFrom: store.historyLost ? clock.now().wall : null,
      host: {
        ...this.#commandHost(),
        inbox: (row) => this.#window.inbox(row),
        rule: (asset, action, args, by, mono) => {
          this.#stage.timers(mono);
          this.#stage.command(asset, action, args, by, this.#stage.notBefore(mono));
          this.#schedule();
        },
      },
    };
  }
}

/** A million times 0.01 is 10000: decimal parts of a unit are added as people would, to the 15 digits that a double surely holds. */
const exact = (sum: number): number => Number(sum.toPrecision(15));
