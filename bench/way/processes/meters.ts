/** Forty meters and one bay as devices that say what the bench gives them, with values that move as a city's do. */
import { setMaxListeners } from "node:events";
import type { SiteAsset } from "../../../src/edge/kinds/index.ts";
import { parkingBay } from "../../../src/edge/kinds/parking-bay/index.ts";
import type { Device, DeviceInfo, PointSpec, Reading } from "../../../src/model/index.ts";

/** What a point shows: its unit, a start, the step of its walk (upwards only for a total), and its decimals. */
interface Shape {
  readonly unit: string;
  readonly start: number;
  readonly step: number;
  readonly decimals: number;
  readonly total?: true;
}

/** A city's mix: of four devices two are electricity meters, one a water meter, one a room sensor. */
const ELECTRICITY: Readonly<Record<string, Shape>> = {
  voltage: { unit: "V", start: 231, step: 0.4, decimals: 1 },
  current: { unit: "A", start: 4, step: 0.2, decimals: 2 },
  power: { unit: "W", start: 920, step: 30, decimals: 1 },
  frequency: { unit: "Hz", start: 50, step: 0.01, decimals: 2 },
  "energy-import": { unit: "kW.h", start: 12_000, step: 0.02, decimals: 2, total: true },
};
const WATER: typeof ELECTRICITY = {
  volume: { unit: "m3", start: 830, step: 0.01, decimals: 3, total: true },
  flow: { unit: "l/h", start: 120, step: 5, decimals: 0 },
};
const ROOM: typeof ELECTRICITY = {
  temperature: { unit: "Cel", start: 20, step: 0.2, decimals: 1 },
  humidity: { unit: "%", start: 45, step: 1, decimals: 0 },
  co2: { unit: "[ppm]", start: 600, step: 20, decimals: 0 },
};
const MIX = [ELECTRICITY, WATER, ELECTRICITY, ROOM] as const;
export const METERS = 40;
const NEVER_SILENT_MS = 1e9;

/** A pushed device: each batch that is given comes out of `readings` once. */
class UnstoredNote implements Device {
  #batch: readonly Reading[] | null = null;
  #wake: () => void = () => undefined;

  give(batch: readonly Reading[]): void {
    this.#batch = batch;
    this.#wake();
  }

  async *readings(_: unknown, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    // Forty devices listen to it.
    setMaxListeners(0, stop);
    stop.addEventListener("abort", () => this.#wake(), { once: true });
    while (!stop.aborted) {
      const batch = this.#batch;
      this.#batch = null;
      if (batch !== null) yield batch;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** One point of one device, and where its walk stands. */
interface Walk {
  readonly device: UnstoredNote;
  readonly at: number;
  readonly point: string;
  readonly shape: Shape;
  value: number;
}

export class Meters {
  readonly devices: readonly DeviceInfo[];
  readonly assets: readonly SiteAsset[] = [bay];
  /** In the order in which their lines are asked. */
  readonly #walks: readonly Walk[];
  readonly #bay = new UnstoredNote();
  #next = 0;
  /** Values made beforehand, in turn. */
  #ready: Float64Array = new Float64Array();
  #taken = 0;
  #seed = 42;
  #occupied = false;

  constructor() {
    const meters = Array.from({ length: METERS }, (_, at) => ({ at, device: new UnstoredNote(), shapes: MIX[at % 4] ?? ROOM }));
    this.#walks = meters.flatMap(({ shapes, ...meter }) =>
      Object.entries(shapes).map(([point, shape]) => ({ ...meter, point, shape, value: shape.start })),
    );
    const info = (id: string, device: Device, points: DeviceInfo["points"]): DeviceInfo => ({
      id,
      type: "bench",
      points,
      silentAfterMs: NEVER_SILENT_MS,
      open: async () => device,
    });
    this.devices = [
      ...meters.map(({ at, device, shapes }) => info(`school-${at + 1}`, device, pointsOf(shapes))),
      info("bay-014-sensor", this.#bay, { presence: { unit: "", kind: "state" } }),
    ];
  }

  /** Makes the next values now: what a wire would say must not cost the gateway anything. */
  prepare(count: number): void {
    const ready = new Float64Array(count);
    for (let i = 0; i < count; i += 1) {
      const walk = this.#walks[(this.#next + i) % this.#walks.length];
      if (walk !== undefined) ready[i] = this.#step(walk);
    }
    this.#ready = ready;
    this.#taken = 0;
  }

  /** So many readings of the points that are next in turn, one batch per device; a device whose turn comes again gives both. */
  give(count: number, mono: number): void {
    const batches = new Map<UnstoredNote, Reading[]>();
    for (let i = 0; i < count; i += 1) {
      const walk = this.#walks[this.#next++ % this.#walks.length];
      if (walk === undefined) return;
      const batch = batches.get(walk.device) ?? [];
      batches.set(walk.device, batch);
      // The meters of a line answer one after the other.
      batch.push({
        point: walk.point,
        value: this.#ready[this.#taken++] ?? this.#step(walk),
        quality: "good",
        mono: mono + walk.at * 20,
      });
    }
    for (const [device, batch] of batches) device.give(batch);
  }

  /** A car comes or goes: an event of the rule follows a second later. */
  toggle(mono: number): void {
    this.#occupied = !this.#occupied;
    this.#bay.give([{ point: "presence", value: this.#occupied, quality: "good", mono }]);
  }

  #step(walk: Walk): number {
    // Numerical Recipes' linear congruence: the same walk in every run.
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    const random = this.#seed / 2 ** 32;
    const { step, decimals, total } = walk.shape;
    walk.value += step * (total ? random : random - 0.5);
    return Number(walk.value.toFixed(decimals));
  }
}

const pointsOf = (shapes: typeof ELECTRICITY): Readonly<Record<string, PointSpec>> =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, { unit, total }]) => [name, { unit, kind: total ? "counter" : "gauge" }]),
  );

const bay: SiteAsset = {
  asset: {
    id: "bay-014",
    urn: "urn:ngsi-ld:ParkingSpot:it-piacenza:bay-014",
    kind: "parking-bay",
    name: { it: "Stallo 14", en: "Bay 14" },
    options: parkingBay.options.parse({
      reservedFor: "disabled",
      occupancy: "bay-014-sensor.presence",
      debounce: "0s",
      permits: { grace: "1s" },
    }),
    silentAfterMs: { occupancy: NEVER_SILENT_MS },
  },
  kind: parkingBay,
};
