/** Waits until a socket that was told to connect has, for a time at most; what has not is destroyed. */
import type { Socket } from "node:net";

/** Why there is no connection. */
export type NotConnected =
  | { readonly why: "stopped" | "late" | "closed" }
  | { readonly why: "failed"; readonly error: NodeJS.ErrnoException };

export interface Connecting {
  /** The event of a socket that has connected; of TLS `secureConnect`. */
  readonly event?: "connect" | "secureConnect";
  readonly timeoutMs: number;
  readonly stop: AbortSignal;
}

/** Resolves with null when it has connected. */
export function connected(socket: Socket, { event = "connect", timeoutMs, stop }: Connecting): Promise<NotConnected | null> {
  return new Promise((resolve) => {
    const end = (not: NotConnected | null): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", stopped);
      socket.off(event, ready).off("close", closed).off("error", failed);
      // A later error is of no interest, but without a listener it would end the process.
      if (not !== null) socket.on("error", () => undefined).destroy();
      resolve(not);
    };
    const ready = (): void => end(null);
    const stopped = (): void => end({ why: "stopped" });
    const closed = (): void => end({ why: "closed" });
    const failed = (error: NodeJS.ErrnoException): void => end({ why: "failed", error });
    const timer = setTimeout(() => end({ why: "late" }), timeoutMs);
    socket.on(event, ready).on("close", closed).on("error", failed);
    stop.addEventListener("abort", stopped, { once: true });
    if (stop.aborted) stopped();
  });
}
