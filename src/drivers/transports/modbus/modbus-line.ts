/** The scheduler of one Modbus bus: each request gets its own verified reply, or an error `bus.*` or `port.*`. */
import { monotonic } from "../../../kit/clock.ts";
import { asEdgeError, EdgeError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { pause } from "../../../kit/loop/pause.ts";
import { broadcast } from "../../../kit/loop/signals.ts";
import type { BusStatus } from "../../../model/index.ts";
import type { ModbusSpec } from "../../buses.ts";
import type { BusStats, ModbusBus, ModbusReply, ModbusRequest } from "../../driver.ts";
import { CLOSE_MS } from "../serial/byte-wire.ts";
import type { SerialBinding } from "../serial/serial-port.ts";
import { CircuitBreakers } from "./circuit-breakers.ts";
import { ExchangeError, unitName } from "./exchange-error.ts";
import { LateReplies } from "./framing/late-replies.ts";
import { isCorrupt } from "./framing/modbus-frame.ts";
import { LineStats } from "./line-stats.ts";
import { DRAIN_MAX_MS, DRAIN_QUIET_MS, READ_MS, replyDeadlineOf, silenceMs, timeoutOf } from "./line-timing.ts";
import { ModbusLink, UNANSWERED } from "./modbus-link.ts";
import { type Job, RequestQueue } from "./request-queue.ts";

/** A stretch of failures this long means that the port or the connection itself may be sick. */
const REBUILD_AFTER = 3;
/** Exceptions 10 and 11, by which a gateway says that its unit is silent. */
const NOBODY_THERE: readonly (number | undefined)[] = [10, 11];

/**
 * One queue per physical bus, one request in flight. After a timeout on RTU the unit that failed (not the line) rests until `replyDeadline` after its
 * request, because RTU replies carry no identity: a late one would be taken for the answer to the next request. The unit's requests wait meanwhile,
 * those to others go on. A unit that stays silent is held back for longer, so that it costs the others next to nothing (`CircuitBreakers`).
 */
export class ModbusLine implements ModbusBus, AsyncDisposable {
  readonly #bus: string;
  readonly #spec: ModbusSpec;
  readonly #log: Log;
  readonly #binding: SerialBinding | undefined;
  readonly #silenceMs: number;
  readonly #needsSilence: boolean;
  /** A reply does not say to which request it belongs: RTU, and gateways that do not return the transaction. */
  readonly #isBlind: boolean;
  /** A reply does not say which unit it comes from either. */
  readonly #isNameless: boolean;
  readonly #units = new CircuitBreakers();
  readonly #stats = new LineStats(this.#units);
  readonly #queue = new RequestQueue(
    (request) => this.#units.due(request),
    (request) => this.#tooLate(request),
  );
  /** Units asked since the last answer on this connection and still silent. */
  readonly #owing = new Set<number>();
  /** Outlives connections. */
  readonly #owed = new LateReplies();
  readonly #closing = broadcast();
  #link: ModbusLink | null = null;
  #failures = 0;
  #opened = false;
  /** When the present connection was made, kernel monotonic ms. */
  #connected = 0;
  #transaction = Math.floor(Math.random() * 0x10000);
  #isRunning = false;
  #busy: Promise<void> = Promise.resolve();
  #wake: NodeJS.Timeout | undefined;

  constructor(bus: string, spec: ModbusSpec, log: Log, binding?: SerialBinding) {
    this.#bus = bus;
    this.#spec = spec;
    this.#log = log;
    this.#binding = binding;
    this.#silenceMs = Math.max(spec.gap, spec.modbus === "rtu" ? silenceMs(spec.baud) : 0);
    const tolerated = spec.modbus === "tcp" ? (spec.tolerate ?? []) : [];
    this.#isBlind = spec.modbus !== "tcp" || tolerated.includes("transaction-echo");
    this.#isNameless = this.#isBlind && tolerated.includes("unit-echo");
    this.#needsSilence = this.#isBlind || spec.gap > 0;
  }

  get stats(): BusStats {
    return this.#stats;
  }

  /** The counts as they stand, to be shown. */
  get status(): Omit<BusStatus, "bus"> {
    const { requests, timeouts, checksumErrors, foreignReplies, exceptions, rebuilds, occupancy } = this.#stats;
    return { occupancy, requests, timeouts, checksumErrors, foreignReplies, exceptions, rebuilds };
  }

  request(request: ModbusRequest, stop: AbortSignal): Promise<ModbusReply> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closed());
    const reply = this.#queue.add(request, stop);
    this.#start();
    return reply;
  }

  hurry(unit: number): void {
    this.#units.letThrough(unit);
    this.#queue.hurry(unit);
    this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#wake);
    this.#link?.interrupt(this.#closed());
    this.#queue.rejectAll(this.#closed());
    const done = new AbortController();
    await Promise.race([this.#busy, pause(CLOSE_MS, done.signal)]);
    done.abort();
    await this.#unlink();
  }

  #tooLate({ unit, latest = Number.POSITIVE_INFINITY }: ModbusRequest): EdgeError {
    if (latest <= monotonic()) return new EdgeError("command.expired");
    const about = { bus: this.#bus, unit, device: unitName(unit) };
    if (this.#units.isSilent(unit)) return new EdgeError("bus.timeout", about);
    return new EdgeError("bus.unreachable", {
      ...about,
      reason: {
        it: `troppe richieste: l'unità ${unit} non ha avuto il suo turno`,
        en: `too many requests, unit ${unit} did not get its turn`,
      },
    });
  }

  #closed(): EdgeError {
    return new EdgeError("bus.unreachable", { bus: this.#bus, reason: { it: "in chiusura", en: "closing" } });
  }

  #start(): void {
    if (!this.#isRunning) this.#busy = this.#run();
  }

  async #run(): Promise<void> {
    clearTimeout(this.#wake);
    this.#isRunning = true;
    try {
      for (let job = this.#queue.next(); job; job = this.#queue.next()) await this.#serveWhatever(job);
    } finally {
      this.#isRunning = false;
      const due = this.#closing.signal.aborted ? null : this.#queue.due;
      if (due !== null) this.#wake = setTimeout(() => this.#start(), Math.max(0, due - monotonic()) + 1);
    }
  }

  /** Any unexpected error ends this request and its connection, but not the line: the requests behind it are still served. */
  async #serveWhatever(job: Job): Promise<void> {
    try {
      await this.#serve(job);
    } catch (raw) {
      const error = asEdgeError(raw);
      job.reject(error);
      await this.#unlink().catch(() => undefined);
      this.#log.error("bus.failed", { bus: this.#bus, code: error.code, ...error.context, cause: error.cause });
    }
  }

  async #serve(job: Job): Promise<void> {
    let link = this.#link;
    try {
      if (!link?.isUsable || this.#owing.has(job.request.unit)) link = await this.#linked(job.request.unit);
    } catch (error) {
      // The wire is the same for all: what waits would only wait for the same failure.
      job.reject(error);
      this.#queue.rejectAll(error);
      return;
    }
    const rest = this.#connected + (job.request.restMs ?? 0) - monotonic();
    if (rest > 0) await pause(rest, this.#closing.signal);
    const from = performance.now();
    if (this.#needsSilence) await this.#silence(link, job.request.unit);
    // Connecting and the silence took their time.
    this.#queue.expire(job, monotonic());
    if (job.settled) return;
    if (this.#closing.signal.aborted) return job.reject(this.#closed());
    await this.#ask(link, job);
    const now = performance.now();
    this.#stats.load.add(now - from, now);
  }

  async #ask(link: ModbusLink, job: Job, trusts = false): Promise<void> {
    const { request } = job;
    const sent = monotonic();
    this.#stats.requests += 1;
    this.#units.asked(request.unit);
    try {
      const reply = await link.exchange(request, timeoutOf(request, this.#spec), trusts);
      this.#answered();
      this.#units.answered(request.unit, reply.mono - sent);
      job.resolve(reply);
      // Something came with the reply (a duplicate, another master): let the line fall silent before the next request.
      if (this.#tally(link) > 0 && this.#isBlind) await this.#drain(link);
    } catch (error) {
      this.#tally(link);
      if (error instanceof ExchangeError && error.doubtful) return this.#askAgain(link, job);
      // Nothing left: the wire is to blame, and not the unit.
      try {
        if (error instanceof ExchangeError) await this.#failed(link, request, sent, error);
        else await this.#unlink();
      } finally {
        job.reject(error);
      }
    }
  }

  /** Asks again after the line has fallen silent: if the same reply then comes once more, it must be the answer. */
  async #askAgain(link: ModbusLink, job: Job): Promise<void> {
    await this.#drain(link);
    if (this.#closing.signal.aborted) return job.reject(this.#closed());
    return this.#ask(link, job, true);
  }

  #answered(): void {
    this.#failures = 0;
    this.#owing.clear();
  }

  async #failed(link: ModbusLink, request: ModbusRequest, sent: number, error: ExchangeError): Promise<void> {
    const { unit } = request;
    const { code, exception } = error;
    this.#stats.count(unit, error);
    if (code === "bus.exception") {
      this.#answered();
      if (NOBODY_THERE.includes(exception)) this.#units.silent(unit, monotonic() - sent, monotonic());
      else this.#units.heard(unit);
      return;
    }
    this.#failures += 1;
    const replied = isCorrupt(code) && error.cameWhole;
    if (this.#isBlind && !replied) {
      const until = sent + replyDeadlineOf(request, this.#spec);
      if (this.#isNameless) this.#units.allRest(until);
      this.#units.rests(unit, until);
      this.#owing.add(unit);
    }
    if (!link.isUsable || this.#isNameless || this.#failures % REBUILD_AFTER === 0) await this.#unlink();
    else if (this.#isBlind) await this.#drain(link);
    const now = monotonic();
    if (UNANSWERED.includes(code) || isCorrupt(code)) this.#units.silent(unit, now - sent, now);
  }

  /** Waits until nothing has arrived for a while; what arrived meanwhile is counted and thrown away. */
  async #drain(link: ModbusLink): Promise<void> {
    const quiet = Math.max(this.#silenceMs, DRAIN_QUIET_MS[this.#spec.modbus]);
    const from = performance.now();
    for (let now = from; now < from + DRAIN_MAX_MS && link.isOpen; now = performance.now()) {
      const rest = Math.max(link.quietSince, from) + quiet - now;
      if (rest <= 0) break;
      await pause(rest, this.#closing.signal);
      if (this.#closing.signal.aborted) return;
    }
    this.#tally(link);
  }

  /** The pause that the line needs between frames (3.5 characters) and the devices want (`gap`). */
  async #silence(link: ModbusLink, unit: number): Promise<void> {
    // A late answer may have arrived while this process stood still: give the event loop time to read it before the unit is asked again.
    const least = this.#isBlind && this.#units.isSilent(unit) ? READ_MS : 0;
    const rest = Math.max(least, link.quietSince + this.#silenceMs - performance.now());
    // A bare timer, because the abort signal of `pause` costs more than the request, and this wait is too short to be stopped.
    if (rest > 0) await new Promise((done) => setTimeout(done, Math.ceil(rest)));
    if (this.#tally(link) > 0 && this.#isBlind) await this.#drain(link);
  }

  /** Counts and forgets what was on the line and belongs to no request. */
  #tally(link: ModbusLink): number {
    const { frames } = link.leftover();
    this.#stats.foreignReplies += frames;
    return frames;
  }

  async #linked(unit: number): Promise<ModbusLink> {
    // A stalled network delivers old answers in one go. RTU frames have no identity, so a unit that owes one on this very
    // connection, with nothing answered since, is asked on a new one.
    if (this.#spec.modbus !== "rtu" && this.#owing.has(unit)) await this.#unlink();
    if (this.#link && !this.#link.isUsable) await this.#unlink();
    if (!this.#link) {
      const { signal } = this.#closing;
      this.#link = await ModbusLink.open({
        bus: this.#bus,
        spec: this.#spec,
        stop: signal,
        binding: this.#binding,
        transaction: this.#transaction,
        owed: this.#owed,
      });
      if (this.#opened) this.#stats.rebuilds += 1;
      this.#opened = true;
      this.#connected = monotonic();
    }
    return this.#link;
  }

  async #unlink(): Promise<void> {
    const link = this.#link;
    this.#link = null;
    this.#owing.clear();
    if (!link) return;
    this.#transaction = link.transaction;
    await link.close();
    this.#log.debug("bus.closed", { bus: this.#bus, failures: this.#failures });
  }
}
