/** A contact on a GPIO line, its polarity and what it means go in; a driver that tells its state, or counts passages, comes out. */
import * as z from "zod";
import { monotonic } from "../../kit/clock.ts";
import { EdgeError } from "../../kit/errors.ts";
import { cadence, duration } from "../../kit/quantities.ts";
import type { Device, PointSpec, Reading, Text, Ticks, Value } from "../../model.ts";
import type { Driver, Golden, GpioEdge, Opening } from "../driver.ts";
import { type Change, Debouncer } from "./debounce.ts";
import { report, withReport } from "./options.ts";

const options = z.strictObject({
  line: z.int().min(0).max(63).describe("BCM number of the line (not the pin on the header)."),
  active: z
    .enum(["high", "low"])
    .prefault("high")
    .describe("Electrical level at which the meaning is true; a contact to ground with pull-up is `low`."),
  means: z
    .enum(["presence", "door", "tamper", "passage"])
    .describe("What true says: occupied, open, tampered; or each activation counts as one passage."),
  debounce: duration().prefault("50ms").describe("A level counts once it has stood this long."),
  bias: z
    .enum(["none", "up", "down"])
    .prefault("none")
    .describe("Internal pull resistor (gpiod only; with onoff set it in config.txt)."),
  every: cadence().prefault("10s").describe("The state is repeated this often as a sign of life."),
  report: report(),
});
export type ContactOptions = z.output<typeof options>;

const ROW_AT_LEAST_MS = 15 * 60_000;
const MISSED = 3;
const LEAST_SILENCE_MS = 30_000;

export interface ContactTable {
  readonly type: string;
  readonly title: Text;
  readonly goldens: readonly Golden[];
}

export function contactDriver({ type, title, goldens }: ContactTable): Driver<ContactOptions> {
  return {
    type,
    title,
    wire: "gpio",
    options,
    goldens,
    points: (o) => withReport({ [o.means]: pointOf(o) }, o.report),
    silentAfterMs: (o) => Math.max(LEAST_SILENCE_MS, MISSED * o.every),
    claims: (o) => [`line ${o.line}`],
    layout: (o) => ({ wire: "gpio", line: o.line, active: o.active, means: o.means }),
    open: (at) => Promise.resolve(new ContactDevice(at)),
    decode: (golden) => decodeGolden(golden, options.parse({ line: 0, means: "presence", ...golden.options })),
  };
}

const pointOf = ({ means }: ContactOptions): PointSpec =>
  means === "passage" ? { unit: "1", kind: "increments" } : { unit: "", kind: "state", report: { atLeastMs: ROW_AT_LEAST_MS } };

/** What a settled change tells. `first`: the level at opening, which is no passage. */
function readingsOf(changes: readonly Change[], { means, active }: ContactOptions, first: boolean): readonly Reading[] {
  return changes.flatMap(({ level, mono, chatter }): readonly Reading[] => {
    const isActive = level === (active === "high" ? 1 : 0);
    const judged = chatter ? ({ quality: "uncertain", code: "contact.chatter" } as const) : ({ quality: "good" } as const);
    if (means !== "passage") return [{ point: means, value: isActive, ...judged, mono }];
    if (chatter) return [{ point: means, value: 0, ...judged, mono }];
    return isActive && !first ? [{ point: means, value: 1, ...judged, mono }] : [];
  });
}

class ContactDevice implements Device {
  readonly #at: Opening<ContactOptions>;

  constructor(at: Opening<ContactOptions>) {
    this.#at = at;
  }

  async *readings(_ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    const { wires, bus, options } = this.#at;
    const ended = new AbortController();
    const edges = new Mailbox(wires.gpio(bus).watch(options.line, { bias: options.bias }, AbortSignal.any([stop, ended.signal])));
    const debouncer = new Debouncer(options.debounce);
    let first = true;
    let alive = monotonic() + options.every;
    try {
      while (!stop.aborted) {
        const edge = await edges.next(Math.min(debouncer.due ?? alive, alive) - monotonic());
        if (edge === "ended") return;
        const changes = edge ? debouncer.edge(edge.level, edge.mono) : debouncer.tick(monotonic());
        if (changes.length > 0) yield readingsOf(changes, options, first);
        if (edge) first = false;
        if (monotonic() < alive || first) continue;
        alive = monotonic() + options.every;
        const now = debouncer.now(monotonic());
        yield now && options.means !== "passage" ? readingsOf([now], options, false) : [];
      }
    } finally {
      ended.abort();
      await edges.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Waits for the next edge or for time, whichever comes first; a race of promises would pile up reactions on a line that rests for a year. */
class Mailbox {
  readonly #edges: AsyncIterator<GpioEdge>;
  #arrived: GpioEdge | "ended" | null = null;
  #error: unknown = null;
  #pulling = false;
  #wake: () => void = () => undefined;

  constructor(edges: AsyncIterable<GpioEdge>) {
    this.#edges = edges[Symbol.asyncIterator]();
  }

  /** Null when `ms` have passed first. */
  async next(ms: number): Promise<GpioEdge | "ended" | null> {
    if (!this.#pulling) void this.#pull();
    if (this.#arrived === null && this.#error === null) await this.#wait(Math.max(0, ms));
    if (this.#error !== null) throw this.#error;
    const edge = this.#arrived;
    this.#arrived = null;
    if (edge !== null) this.#pulling = false;
    return edge;
  }

  async #pull(): Promise<void> {
    this.#pulling = true;
    try {
      const { done, value } = await this.#edges.next();
      this.#arrived = done ? "ended" : value;
    } catch (error) {
      this.#error = error;
    }
    this.#wake();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async close(): Promise<void> {
    await this.#edges.return?.();
  }
}

/** "0@0 1@120" = level@ms; the value after the last edge has settled, or the passages counted. */
function decodeGolden(golden: Golden, options: ContactOptions): Readonly<Record<string, Value>> {
  const debouncer = new Debouncer(options.debounce);
  const readings: Reading[] = [];
  const edges = golden.rx.split(" ").map((edge) => /^([01])@(\d+)$/.exec(edge));
  for (const [i, edge] of edges.entries()) {
    if (!edge) throw new EdgeError("frame.invalid", { device: golden.name });
    readings.push(...readingsOf(debouncer.edge(edge[1] === "1" ? 1 : 0, Number(edge[2])), options, i === 0));
  }
  readings.push(...readingsOf(debouncer.tick((debouncer.due ?? 0) + options.debounce), options, false));
  const last = options.means === "passage" ? readings.reduce((sum, { value }) => sum + Number(value), 0) : readings.at(-1)?.value;
  return { [options.means]: last ?? null };
}
