/** Runs one device: opens it, retries, keeps what is worth a row, and tells of failure and silence. */

import { monotonic } from "../../kit/clock.ts";
import { asEdgeError, EdgeError, toldOf } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { backoff } from "../../kit/loop/backoff.ts";
import { keepTrying } from "../../kit/loop/keep-trying.ts";
import { pause } from "../../kit/loop/pause.ts";
import { offsetOf, type Ticker, ticker } from "../../kit/loop/ticker.ts";
import type { Heartbeat, Watchdog } from "../../kit/loop/watchdog.ts";
import { formatDuration } from "../../kit/text/format-duration.ts";
import type { Device, DeviceInfo, DeviceProblem, DeviceStatus, Outcome, PointStatus, Reading } from "../../model/index.ts";
import { DeviceHealth, problemOf } from "./device-health.ts";
import { PointValues } from "./point-values.ts";
import { ReadFailure } from "./read-failure.ts";
import { type LastRow, rowOf, worthKeeping } from "./report-filter.ts";
import { roundMs, watchedTicks } from "./watched-rounds.ts";

/** What the edge does with a device's readings; all calls are in order. */
export interface CollectorHost {
  readings(device: DeviceInfo, readings: readonly Reading[]): void;
  /** What a reader was shown, hashed: it goes to the permit check alone. */
  badge(device: DeviceInfo, shown: string, mono: number): void;
  /** Nothing was understood for `silentAfterMs`, and why; null: something again after that. */
  silence(device: DeviceInfo, problem: DeviceProblem | null, mono: number): void;
  /** Resolves when all that was taken so far is durable; rejects when that cannot be any more in this run. */
  durable(): Promise<void>;
  /** What a device must know again at its next opening: it joins the commit of the readings that were given last. */
  remember(device: DeviceInfo, memory: unknown): void;
  readonly log: Log;
  readonly watchdog: Watchdog;
}

/** A wire that failed is tried again soon: a replugged adapter is back within seconds. */
const PUSHED_RETRY = backoff(500, 5000);
/**
 * The waits between tries grow, so that a dead unit costs its line less and less. A unit with a long period is in the end tried once a period, like a
 * living one.
 */
export const polledRetry = (everyMs: number) =>
  backoff(Math.min(everyMs, 5000), Math.max(everyMs, Math.min(60_000, Math.max(10_000, everyMs * 6))));

/** First polls are spread over at most this long: after a start nobody waits a quarter of an hour for a first value. */
const SPREAD_MS = 10_000;
/** The reason why a device is down may change; a new reason is reported at most this often. */
const TOLD_AGAIN_MS = 300_000;

const OPEN_WAIT_MS = 3000;
const OPEN_LOOK_MS = 50;

export class Collector {
  readonly info: DeviceInfo;
  readonly #host: CollectorHost;
  readonly #begun = monotonic();
  readonly #ticks: Ticker;
  readonly #rows = new Map<string, LastRow>();
  readonly #health: DeviceHealth;
  /** Points whose values nobody may see or keep. */
  readonly #credentials: ReadonlySet<string>;
  readonly #values: PointValues;
  /** The reason that was told last for being down; null: it was down before the start. */
  #told: { readonly code: string | null; readonly at: number } = { code: null, at: monotonic() };
  #device: Device | null = null;
  #memory: unknown;
  /** People who asked; told whether the device spoke. */
  readonly #waiting = new Set<(spoke: boolean) => void>();
  #tryNow: () => void = () => undefined;

  /** `silent`: it was when the last run ended; and for how long by now. `memory`: what its driver had in memory then. */
  constructor(info: DeviceInfo, host: CollectorHost, silent: boolean, silentForMs = 0, memory: unknown = undefined) {
    this.info = info;
    this.#memory = memory;
    const points = Object.entries(info.points);
    this.#credentials = new Set(points.flatMap(([point, { kind }]) => (kind === "credential" ? [point] : [])));
    this.#values = new PointValues(info.points);
    this.#host = host;
    this.#health = new DeviceHealth(info, silent, monotonic() - silentForMs);
    const every = info.everyMs ?? 1000;
    this.#ticks = ticker(every, offsetOf(info.id, Math.min(every, SPREAD_MS)));
  }

