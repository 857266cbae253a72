/** Moves the twins as a scenario says, the same way for the same seed, until they are frozen. */
import { monotonic } from "../../src/kit/clock.ts";
import { meterPoints } from "./meter.ts";
import { seeded, waitMs } from "./random.ts";
import type { Play } from "./scenario.ts";
import type { Twin, Value } from "./wires/wire.ts";

export interface PlayOptions {
  readonly play: Play;
  readonly seed: number;
  /** Play time runs this much faster than real time. */
  readonly factor: number;
  readonly twins: ReadonlyMap<string, Twin>;
}

/** An ultrasonic sensor's readings wander by this much, mm. */
const JITTER_MM = 4;

export class Player implements Disposable {
  readonly #o: PlayOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #occupied = new Set<string>();
  /** device.point that somebody set by hand: the play keeps off. */
  readonly #pinned = new Set<string>();
  readonly #energy = new Map<string, number>();
  readonly #jitter: () => number;
  #started = monotonic();
  #lastTick = 0;
  #frozen = false;

  constructor(options: PlayOptions) {
    this.#o = options;
    this.#jitter = seeded(options.seed, "jitter");
    for (const device of Object.keys(options.play.columns)) this.#put(device, "state", "A");
    for (const [device, { rest }] of Object.entries(options.play.contacts)) if (rest) this.#twin(device).contact?.set(true);
    for (const [device, meter] of Object.entries(options.play.meters)) this.#energy.set(device, meter.energy);
    this.#tick();
  }

  /** When it began, monotonic ms. */
  start(): number {
    const { play } = this.#o;
    this.#started = monotonic();
    const clock = setInterval(() => this.#tick(), play.tick);
    this.#timers.add(clock);
    for (const name of Object.keys(play.bays)) this.#playBay(name);
    for (const name of Object.keys(play.contacts)) this.#playContact(name);
    for (const name of Object.keys(play.gates)) this.#playGate(name);
    for (const [device, letters] of Object.entries(play.columns))
      for (const { at, letter } of letters) this.#at(at, () => this.#put(device, "state", letter));
    for (const [name, values] of Object.entries(play.steps)) {
      const [device = "", point = ""] = name.split(".");
      for (const { at, value } of values) this.#at(at, () => this.#put(device, point, value));
    }
    return this.#started;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  get occupied(): readonly string[] {
    return [...this.#occupied];
  }

  /** Nothing moves by itself any more; what stands goes on being shown. */
  freeze(): void {
    this.#frozen = true;
    this[Symbol.dispose]();
  }

  arrive(bay: string): void {
    this.#spec(bay);
    this.#occupied.add(bay);
    this.#showBay(bay);
  }

  leave(bay: string): void {
    this.#spec(bay);
    this.#occupied.delete(bay);
    this.#showBay(bay);
  }

  set(device: string, point: string, value: Value): void {
    this.#twin(device).set(point, value);
    this.#pinned.add(`${device}.${point}`);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #playBay(name: string): void {
    const { arrivals, random } = this.#spec(name);
    for (const { at, stay } of arrivals) {
      this.#at(at, () => this.arrive(name));
      this.#at(at + stay, () => this.leave(name));
    }
    if (!random) return;
    const draw = seeded(this.#o.seed, name);
    const fill = (): void =>
      this.#in(waitMs(draw, random.free), () => {
        this.arrive(name);
        this.#in(waitMs(draw, random.stay), () => {
          this.leave(name);
          fill();
        });
      });
    this.#at(random.from, fill);
  }

  #playContact(device: string): void {
    const spec = this.#o.play.contacts[device];
    const { contact } = this.#twin(device);
    if (!spec || !contact) throw new Error(`play.contacts.${device} is no contact`);
    const open = (then: () => void): void => {
      contact.set(!spec.rest);
      this.#in(spec.for, () => {
        contact.set(spec.rest);
        then();
      });
    };
    for (const at of spec.at) this.#at(at, () => open(() => undefined));
    const { every } = spec;
    if (every === undefined) return;
    const draw = seeded(this.#o.seed, device);
    const again = (): void => this.#in(waitMs(draw, every), () => open(again));
    this.#at(Math.max(0, ...spec.at) + spec.for, again);
  }

  #playGate(device: string): void {
    const spec = this.#o.play.gates[device];
    const { contact } = this.#twin(device);
    if (!spec || !contact) throw new Error(`play.gates.${device} counts no pulses`);
    const draw = seeded(this.#o.seed, device);
    const next = (): void =>
      this.#in(waitMs(draw, spec.every), () => {
        contact.pass();
        next();
      });
    next();
  }

  #tick(): void {
    const now = (monotonic() - this.#started) * this.#o.factor;
    const { bays, curves, meters } = this.#o.play;
    for (const name of Object.keys(bays)) this.#showBay(name);
    for (const [name, { mean, swing, period }] of Object.entries(curves)) {
      const [device = "", point = ""] = name.split(".");
      this.#put(device, point, mean + swing * Math.sin((2 * Math.PI * now) / period));
    }
    for (const [device, { base, peak, period }] of Object.entries(meters)) {
      const watts = base + (peak - base) * (0.5 - 0.5 * Math.cos((2 * Math.PI * now) / period));
      const energy = (this.#energy.get(device) ?? 0) + (watts * (now - this.#lastTick)) / 3.6e9;
      this.#energy.set(device, energy);
      const { load } = this.#twin(device);
      if (!load) throw new Error(`play.meters.${device} is no meter`);
      for (const [point, value] of meterPoints(load, watts, energy)) this.#put(device, point, value);
    }
    this.#lastTick = now;
  }

  #showBay(name: string): void {
    const { sensor, free, occupied, point } = this.#spec(name);
    const { contact } = this.#twin(sensor);
    const here = this.#occupied.has(name);
    if (point !== undefined) this.#put(sensor, point, here);
    else if (contact) this.#put(sensor, contact.options.means, here);
    else this.#put(sensor, "distance", (here ? occupied : free) + (this.#jitter() * 2 - 1) * JITTER_MM);
  }

  #put(device: string, point: string, value: Value): void {
    if (!this.#pinned.has(`${device}.${point}`)) this.#twin(device).set(point, value);
  }

  #at(playMs: number, then: () => void): void {
    this.#in(playMs - (monotonic() - this.#started) * this.#o.factor, then);
  }

  #in(playMs: number, then: () => void): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        then();
      },
      Math.max(0, playMs / this.#o.factor),
    );
    this.#timers.add(timer);
  }

  #spec(bay: string) {
    const spec = this.#o.play.bays[bay];
    if (!spec) throw new Error(`no bay ${bay}: there are ${Object.keys(this.#o.play.bays).join(", ")}`);
    return spec;
  }

  #twin(device: string): Twin {
    const twin = this.#o.twins.get(device);
    if (!twin) throw new Error(`no device ${device}: there are ${[...this.#o.twins.keys()].join(", ")}`);
    return twin;
  }
}

export const stateOf = (twins: ReadonlyMap<string, Twin>): Readonly<Record<string, Readonly<Record<string, Value>>>> =>
  Object.fromEntries([...twins].map(([device, twin]) => [device, twin.values()]));
