/** One round over the blocks of a unit: a block fails alone, and what may pass by itself is asked again. */
import { monotonic } from "../../../kit/clock.ts";
import type { Code, Context, EdgeError } from "../../../kit/errors.ts";
import { doubling } from "../../../kit/loop/backoff.ts";
import type { ModbusReply } from "../../driver.ts";
import { ExchangeError } from "../../transports/modbus/exchange-error.ts";
import { isCorrupt } from "../../transports/modbus/framing/modbus-frame.ts";
import type { Block } from "./registers.ts";

/** Pauses before a read is repeated that found the unit busy or whose reply was corrupt: each pause once, and only in the first half of the period. */
const AGAIN_MS = [1000, 2000, 5000] as const;
/** After so many silences in a row, a unit that has not answered in this round is down, and one that has is asked whether it still answers. */
const ENOUGH = 2;
/** A silent block of a living unit may take one part in so many of the time, and half as much after each further silence. */
const SHARE = 33;
const REST_MOST_MS = { poll: 600_000, alarm: 60_000 } as const;
/** Where the error does not say how long was waited. */
const ASSUMED_COST_MS = 1000;

/** Server device failure, acknowledge, busy, memory parity error: the specification lets the client ask again (Modbus Application Protocol V1.1b3, 7). */
export const PASSING: readonly number[] = [4, 5, 6, 8];
/** A gateway's words for a unit that is silent. */
const NOBODY_THERE: readonly number[] = [10, 11];

export const isRefusal = (error: unknown, exceptions: readonly number[]): boolean =>
  error instanceof ExchangeError && error.exception !== undefined && exceptions.includes(error.exception);

/** Of the unit, and not of the wire, which is the same for all its blocks. */
export const isOfUnit = (error: unknown): error is ExchangeError =>
  error instanceof ExchangeError && error.code.startsWith("bus.") && error.code !== "bus.flooded";

/** Whether the unit itself answered, be it with an exception or with a reply that arrived whole and corrupt. */
export const isAnswer = (error: EdgeError): boolean =>
  isCorrupt(error.code)
    ? error instanceof ExchangeError && error.cameWhole
    : error.code === "bus.exception" && !isRefusal(error, NOBODY_THERE);

const isPassing = (error: EdgeError): boolean => isCorrupt(error.code) || isRefusal(error, PASSING);

/** The far side closed the connection under a request, as some do after each reply: on a new one the same read may be answered. For reads alone. */
export async function thoughHungUp<T>(ask: (isAgain: boolean) => Promise<T>): Promise<T> {
  try {
    return await ask(false);
  } catch (error) {
    if (!isOfUnit(error) || error.code !== "bus.unreachable") throw error;
    return await ask(true);
  }
}

/** Asks until it is answered otherwise than with "busy" or a spoiled reply, as long as a pause still ends before `until`. For reads alone. */
export async function patiently<T>(ask: (notBefore?: number) => Promise<T>, until: number): Promise<T> {
  let notBefore: number | undefined;
  for (const pauseMs of AGAIN_MS) {
    try {
      return await ask(notBefore);
    } catch (error) {
      if (!isOfUnit(error) || !isPassing(error) || monotonic() + pauseMs > until) throw error;
      notBefore = monotonic() + pauseMs;
    }
  }
  return await ask(notBefore);
}

interface Silence {
  readonly code: Code;
  readonly why: Context;
  readonly times: number;
  readonly until: number;
}

/** Which blocks of a unit are silent though it lives; kept over its rounds and reopenings. */
export class Silences {
  /** Its last round heard nothing: one silence more is enough to say so again. */
  isDown = false;
  readonly #of = new Map<string, Silence>();

  /** Why a block is not asked now, if it is not. */
  resting(key: string): Pick<Silence, "code" | "why"> | undefined {
    const silence = this.#of.get(key);
    return silence !== undefined && silence.until > monotonic() ? { code: silence.code, why: silence.why } : undefined;
  }

  has(key: string): boolean {
    return this.#of.has(key);
  }

  over(key: string): void {
    this.#of.delete(key);
  }

  timesOf(key: string): number {
    return this.#of.get(key)?.times ?? 0;
  }

