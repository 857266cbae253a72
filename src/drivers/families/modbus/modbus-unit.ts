/** An opened Modbus unit: reads its table round by round, judges each value, and carries out writes. */
import { monotonic } from "../../../kit/clock.ts";
import type { Code } from "../../../kit/errors.ts";
import { AnyOf } from "../../../kit/loop/signals.ts";
import type { Device, Outcome, Reading, Ticks } from "../../../model/index.ts";
import type { IdentityCheck, ModbusBus, ModbusReply, ModbusRequest, Opening, Priority } from "../../driver.ts";
import { widthOf } from "./decodes.ts";
import { isAnswer, isOfUnit, isRefusal, patiently, Round, Silences, type Told, thoughHungUp } from "./poll-round.ts";
import { doubtful, ReadingJudge } from "./reading-judge.ts";
import { type Block, blocksOf, decodePoint, type Merging, type Points } from "./registers.ts";
import { type Asked, type CommandedUnit, commandUnit, type Errand, writeOf } from "./unit-command.ts";
import { KeepAlive, PollCadence, Settings } from "./unit-schedule.ts";

export interface UnitOptions {
  readonly unit: number;
  readonly every: number;
  readonly timeout?: number | undefined;
  readonly replyDeadline?: number | undefined;
  readonly atConnect?: { readonly pause: number } | undefined;
}

export interface UnitTable {
  readonly points: Points;
  readonly merging: Merging;
  readonly identity: readonly IdentityCheck[];
}

/** What was learnt of a unit. It outlives reopenings: a meter is replaced, or forgets its count, exactly when it does not answer. */
interface Learnt {
  blocks: readonly Block[];
  readonly belief: ReadingJudge;
  readonly silences: Silences;
}

/** Per line and device; gone with the line. */
const learnt = new WeakMap<ModbusBus, Map<string, Learnt>>();

function learntOf(bus: ModbusBus, id: string, { points, merging }: UnitTable): Learnt {
  const units = learnt.get(bus) ?? new Map<string, Learnt>();
  learnt.set(bus, units);
  const known = units.get(id) ?? {
    blocks: alarmsFirst(blocksOf(points, merging), points),
    belief: new ReadingJudge(),
    silences: new Silences(),
  };
  units.set(id, known);
  return known;
}

const priorityOf = (wanted: readonly string[], points: Points): Priority =>
  wanted.some((point) => points[point]?.alarm === true) ? "alarm" : "poll";

const alarmsFirst = (blocks: readonly Block[], points: Points): readonly Block[] => [
  ...blocks.filter((block) => priorityOf(block.points, points) === "alarm"),
  ...blocks.filter((block) => priorityOf(block.points, points) === "poll"),
];

/** What requests belong to. */
interface Work extends Errand {
  /** Told after each of them. */
  readonly goesOn?: () => void;
}

/** The key under which unanswered identity requests are counted, beside the keys of the blocks. */
const IDENTITY = "identity";

export class TableDevice implements Device {
  readonly #bus: ModbusBus;
  readonly #table: UnitTable;
  readonly #unit: number;
  readonly #timing: Pick<ModbusRequest, "device" | "timeoutMs" | "replyDeadlineMs">;
  readonly #everyMs: number;
  readonly #learnt: Learnt;
  readonly #cadence: PollCadence;
  readonly #repeats: KeepAlive;
  readonly #settings: Settings;
  #isKnown = false;

