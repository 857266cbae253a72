/** Requests of all devices on one Modbus bus go in; each gets its own verified reply or an error `bus.*`/`port.*`. The only file touching modbus-serial. */
import type Library from "modbus-serial";
import { monotonic } from "../../kit/clock.ts";
import { EdgeError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { pause } from "../../kit/loop.ts";
import type { ModbusSpec } from "../buses.ts";
import type { BusStats, ModbusBus, ModbusReply, ModbusRequest } from "../driver.ts";
import { type ByteWire, CLOSE_MS, openSocket, type WireEvents } from "./byte-wire.ts";
import { type FramePort, MbapPort, RtuPort } from "./modbus-port.ts";
import { type Job, RequestQueue } from "./modbus-queue.ts";
import { openSerialPort, type SerialBinding } from "./serial.ts";

/** A stretch of failures this long means that the port or the connection itself may be sick. */
const REBUILD_AFTER = 3;
/** A line that never falls silent is used all the same after this: every reply is verified anyway. */
const DRAIN_MAX_MS = 1000;
const TURNAROUND_MS = 100;
const LEAST_TIMEOUT_MS = 500;
const BITS_PER_CHARACTER = 11;
/** Baud rate assumed behind a TCP address when the default deadline is computed. */
const ASSUMED_BAUD = 9600;

type ModbusRTU = InstanceType<typeof Library.default>;

interface Link {
  readonly wire: ByteWire;
  readonly port: FramePort;
  readonly client: ModbusRTU;
}

/**
 * One queue per physical bus, one request in flight. After a timeout on RTU the unit that failed (not the line) rests until `slowest` after
 * its request, because RTU replies carry no identity: a late one would pass for the next one's. Its requests wait meanwhile, others go on.
 */
export class ModbusLine implements ModbusBus, AsyncDisposable {
  readonly stats: BusStats = { requests: 0, timeouts: 0, checksumErrors: 0, foreignReplies: 0, exceptions: 0, rebuilds: 0 };
  readonly #bus: string;
  readonly #spec: ModbusSpec;
  readonly #log: Log;
  readonly #binding: SerialBinding | undefined;
  readonly #queue = new RequestQueue();
  /** Units asked since the last answer on this connection and still silent. */
  readonly #owing = new Set<number>();
  readonly #closing = new AbortController();
  #link: Link | null = null;
  #failures = 0;
  #stray = 0;
  #opened = false;
  #transaction = Math.floor(Math.random() * 0x10000);
  #busy: Promise<void> | null = null;
  #wake: NodeJS.Timeout | undefined;
  #interrupt: (error: EdgeError) => void = () => undefined;

  constructor(bus: string, spec: ModbusSpec, log: Log, binding?: SerialBinding) {
    this.#bus = bus;
    this.#spec = spec;
    this.#log = log;
    this.#binding = binding;
  }

  request(request: ModbusRequest, stop: AbortSignal): Promise<ModbusReply> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closed());
    const reply = this.#queue.add(request, stop);
    this.#start();
    return reply;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#wake);
    this.#interrupt(this.#closed());
    this.#queue.rejectAll(this.#closed());
    const done = new AbortController();
    await Promise.race([this.#busy, pause(CLOSE_MS, done.signal)]);
    done.abort();
    await this.#unlink();
  }

  #closed(): EdgeError {
    return new EdgeError("bus.unreachable", { bus: this.#bus, reason: "closing" });
  }

  #start(): void {
    if (this.#busy) return;
    clearTimeout(this.#wake);
    this.#busy = this.#run().finally(() => {
      this.#busy = null;
      const due = this.#closing.signal.aborted ? null : this.#queue.due;
      if (due !== null) this.#wake = setTimeout(() => this.#start(), Math.max(0, due - monotonic()) + 1);
    });
  }

  async #run(): Promise<void> {
    for (let job = this.#queue.next(); job; job = this.#queue.next()) await this.#serve(job);
  }

  async #serve(job: Job): Promise<void> {
    let link: Link;
    try {
      link = await this.#linked(job.request.unit);
    } catch (error) {
      // The wire is the same for all: what waits would only wait for the same failure.
      job.reject(error);
      this.#queue.rejectAll(error);
      return;
    }
    await this.#silence(link);
    if (job.settled) return;
    if (this.#closing.signal.aborted) return job.reject(this.#closed());
    if (!link.wire.isOpen) return job.reject(new EdgeError("bus.unreachable", { bus: this.#bus, reason: "connection closed" }));
    const sent = monotonic();
    this.stats.requests += 1;
    try {
      job.resolve(await this.#exchange(link, job.request));
      this.#answered();
      // Something came with the reply (a duplicate, another master): let the line fall silent before the next request.
      if (this.#stray > 0 && this.#spec.modbus !== "tcp") await this.#drain(link);
    } catch (error) {
      if (error instanceof EdgeError && error.code === "bus.exception") this.#answered();
      else await this.#failed(link, job.request.unit, sent, error);
      job.reject(error);
    }
  }

  #answered(): void {
    this.#failures = 0;
    this.#owing.clear();
  }

  async #failed(link: Link, unit: number, sent: number, error: unknown): Promise<void> {
    this.#failures += 1;
    const replied = error instanceof EdgeError && error.code === "bus.checksum" && error.context["whole"] === true;
    if (this.#spec.modbus !== "tcp" && !replied) {
      this.#queue.rest(unit, sent + this.#spec.slowest);
      this.#owing.add(unit);
    }
    if (!usable(link) || this.#failures % REBUILD_AFTER === 0) await this.#unlink();
    else if (this.#spec.modbus !== "tcp") await this.#drain(link);
  }

  /** Waits until nothing has arrived for a while; what arrived meanwhile is counted and thrown away. */
  async #drain(link: Link): Promise<void> {
    const quiet = Math.max(this.#silenceMs(), this.#spec.modbus === "rtu" ? 20 : 50);
    const until = monotonic() + DRAIN_MAX_MS;
    const from = monotonic();
    for (let now = from; now < until && link.wire.isOpen; now = monotonic()) {
      const rest = Math.max(link.port.lastByte, from) + quiet - now;
      if (rest <= 0) break;
      await pause(rest, this.#closing.signal);
      if (this.#closing.signal.aborted) return;
    }
    this.#tally(link);
  }

  /** The pause that the line needs between frames (3.5 characters, 1.75 ms above 19200 baud) and the devices want (`gap`). */
  async #silence(link: Link): Promise<void> {
    const rest = link.port.lastByte + this.#silenceMs() - monotonic();
    if (rest > 0) await pause(rest, this.#closing.signal);
    if (this.#tally(link) > 0 && this.#spec.modbus !== "tcp") await this.#drain(link);
  }

  /** Counts and forgets what was on the line and belongs to no request. */
  #tally(link: Link): number {
    this.#stray = link.port.settle().frames;
    this.stats.foreignReplies += this.#stray;
    return this.#stray;
  }

  #silenceMs(): number {
    const line = this.#spec.modbus === "rtu" ? Math.max(2, (3.5 * BITS_PER_CHARACTER * 1000) / this.#spec.baud) : 0;
    return Math.max(Math.ceil(line), this.#spec.gap);
  }

  #exchange(link: Link, request: ModbusRequest): Promise<ModbusReply> {
    const timeoutMs =
      request.timeoutMs ??
      this.#spec.timeout ??
      defaultTimeout(request, this.#spec.modbus === "rtu" ? this.#spec.baud : ASSUMED_BAUD);
    const about = { bus: this.#bus, unit: request.unit, device: `unit ${request.unit}`, sent: true };
    return new Promise<ModbusReply>((resolve, reject) => {
      let quiet: NodeJS.Timeout | undefined;
      let ended = false;
      const end = (settle: () => void) => {
        if (ended) return;
        ended = true;
        clearTimeout(deadline);
        clearTimeout(quiet);
        link.port.corrupted = () => undefined;
        this.#interrupt = () => undefined;
        settle();
      };
      const fail = (whole: boolean) => end(() => reject(this.#verdict(link, { ...about, whole, timeoutMs })));
      // After a stall of this process the reply may already lie in the socket: let it be read before the deadline is believed.
      const deadline = setTimeout(() => setImmediate(fail, false), timeoutMs);
      this.#interrupt = (error) => end(() => reject(new EdgeError(error.code, { ...error.context, sent: true }, error)));
      // A corrupt reply may still be followed by bytes that make it good (noise that looked like its head): wait for silence.
      link.port.corrupted = () => {
        clearTimeout(quiet);
        quiet = setTimeout(() => fail(true), this.#spec.modbus === "tcp" ? 0 : Math.max(20, this.#silenceMs()));
      };
      try {
        send(link.client, request, (error, buffer) => {
          const mono = link.port.lastByte;
          if (error === null) return end(() => resolve({ data: buffer, mono }));
          end(() => reject(this.#refused(error, about)));
        });
      } catch (error) {
        // The wire was closed: nothing left, and the error does not say `sent`.
        end(() => reject(error));
      }
    }).finally(() => this.#tally(link));
  }

  /** Nothing acceptable came: say what did. */
  #verdict(link: Link, about: Readonly<Record<string, unknown>>): EdgeError {
    const left = link.port.settle();
    this.stats.foreignReplies += left.frames;
    if (left.garbage > 0) {
      this.stats.checksumErrors += 1;
      return new EdgeError("bus.checksum", about);
    }
    this.stats.timeouts += 1;
    return new EdgeError(left.frames > 0 ? "bus.foreign-reply" : "bus.timeout", about);
  }

  #refused(error: LibraryError, about: Readonly<Record<string, unknown>>): EdgeError {
    if (error.modbusCode !== undefined) {
      this.stats.exceptions += 1;
      return new EdgeError("bus.exception", { ...about, exception: error.modbusCode }, error);
    }
    // modbus-serial found fault with a frame that passed our own checks; it has no code for that, only text.
    if (error.errno === "ECONNREFUSED")
      return new EdgeError("bus.unreachable", { ...about, sent: false, reason: error.message }, error);
    this.stats.checksumErrors += 1;
    return new EdgeError("bus.checksum", about, error);
  }

  async #linked(unit: number): Promise<Link> {
    // A stalled network delivers old answers in one go. RTU frames have no identity, so a unit that owes one on this very
    // connection, with nothing answered since, is asked on a new one.
    if (this.#spec.modbus === "rtu-tcp" && this.#owing.has(unit)) await this.#unlink();
    if (this.#link && !usable(this.#link)) await this.#unlink();
    if (!this.#link) {
      this.#link = await this.#open();
      if (this.#opened) this.stats.rebuilds += 1;
      this.#opened = true;
    }
    return this.#link;
  }

  async #open(): Promise<Link> {
    // CommonJS: the class itself is the module's only default, whatever its types say.
    const Client = (await import("modbus-serial")).default as unknown as new (port: FramePort) => ModbusRTU;
    // The listener comes before the port: bytes may arrive with the connection.
    let port: FramePort | null = null;
    const wire = await this.#openWire({
      bytes: (chunk, mono) => port?.received(chunk, mono),
      lost: (error) => this.#interrupt(error),
    });
    port = this.#spec.modbus === "tcp" ? new MbapPort(wire, this.#transaction) : new RtuPort(wire);
    const client = new Client(port);
    client.on("error", () => undefined);
    await new Promise<void>((done) => client.open(() => done()));
    return { wire, port, client };
  }

  #openWire(events: WireEvents): Promise<ByteWire> {
    const stop = this.#closing.signal;
    return this.#spec.modbus === "rtu"
      ? openSerialPort({ path: this.#spec.port, ...this.#spec }, events, stop, this.#binding)
      : openSocket(this.#spec, this.#bus, events, stop);
  }

  async #unlink(): Promise<void> {
    const link = this.#link;
    this.#link = null;
    this.#owing.clear();
    if (!link) return;
    if (link.port instanceof MbapPort) this.#transaction = link.port.transaction;
    this.#log.debug("bus.closed", { bus: this.#bus, failures: this.#failures });
    link.port.removeAllListeners();
    await link.wire.close();
  }
}

/** Twice the time on the line and a turnaround, but never less than slow meters need. */
function defaultTimeout({ fc, quantity = 1, values = [] }: ModbusRequest, baud: number): number {
  const bytes = 16 + (fc <= 2 || fc === 15 ? Math.ceil(quantity / 8) : quantity * 2) + values.length * 2;
  return Math.max(LEAST_TIMEOUT_MS, (2 * bytes * BITS_PER_CHARACTER * 1000) / baud + TURNAROUND_MS);
}

const usable = ({ wire, port }: Link): boolean => wire.isOpen && !(port instanceof MbapPort && (port.broken || port.halfway));

/** modbus-serial's errors: some are no Error at all; only these fields tell them apart. */
interface LibraryError {
  readonly message: string;
  readonly modbusCode?: number | undefined;
  readonly errno?: string | number | undefined;
}

/** Callbacks, not promises: the library's promises never settle when a reply is missing. */
function send(client: ModbusRTU, request: ModbusRequest, done: (error: LibraryError | null, data: Uint8Array) => void): void {
  const { unit, fc, address, quantity = 1, values = [] } = request;
  const read = (error: LibraryError | null, result?: { readonly buffer: Buffer }) => done(error, result?.buffer ?? NO_DATA);
  const written = (error: LibraryError | null) => done(error, NO_DATA);
  switch (fc) {
    case 1:
      client.writeFC1(unit, address, quantity, read);
      break;
    case 2:
      client.writeFC2(unit, address, quantity, read);
      break;
    case 3:
      client.writeFC3(unit, address, quantity, read);
      break;
    case 4:
      client.writeFC4(unit, address, quantity, read);
      break;
    case 5:
      client.writeFC5(unit, address, values[0] === 1, written);
      break;
    case 6:
      client.writeFC6(unit, address, values[0] ?? 0, written);
      break;
    case 15:
      client.writeFC15(
        unit,
        address,
        values.map((bit) => bit === 1),
        written,
      );
      break;
    case 16:
      client.writeFC16(unit, address, [...values], written);
      break;
  }
}

const NO_DATA = new Uint8Array(0);