  /** Returns how often in a row. */
  add(key: string, { code, context }: EdgeError, mostMs: number): number {
    const times = (this.#of.get(key)?.times ?? 0) + 1;
    const cost = Number(context["timeoutMs"] ?? ASSUMED_COST_MS);
    this.#of.set(key, { code, why: context, times, until: monotonic() + doubling(cost * SHARE, mostMs)(times) });
    return times;
  }

  /** The whole unit was silent, so this counts against no block: all are asked as soon as it is back, the silent ones last. */
  excuse(unproven: readonly (readonly [key: string, times: number])[]): void {
    for (const [key, times] of unproven.toReversed()) {
      const silence = this.#of.get(key);
      if (silence !== undefined) this.#of.set(key, { ...silence, times });
    }
    this.wake();
  }

  /** Somebody waits: what rests is asked at its next turn. */
  wake(): void {
    for (const [key, silence] of this.#of) this.#of.set(key, { ...silence, until: 0 });
  }
}

export interface Asking {
  /** Sends the read of a block, not before this moment. */
  ask(block: Block, notBefore?: number): Promise<ModbusReply>;
  /** Lets the next request out at once, although the unit was silent twice. */
  hurry(): void;
  isAlarm(block: Block): boolean;
  /** The same points without what lies between them. */
  partsOf(block: Block): readonly Block[];
  /** From now on the block is read as these parts. */
  split(block: Block, parts: readonly Block[]): void;
}

export type Told = { readonly block: Block } & (
  | { readonly reply: ModbusReply }
  | {
      readonly code: Code;
      readonly mono: number;
      readonly why?: Context;
      /** The unit refuses this block, and not because it is busy. */
      readonly isRefused?: boolean;
    }
);

export const keyOf = ({ fc, address, quantity }: Block): string => `${fc} ${address} ${quantity}`;

export class Round {
  readonly #asking: Asking;
  readonly #silences: Silences;
  readonly #until: number;
  #told: Told[] = [];
  #again: (Told & { readonly code: Code })[] = [];
  /** One that the unit answered in this round. */
  #answered: Block | null = null;
  #inARow = 0;
  /** What was silent since the unit was last heard, and how often before in a row: perhaps the whole unit is silent. */
  readonly #unproven: [key: string, times: number][] = [];
  #last: EdgeError | null = null;

  /** `until`: monotonic ms after which nothing is asked again. */
  constructor(asking: Asking, silences: Silences, until: number) {
    this.#asking = asking;
    this.#silences = silences;
    this.#until = until;
  }

  /** Throws what the wire or the silence of the unit is told with, after what was read until then. */
  async *over(blocks: readonly Block[]): AsyncGenerator<readonly Told[]> {
    try {
      await this.#first(blocks);
      for (const pauseMs of AGAIN_MS) {
        if (this.#again.length === 0 || monotonic() + pauseMs > this.#until) break;
        if (this.#told.length > 0) yield this.#take();
        const notBefore = monotonic() + pauseMs;
        for (const { block } of this.#again.splice(0)) await this.#read(block, notBefore);
      }
    } catch (error) {
      if (this.#answered !== null && this.#told.length > 0) yield this.#take();
      throw error;
    }
    this.#told.push(...this.#again);
    if (this.#told.length > 0) yield this.#take();
  }

  #take(): readonly Told[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }

  /** Reads the blocks, those that were silent before last: by then it is known whether the unit lives. */
  async #first(blocks: readonly Block[]): Promise<void> {
    const isSilent = (block: Block) => this.#silences.has(keyOf(block));
    for (const block of [...blocks.filter((one) => !isSilent(one)), ...blocks.filter(isSilent)]) {
      const silence = this.#answered === null ? undefined : this.#silences.resting(keyOf(block));
      if (silence === undefined) await this.#read(block);
      else this.#told.push({ block, ...silence, mono: monotonic() });
    }
    if (this.#answered === null && this.#last !== null) this.#down(this.#last);
  }

  /** Whether it was answered with values. */
  async #read(block: Block, notBefore?: number): Promise<boolean> {
    try {
      const reply = await this.#ask(block, notBefore);
      this.#hears(block);
      this.#told.push({ block, reply });
      return true;
    } catch (error) {
      if (!isOfUnit(error)) throw error;
      if (!isAnswer(error)) return await this.#misses(block, error);
      this.#hears(block);
      if (block.overGaps && isRefusal(error, [2, 3])) return await this.#inParts(block);
      const failed = { block, code: error.code, why: error.context, mono: monotonic() };
      if (isPassing(error)) this.#again.push(failed);
      else this.#told.push({ ...failed, isRefused: true });
      return false;
    }
  }

  #ask(block: Block, notBefore?: number): Promise<ModbusReply> {
    return thoughHungUp((isAgain) => this.#asking.ask(block, isAgain ? undefined : notBefore));
  }

  /** It may have refused only what lies between the points. If one of them is answered alone, that is how they are read from now on. */
  async #inParts(block: Block): Promise<boolean> {
    const parts = this.#asking.partsOf(block);
    let answered = false;
    for (const part of parts) answered = (await this.#read(part)) || answered;
    if (answered) this.#asking.split(block, parts);
    return answered;
  }

  #hears(block: Block): void {
    this.#answered ??= block;
    this.#inARow = 0;
    this.#unproven.length = 0;
    this.#silences.isDown = false;
    this.#silences.over(keyOf(block));
  }

  /** Counts a silence, also one to the identity request, so that a dead unit is given up after fewer requests. */
  missed(key: string, error: EdgeError, mostMs: number = REST_MOST_MS.poll): number {
    this.#inARow += 1;
    this.#last = error;
    this.#unproven.push([key, this.#silences.timesOf(key)]);
    return this.#silences.add(key, error, mostMs);
  }

  async #misses(block: Block, error: EdgeError): Promise<false> {
    const times = this.missed(keyOf(block), error, REST_MOST_MS[this.#asking.isAlarm(block) ? "alarm" : "poll"]);
    (times === 1 ? this.#again : this.#told).push({ block, code: error.code, why: error.context, mono: monotonic() });
    if (this.#answered === null) {
      if (this.#silences.isDown || this.#inARow >= ENOUGH) this.#down(error);
    } else if (this.#inARow >= ENOUGH) await this.#probe(this.#answered, error);
    return false;
  }

  /** Asks again for a block that was answered in this round: that shows whether only two blocks are silent, or the whole unit has fallen silent. */
  async #probe(answered: Block, silence: EdgeError): Promise<void> {
    this.#asking.hurry();
    try {
      await this.#ask(answered);
    } catch (error) {
      if (!isOfUnit(error)) throw error;
      if (!isAnswer(error)) this.#down(silence);
    }
    this.#inARow = 0;
    this.#unproven.length = 0;
  }

  #down(error: EdgeError): never {
    this.#silences.isDown = true;
    this.#silences.excuse(this.#unproven.splice(0));
    throw error;
  }
}
