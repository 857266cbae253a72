/** A wire that carries bytes both ways: TCP connections live here, serial ports have the same shape. */
import { createConnection, type Socket } from "node:net";
import { monotonic } from "../../../kit/clock.ts";
import { EdgeError } from "../../../kit/errors.ts";
import { connected } from "../../../kit/system/connected.ts";
import { hostLookup } from "../../../kit/system/host-lookup.ts";
import { stopped, systemReason } from "../../../kit/text/reasons.ts";
import type { Text } from "../../../model/index.ts";
import { FloodGuard } from "./flood-guard.ts";

/** What the owner of a wire is told. `bytes` comes with the kernel monotonic ms of arrival; after `lost` nothing more comes. */
export interface WireEvents {
  bytes(chunk: Uint8Array, mono: number): void;
  lost(error: EdgeError): void;
}

export interface ByteWire {
  readonly isOpen: boolean;
  /** `port.lost`, `bus.unreachable` or `bus.flooded`: what a closed wire answers to whoever wants to write. */
  closed(): EdgeError;
  /** Hands the bytes to the kernel; throws `closed()` when the wire is closed, and never queues for a later one. */
  write(bytes: Uint8Array, done?: (error?: EdgeError) => void): void;
  /** Ends at the latest after 2 s; `lost` is not called by it. */
  close(): Promise<void>;
}

export const CLOSE_MS = 2000;
const CONNECT_MS = 5000;
const KEEPALIVE_MS = 30_000;
const READ_BYTES = 4096;

const NOT_CONNECTED = {
  late: { it: `nessuna connessione entro ${CONNECT_MS / 1000} s`, en: `no connection within ${CONNECT_MS / 1000} s` },
  closed: { it: "connessione chiusa", en: "connection closed" },
  stopped,
} as const satisfies Record<string, Text>;

/** A TCP connection as a byte wire, lost with `bus.flooded` when more comes than any line carries. Throws `bus.unreachable`. */
export async function openSocket(
  to: { readonly host: string; readonly port: number },
  bus: string,
  events: WireEvents,
  stop: AbortSignal,
): Promise<ByteWire> {
  const unreachable = (reason: Text, cause?: unknown) => new EdgeError("bus.unreachable", { bus, ...to, reason }, cause);
  // Node's own read buffers are freed as they are, with what a badge reader sent in them: this one is overwritten.
  let taken = (_chunk: Uint8Array): void => undefined;
  const socket = createConnection({
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback(count, buffer) {
        const read = buffer.subarray(0, count);
        const chunk = Buffer.from(read);
        read.fill(0);
        taken(chunk);
        return true;
      },
    },
    host: to.host,
    port: to.port,
    lookup: hostLookup.lookup,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEPALIVE_MS,
  });
  let cause: Error | undefined;
  socket.on("error", (error) => {
    cause = error;
  });
  const not = await connected(socket, { timeoutMs: CONNECT_MS, stop });
  if (not?.why === "failed") throw unreachable(systemReason(not.error), not.error);
  if (not !== null) throw unreachable(NOT_CONNECTED[not.why]);
  const flooded = () => new EdgeError("bus.flooded", { bus, ...to });
  const listen = (take: typeof taken): void => {
    taken = take;
  };
  return socketWire(socket, listen, events, (reason) => unreachable(reason, cause), flooded);
}

function socketWire(
  socket: Socket,
  listen: (take: (chunk: Uint8Array) => void) => void,
  events: WireEvents,
  unreachable: (reason: Text) => EdgeError,
  flooded: () => EdgeError,
): ByteWire {
  const inflow = new FloodGuard();
  let closing = false;
  let isFlooded = false;
  const closed = () => (isFlooded ? flooded() : unreachable({ it: "connessione chiusa", en: "connection closed" }));
  listen((chunk) => {
    const mono = monotonic();
    isFlooded = inflow.floods(chunk.length, mono);
    // The connection is closed, not slowed down: data held back on their way would come late and be taken for new.
    if (isFlooded) socket.destroy();
    else events.bytes(chunk, mono);
  });
  // The far side hung up: a half-open line answers nothing any more, so it is lost now and not at the next timeout.
  socket.once("end", () => socket.destroy());
  socket.once("close", () => {
    if (!closing) events.lost(closed());
  });
  return {
    get isOpen() {
      return !closing && socket.writable;
    },
    closed,
    write(bytes, done = () => undefined) {
      if (closing || !socket.writable) throw closed();
      inflow.expectReply();
      socket.write(bytes, (error) => done(error ? unreachable(systemReason(error)) : undefined));
    },
    close() {
      closing = true;
      socket.destroy();
      return Promise.resolve();
    },
  };
}
