/** What the points of one device said last, and what people are shown where nothing newer can be had. */
import type { PointSpec, PointStatus, Reading } from "../../model/index.ts";
import { isUnread } from "./device-health.ts";

export class PointValues {
  readonly #specs: readonly (readonly [string, PointSpec])[];
  readonly #latest = new Map<string, Reading>();
  /** Last values of points, whatever was said since: where no newer one can be had they are named as last. */
  readonly #values = new Map<string, Reading>();
  /** Points of which the host said that they cannot be known, and the device nothing since. */
  readonly #lost = new Set<string>();

  /** Points of kind `credential` are never held. */
  constructor(points: Readonly<Record<string, PointSpec>>) {
    this.#specs = Object.entries(points).filter(([, { kind }]) => kind !== "credential");
  }

  heard(batch: readonly Reading[]): void {
    for (const reading of batch) {
      this.#latest.set(reading.point, reading);
      this.#lost.delete(reading.point);
      if (reading.quality !== "bad") this.#values.set(reading.point, reading);
    }
  }

  /** No point can be known, for this reason; answers the readings that say so. What only adds up stays as it is. */
  lose(code: string, mono: number): readonly Reading[] {
    const unknown = this.#specs
      .filter(([, { kind }]) => kind !== "increments")
      .map(([point]): Reading => ({ point, value: null, quality: "bad", code, mono }));
    for (const reading of unknown) {
      this.#latest.set(reading.point, reading);
      this.#lost.add(reading.point);
    }
    return unknown;
  }

  /** `areLast`: nothing newer can be had, whatever the last reading was. */
  status(mono: number, areLast: boolean): readonly PointStatus[] {
    return this.#specs.map(([point, { unit, kind }]): PointStatus => {
      const latest = this.#latest.get(point);
      const known = this.#values.get(point);
      const isLast = areLast || (known !== undefined && latest !== undefined && this.#saysNothing(latest));
      const shown = (isLast ? known : undefined) ?? latest;
      if (shown === undefined) return { point, kind, value: null, unit, quality: "bad", ageMs: null };
      const { value, mono: at } = shown;
      const ageMs = mono - at;
      if (!isLast) return { point, kind, value, unit, quality: shown.quality, ...codeOf(shown), ageMs };
      const code = latest?.quality === "bad" ? latest.code : "device.silent";
      return { point, kind, value, unit, quality: "bad", ...codeOf({ code }), ageMs, last: true };
    });
  }

  /** Whether a reading holds no word of the device on this point: then its last value stands. */
  #saysNothing(latest: Reading): boolean {
    return isUnread(latest) || this.#lost.has(latest.point);
  }
}

const codeOf = ({ code }: { readonly code?: string | undefined }) => (code === undefined ? {} : { code });
