/** Which request of a bus is sent next: by priority, then age, while units that rest are passed over. */
import { monotonic } from "../../../kit/clock.ts";
import type { EdgeError } from "../../../kit/errors.ts";
import type { ModbusReply, ModbusRequest, Priority } from "../../driver.ts";

/** Its unit rests or is held back, or the line is full: whoever asked hears of it in time, and asks again (docs/decisions/0007, polled device). */
const WAIT_MOST_MS = 180_000;

export class Job {
  readonly request: ModbusRequest;
  readonly latest: number;
  notBefore: number;
  /** Answered, failed, or given up by its caller. */
  settled = false;
  readonly #promise: { readonly resolve: (reply: ModbusReply) => void; readonly reject: (error: unknown) => void };
  readonly #callers: Set<Job>;

  constructor(
    request: ModbusRequest,
    latest: number,
    callers: Set<Job>,
    resolve: (reply: ModbusReply) => void,
    reject: (error: unknown) => void,
  ) {
    this.request = request;
    this.latest = latest;
    this.notBefore = request.notBefore ?? 0;
    this.#callers = callers.add(this);
    this.#promise = { resolve, reject };
  }

  resolve(reply: ModbusReply): void {
    this.#settle();
    this.#promise.resolve(reply);
  }

  reject(error: unknown): void {
    this.#settle();
    this.#promise.reject(error);
  }

  #settle(): void {
    this.settled = true;
    this.#callers.delete(this);
  }
}

/** Who waits under the same signal: one listener for all, as adding and removing one costs as much as a request on TCP. */
const waiting = new WeakMap<AbortSignal, Set<Job>>();

/** A caller that is stopped is let go at once; what is on the wire then is let run to its end, so that the line stays in step. */
function callersOf(stop: AbortSignal): Set<Job> {
  const known = waiting.get(stop);
  if (known) return known;
  const callers = new Set<Job>();
  waiting.set(stop, callers);
  const letGo = () => {
    for (const job of callers) job.reject(stop.reason);
  };
  stop.addEventListener("abort", letGo, { once: true });
  return callers;
}

export class RequestQueue {
  readonly #jobs: Readonly<Record<Priority, Job[]>> = { command: [], alarm: [], poll: [] };
  readonly #dueAt: (request: ModbusRequest) => number;

  readonly #tooLate: (request: ModbusRequest) => EdgeError;
  readonly #waitMostMs: number;

  /** `dueAt`: monotonic ms from which on a request may be sent; `tooLate`: what one fails with whose turn does not come. */
  constructor(
    dueAt: (request: ModbusRequest) => number,
    tooLate: (request: ModbusRequest) => EdgeError,
    waitMostMs = WAIT_MOST_MS,
  ) {
    this.#dueAt = dueAt;
    this.#tooLate = tooLate;
    this.#waitMostMs = waitMostMs;
  }

  add(request: ModbusRequest, stop: AbortSignal): Promise<ModbusReply> {
    if (stop.aborted) return Promise.reject(stop.reason);
    return new Promise((resolve, reject) => {
      const latest = Math.min(monotonic() + this.#waitMostMs, request.latest ?? Number.POSITIVE_INFINITY);
      this.#jobs[request.priority].push(new Job(request, latest, callersOf(stop), resolve, reject));
    });
  }

  next(): Job | undefined {
    const now = monotonic();
    for (const jobs of [this.#jobs.command, this.#jobs.alarm, this.#jobs.poll]) {
      for (let at = 0; at < jobs.length; ) {
        const job = jobs[at];
        if (job) this.expire(job, now);
        if (job && !job.settled && this.#dueOf(job) > now) {
          at += 1;
          continue;
        }
        jobs.splice(at, 1);
        if (job && !job.settled) return job;
      }
    }
    return undefined;
  }

  /** One whose last moment is over fails; also asked just before it is sent. */
  expire(job: Job, now: number): void {
    if (!job.settled && job.latest <= now) job.reject(this.#tooLate(job.request));
  }

  /** When the first of the units that all wait for may be asked again, or the first request is too late; null when nothing waits. */
  get due(): number | null {
    let first: number | null = null;
    for (const jobs of [this.#jobs.command, this.#jobs.alarm, this.#jobs.poll])
      for (const job of jobs) if (!job.settled) first = Math.min(first ?? Number.POSITIVE_INFINITY, this.#dueOf(job), job.latest);
    return first;
  }

  #dueOf(job: Job): number {
    return Math.max(job.notBefore, this.#dueAt(job.request));
  }

  /** What waits for its moment is due now. */
  hurry(unit: number): void {
    for (const jobs of Object.values(this.#jobs)) for (const job of jobs) if (job.request.unit === unit) job.notBefore = 0;
  }

  rejectAll(error: unknown): void {
    for (const jobs of Object.values(this.#jobs)) for (const job of jobs.splice(0)) if (!job.settled) job.reject(error);
  }
}
