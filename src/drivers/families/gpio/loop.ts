/** Makes the driver of an inductive loop detector: its output, and its fault contact where it has one. */
import * as z from "zod";
import { monotonic } from "../../../kit/clock.ts";
import { duration } from "../../../kit/text/quantities.ts";
import type { Device, PointSpec, Reading, Ticks } from "../../../model/index.ts";
import type { Driver, Golden, GpioChip, Opening } from "../../driver.ts";
import { report, withReport } from "../options.ts";
import { bias, repeated } from "./input.ts";
import { type GpioTable, gpioDriver, line } from "./line.ts";
import { Nudge, type Settled, settledIn, type WatchedLine } from "./settled.ts";
import { settledOfSeveral } from "./several-lines.ts";

const level = (means: string) => z.enum(["high", "low"]).prefault("low").describe(`Electrical level that means ${means}.`);
const options = z.strictObject({
  line: line(),
  active: level("a vehicle: of a fail-safe output the level without power, of a fail-secure one the other"),
  fault: z
    .strictObject({ line: line(), active: level("a fault: of a relay that is held while all is well the level without power") })
    .optional()
    .describe("The detector's fault contact. As long as it says fault, presence is not known, whatever the output shows."),
  afterPowerUp: z
    .enum(["unknown", "believed"])
    .prefault("unknown")
    .describe(
      "Many detectors do not see a vehicle that stood there when they got power. `unknown`: after a fault, or within five minutes of this machine's start, presence is not known until it changes for the first time.",
    ),
  debounce: duration().prefault("100ms").describe("A level counts once it has stood this long."),
  bias: bias(),
  every: repeated(),
  report: report(),
});
export type LoopOptions = z.output<typeof options>;

const ROW_AT_LEAST_MS = 15 * 60_000;
const MISSED = 3;
const LEAST_SILENCE_MS = 30_000;
/** The cabinet's devices got power together with this machine. */
const POWER_UP_MS = 5 * 60_000;
const STATE: PointSpec = { unit: "", kind: "state", report: { atLeastMs: ROW_AT_LEAST_MS } };

export function loopDriver(table: GpioTable): Driver<LoopOptions> {
  const driver = gpioDriver<LoopOptions>(table, {
    options,
    points: ({ fault, report }) => withReport({ presence: STATE, ...(fault && { fault: STATE }) }, report),
    silentAfterMs: (o) => Math.max(LEAST_SILENCE_MS, MISSED * o.every),
    layout: ({ active }) => ({ active, means: "presence", role: "state" }),
    open: (at) => Promise.resolve(new LoopDetector(at)),
    decode: (golden, o) => decodeGolden(golden, o),
  });
  return { ...driver, claims: ({ line, fault }) => [`line ${line}`, ...(fault ? [`line ${fault.line}`] : [])] };
}

type Part = "presence" | "fault";

/** What is known of a detector. It is kept when the device is reopened: a detector that has seen vehicles since its power came is still tuned. */
class Knowledge {
  readonly #o: LoopOptions;
  /** It has seen a vehicle come or go since it got power. */
  #isTuned: boolean;
  #isFaulty = false;

  constructor(options: LoopOptions, isPowerUp: boolean) {
    this.#o = options;
    this.#isTuned = !isPowerUp || options.afterPowerUp === "believed";
  }

  readings(part: Part, settled: Settled): readonly Reading[] {
    const changes = settled.is !== "alive" ? settled.changes : settled.now ? [settled.now] : [];
    return changes.map(({ level, mono, chatter }) => {
      const active = part === "fault" ? this.#o.fault?.active : this.#o.active;
      const isOn = level === (active === "high" ? 1 : 0);
      if (part === "fault") this.#hears(isOn);
      else if (settled.is === "changed" && !chatter) this.#isTuned = true;
      const code = part === "presence" ? this.#doubt : undefined;
      if (code !== undefined) return { point: part, value: null, quality: "bad", code, mono };
      if (chatter) return { point: part, value: isOn, quality: "uncertain", code: "contact.chatter", mono };
      return { point: part, value: isOn, quality: "good", mono };
    });
  }

  /** After a fault it has been without power, or its loop is another one. */
  #hears(isFaulty: boolean): void {
    if (isFaulty && this.#o.afterPowerUp === "unknown") this.#isTuned = false;
    this.#isFaulty = isFaulty;
  }

  get #doubt(): "sensor.loop-fault" | "sensor.untuned" | undefined {
    if (this.#isFaulty) return "sensor.loop-fault";
    return this.#isTuned ? undefined : "sensor.untuned";
  }
}

const known = new WeakMap<GpioChip, Map<string, Knowledge>>();

function knowledgeOf(chip: GpioChip, id: string, options: LoopOptions): Knowledge {
  const detectors = known.get(chip) ?? new Map<string, Knowledge>();
  known.set(chip, detectors);
  const knowledge = detectors.get(id) ?? new Knowledge(options, monotonic() < POWER_UP_MS);
  detectors.set(id, knowledge);
  return knowledge;
}

class LoopDetector implements Device {
  readonly #at: Opening<LoopOptions>;
  readonly #nudge = new Nudge();

  constructor(at: Opening<LoopOptions>) {
    this.#at = at;
  }

  async *readings(_ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    const { id, wires, bus, options } = this.#at;
    const chip = wires.gpio(bus);
    const knowledge = knowledgeOf(chip, id, options);
    const { bias, debounce, every, fault, line } = options;
    const of = { bias, debounceMs: debounce, atMostEveryMs: 0, everyMs: every, counts: false };
    // The fault contact first: what it says holds for the first level of the output.
    const lines: readonly (readonly [Part, WatchedLine])[] = [
      ...(fault ? [["fault", { ...of, line: fault.line }] as const] : []),
      ["presence", { ...of, line }],
    ];
    for await (const [part, settled] of settledOfSeveral(chip, lines, stop, this.#nudge)) yield knowledge.readings(part, settled);
  }

  hurry(): void {
    this.#nudge.now();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** `output | fault`, each its edges; power came at 0. What stands when all has settled. */
function decodeGolden(golden: Golden, o: LoopOptions): Readonly<Record<string, Reading["value"]>> {
  const [output = "", contact] = golden.rx.split(" | ");
  const parts: readonly (readonly [Part, string])[] = [
    ...(contact === undefined ? [] : [["fault", contact] as const]),
    ["presence", output],
  ];
  const events = parts.flatMap(([part, rx]) =>
    settledIn({ ...golden, rx }, o.debounce).flatMap((settled) =>
      (settled.is === "alive" ? [] : settled.changes).map((change) => ({
        part,
        settled: { is: settled.is, changes: [change] } as Settled,
        change,
      })),
    ),
  );
  const knowledge = new Knowledge(o, true);
  const told = events
    .sort((one, other) => one.change.mono - other.change.mono)
    .flatMap(({ part, settled }) => knowledge.readings(part, settled));
  return Object.fromEntries(told.map(({ point, value }) => [point, value]));
}