  constructor({ id, wires, bus, options }: Opening<UnitOptions>, table: UnitTable) {
    const { timeout, replyDeadline, atConnect } = options;
    this.#bus = wires.modbus(bus);
    this.#table = table;
    this.#unit = options.unit;
    this.#everyMs = options.every;
    this.#timing = {
      device: id,
      ...(timeout !== undefined && { timeoutMs: timeout }),
      ...(replyDeadline !== undefined && { replyDeadlineMs: replyDeadline }),
      ...(atConnect && { restMs: atConnect.pause }),
    };
    this.#cadence = new PollCadence(options.every);
    this.#repeats = new KeepAlive(table.points, options.every);
    this.#settings = new Settings(table.points);
    this.#learnt = learntOf(this.#bus, id, table);
  }

  async *readings(ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    for (;;) {
      await ticks.next(stop);
      if (stop.aborted) return;
      const work: Work = { stop, goesOn: () => ticks.goesOn?.() };
      const until = monotonic() + this.#everyMs / 2;
      const round = new Round(this.#asking(work), this.#learnt.silences, until);
      const doubt = await this.#doubt(round, work, until);
      if (doubt === undefined)
        await this.#repeats.refresh((point, value, waiting) =>
          this.#whileWaiting(point, value, waiting, this.#table.points[point]?.keepAlive?.everyMs ?? this.#everyMs, work),
        );
      for await (const told of round.over(this.#cadence.due(this.#learnt.blocks))) {
        for (const one of told) this.#cadence.told(one);
        const read = told.flatMap((one) => this.#readings(one));
        this.#settings.read(read);
        yield read.map((reading) => this.#judged(reading, doubt));
      }
      if (doubt === undefined)
        await this.#settings.restore((point, value, waiting) => this.#whileWaiting(point, value, waiting, this.#everyMs, work));
    }
  }

  #judged(reading: Reading, doubt: Code | undefined): Reading {
    if (doubt !== undefined) return doubtful(reading, doubt);
    const believed = this.#learnt.belief.judge(reading, this.#table.points[reading.point]);
    const failed = this.#repeats.failed.get(reading.point) ?? this.#settings.failed.get(reading.point);
    return failed === undefined ? believed : doubtful(believed, failed);
  }

  /** A write of our own. One that is still in the queue when the next one is due, or when a command comes, is given up. */
  async #whileWaiting(point: string, value: number | boolean, waiting: AbortSignal, withinMs: number, work: Work): Promise<void> {
    using stop = new AnyOf(work.stop, waiting);
    const spec = this.#table.points[point];
    const write = spec && writeOf(value, spec);
    if (!write) return;
    const { held: _, ...request } = write;
    await this.#request({ ...request, priority: "alarm" }, { ...work, stop: stop.signal, latest: monotonic() + withinMs });
  }

  #asking(work: Work): ConstructorParameters<typeof Round>[0] {
    const { points, merging } = this.#table;
    return {
      ask: ({ fc, address, quantity, points: wanted }, notBefore) =>
        this.#request({ fc, address, quantity, priority: priorityOf(wanted, points), ...later(notBefore) }, work),
      hurry: () => this.#bus.hurry(this.#unit),
      isAlarm: (block) => priorityOf(block.points, points) === "alarm",
      partsOf: (block) => {
        const inside = Object.fromEntries(Object.entries(points).filter(([point]) => block.points.includes(point)));
        return blocksOf(inside, { ...merging, maxGap: 0 });
      },
      split: (block, parts) => {
        const blocks = this.#learnt.blocks.flatMap((known) => (known === block ? parts : [known]));
        this.#learnt.blocks = alarmsFirst(blocks, points);
      },
    };
  }

  /** The code that every reading of this round gets when the unit is the wrong one or may be; undefined: none. A unit that does not identify itself is read all the same. */
  async #doubt(round: Round, work: Work, until: number): Promise<Code | undefined> {
    if (this.#isKnown) return undefined;
    const { silences } = this.#learnt;
    if (silences.resting(IDENTITY) !== undefined) return "value.unidentified";
    try {
      const isRight = await patiently((notBefore) => this.#isOfThisType("poll", work, notBefore), until);
      silences.over(IDENTITY);
      return isRight ? undefined : "value.wrong-device";
    } catch (error) {
      if (!isOfUnit(error)) throw error;
      if (!isAnswer(error)) round.missed(IDENTITY, error);
      return "value.unidentified";
    }
  }

  /** Asked until it has said so once; a register that it does not have says nothing against it. */
  async #isOfThisType(priority: Priority, work: Work, notBefore?: number): Promise<boolean> {
    if (this.#isKnown) return true;
    for (const check of this.#table.identity) {
      const { fc, address } = check;
      try {
        const read = { fc, address, quantity: widthOf(check), priority, ...later(notBefore) };
        const { data } = await thoughHungUp(() => this.#request(read, work));
        if (!fits(data, check)) return false;
      } catch (error) {
        if (!isRefusal(error, [1, 2, 3])) throw error;
      }
    }
    this.#isKnown = true;
    return true;
  }

  #readings(told: Told): readonly Reading[] {
    const { block } = told;
    return block.points.map((point) =>
      "reply" in told
        ? this.#reading(point, block, told.reply)
        : { point, value: null, quality: "bad", code: told.code, mono: told.mono, ...(told.why && { why: told.why }) },
    );
  }

  async #request(request: Asked, { stop, latest, goesOn }: Work): Promise<ModbusReply> {
    const until = latest === undefined ? {} : { latest };
    try {
      return await this.#bus.request({ unit: this.#unit, ...request, ...this.#timing, ...until }, stop);
    } finally {
      goesOn?.();
    }
  }

  #reading(point: string, block: Block, { data, mono }: ModbusReply): Reading {
    const spec = this.#table.points[point];
    const decoded = spec ? decodePoint(data, block, spec) : ({ code: "value.not-a-number" } as const);
    if ("code" in decoded) return { point, value: null, quality: "bad", code: decoded.code, mono };
    if ("doubt" in decoded) return { point, value: decoded.value, quality: "uncertain", code: decoded.doubt, mono };
    return { point, value: decoded.value, quality: "good", mono };
  }

  perform(point: string, value: number | boolean, stop: AbortSignal, latest?: number): Promise<Outcome> {
    const unit: CommandedUnit = {
      points: this.#table.points,
      request: (asked, errand) => this.#request(asked, errand),
      isOfThisType: (errand, notBefore) => this.#isOfThisType("command", errand, notBefore),
    };
    const command = () => commandUnit(unit, point, value, { stop, latest });
    return this.#repeats.during(point, () => this.#settings.during(point, command));
  }

  hurry(): void {
    this.#learnt.silences.wake();
    this.#cadence.wake();
    this.#bus.hurry(this.#unit);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function fits(data: Uint8Array, check: IdentityCheck): boolean {
  const decoded = decodePoint(data, check, check);
  if ("code" in decoded) return decoded.code === "value.not-a-number";
  return check.oneOf === undefined || check.oneOf.includes(Number(decoded.value));
}

const later = (notBefore: number | undefined) => (notBefore === undefined ? {} : { notBefore });
