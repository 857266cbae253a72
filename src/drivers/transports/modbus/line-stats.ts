/** What a Modbus line and each of its units have counted since it was opened. */
import type { AskedStatus } from "../../../model/index.ts";
import type { BusStats } from "../../driver.ts";
import type { CircuitBreakers } from "./circuit-breakers.ts";
import type { ExchangeError } from "./exchange-error.ts";
import { isCorrupt } from "./framing/modbus-frame.ts";
import { LineLoad } from "./line-load.ts";
import { UNANSWERED } from "./modbus-link.ts";

const OCCUPANCY_WINDOW_MS = 60_000;

export class LineStats implements BusStats {
  requests = 0;
  timeouts = 0;
  checksumErrors = 0;
  foreignReplies = 0;
  exceptions = 0;
  rebuilds = 0;
  readonly units: CircuitBreakers;
  readonly load = new LineLoad(OCCUPANCY_WINDOW_MS, performance.now());

  constructor(units: CircuitBreakers) {
    this.units = units;
  }

  get occupancy(): number {
    return this.load.percent(performance.now());
  }

  /** A request that failed, by what came instead of its reply. */
  count(unit: number, { code, foreignFrames }: ExchangeError): void {
    this.foreignReplies += foreignFrames;
    if (code === "bus.exception") {
      this.exceptions += 1;
      this.units.refused(unit);
    } else if (isCorrupt(code)) {
      this.checksumErrors += 1;
      this.units.corrupted(unit);
    } else if (UNANSWERED.includes(code)) {
      this.timeouts += 1;
      this.units.timedOut(unit);
    }
  }

  unit(unit: number): AskedStatus | undefined {
    return this.units.stats(unit);
  }
}
