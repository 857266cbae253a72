/** A bus on a loopback port, met there or through a pseudo-terminal in front of it. */
import { join } from "node:path";
import { Pty, socatExists } from "../pty.ts";
import type { SocketLine } from "../socket-line.ts";
import type { OpenBus } from "./wire.ts";

/** Undefined where there is no socat: the line is then met over TCP. */
export async function pseudoTerminal(bus: string, line: SocketLine, dir: string): Promise<Pty | undefined> {
  if (!socatExists()) return undefined;
  const pty = new Pty(join(dir, `tty-${bus}`), line.port);
  await pty.plug();
  return pty;
}

/** `owner` closes the line. */
export function plugged(
  line: SocketLine,
  over: Pty | undefined,
  owner: AsyncDisposable,
): Pick<OpenBus, "plug" | "unplug" | typeof Symbol.asyncDispose> {
  return {
    async plug() {
      await line.plug();
      await over?.plug();
    },
    async unplug() {
      await over?.unplug();
      await line.unplug();
    },
    async [Symbol.asyncDispose]() {
      await over?.[Symbol.asyncDispose]();
      await owner[Symbol.asyncDispose]();
    },
  };
}
