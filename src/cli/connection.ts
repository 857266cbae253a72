/** One client's connection goes in; each line of it is answered, bounded in length, number and speed. */
import { once } from "node:events";
import type { Socket } from "node:net";
import { EdgeError } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import type { Admin } from "./admin.ts";
import { failureOf, MAX_LINE, type Request, requestSchema, VERSION } from "./protocol.ts";

/** Requests of one connection that may be at work together. */
const MAX_AT_WORK = 16;
/** A watcher that leaves this much unread misses what comes next, and is told how much. */
const MAX_UNREAD = 262_144;

export function serveConnection(socket: Socket, admin: Admin, log: Log): void {
  let rest = "";
  let atWork = 0;
  const ended = new AbortController();
  const send = (answer: object) => socket.writable && socket.write(`${JSON.stringify({ v: VERSION, ...answer })}\n`);
  const refuse = (id: number | null, reason: string) =>
    send({ id, ok: false, error: failureOf(new EdgeError("cli.bad-line", { reason })) });

  const onLine = async (line: string) => {
    const [request, id, reason] = understood(line);
    if (request === undefined) return void refuse(id, reason);
    if (atWork >= MAX_AT_WORK) return void refuse(id, `> ${MAX_AT_WORK}`);
    atWork += 1;
    try {
      await answer(request, admin, socket, ended.signal);
    } catch (error) {
      send({ id, ok: false, error: failureOf(error) });
    } finally {
      atWork -= 1;
    }
  };

  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") void onLine(line);
    if (rest.length <= MAX_LINE) return;
    rest = "";
    refuse(null, `> ${MAX_LINE} bytes`);
    socket.end();
  });
  socket.on("error", (cause) => log.debug("admin.connection", { cause }));
  socket.once("close", () => ended.abort());
}

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

async function answer(request: Request, admin: Admin, socket: Socket, ended: AbortSignal): Promise<void> {
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
    case "command":
      return void send({ data: await admin.command({ target: request.target, action: request.action, args: request.args }) });
    case "events": {
      const since = request.sinceMs === undefined ? {} : { sinceMs: request.sinceMs };
      for (const event of await admin.events({ ...since, limit: request.limit }))
        if (!send({ more: true, data: event })) await drained(socket, ended);
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

/** Ends when the connection does. A slow reader costs a bounded buffer: what does not fit is counted, and the count is told first. */
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
  try {
    await new Promise<void>((resolve) => ended.addEventListener("abort", () => resolve(), { once: true }));
  } finally {
    stop();
  }
}

async function drained(socket: Socket, ended: AbortSignal): Promise<void> {
  await once(socket, "drain", { signal: ended }).catch(() => undefined);
}