  async run(stop: AbortSignal): Promise<void> {
    const { info, log } = { info: this.info, log: this.#host.log };
    // Only polled devices are watched: a pushed one may rightly say nothing for days.
    const heartbeat =
      info.everyMs === undefined ? null : this.#host.watchdog.heartbeat(`device ${info.id}`, roundMs(info.everyMs));
    await keepTrying(info.id, (s, works) => this.#pull(s, works, heartbeat), {
      log,
      stop,
      waitMs: info.everyMs === undefined ? PUSHED_RETRY : polledRetry(info.everyMs),
      // A request to a silent unit may wait minutes for its turn, so a long run of a polled device does not show that it is healthy.
      ...(info.everyMs !== undefined && { healthyMs: Number.POSITIVE_INFINITY }),
      failed: (error) => {
        heartbeat?.touch();
        // The back-off says when it is asked again, and not the period, which may be a day.
        if (info.everyMs !== undefined) this.#ticks.poke();
        this.#failed(error);
      },
      woken: (over) => this.#asked(over),
    });
    heartbeat?.end();
  }

  /** A person who asks does not wait for the back-off. */
  #asked(over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#tryNow = resolve;
      over.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  async #pull(stop: AbortSignal, works: () => void, heartbeat: Heartbeat | null): Promise<void> {
    heartbeat?.touch();
    await using device = await this.info.open(stop, { durable: () => this.#host.durable(), memory: this.#memory });
    this.#device = device;
    this.#health.opened(monotonic());
    if (this.#waiting.size > 0) device.hurry?.();
    try {
      for await (const batch of device.readings(heartbeat === null ? this.#ticks : watchedTicks(this.#ticks, heartbeat), stop)) {
        works();
        this.#take(batch);
      }
    } finally {
      this.#device = null;
      this.#health.opened(null);
    }
  }

  #take(given: readonly Reading[]): void {
    const [mono, device] = [monotonic(), this.#device];
    const all = notAhead(given, mono);
    this.#health.says(device?.isTriggered?.() ?? false, device?.unread?.() ?? null, mono);
    if (this.#health.heard(all, mono)) this.#speaks(mono);
    const batch = this.#credentials.size === 0 ? all : all.filter(({ point }) => !this.#credentials.has(point));
    this.#values.heard(batch);
    this.#memory = device?.memory?.();
    // What led to no row leaves nothing behind that could come twice, and is worth no commit.
    if (this.#offer(batch) && this.#memory !== undefined) this.#host.remember(this.info, this.#memory);
    if (batch.length < all.length) this.#check(all);
    this.#answer(true);
  }

  #check(all: readonly Reading[]): void {
    for (const { point, value, quality, mono } of all)
      if (this.#credentials.has(point) && quality === "good" && typeof value === "string")
        this.#host.badge(this.info, value, mono);
  }

  #answer(spoke: boolean): void {
    // Hardly ever anybody; emptying an empty set is not free.
    if (this.#waiting.size === 0) return;
    for (const tell of this.#waiting) tell(spoke);
  }

  /** True: something of it is worth a row. */
  #offer(batch: readonly Reading[]): boolean {
    const kept = batch.filter((reading) => {
      const spec = this.info.points[reading.point];
      if (spec === undefined || !worthKeeping(reading, this.#rows.get(reading.point), spec)) return false;
      this.#rows.set(reading.point, rowOf(reading));
      return true;
    });
    if (kept.length > 0) this.#host.readings(this.info, kept);
    return kept.length > 0;
  }

  /** A wire that failed makes every point unknown; that is told once. */
  #failed(error: EdgeError): void {
    const mono = monotonic();
    this.#health.failed(error, mono);
    this.#unknown(error.code, mono);
    this.#answer(false);
  }

  #unknown(code: string, mono: number): void {
    const unknown = this.#values.lose(code, mono);
    this.#offer(unknown.filter(({ point }) => this.#rows.get(point)?.quality !== "bad"));
  }

  /** Called about twice a second. The last values of a device that fell silent are no longer its state: each point gets a bad row. */
  watchSilence(mono: number): void {
    this.#health.outage(this.#device?.outage?.() ?? null, mono);
    if (this.#health.becomesSilent(mono)) {
      const problem = this.#problem(mono);
      this.#unknown(problem.code, mono);
      this.#tell(problem, mono);
    } else if (this.#health.isSilent && mono - this.#told.at >= TOLD_AGAIN_MS) {
      const problem = this.#problem(mono);
      // After a restart the reason that was reported is not known: the open alarm stays as it is.
      if (this.#told.code === null || this.#told.code === problem.code) this.#told = { code: problem.code, at: mono };
      else this.#tell(problem, mono);
    }
  }

  #problem(mono: number): DeviceProblem {
    const cause = this.#health.cause(mono) ?? { error: this.#notNow(mono, 0), since: mono };
    return problemOf(cause, mono);
  }

  #tell(problem: DeviceProblem, mono: number): void {
    this.#told = { code: problem.code, at: mono };
    this.#host.silence(this.info, problem, mono);
  }

  /** After a silence the next value of every point is recorded, changed or not. */
  #speaks(mono: number): void {
    this.#rows.clear();
    this.#host.silence(this.info, null, mono);
  }

  /** Asks a polled device out of turn, or waits for the next word of a pushed one. */
  async readNow(timeoutMs: number): Promise<readonly PointStatus[]> {
    const answered = new Promise<boolean>((resolve) => {
      const tell = (spoke: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(tell);
        resolve(spoke);
      };
      const timer = setTimeout(tell, timeoutMs, false);
      this.#waiting.add(tell);
    });
    this.#tryNow();
    this.#device?.hurry?.();
    if (this.info.everyMs !== undefined) this.#ticks.poke();
    const spoke = await answered;
    const mono = monotonic();
    if (!spoke) throw this.#noValue(mono, timeoutMs);
    const failure = this.#health.failure(mono);
    if (failure !== null) throw this.#withPoints(failure.error, this.#values.status(mono, this.#health.isDown));
    return this.status().points;
  }

  /** Why a person gets no value now; with the last ones, named as last. */
  #noValue(mono: number, waitedMs: number): ReadFailure {
    const cause = this.#health.isDown ? this.#health.cause(mono) : null;
    return this.#withPoints(cause?.error ?? this.#notNow(mono, waitedMs), this.#values.status(mono, true));
  }

  #withPoints(error: EdgeError, points: readonly PointStatus[]): ReadFailure {
    return new ReadFailure(error, this.info.id, points);
  }

  /** Says that no value came in time of a device that is not down: perhaps it speaks rarely, or its line is busy. */
  #notNow(mono: number, waitedMs: number): EdgeError {
    const lasted = formatDuration(this.#health.ageMs(mono) ?? mono - this.#begun);
    const waited = formatDuration(waitedMs);
    const figures = { it: `nemmeno nei ${waited} di attesa`, en: `not in the ${waited} of waiting either` };
    return new EdgeError("device.silent", { device: this.info.id, lasted, figures });
  }

  async perform(point: string, value: number | boolean, stop: AbortSignal, latest?: number): Promise<Outcome> {
    const device = this.#device ?? (await this.#opened(stop));
    if (latest !== undefined && latest <= monotonic()) return { state: "expired", code: "command.expired" };
    if (device?.perform === undefined) return { state: "failed", code: "command.device-down" };
    try {
      const outcome = await device.perform(point, value, stop, latest);
      if (this.info.everyMs !== undefined) this.#ticks.poke();
      return outcome;
    } catch (raw) {
      const error = asEdgeError(raw);
      return { state: "unknown", code: error.code, told: toldOf(error) };
    }
  }

  /** A command that a restart found waiting comes before its device is open. */
  async #opened(stop: AbortSignal): Promise<Device | null> {
    for (let waited = 0; waited < OPEN_WAIT_MS && this.#device === null && !stop.aborted; waited += OPEN_LOOK_MS)
      await pause(OPEN_LOOK_MS, stop);
    return this.#device;
  }

  status(): Omit<DeviceStatus, "commands"> {
    const mono = monotonic();
    const { id, type, bus } = this.info;
    const wire = this.info.wire?.();
    const cause = this.#health.cause(mono);
    return {
      id,
      type,
      ...(bus !== undefined && { bus }),
      state: this.#health.state(mono),
      ...(cause && { problem: problemOf(cause, mono) }),
      ageMs: this.#health.ageMs(mono),
      ...(wire !== undefined && { wire }),
      points: this.#values.status(mono, this.#health.isDown),
    };
  }
}

/** No reading is later than `now`: otherwise timers of all assets up to its moment would fire too early. */
const notAhead = (batch: readonly Reading[], now: number): readonly Reading[] =>
  batch.some(({ mono }) => mono > now) ? batch.map((one) => ({ ...one, mono: Math.min(one.mono, now) })) : batch;
