/** Nothing goes in; forty meters and one bay come out as devices that say what the bench gives them, with values that move as a city's do. */
import { bayOptions, parkingBay } from "../../src/edge/rules/parking-bay.ts";
import type { StagedAsset } from "../../src/edge/stage.ts";
import type { Device, DeviceInfo, PointSpec, Reading, Rule } from "../../src/model.ts";

/** As the registers of single-phase meters give them: a start, the step of its walk, and how many decimals are shown. */
const POINTS = {
  voltage: { unit: "V", start: 231, step: 0.4, decimals: 1 },
  current: { unit: "A", start: 4, step: 0.2, decimals: 2 },
  power: { unit: "W", start: 920, step: 30, decimals: 1 },
  frequency: { unit: "Hz", start: 50, step: 0.01, decimals: 2 },
  "energy-import": { unit: "kW.h", start: 12_000, step: 0.02, decimals: 2 },
} as const;
const NAMES = Object.keys(POINTS) as readonly (keyof typeof POINTS)[];
export const METERS = 40;
const NEVER_SILENT_MS = 1e9;

/** A pushed device: each batch that is given comes out of `readings` once. */
class Given implements Device {
  #batch: readonly Reading[] | null = null;
  #wake: () => void = () => undefined;

  give(batch: readonly Reading[]): void {
    this.#batch = batch;
    this.#wake();
  }

  async *readings(_: unknown, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
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

export class Meters {
  readonly devices: readonly DeviceInfo[];
  readonly assets: readonly StagedAsset[];
  readonly #meters = Array.from({ length: METERS }, () => new Given());
  readonly #bay = new Given();
  readonly #values = Array.from({ length: METERS }, () => NAMES.map((name) => POINTS[name].start as number));
  #turn = 0;
  #seed = 42;
  #occupied = false;

  constructor() {
    const points = Object.fromEntries(
      NAMES.map((name): [string, PointSpec] => [name, { unit: POINTS[name].unit, kind: "gauge" }]),
    );
    const info = (id: string, device: Device, points: DeviceInfo["points"]): DeviceInfo => ({
      id,
      type: "bench",
      points,
      silentAfterMs: NEVER_SILENT_MS,
      open: async () => device,
    });
    this.devices = [
      ...this.#meters.map((meter, i) => info(`school-${i + 1}`, meter, points)),
      info("bay-014-sensor", this.#bay, { presence: { unit: "", kind: "state" } }),
    ];
    this.assets = [bay];
  }

  /** `count` readings, a multiple of 5, from the next meters in turn; more than one round when there are more than 200. */
  give(count: number, mono: number): void {
    const batches = new Map<number, Reading[]>();
    for (let i = 0; i < count / NAMES.length; i += 1) {
      const meter = this.#turn++ % METERS;
      const batch = batches.get(meter) ?? [];
      batches.set(meter, batch);
      const values = this.#values[meter] ?? [];
      // The meters of a line answer one after the other.
      for (const [at, point] of NAMES.entries())
        batch.push({ point, value: this.#walk(values, at), quality: "good", mono: mono + (i % METERS) * 20 });
    }
    for (const [meter, batch] of batches) this.#meters[meter]?.give(batch);
  }

  /** A car comes or goes: an event of the rule follows a second later. */
  toggle(mono: number): void {
    this.#occupied = !this.#occupied;
    this.#bay.give([{ point: "presence", value: this.#occupied, quality: "good", mono }]);
  }

  #walk(values: number[], at: number): number {
    const { step, decimals } = POINTS[NAMES[at] ?? "power"];
    // Numerical Recipes' linear congruence: the same walk in every run.
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    const random = this.#seed / 2 ** 32;
    const next = (values[at] ?? 0) + step * (NAMES[at] === "energy-import" ? random : random - 0.5);
    values[at] = next;
    const scale = 10 ** decimals;
    return Math.round(next * scale) / scale;
  }
}

const bay: StagedAsset = {
  asset: {
    id: "bay-014",
    urn: "urn:ngsi-ld:ParkingSpot:it-piacenza:bay-014",
    kind: "parking-bay",
    name: { it: "Stallo 14", en: "Bay 14" },
    options: bayOptions.parse({
      reservedFor: "disabled",
      occupancy: "bay-014-sensor.presence",
      debounce: "0s",
      permits: { grace: "1s" },
    }),
    silentAfterMs: { occupancy: NEVER_SILENT_MS },
  },
  rule: parkingBay as Rule as StagedAsset["rule"],
};
