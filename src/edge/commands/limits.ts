/** Keeps a target within its longest on-time and shortest interval, whoever commands, across restarts. */
import { EdgeError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { pause } from "../../kit/loop/pause.ts";
import type { Heartbeat } from "../../kit/loop/watchdog.ts";
import { hostEvent } from "../../model/host-events.ts";
import type { CommandTarget, Limits, Outcome, Text } from "../../model/index.ts";
import type { AlarmDraft, Alarms } from "../alarms.ts";
import type { CommandHost } from "./command-host.ts";

/** Times in running ms of the database: a wall clock may lie, a restart may not shorten them. */
interface Mark {
  readonly begun: number;
  /** When it must be switched off, and what says "off" to it; null: it is off, or may stay on. */
  readonly offAt: number | null;
  readonly off: number | boolean;
}

export interface LimitHost extends CommandHost {
  /** What stands: a load that stays on. */
  readonly alarms: Pick<Alarms, "raise" | "clear">;
  readonly log: Log;
}

const PREFIX = "limit/";
const LOOK_EVERY_MS = 500;
const RETRY_MS = 5000;

export class LimitKeeper {
  readonly #host: LimitHost;
  readonly #offMs: number;
  readonly #marks = new Map<string, Mark>();
  /** What stood before the order under way; null: nothing. */
  readonly #before = new Map<string, Mark | null>();
  readonly #busy = new Set<string>();
  /** Not switched off at the last try: running ms of the next. */
  readonly #missed = new Map<string, number>();

  /**
   * `offMs`: time off since the marks were saved, if known: it counts for both limits. What is no longer among the `targets` cannot be told
   * anything; its mark stays saved for the day that it is there again. The others are told what they take today.
   */
  constructor(host: LimitHost, saved: ReadonlyMap<string, unknown>, offMs: number, targets: ReadonlyMap<string, CommandTarget>) {
    this.#host = host;
    this.#offMs = offMs;
    for (const [key, value] of saved) {
      const target = key.slice(PREFIX.length);
      const today = targets.get(target);
      if (!key.startsWith(PREFIX) || value === null || today === undefined) continue;
      const mark = value as Mark;
      this.#marks.set(target, {
        begun: mark.begun - offMs,
        offAt: mark.offAt === null ? null : mark.offAt - offMs,
        off: offToday(mark.off, today),
      });
    }
  }

  /** Joins the first commit of the epoch: the next start only knows how long it was off since this one. */
  open(): void {
    if (this.#offMs > 0) for (const [target, mark] of this.#marks) this.#set(target, mark);
  }

  /** Switching off always may: whoever has to stop something cannot wait. The next order to switch on then counts from there. */
  mayBegin(target: string, value: number | boolean, limits: Limits = {}): boolean {
    const mark = this.#marks.get(target);
    if (mark === undefined || limits.minIntervalMs === undefined || !isOn(value, offOf(value, limits))) return true;
    return this.#host.running() - mark.begun >= limits.minIntervalMs;
  }

  /**
   * Joins the commit that records `executing`. An order to switch off leaves the deadline until it surely succeeded. An order to switch on sets a new
   * one by today's limits; where they name none, a deadline of earlier limits is removed.
   */
  begin(target: string, value: number | boolean, limits: Limits = {}): void {
    const before = this.#marks.get(target) ?? null;
    if (limits.minIntervalMs === undefined && limits.maxOnMs === undefined && (before?.offAt ?? null) === null) return;
    const begun = this.#host.running();
    const off = offOf(value, limits);
    this.#before.set(target, before);
    const deadline = limits.maxOnMs === undefined ? null : begun + limits.maxOnMs;
    this.#set(target, { begun, off, offAt: isOn(value, off) ? deadline : (before?.offAt ?? null) });
  }

  /**
   * Joins the commit that records the end. The deadline is removed only if the target was surely switched off. An expired order was never sent and
   * changes nothing. A failed one does not move an existing deadline, but a deadline that it set itself stays: a device that answers "no" may still
   * have switched on.
   */
  ended(target: string, value: number | boolean, state: Outcome["state"]): void {
    const mark = this.#marks.get(target);
    const before = this.#before.get(target);
    this.#before.delete(target);
    if (mark === undefined) return;
    if (state === "expired" && before !== undefined) this.#set(target, before);
    else if (state === "succeeded" && !isOn(value, mark.off)) this.#moveOff(target, mark, null);
    else if (state === "failed") this.#moveOff(target, mark, before?.offAt ?? mark.offAt);
    if (!this.#isOverdue(target)) this.#forgive(target);
  }

  #moveOff(target: string, mark: Mark, offAt: number | null): void {
    if (offAt !== mark.offAt) this.#set(target, { ...mark, offAt });
  }

  #isOverdue(target: string): boolean {
    const offAt = this.#marks.get(target)?.offAt ?? null;
    return offAt !== null && offAt <= this.#host.running();
  }

  /** Switches off whatever has been on for too long, first what was overdue at the start. A target that does not answer does not delay the others. */
  async run(stop: AbortSignal, heartbeat: Heartbeat): Promise<void> {
    while (!stop.aborted) {
      heartbeat.touch();
      const running = this.#host.running();
      for (const target of this.#marks.keys())
        if (this.#isOverdue(target) && !this.#busy.has(target) && (this.#missed.get(target) ?? running) <= running)
          void this.#switchOff(target, stop);
      await pause(LOOK_EVERY_MS, stop);
    }
    heartbeat.end();
  }

  async #switchOff(target: string, stop: AbortSignal): Promise<void> {
    this.#busy.add(target);
    try {
      await this.#host.alone(target, () => this.#overdue(target, stop));
    } catch (error) {
      this.#host.log.error("limit.failed", { target, cause: error });
    } finally {
      this.#busy.delete(target);
    }
  }

  async #overdue(target: string, stop: AbortSignal): Promise<void> {
    const mark = this.#marks.get(target);
    // A command that went first may have moved the deadline.
    if (mark === undefined || !this.#isOverdue(target) || stop.aborted) return;
    const outcome = await this.#host.perform(target, mark.off, stop);
    if (outcome.state !== "succeeded") {
      if (!stop.aborted) this.#miss(target, outcome);
      return;
    }
    this.#set(target, { ...mark, offAt: null });
    this.#forgive(target);
    this.#host.raise({
      ...hostEvent("command.limit-reached"),
      state: "noted",
      text: { it: `${target} spento: tempo massimo raggiunto`, en: `${target} switched off: maximum on-time reached` },
      extra: { target, limit: "maxOn" },
    });
    await this.#host.flush();
  }

  /** For who has the target to himself: whether it is not on for too long, after one more try to switch it off. */
  async isClear(target: string, stop: AbortSignal): Promise<boolean> {
    await this.#overdue(target, stop);
    return !this.#isOverdue(target);
  }

  /** Tried again and again; told once, until it is off or may be on. */
  #miss(target: string, { code }: Outcome): void {
    if (!this.#missed.has(target)) this.#host.log.warn("limit.not-switched-off", { target, code });
    this.#missed.set(target, this.#host.running() + RETRY_MS);
    const error = new EdgeError("command.not-switched-off", { target });
    // A device that answers, and refuses this one thing, is up: nothing else says why.
    const why = code === undefined ? "" : ` (${code})`;
    const text = (lang: keyof Text) => `${error.what(lang)}${why}. ${error.hint(lang)}`;
    this.#host.alarms.raise(target, "maxOn", missed(target, { it: text("it"), en: text("en") }, code), this.#host.mono());
  }

  #forgive(target: string): void {
    this.#missed.delete(target);
    const text = { it: `${target}: di nuovo entro il tempo massimo`, en: `${target}: within its maximum on-time again` };
    this.#host.alarms.clear(target, "maxOn", missed(target, text), this.#host.mono());
  }

  #set(target: string, mark: Mark | null): void {
    if (mark === null) this.#marks.delete(target);
    else this.#marks.set(target, mark);
    this.#host.save(`${PREFIX}${target}`, mark);
  }
}

function missed(target: string, text: Text, why?: string): AlarmDraft {
  const [device = ""] = target.split(".");
  const extra = { target, limit: "maxOn", code: "command.not-switched-off" };
  return {
    ...hostEvent("command.limit-missed"),
    device,
    text,
    ...(why !== undefined && { cause: { code: why } }),
    extra,
  };
}

/** What says "off" to a target that is told such values: of numbers the nearest to 0. With a `maxOn` the configuration sees to it that it can be written. */
const offOf = (like: number | boolean, { min = 0, max = 0, orZero }: Limits): number | boolean =>
  typeof like === "boolean" ? false : min > 0 && !orZero ? min : Math.min(0, max);

/** Under one name there may have been a switch and now a number, or a number and now a switch. */
function offToday(off: number | boolean, { args, limits }: CommandTarget): number | boolean {
  const type = args["value"]?.type === "boolean" ? "boolean" : "number";
  if (typeof off === type && limits === undefined) return off;
  return offOf(type === "boolean" ? false : 0, limits ?? {});
}

const isOn = (value: number | boolean, off: number | boolean): boolean => value !== false && value !== off && value !== 0;
