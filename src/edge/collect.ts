/** One device goes in; its readings come out, filtered by what is worth a row, with its failures and its silence told. The host's side of every driver. */

import { monotonic } from "../kit/clock.ts";
import { asEdgeError, type EdgeError } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import { backoff, keepTrying, pause } from "../kit/loop.ts";
import { type Metronome, metronome, offsetOf } from "../kit/metronome.ts";
import type { Device, DeviceInfo, DeviceStatus, Outcome, PointStatus, Reading } from "../model.ts";
import { type LastRow, rowOf, worthKeeping } from "./report.ts";

/** What the house does with a device's readings; all calls are in order. */
export interface Host {
  readings(device: DeviceInfo, readings: readonly Reading[]): void;
  /** Nothing was yielded for `silentAfterMs`, or something again after that. */
  silence(device: DeviceInfo, silent: boolean, mono: number): void;
  readonly log: Log;
}

/** A wire that failed is tried again soon: a replugged adapter is back within seconds. */
const PUSHED_RETRY = backoff(500, 5000);
/** A dead unit costs its line less and less. */
const polledRetry = (everyMs: number) => backoff(Math.min(everyMs, 5000), Math.min(60_000, Math.max(10_000, everyMs * 6)));

const OPEN_WAIT_MS = 3000;
const OPEN_LOOK_MS = 50;

export class Collector {
  readonly info: DeviceInfo;
  readonly #host: Host;
  readonly #ticks: Metronome;
  readonly #rows = new Map<string, LastRow>();
  readonly #latest = new Map<string, Reading>();
  #device: Device | null = null;
  #error: EdgeError | null = null;
  #yielded: number;
  #ever = false;
  #silent: boolean;
  readonly #waiting = new Set<() => void>();

  constructor(info: DeviceInfo, host: Host, silent: boolean) {
    this.info = info;
    this.#host = host;
    this.#silent = silent;
    this.#yielded = monotonic();
    const every = info.everyMs ?? 1000;
    this.#ticks = metronome(every, offsetOf(info.id, every));
  }

  async run(stop: AbortSignal): Promise<void> {
    const { info, log } = { info: this.info, log: this.#host.log };
    await keepTrying(info.id, (s, works) => this.#pull(s, works), {
      log,
      stop,
      waitMs: info.everyMs === undefined ? PUSHED_RETRY : polledRetry(info.everyMs),
      failed: (error) => this.#failed(error),
    });
  }

  async #pull(stop: AbortSignal, works: () => void): Promise<void> {
    await using device = await this.info.open(stop);
    this.#device = device;
    try {
      for await (const batch of device.readings(this.#ticks, stop)) {
        works();
        this.#take(batch);
      }
    } finally {
      this.#device = null;
    }
  }

  #take(batch: readonly Reading[]): void {
    this.#yielded = monotonic();
    this.#ever = true;
    this.#error = null;
    if (this.#silent) this.#speaks();
    for (const reading of batch) this.#latest.set(reading.point, reading);
    this.#offer(batch);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #offer(batch: readonly Reading[]): void {
    const kept = batch.filter((reading) => {
      const spec = this.info.points[reading.point];
      if (spec === undefined || !worthKeeping(reading, this.#rows.get(reading.point), spec)) return false;
      this.#rows.set(reading.point, rowOf(reading));
      return true;
    });
    if (kept.length > 0) this.#host.readings(this.info, kept);
  }

  /** A dead wire says of every point that it cannot be known, once. */
  #failed(error: EdgeError): void {
    this.#error = error;
    const mono = monotonic();
    const unknown = Object.entries(this.info.points)
      .filter(([, spec]) => spec.kind !== "increments")
      .map(([point]): Reading => ({ point, value: null, quality: "bad", code: error.code, mono }));
    for (const reading of unknown) this.#latest.set(reading.point, reading);
    this.#offer(unknown.filter(({ point }) => this.#rows.get(point)?.quality !== "bad"));
  }

  /** Called about twice a second. */
  watchSilence(mono: number): void {
    if (this.#silent || mono - this.#yielded < this.info.silentAfterMs) return;
    this.#silent = true;
    this.#host.silence(this.info, true, mono);
  }

  /** What comes after a silence is told again, changed or not. */
  #speaks(): void {
    this.#silent = false;
    this.#rows.clear();
    this.#host.silence(this.info, false, this.#yielded);
  }

  /** Asks a polled device out of turn, or waits for the next word of a pushed one. */
  async readNow(timeoutMs: number): Promise<readonly PointStatus[]> {
    const spoken = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#waiting.add(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
    if (this.info.everyMs !== undefined) this.#ticks.poke();
    if (!(await spoken) && this.#error !== null) throw this.#error;
    return this.status().points;
  }

  async perform(point: string, value: number | boolean, stop: AbortSignal): Promise<Outcome> {
    const device = this.#device ?? (await this.#opened(stop));
    if (device?.perform === undefined) return { state: "failed", code: "command.device-down" };
    try {
      const outcome = await device.perform(point, value, stop);
      if (this.info.everyMs !== undefined) this.#ticks.poke();
      return outcome;
    } catch (raw) {
      return { state: "unknown", code: asEdgeError(raw).code };
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
    const points = Object.entries(this.info.points).map(([point, spec]): PointStatus => {
      const last = this.#latest.get(point);
      if (last === undefined) return { point, value: null, unit: spec.unit, quality: "bad", ageMs: null };
      const { value, quality, code } = last;
      return { point, value, unit: spec.unit, quality, ...(code !== undefined && { code }), ageMs: mono - last.mono };
    });
    const { id, type, bus } = this.info;
    const state = this.#silent || this.#error !== null ? "down" : this.#ever ? "up" : "starting";
    return {
      id,
      type,
      ...(bus !== undefined && { bus }),
      state,
      ...(this.#error !== null && { code: this.#error.code, detail: this.#error.what("en") }),
      ageMs: this.#ever ? mono - this.#yielded : null,
      points,
    };
  }
}
