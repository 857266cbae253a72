/** Serves one client of the admin socket: each line is answered, within limits of length, number and speed. */
import { once } from "node:events";
import type { Socket } from "node:net";
import { monotonic } from "../../kit/clock.ts";
import { EdgeError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { LineSplitter } from "../../kit/text/line-splitter.ts";
import type { Admin } from "./admin-api.ts";
import { failureOf, MAX_LINE, type Request, requestSchema, VERSION, type Watched } from "./admin-protocol.ts";
import { issuerOf, type Peer, peerOf } from "./peer-credentials.ts";

/** So many requests of one connection are served at the same time; further ones wait. Beside them it may have as many watches. */
const MAX_AT_WORK = 16;
/** While a client has this much unread, nothing more is read from it; a watcher misses what comes meanwhile, and is told how much. */
const MAX_UNREAD = 262_144;
/** After so many lines that are no requests the connection is closed. */
export const MAX_BAD = 10;
/** A client that has been told why the connection ends has so long to close it. */
const GOING_MS = 2000;

export interface Connection {
  /** Since when it has been idle, kernel monotonic ms; null while it is busy. */
  readonly idleSince: number | null;
  /** It does not read its answers. */
  readonly isStalled: boolean;
  /** Tells the client why, and closes the connection. */
  end(reason: EdgeError): void;
}

export function serveConnection(socket: Socket, admin: Admin, log: Log): Connection {
  const served = new Served(socket, admin);
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => served.take(chunk));
  socket.on("drain", () => served.go());
  socket.on("error", (cause) => log.debug("admin.connection", { cause }));
  socket.once("close", () => served.closed());
  return served;
}

class Served implements Connection {
  readonly #socket: Socket;
  readonly #admin: Admin;
  readonly #ended = new AbortController();
  /** Requests that wait until the client has read earlier answers. */
  #lines: string[] = [];
  readonly #splitter = new LineSplitter(MAX_LINE);
  #atWork = 0;
  /** They last as long as the connection and hold no other request up. */
  #watches = 0;
  #bad = 0;
  #isOver = false;
  #idleSince = monotonic();
  #issuer: Promise<Peer | null> | null = null;

  constructor(socket: Socket, admin: Admin) {
    this.#socket = socket;
    this.#admin = admin;
  }

  get idleSince(): number | null {
    return this.#atWork > 0 || this.#watches > 0 || this.#lines.length > 0 ? null : this.#idleSince;
  }

  get isStalled(): boolean {
    return this.#socket.writableLength > MAX_UNREAD;
  }

