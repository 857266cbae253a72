/** What a target was last told goes in; whether it may be told again, and when it must be switched off, come out. Kept by the gateway whoever commands, across restarts. */
import type { Log } from "../kit/log.ts";
import { pause } from "../kit/loop.ts";
import type { Beat } from "../kit/pulse.ts";
import type { EventDraft, Limits, Outcome } from "../model.ts";

/** Times in running ms of the database: a wall clock may lie, a restart may not shorten them. */
interface Mark {
  readonly begun: number;
  readonly offAt: number | null;
}

export interface LimitHost {
  running(): number;
  save(key: string, value: unknown): void;
  raise(draft: EventDraft): void;
  flush(): Promise<void>;
  perform(target: string, value: number | boolean, stop: AbortSignal): Promise<Outcome>;
  readonly log: Log;
}

const PREFIX = "limit/";
const LOOK_EVERY_MS = 500;
const RETRY_MS = 5000;

export class LimitKeeper {
  readonly #host: LimitHost;
  readonly #marks = new Map<string, Mark>();

  /** `offMs`: time off since the marks were saved, if known: it counts for both limits. */
  constructor(host: LimitHost, saved: ReadonlyMap<string, unknown>, offMs: number) {
    this.#host = host;
    for (const [key, value] of saved) {
      if (!key.startsWith(PREFIX) || value === null) continue;
      const mark = value as Mark;
      this.#marks.set(key.slice(PREFIX.length), {
        begun: mark.begun - offMs,
        offAt: mark.offAt === null ? null : mark.offAt - offMs,
      });
    }
  }

  mayBegin(target: string, limits: Limits | undefined): boolean {
    const mark = this.#marks.get(target);
    return mark === undefined || limits?.minIntervalMs === undefined || this.#host.running() - mark.begun >= limits.minIntervalMs;
  }

  /** Joins the commit that records `executing`. */
  begin(target: string, value: number | boolean, limits: Limits | undefined): void {
    if (limits?.minIntervalMs === undefined && limits?.maxOnMs === undefined) return;
    const begun = this.#host.running();
    const on = value !== false && value !== 0;
    this.#set(target, { begun, offAt: on && limits.maxOnMs !== undefined ? begun + limits.maxOnMs : null });
  }

  /** Switches off what has been on for too long, first of all what a restart found overdue. */
  async run(stop: AbortSignal, beat: Beat): Promise<void> {
    while (!stop.aborted) {
      beat.touch();
      const running = this.#host.running();
      for (const [target, mark] of this.#marks)
        if (mark.offAt !== null && mark.offAt <= running) await this.#switchOff(target, mark, stop);
      await pause(LOOK_EVERY_MS, stop);
    }
    beat.end();
  }

  async #switchOff(target: string, mark: Mark, stop: AbortSignal): Promise<void> {
    const outcome = await this.#host.perform(target, false, stop);
    if (outcome.state !== "succeeded") {
      this.#host.log.warn("limit.not-switched-off", { target, code: outcome.code });
      this.#marks.set(target, { ...mark, offAt: this.#host.running() + RETRY_MS });
      return;
    }
    this.#set(target, { ...mark, offAt: null });
    this.#host.raise({
      kind: "command.limit-reached",
      state: "noted",
      severity: "low",
      text: { it: `${target} spento: tempo massimo raggiunto`, en: `${target} switched off: maximum on-time reached` },
      extra: { target, limit: "maxOn" },
    });
    await this.#host.flush();
  }

  #set(target: string, mark: Mark): void {
    this.#marks.set(target, mark);
    this.#host.save(`${PREFIX}${target}`, mark);
  }
}
