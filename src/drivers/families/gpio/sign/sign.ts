/** Makes the driver of a sensor that watches a status light, or a sign of two colours: one word of a few. */
import type * as z from "zod";
import { monotonic } from "../../../../kit/clock.ts";
import type { Device, PointSpec, Reading, Ticks, Value } from "../../../../model/index.ts";
import type { Driver, Golden, GpioLayout, Opening } from "../../../driver.ts";
import { type ReportOption, withReport } from "../../options.ts";
import { type GpioTable, gpioDriver } from "../line.ts";
import { Nudge, type Settled, settledIn, type WatchedLine } from "../settled.ts";
import { settledOfSeveral } from "../several-lines.ts";

export type SignPart = "light" | "red";

/** What is known of the sign; pure. */
export interface SignState {
  level(part: SignPart, isOn: boolean, mono: number): void;
  /** The word that it shows; null: not known yet. `dazzled`: other light shines into the sensor. */
  word(now: number): string | "dazzled" | null;
  /** How often it flashes; absent, or null: not known. */
  readonly periodMs?: number | null;
}

interface SignLine {
  readonly line: number;
  readonly active: "high" | "low";
}

export interface SignOptions extends SignLine {
  readonly red?: SignLine | undefined;
  readonly debounce: number;
  readonly bias: "none" | "up" | "down";
  readonly every: number;
  readonly report?: ReportOption | undefined;
}

export interface SignFamily<O extends SignOptions> {
  readonly options: z.ZodType<O>;
  readonly point: string;
  readonly blinks: boolean;
  state(options: O): SignState;
}

const ROW_AT_LEAST_MS = 15 * 60_000;
const MISSED = 3;
const LEAST_SILENCE_MS = 30_000;
/** How often it is looked at whether a light has stopped. */
const LOOK_EVERY_MS = 1000;
const WORD: PointSpec = { unit: "", kind: "state", isWord: true, report: { atLeastMs: ROW_AT_LEAST_MS } };
const PERIOD: PointSpec = { unit: "s", kind: "gauge", report: { change: 1, atLeastMs: ROW_AT_LEAST_MS } };

export function signDriver<O extends SignOptions>(table: GpioTable, family: SignFamily<O>): Driver<O> {
  const { options, point, blinks } = family;
  const driver = gpioDriver<O>(table, {
    options,
    points: (o) => withReport({ [point]: WORD, ...(blinks && { period: PERIOD }) }, o.report),
    silentAfterMs: (o) => Math.max(LEAST_SILENCE_MS, MISSED * o.every),
    layout: ({ active, red }): Omit<GpioLayout, "wire" | "line"> => ({
      active,
      means: point,
      role: "sign",
      ...(red && { red }),
      ...(blinks && { blinks }),
    }),
    open: (at) => Promise.resolve(new Sign(at, family)),
    decode: (golden, o) => decodeGolden(golden, o, family),
  });
  return { ...driver, claims: ({ line, red }) => [`line ${line}`, ...(red ? [`line ${red.line}`] : [])] };
}

const isOn = (level: 0 | 1, { active }: SignLine): boolean => level === (active === "high" ? 1 : 0);

class Sign<O extends SignOptions> implements Device {
  readonly #at: Opening<O>;
  readonly #family: SignFamily<O>;
  readonly #nudge = new Nudge();
  #isAsked = false;

  constructor(at: Opening<O>, family: SignFamily<O>) {
    this.#at = at;
    this.#family = family;
  }

  async *readings(_ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    const { wires, bus, options } = this.#at;
    const { line, red, bias, debounce, every } = options;
    const of = { bias, debounceMs: debounce, atMostEveryMs: 0, everyMs: Math.min(every, LOOK_EVERY_MS), counts: true };
    const lines: readonly (readonly [SignPart, WatchedLine])[] = [
      ...(red ? [["red", { ...of, line: red.line }] as const] : []),
      ["light", { ...of, line }],
    ];
    const state = this.#family.state(options);
    let told: string | null = null;
    let repeatAt = 0;
    for await (const [part, settled] of settledOfSeveral(wires.gpio(bus), lines, stop, this.#nudge)) {
      const now = take(state, part, settled, options);
      const word = isRestless(settled) ? "restless" : state.word(now);
      if (word === null || (word === told && now < repeatAt && !this.#isAsked)) {
        // It is alive, and has nothing to tell.
        if (settled.is === "alive") yield [];
        continue;
      }
      told = word;
      this.#isAsked = false;
      repeatAt = now + every;
      yield readingsOf(this.#family.point, word, state, now);
    }
  }

  hurry(): void {
    this.#isAsked = true;
    this.#nudge.now();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Brings the levels of a line to what is known of the sign; the moment to which that leads. */
function take(state: SignState, part: SignPart, settled: Settled, o: SignOptions): number {
  if (settled.is === "alive") return settled.now?.mono ?? monotonic();
  const of = part === "red" ? o.red : o;
  for (const { level, mono, chatter } of settled.changes) if (of && !chatter) state.level(part, isOn(level, of), mono);
  return settled.changes.at(-1)?.mono ?? monotonic();
}

const isRestless = (settled: Settled): boolean =>
  settled.is === "alive" ? settled.now?.chatter === true : settled.changes.at(-1)?.chatter === true;

function readingsOf(point: string, word: string, { periodMs }: SignState, mono: number): readonly Reading[] {
  if (word === "restless") return [{ point, value: null, quality: "bad", code: "contact.chatter", mono }];
  if (word === "dazzled") return [{ point, value: null, quality: "bad", code: "sensor.dazzled", mono }];
  const period = periodMs ?? null;
  return [
    { point, value: word, quality: "good", mono },
    ...(period === null ? [] : [{ point: "period", value: period / 1000, quality: "good", mono } as const]),
  ];
}

/** `light | red`, each its edges, of which the last may name a level that stood already: that is when somebody looks. */
function decodeGolden<O extends SignOptions>(
  golden: Golden,
  o: O,
  { state, point }: SignFamily<O>,
): Readonly<Record<string, Value>> {
  const sign = state(o);
  const parts = golden.rx.split(" | ").map((rx, at) => [at === 0 ? ("light" as const) : ("red" as const), rx] as const);
  const changes = parts.flatMap(([part, rx]) =>
    settledIn({ ...golden, rx }, o.debounce).flatMap((settled) =>
      settled.is === "alive" ? [] : settled.changes.map((change) => ({ part, change })),
    ),
  );
  for (const { part, change } of changes.sort((one, other) => one.change.mono - other.change.mono)) {
    const of = part === "red" ? o.red : o;
    if (of) sign.level(part, isOn(change.level, of), change.mono);
  }
  const looked = Math.max(...golden.rx.split(/ \| | /).map((edge) => Number(edge.split("@")[1])));
  const readings = readingsOf(point, sign.word(looked) ?? "unknown", sign, looked);
  return Object.fromEntries(readings.map((reading) => [reading.point, reading.value]));
}
