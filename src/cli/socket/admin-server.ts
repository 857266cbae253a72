/** Opens the admin socket, on which the gateway answers `cippo`: a Unix socket, no TCP, no secrets, nothing unbounded. */

import { chmod, lstat, mkdir, unlink } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { EdgeError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { systemReason } from "../../kit/text/reasons.ts";
import type { Admin } from "./admin-api.ts";
import { type Connection, serveConnection } from "./admin-connection.ts";

export type { Admin } from "./admin-api.ts";

/** sockaddr_un.sun_path holds 108 bytes with its end (unix(7)). */
const MAX_PATH = 107;
const MAX_CONNECTIONS = 32;

/** Resolves when the socket answers; it ends with `stop` or when disposed. Throws `cli.socket`. */
export async function serveAdmin(socket: string, admin: Admin, log: Log, stop: AbortSignal): Promise<AsyncDisposable> {
  const folder = dirname(socket);
  const length = Buffer.byteLength(socket);
  if (length > MAX_PATH) throw new EdgeError("cli.socket", { socket, folder, reason: `${length} > ${MAX_PATH} byte` });
  const connections = new Map<Socket, Connection>();
  const server = createServer((connection) => {
    connection.once("close", () => connections.delete(connection));
    const served = serveConnection(connection, admin, log);
    if (connections.size >= MAX_CONNECTIONS && !giveWay(connections)) {
      served.end(new EdgeError("cli.full", { count: connections.size }));
      return;
    }
    connections.set(connection, served);
  });
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
    throw new EdgeError("cli.socket", { socket, folder, reason: systemReason(error) }, error);
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

/** Closes the connection that has been idle longest, or else one that does not read its answers. False: all are busy. */
function giveWay(connections: Map<Socket, Connection>): boolean {
  const idle = [...connections].filter(([, { idleSince }]) => idleSince !== null);
  const [oldest] = idle.toSorted(([, a], [, b]) => (a.idleSince ?? 0) - (b.idleSince ?? 0));
  const chosen = oldest ?? [...connections].find(([, { isStalled }]) => isStalled);
  if (chosen === undefined) return false;
  const [socket, served] = chosen;
  connections.delete(socket);
  served.end(new EdgeError("cli.gave-way", { count: MAX_CONNECTIONS }));
  return true;
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

/** Removes the socket that a killed gateway left behind. A socket that somebody answers, and a file that is no socket, stay. */
async function removeStale(socket: string): Promise<void> {
  const folder = dirname(socket);
  if (!(await lstat(socket)).isSocket()) throw new EdgeError("cli.socket", { socket, folder, reason: systemReason("ENOTSOCK") });
  const answers = await new Promise<boolean>((resolve) => {
    const trial = connect(socket);
    trial.once("connect", () => resolve(true));
    trial.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
    trial.once("connect", () => trial.destroy());
  });
  if (answers) throw new EdgeError("cli.socket", { socket, folder, reason: systemReason("EADDRINUSE") });
  await unlink(socket);
}

async function closed(server: Server, connections: ReadonlyMap<Socket, unknown>): Promise<void> {
  for (const connection of connections.keys()) connection.destroy();
  if (!server.listening) return;
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
