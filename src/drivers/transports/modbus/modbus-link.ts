/** One opened Modbus port and one request at a time on it. The only file touching modbus-serial. */
import type Library from "modbus-serial";
import { type Code, EdgeError } from "../../../kit/errors.ts";
import { loadNative } from "../../../kit/system/native.ts";
import type { Text } from "../../../model/index.ts";
import type { ModbusSpec } from "../../buses.ts";
import type { ModbusReply, ModbusRequest } from "../../driver.ts";
import { type ByteWire, openSocket, type WireEvents } from "../serial/byte-wire.ts";
import { openSerialPort, type SerialBinding } from "../serial/serial-port.ts";
import { ExchangeError, unitName } from "./exchange-error.ts";
import type { LateReplies } from "./framing/late-replies.ts";
import { MbapPort } from "./framing/mbap-port.ts";
import { CORRUPT, type Corrupt, type Seen } from "./framing/modbus-frame.ts";
import { type FramePort, type Leftover, RtuPort } from "./framing/rtu-port.ts";

type ModbusRTU = InstanceType<typeof Library.default>;

/** A corrupt reply may still be followed by bytes that make it good (noise that looked like its head): wait for this much silence. */
const CORRUPT_QUIET_MS = 20;

export interface LinkOptions {
  readonly bus: string;
  readonly spec: ModbusSpec;
  readonly stop: AbortSignal;
  readonly binding: SerialBinding | undefined;
  /** Transaction identifiers (Modbus TCP) go on after this one, over reconnections too. */
  readonly transaction: number;
  readonly owed: LateReplies;
}

interface Flight {
  readonly request: ModbusRequest;
  readonly timeoutMs: number;
  readonly resolve: (reply: ModbusReply) => void;
  readonly reject: (error: unknown) => void;
}

/** What every error of an exchange says. */
type About = {
  readonly bus: string;
  readonly unit: number;
  readonly device: Text;
  readonly timeoutMs: number;
  /** The option that says how long is waited. */
  readonly key: string;
};

export class ModbusLink {
  readonly #bus: string;
  readonly #isTcp: boolean;
  readonly #corrupt: Corrupt;
  readonly #wire: ByteWire;
  readonly #port: FramePort;
  readonly #client: ModbusRTU;
  #quietSince = Number.NEGATIVE_INFINITY;
  /** The one request on the wire. */
  #flight: Flight | null = null;
  #deadline: NodeJS.Timeout | undefined;
  #quiet: NodeJS.Timeout | undefined;

  /** Throws `port.*`, `bus.unreachable` or `native.missing`. */
  static async open({ bus, spec, stop, binding, transaction, owed }: LinkOptions): Promise<ModbusLink> {
    // CommonJS: the class itself is the module's only default, whatever its types say.
    const library = await loadNative("modbus-serial", () => import("modbus-serial"));
    const Client = library.default as unknown as new (port: FramePort) => ModbusRTU;
    // The listener comes before the port: bytes may arrive with the connection.
    let link: ModbusLink | null = null;
    const events: WireEvents = {
      bytes: (chunk, mono) => link?.received(chunk, mono),
      lost: (error) => link?.interrupt(error),
    };
    const wire =
      spec.modbus === "rtu"
        ? await openSerialPort({ path: spec.port, ...spec }, events, stop, binding)
        : await openSocket(spec, bus, events, stop);
    const port = spec.modbus === "tcp" ? new MbapPort(wire, transaction, spec.tolerate, owed) : new RtuPort(wire, owed);
    const client = new Client(port);
    client.on("error", () => undefined);
    await new Promise<void>((done) => client.open(() => done()));
    link = new ModbusLink(bus, spec, wire, port, client);
    return link;
  }

  private constructor(bus: string, spec: ModbusSpec, wire: ByteWire, port: FramePort, client: ModbusRTU) {
    this.#bus = bus;
    this.#isTcp = spec.modbus === "tcp";
    this.#corrupt = CORRUPT[spec.modbus];
    this.#wire = wire;
    this.#port = port;
    this.#client = client;
    port.doubted = (frame) =>
      this.#fail(
        (about) => new ExchangeError(new EdgeError("bus.foreign-reply", { ...about, bytes: headOf(frame) }), { doubtful: true }),
      );
    port.corrupted = () => {
      clearTimeout(this.#quiet);
      this.#quiet = setTimeout(() => this.#fail((about) => this.#verdict(about, true)), this.#isTcp ? 0 : CORRUPT_QUIET_MS);
    };
  }

  /** For the wire alone. */
  received(chunk: Uint8Array, mono: number): void {
    this.#quietSince = performance.now();
    this.#port.received(chunk, mono);
  }

  get isOpen(): boolean {
    return this.#wire.isOpen;
  }

  /** Whether the connection can be used on: it is open, and its stream of frames is not out of step. */
  get isUsable(): boolean {
    return this.#wire.isOpen && !(this.#port instanceof MbapPort && (this.#port.broken || this.#port.halfway));
  }

  get transaction(): number {
    return this.#port instanceof MbapPort ? this.#port.transaction : 0;
  }

  /** `performance.now()` of the last chunk: silences are fractions of a millisecond. */
  get quietSince(): number {
    return this.#quietSince;
  }

  /** What was on the line and belongs to no request; forgotten by asking. */
  leftover(): Leftover {
    return this.#port.settle();
  }

