/** The running gateway's `Admin` goes in; a Unix socket that answers `cippo`'s requests comes out. No TCP, no secrets, nothing unbounded. */
import { chmod, lstat, mkdir, unlink } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import type { Problem } from "../config.ts";
import { asEdgeError, EdgeError } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import type { CommandResult, CommandTarget, EdgeEvent, GatewayStatus, PointStatus } from "../model.ts";
import { serveConnection } from "./connection.ts";
import type { CommandRequest, HistoryRow, Watched } from "./protocol.ts";

/** What a person at the box may ask of the running gateway; main gives it. Every method may throw EdgeError. */
export interface Admin {
  status(): GatewayStatus;
  /** Warnings of the running configuration. */
  problems(): readonly Problem[];
  /** Everything that can be commanded, devices and assets. */
  commands(): readonly CommandTarget[];
  /** Polls the device now. Throws `cli.unknown-name`. */
  read(device: string): Promise<readonly PointStatus[]>;
  /** Tells of readings and events of these devices and assets (all, when none is named) until the returned function is called. */
  watch(filter: { readonly names: readonly string[] }, listener: (item: Watched) => void): () => void;
  /** The same path as a command of the platform, with origin `local`. */
  command(request: CommandRequest): Promise<CommandResult>;
  /** Newest last; since epoch ms. */
  events(filter: { readonly sinceMs?: number; readonly limit: number }): Promise<readonly EdgeEvent[]>;
  /** `point` is `source.name`; since epoch ms; oldest first. */
  history(filter: { readonly point: string; readonly sinceMs: number }): AsyncIterable<HistoryRow>;
}

/** sockaddr_un.sun_path holds 108 bytes with its end (unix(7)). */
const MAX_PATH = 107;
const MAX_CONNECTIONS = 32;

/** Resolves when the socket answers; it ends with `stop` or when disposed. Throws `cli.socket`. */
export async function serveAdmin(socket: string, admin: Admin, log: Log, stop: AbortSignal): Promise<AsyncDisposable> {
  const folder = dirname(socket);
  const length = Buffer.byteLength(socket);
  if (length > MAX_PATH) throw new EdgeError("cli.socket", { socket, folder, reason: `${length} > ${MAX_PATH} bytes` });
  const connections = new Set<Socket>();
  const server = createServer((connection) => {
    connections.add(connection);
    connection.once("close", () => connections.delete(connection));
    serveConnection(connection, admin, log);
  });
  server.maxConnections = MAX_CONNECTIONS;
  try {
    await mkdir(folder, { recursive: true });
    await listen(server, socket).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") throw error;
      await removeStale(socket);
      await listen(server, socket);
    });
    await chmod(socket, 0o660);
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? asEdgeError(error).message;
    throw new EdgeError("cli.socket", { socket, folder, reason }, error);
  }
  server.on("error", (cause) => log.warn("admin.failed", { socket, cause }));
  const close = () => closed(server, connections);
  stop.addEventListener("abort", close, { once: true });
  if (stop.aborted) close();
  log.info("admin.listening", { socket });
  return {
    async [Symbol.asyncDispose]() {
      stop.removeEventListener("abort", close);
      await close();
    },
  };
}

/** Binding happens inside `listen`: under this umask nobody else can connect before the mode is set. */
async function listen(server: Server, socket: string): Promise<void> {
  const bound = new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", reject);
  });
  const umask = process.umask(0o177);
  try {
    server.listen(socket);
  } finally {
    process.umask(umask);
  }
  await bound.finally(() => server.removeAllListeners("error").removeAllListeners("listening"));
}

/** What a killed gateway left: a socket that nobody answers. A socket that answers, and a file that is no socket, stay. */
async function removeStale(socket: string): Promise<void> {
  const folder = dirname(socket);
  if (!(await lstat(socket)).isSocket()) throw new EdgeError("cli.socket", { socket, folder, reason: "ENOTSOCK" });
  const answers = await new Promise<boolean>((resolve) => {
    const trial = connect(socket);
    trial.once("connect", () => resolve(true));
    trial.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
    trial.once("connect", () => trial.destroy());
  });
  if (answers) throw new EdgeError("cli.socket", { socket, folder, reason: "EADDRINUSE" });
  await unlink(socket);
}

async function closed(server: Server, connections: ReadonlySet<Socket>): Promise<void> {
  for (const connection of connections) connection.destroy();
  if (!server.listening) return;
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
