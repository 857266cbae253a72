/** What a Modbus line and each of its units have counted since it was opened. */
import type { AskedStatus } from "../../model.ts";
import type { BusStats } from "../driver.ts";
import type { Units } from "./modbus-units.ts";
import { Occupancy } from "./occupancy.ts";

const OCCUPANCY_WINDOW_MS = 60_000;

export class LineStats implements BusStats {
  requests = 0;
  timeouts = 0;
  checksumErrors = 0;
  foreignReplies = 0;
  exceptions = 0;
  rebuilds = 0;
  readonly units: Units;
  readonly used = new Occupancy(OCCUPANCY_WINDOW_MS, performance.now());

  constructor(units: Units) {
    this.units = units;
  }

  get occupancy(): number {
    return this.used.percent(performance.now());
  }

  unit(unit: number): AskedStatus | undefined {
    return this.units.stats(unit);
  }
}
