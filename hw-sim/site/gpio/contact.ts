/** A contact on a GPIO line: doors, loops, wheels and turning meters as electrical levels. */
import type { WireLog } from "../wire-log.ts";
import type { Chip } from "./chip.ts";

export interface ContactOptions {
  readonly device: string;
  readonly line: number;
  readonly active: "high" | "low";
  /** presence, door, tamper, passage, volume …: also the name of its point. */
  readonly means: string;
  readonly role: "state" | "pulses";
  /** What one pulse adds; absent: 1. */
  readonly perPulse?: number;
  readonly chip: Chip;
  readonly log: WireLog;
}

/** An induction loop gives pulses of 100 or 500 ms. */
const PULSE_MS = 200;
/** Bounces of a worn contact: shorter than any debounce in use. */
const BOUNCE_MS = 2;

export class Contact implements Disposable {
  readonly options: ContactOptions;
  #active = false;
  #pulses = 0;
  #chattering: NodeJS.Timeout | undefined;
  #pulse: NodeJS.Timeout | undefined;

  constructor(options: ContactOptions) {
    this.options = options;
    this.#tell(this.#drive(false));
  }

  get counts(): boolean {
    return this.options.role === "pulses";
  }

  get value(): boolean | number {
    return this.counts ? this.#pulses * (this.options.perPulse ?? 1) : this.#active;
  }

  /** By the name of its point; where pulses count, any value is one pulse. */
  put(point: string, value: boolean | number): void {
    if (point !== this.options.means) throw new Error(`no point ${point}: this contact has ${this.options.means}`);
    if (!this.counts) this.set(Boolean(value));
    else if (!this.pass()) throw new Error("the pulse before is not over yet");
  }

  set(active: boolean): void {
    if (active === this.#active) return;
    this.#active = active;
    if (!this.#chattering) this.#tell(this.#drive(active));
  }

  /** One pulse. Refused (false) while the pulse of the one before still stands: a loop sees one car at a time. */
  pass(): boolean {
    if (this.#pulse || this.#chattering) return false;
    const at = this.#drive(true);
    this.#pulses += 1;
    this.options.log.write({ k: "pulse", device: this.options.device, point: this.options.means, n: this.#pulses, at });
    this.#pulse = setTimeout(() => {
      this.#drive(false);
      this.#pulse = setTimeout(() => {
        this.#pulse = undefined;
      }, PULSE_MS);
    }, PULSE_MS);
    return true;
  }

  /** Bounces until the function is called; then the level is what the site means. */
  chatter(): () => void {
    if (this.#chattering) throw new Error(`${this.options.device} chatters already`);
    let level = this.#active;
    this.#chattering = setInterval(() => {
      level = !level;
      this.#tell(this.#drive(level), level);
    }, BOUNCE_MS);
    return () => {
      clearInterval(this.#chattering);
      this.#chattering = undefined;
      this.#tell(this.#drive(this.#active));
    };
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#pulse);
    clearInterval(this.#chattering);
  }

  #drive(active: boolean): number {
    const { chip, line, active: polarity } = this.options;
    return Number(chip.drive(line, active === (polarity === "high") ? 1 : 0) / 1_000_000n);
  }

  /** A level means something where a state is shown; bounces of a counting contact are no pulses. */
  #tell(at: number, value = this.#active): void {
    if (this.counts) return;
    this.options.log.write({ k: "level", device: this.options.device, point: this.options.means, value, at });
  }
}
