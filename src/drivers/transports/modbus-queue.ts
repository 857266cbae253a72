/** Requests of all devices on one bus go in; the next one to send comes out, by priority, then age, while units that rest are passed over. */
import { setMaxListeners } from "node:events";
import { monotonic } from "../../kit/clock.ts";
import type { ModbusReply, ModbusRequest, Priority } from "../driver.ts";

export interface Job {
  readonly request: ModbusRequest;
  /** Answered, failed, or given up by its caller. */
  readonly settled: boolean;
  resolve(reply: ModbusReply): void;
  reject(error: unknown): void;
}

export class RequestQueue {
  readonly #jobs: Readonly<Record<Priority, Job[]>> = { command: [], alarm: [], poll: [] };
  readonly #dueAt: (request: ModbusRequest) => number;

  /** `dueAt`: monotonic ms from which on a request may be sent. */
  constructor(dueAt: (request: ModbusRequest) => number) {
    this.#dueAt = dueAt;
  }

  /** A caller that is stopped is let go at once; what is on the wire then is let run to its end, so that the line stays in step. */
  add(request: ModbusRequest, stop: AbortSignal): Promise<ModbusReply> {
    const jobs = this.#jobs[request.priority];
    return new Promise((resolve, reject) => {
      if (stop.aborted) return reject(stop.reason);
      const job = {
        request,
        settled: false,
        resolve(reply: ModbusReply) {
          settle();
          resolve(reply);
        },
        reject(error: unknown) {
          settle();
          reject(error);
        },
      };
      const abort = () => {
        if (jobs.includes(job)) jobs.splice(jobs.indexOf(job), 1);
        job.reject(stop.reason);
      };
      const settle = () => {
        job.settled = true;
        stop.removeEventListener("abort", abort);
      };
      // As many may wait as there are devices on the bus; Node warns from the eleventh on.
      setMaxListeners(0, stop);
      stop.addEventListener("abort", abort, { once: true });
      jobs.push(job);
    });
  }

  next(): Job | undefined {
    const now = monotonic();
    for (const jobs of [this.#jobs.command, this.#jobs.alarm, this.#jobs.poll]) {
      const at = jobs.findIndex(({ request }) => this.#dueAt(request) <= now);
      if (at >= 0) return jobs.splice(at, 1)[0];
    }
    return undefined;
  }

  /** When the first of the units that all wait for may be asked again; null when nothing waits. */
  get due(): number | null {
    const waiting = Object.values(this.#jobs).flat();
    return waiting.length === 0 ? null : Math.min(...waiting.map(({ request }) => this.#dueAt(request)));
  }

  rejectAll(error: unknown): void {
    for (const jobs of Object.values(this.#jobs)) for (const job of jobs.splice(0)) job.reject(error);
  }
}
