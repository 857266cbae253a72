/** Asks the running gateway over its admin socket; where there is no answer, the error says why. */
import { stat } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { EdgeError } from "../../kit/errors.ts";
import { connected } from "../../kit/system/connected.ts";
import type { CommandResult, CommandTarget, EdgeEvent, GatewayStatus, ListStatus, PointStatus } from "../../model/index.ts";
import { type Answer, answerSchema, errorOf, type HistoryRow, VERSION, type Wanted, type Watched } from "./admin-protocol.ts";

/** What each request is answered with: one answer, or each of many. Only the envelope is checked; its version says what is in it. */
interface Answers {
  status: GatewayStatus;
  commands: readonly CommandTarget[];
  read: readonly PointStatus[];
  command: CommandResult;
  lists: readonly ListStatus[];
  "import-list": ListStatus | null;
  watch: Watched;
  events: EdgeEvent;
  history: HistoryRow;
  problems: unknown;
}
type Of<D extends keyof Answers> = Extract<Wanted, { do: D }>;

/** These are answered from memory at once, unless the gateway hangs; every other request is sent only after one of these was answered. */
const AT_ONCE_MS = 5000;
const AT_ONCE: readonly Wanted["do"][] = ["status", "commands", "problems", "lists"];

/** The one answer to a request that has one. */
export async function ask<D extends "status" | "commands" | "read" | "command" | "lists" | "import-list">(
  socket: string,
  wanted: Of<D>,
): Promise<Answers[D]> {
  for await (const answer of answers(socket, wanted)) return answer.data as Answers[D];
  throw new EdgeError("cli.not-running", { socket });
}

/** Each answer to a request that has many; `dropped` tells how many the gateway left out before one. */
export async function* stream<D extends "watch" | "events" | "history">(
  socket: string,
  wanted: Of<D>,
): AsyncGenerator<{ readonly item: Answers[D]; readonly dropped: number }> {
  for await (const answer of answers(socket, wanted)) {
    if (answer.more !== true) return;
    yield { item: answer.data as Answers[D], dropped: answer.dropped ?? 0 };
  }
  // The connection ended before the end of the list was announced: the gateway stopped.
  throw new EdgeError("cli.not-running", { socket });
}

async function* answers(path: string, wanted: Wanted): AsyncGenerator<Extract<Answer, { ok: true }>> {
  const socket = await connectTo(path);
  socket.setTimeout(AT_ONCE_MS, () => socket.destroy(new Error(`no answer within ${AT_ONCE_MS} ms`)));
  try {
    const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
    const say = (id: number, words: Wanted) => void socket.write(`${JSON.stringify({ v: VERSION, id, ...words })}\n`);
    if (!AT_ONCE.includes(wanted.do)) {
      // A gateway that hangs must not carry a command out later, when nobody expects it any more: it has to answer this first.
      say(0, { do: "problems" });
      const alive = await lines.next();
      if (alive.done || !understood(alive.value).ok) throw new EdgeError("cli.not-running", { socket: path });
      socket.setTimeout(0);
    }
    say(1, wanted);
    for await (const line of { [Symbol.asyncIterator]: () => lines }) {
      const answer = understood(line);
      if (!answer.ok) throw errorOf(answer.error);
      yield answer;
    }
  } catch (error) {
    // What is no error of ours is the connection that broke off.
    throw error instanceof EdgeError ? error : new EdgeError("cli.not-running", { socket: path }, error);
  } finally {
    socket.destroy();
  }
}

function understood(line: string): Answer {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    throw new EdgeError("cli.protocol", { reason: "JSON" });
  }
  const checked = answerSchema.safeParse(raw);
  if (checked.success) return checked.data;
  const v = (raw as { v?: unknown } | null)?.v;
  throw new EdgeError("cli.protocol", { reason: `v${String(v)}, v${VERSION}` });
}

async function connectTo(path: string): Promise<Socket> {
  const socket = connect(path);
  const not = await connected(socket, { timeoutMs: AT_ONCE_MS, stop: new AbortController().signal });
  // A later failure ends the stream of lines, and whoever reads them says what it means.
  socket.on("error", () => undefined);
  if (not === null) return socket;
  const cause = not.why === "failed" ? not.error : undefined;
  if (cause?.code === "EACCES" || cause?.code === "EPERM") throw new EdgeError("cli.denied", { socket: path }, cause);
  // connect(2) refuses an ordinary file as it refuses a socket that nobody answers.
  const other = await stat(path).then(
    (found) => !found.isSocket(),
    () => false,
  );
  throw new EdgeError(other ? "cli.not-a-socket" : "cli.not-running", { socket: path }, cause);
}