  /**
   * Rejects with an ExchangeError `bus.*` or `port.*` once bytes may have left, with another EdgeError before that. `trusts`: also accepts a reply
   * that may be an earlier one repeated; otherwise such a reply is an error that says so.
   */
  exchange(request: ModbusRequest, timeoutMs: number, trusts = false): Promise<ModbusReply> {
    this.#port.trusts = trusts;
    return new Promise<ModbusReply>((resolve, reject) => {
      const flight: Flight = { request, timeoutMs, resolve, reject };
      this.#flight = flight;
      // After a stall of this process the reply may already lie in the socket: let it be read before the deadline is believed.
      this.#deadline = setTimeout(() => setImmediate(() => this.#overdue(flight)), timeoutMs);
      try {
        send(this.#client, request, this.#replied);
      } catch (error) {
        // The wire was closed: nothing left.
        this.#land()?.reject(error);
      }
    });
  }

  /** Ends the exchange in flight. */
  interrupt(error: EdgeError): void {
    this.#land()?.reject(new ExchangeError(error));
  }

  #overdue(flight: Flight): void {
    if (this.#flight === flight) this.#fail((about) => this.#verdict(about, false));
  }

  #replied = (error: LibraryError | null, data: Uint8Array): void => {
    const mono = this.#port.lastByte;
    if (error === null) this.#land()?.resolve({ data, mono });
    else if (error.errno === NOT_OPEN) this.#land()?.reject(this.#wire.closed());
    else this.#fail((about) => new ExchangeError(refused(error, this.#corrupt, about), { exception: error.modbusCode }));
  };

  #fail(error: (about: About) => ExchangeError): void {
    const flight = this.#land();
    if (!flight) return;
    const { request, timeoutMs, reject } = flight;
    const key = request.timeoutMs === undefined ? `buses.${this.#bus}.timeout` : `devices.${request.device}.timeout`;
    reject(error({ bus: this.#bus, unit: request.unit, device: unitName(request.unit), timeoutMs, key }));
  }

  #land(): Flight | null {
    const flight = this.#flight;
    this.#flight = null;
    clearTimeout(this.#deadline);
    clearTimeout(this.#quiet);
    return flight;
  }

  /** Nothing acceptable came: say what did. Of an exchange that has just been ended. */
  #verdict(about: About, cameWhole: boolean): ExchangeError {
    this.#port.giveUp();
    const { frames, garbage, seen } = this.leftover();
    // If a frame with a right checksum came, noise around it is not the reason.
    const isNoise = garbage > 0 && (seen === null || seen.kind === "other");
    const error = cameWhole || isNoise ? new EdgeError(this.#corrupt, about) : this.#unanswered(about, seen);
    return new ExchangeError(error, { cameWhole, foreignFrames: frames });
  }

  #unanswered(about: About, seen: Seen | null): EdgeError {
    const delayMs = seen === null || seen.kind === "other" ? this.#port.lateness(about.unit) : undefined;
    if (delayMs !== undefined) return new EdgeError("bus.late-reply", { ...about, delayMs, wanted: `${patienceFor(delayMs)}ms` });
    return seen === null ? new EdgeError("bus.timeout", about) : told(seen, this.#isTcp, about);
  }

  async close(): Promise<void> {
    this.#port.removeAllListeners();
    await this.#wire.close();
  }
}

/** What an unanswered request fails with: whatever came, it was not the answer. */
export const UNANSWERED: readonly Code[] = [
  "bus.timeout",
  "bus.late-reply",
  "bus.other-unit",
  "bus.unit-echo",
  "bus.transaction-echo",
  "bus.second-master",
  "bus.foreign-reply",
];

/** Half as long again as what was seen, in tenths of a second. */
const patienceFor = (delayMs: number): number => Math.min(LONGEST_PATIENCE_MS, Math.ceil((delayMs * 1.5) / 100) * 100);
/** What the configuration takes. */
const LONGEST_PATIENCE_MS = 60_000;
/** As many bytes of a frame as say what it is. */
const HEAD = 8;

const headOf = (frame: Uint8Array): string =>
  Buffer.from(frame.subarray(0, HEAD))
    .toString("hex")
    .replace(/..(?=.)/g, "$& ");

function told(seen: Seen, isTcp: boolean, context: About): EdgeError {
  const about = { ...context, bytes: headOf(seen.frame) };
  switch (seen.kind) {
    case "master":
      return new EdgeError("bus.second-master", about);
    case "transaction":
      return new EdgeError("bus.transaction-echo", { ...about, asked: seen.asked, answered: seen.answered });
    case "unit":
      return new EdgeError(isTcp ? "bus.unit-echo" : "bus.other-unit", { ...about, answered: seen.unit });
    case "other":
      return new EdgeError("bus.foreign-reply", about);
  }
}

/** modbus-serial's errors: some are no Error at all; only these fields tell them apart. */
interface LibraryError {
  readonly message: string;
  readonly modbusCode?: number | undefined;
  readonly errno?: string | number | undefined;
}

/** The library found its port closed and wrote nothing: whatever the wire is, it says so in these words. */
const NOT_OPEN = "ECONNREFUSED";

function refused(error: LibraryError, corrupt: Corrupt, about: About): EdgeError {
  if (error.modbusCode !== undefined) return new EdgeError("bus.exception", { ...about, exception: error.modbusCode }, error);
  // modbus-serial found fault with a frame that passed our own checks; it has no code for that, only text.
  return new EdgeError(corrupt, about, error);
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
