/** All devices of the site: runs their collectors, watches for silence, and finds the one that is asked or commanded. */
import type { Clock } from "../../kit/clock.ts";
import { EdgeError } from "../../kit/errors.ts";
import type { CommandTarget, DeviceInfo, DeviceStatus, Outcome, PointStatus } from "../../model/index.ts";
import type { Alarms } from "../alarms.ts";
import { Collector, type CollectorHost } from "./collector.ts";
import { ReadFailure } from "./read-failure.ts";

export interface CollectorsOptions {
  readonly devices: readonly DeviceInfo[];
  readonly host: CollectorHost;
  readonly clock: Pick<Clock, "now">;
  readonly targets: readonly CommandTarget[];
  /** Says which devices were down when the last run ended. */
  readonly alarms: Pick<Alarms, "openSince">;
  /** The total of a point that only adds up; undefined for all others. */
  readonly total: (device: string, point: string) => number | undefined;
  readonly saved: ReadonlyMap<string, unknown>;
}

/** Under this key of the store: what a device's driver must know again at its next opening. */
export const memoryKeyOf = (device: string): string => `memory/${device}`;

export class Collectors {
  readonly #o: CollectorsOptions;
  readonly #byDevice: ReadonlyMap<string, Collector>;

  constructor(options: CollectorsOptions) {
    const { devices, host } = options;
    this.#o = options;
    this.#byDevice = new Map(
      devices.map((device) => {
        const memory = options.saved.get(memoryKeyOf(device.id));
        return [device.id, new Collector(device, host, ...this.#silence(device.id), memory)];
      }),
    );
  }

  /** Whether a device was down when the last run ended, and for how long by now. */
  #silence(id: string): [isSilent: boolean, forMs: number] {
    const since = this.#o.alarms.openSince(id, "down");
    return [since !== undefined, since === undefined ? 0 : Math.max(0, this.#o.clock.now().wall - since)];
  }

  /** Resolves when every device has ended, after `stop`. */
  async run(stop: AbortSignal): Promise<void> {
    await Promise.all([...this.#byDevice.values()].map((collector) => collector.run(stop)));
  }

  watchSilence(mono: number): void {
    for (const collector of this.#byDevice.values()) collector.watchSilence(mono);
  }

  status(): readonly DeviceStatus[] {
    return [...this.#byDevice.values()].map((collector) => {
      const status = collector.status();
      const commands = this.#o.targets.filter(({ target }) => target.startsWith(`${status.id}.`));
      return { ...status, points: this.#withTotals(status.id, status.points), commands };
    });
  }

  /** Of a point that only adds up, people want the total. */
  #withTotals(device: string, points: readonly PointStatus[]): readonly PointStatus[] {
    return points.map((status) => {
      const total = this.#o.total(device, status.point);
      return total === undefined ? status : { ...status, value: total };
    });
  }

  /** Asks the device now. Errors: why there is no value, with the last ones in its context. */
  async readNow(device: string, timeoutMs: number): Promise<readonly PointStatus[]> {
    const collector = this.#byDevice.get(device);
    if (collector === undefined) throw new EdgeError("cli.unknown-name", { name: device });
    try {
      return this.#withTotals(device, await collector.readNow(timeoutMs));
    } catch (error) {
      if (!(error instanceof ReadFailure)) throw error;
      throw new ReadFailure(error, device, this.#withTotals(device, error.points));
    }
  }

  /** `target`: device and point, joined by a dot. */
  perform(target: string, value: number | boolean, stop: AbortSignal, latest?: number): Promise<Outcome> {
    const [device = "", point = ""] = target.split(".");
    const collector = this.#byDevice.get(device);
    if (collector === undefined) return Promise.resolve({ state: "failed", code: "command.unknown-target" });
    return collector.perform(point, value, stop, latest);
  }
}
