/** An opened charging column: a Modbus unit whose registers, read in one round, make the values that all columns have. */
import type { Device, Outcome, Reading, Ticks, Value } from "../../../model/index.ts";
import type { Points } from "../modbus/registers.ts";
import type { Derived } from "./derived.ts";

interface Inputs {
  readonly derived: Derived;
  /** What was read of it in this round. */
  readonly read: Map<string, Reading>;
}

export class ColumnDevice implements Device {
  readonly #unit: Device;
  readonly #registers: Points;
  readonly #derived: ReadonlyMap<string, Derived>;
  /** The last values of points that are read seldom. */
  readonly #given = new Map<string, Value>();
  readonly #before = new Map<string, Value>();

  constructor(unit: Device, derived: Readonly<Record<string, Derived>>, registers: Points) {
    this.#unit = unit;
    this.#derived = new Map(Object.entries(derived));
    this.#registers = registers;
  }

  async *readings(ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    const inputs = new Map<string, Inputs>([...this.#derived].map(([name, derived]) => [name, { derived, read: new Map() }]));
    for await (const batch of this.#unit.readings(ticks, stop)) {
      for (const { point, value, quality } of batch) if (quality === "good") this.#given.set(point, value);
      const made = [...inputs].flatMap(([name, one]) => this.#made(name, one, batch));
      yield [...batch.filter(({ point }) => !this.#registers[point]?.hidden), ...made];
    }
  }

  /** Makes nothing until all inputs of this round are there: a letter from two moments may be a state that never existed. */
  #made(name: string, { derived, read }: Inputs, batch: readonly Reading[]): readonly Reading[] {
    for (const reading of batch) if (derived.from.includes(reading.point)) read.set(reading.point, reading);
    if (read.size < derived.from.length) return [];
    const together = [...read.values()];
    read.clear();
    const mono = Math.max(...together.map((input) => input.mono));
    const bad = together.find(({ quality }) => quality === "bad") ?? together.find(({ quality }) => quality !== "good");
    if (bad !== undefined && bad.quality === "bad") return [{ ...bad, point: name, mono }];
    const given = (derived.given ?? []).map((point) => [point, this.#given.get(point)] as const);
    const values = Object.fromEntries([...given, ...together.map(({ point, value }) => [point, value] as const)]);
    const derivation = derived.of(values, this.#before.get(name));
    if (derivation === undefined) return [{ point: name, value: null, quality: "bad", code: "value.undecided", mono }];
    const doubt = bad?.code ?? (derivation.isDoubtful ? "value.undecided" : undefined);
    if (doubt !== undefined) return [{ point: name, value: derivation.value, quality: "uncertain", code: doubt, mono }];
    this.#before.set(name, derivation.value);
    return [{ point: name, value: derivation.value, quality: "good", mono }];
  }

  perform(point: string, value: number | boolean, stop: AbortSignal, latest?: number): Promise<Outcome> {
    return this.#unit.perform?.(point, value, stop, latest) ?? Promise.resolve({ state: "failed", code: "command.out-of-range" });
  }

  hurry(): void {
    this.#unit.hurry?.();
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#unit[Symbol.asyncDispose]();
  }
}
