/** What every program in the comparison must be able to do: take readings, be killed, start again, send what it still has. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Peer extends AsyncDisposable {
  /** Its process, whose CPU is counted. */
  readonly pid: number;
  /** Resolves when it has taken the readings 1..count, as far as it tells. */
  take(count: number): Promise<void>;
  kill(): Promise<void>;
}

export interface Kind {
  readonly name: string;
  /** At most so many readings: what it costs grows faster than their number. */
  readonly most?: number;
  /** Null: it cannot be had here, and `why` says what is missing. */
  start(folder: string, centre: number): Promise<Peer | { readonly why: string }>;
}

const LISTENS_MS = 60_000;

export async function listens(port: number, child: ChildProcess): Promise<void> {
  for (const latest = performance.now() + LISTENS_MS; performance.now() < latest && child.exitCode === null; await sleep(20)) {
    const socket = connect(port, "127.0.0.1");
    const reached = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (reached) return;
  }
  throw new Error(`nobody listens on port ${port}`);
}

export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  if (child.kill(signal)) await gone;
}