  end(reason: EdgeError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#lines = [];
    this.#refuse(null, reason);
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), GOING_MS).unref();
  }

  closed(): void {
    this.#isOver = true;
    this.#lines = [];
    this.#ended.abort();
  }

  take(chunk: string): void {
    if (this.#isOver) return;
    const lines = this.#splitter.push(chunk);
    this.#lines.push(...lines.filter((line): line is string => line !== null && line.trim() !== ""));
    this.go();
    if (lines.includes(null)) this.end(badLine(`> ${MAX_LINE} bytes`));
  }

  /** Serves what waits while there is room for answers; while something still waits, nothing more is read. */
  go(): void {
    while (!this.isStalled && !this.#isOver && this.#atWork < MAX_AT_WORK) {
      const line = this.#lines.shift();
      if (line === undefined) break;
      void this.#serve(line);
    }
    if (this.#lines.length > 0) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  async #serve(line: string): Promise<void> {
    const [request, id, reason] = understood(line);
    if (request === undefined) {
      this.#bad += 1;
      if (this.#bad >= MAX_BAD) this.end(badLine(`${reason}; ${MAX_BAD}`));
      else this.#refuse(id, badLine(reason));
      return;
    }
    const isWatch = request.do === "watch";
    if (isWatch && this.#watches >= MAX_AT_WORK) return this.#refuse(id, badLine(`> ${MAX_AT_WORK} watch`));
    if (isWatch) this.#watches += 1;
    else this.#atWork += 1;
    try {
      const who = () => (this.#issuer ??= peerOf(this.#socket));
      await answer(request, { admin: this.#admin, socket: this.#socket, ended: this.#ended.signal, who });
    } catch (error) {
      this.#refuse(id, error);
    } finally {
      if (isWatch) this.#watches -= 1;
      else this.#atWork -= 1;
      this.#idleSince = monotonic();
      this.go();
    }
  }

  #refuse(id: number | null, error: unknown): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify({ v: VERSION, id, ok: false, error: failureOf(error) })}\n`);
  }
}

const badLine = (reason: string) => new EdgeError("cli.bad-line", { reason });

/** The request, or the id it had (if any) and what is wrong with it. */
function understood(line: string): [Request, number, string] | [undefined, number | null, string] {
  if (line.length > MAX_LINE) return [undefined, null, `> ${MAX_LINE} bytes`];
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return [undefined, null, "JSON"];
  }
  const head = raw as { id?: unknown; v?: unknown } | null;
  const id = typeof head?.id === "number" && Number.isSafeInteger(head.id) ? head.id : null;
  const checked = requestSchema.safeParse(raw);
  if (checked.success) return [checked.data, checked.data.id, ""];
  const issue = checked.error.issues[0];
  return [undefined, id, `${issue?.path.join(".") || "request"}: ${issue?.message ?? ""}`];
}

interface Asked {
  readonly admin: Admin;
  readonly socket: Socket;
  readonly ended: AbortSignal;
  readonly who: () => Promise<Peer | null>;
}

async function answer(request: Request, { admin, socket, ended, who }: Asked): Promise<void> {
  const { id } = request;
  const send = (fields: object) => socket.write(`${JSON.stringify({ v: VERSION, id, ok: true, ...fields })}\n`);
  switch (request.do) {
    case "status":
      return void send({ data: admin.status() });
    case "problems":
      return void send({ data: admin.problems() });
    case "commands":
      return void send({ data: admin.commands() });
    case "read":
      return void send({ data: await admin.read(request.device) });
    case "lists":
      return void send({ data: admin.lists() });
    case "import-list":
      return void send({ data: await admin.importList(request) });
    case "command": {
      const { target, action, args, says } = request;
      return void send({ data: await admin.command({ target, action, args, by: issuerOf(await who(), says) }) });
    }
    case "events": {
      const since = request.sinceMs === undefined ? {} : { sinceMs: request.sinceMs };
      for await (const event of admin.events({ ...since, limit: request.limit })) {
        if (ended.aborted) return;
        if (!send({ more: true, data: event })) await drained(socket, ended);
      }
      return void send({ data: null });
    }
    case "history":
      for await (const row of admin.history({ point: request.point, sinceMs: request.sinceMs })) {
        if (ended.aborted) return;
        if (!send({ more: true, data: row })) await drained(socket, ended);
      }
      return void send({ data: null });
    case "watch":
      return watch(request.names, admin, socket, send, ended);
  }
}

/**
 * Tells the present, then what happens until the connection ends; both begin at the same moment, so that nothing is missed between them. What a
 * slow reader has no room for is counted, and the count is told with the next item.
 */
async function watch(
  names: readonly string[],
  admin: Admin,
  socket: Socket,
  send: (fields: object) => boolean,
  ended: AbortSignal,
): Promise<void> {
  if (ended.aborted) return;
  let dropped = 0;
  const stop = admin.watch({ names }, (item) => {
    if (socket.writableLength > MAX_UNREAD) dropped += 1;
    else {
      send({ more: true, ...(dropped > 0 && { dropped }), data: item });
      dropped = 0;
    }
  });
  send({ more: true, data: { what: "present", status: admin.present() } satisfies Watched });
  try {
    await new Promise<void>((resolve) => ended.addEventListener("abort", () => resolve(), { once: true }));
  } finally {
    stop();
  }
}

async function drained(socket: Socket, ended: AbortSignal): Promise<void> {
  await once(socket, "drain", { signal: ended }).catch(() => undefined);
}
