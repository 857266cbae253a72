/** Sends one question over a TCP connection or in a datagram, and takes what is answered, for a time at most. */
import { createSocket } from "node:dgram";
import type { Socket } from "node:net";
import { monotonic } from "../../../kit/clock.ts";
import type { NetQuestion } from "../../driver.ts";

/** Nobody sends more in earnest. */
const MOST_BYTES = 65_537;

export type Came =
  | { readonly bytes: Uint8Array; readonly answerMs: number; readonly mono: number }
  | { readonly failed: "timeout"; readonly mono: number }
  | { readonly error: NodeJS.ErrnoException; readonly mono: number };

/** Over a socket that has connected; it is destroyed afterwards. */
export function askOver(socket: Socket, { bytes, timeoutMs, isWhole }: NetQuestion, stop: AbortSignal): Promise<Came> {
  return new Promise((resolve) => {
    const from = performance.now();
    const parts: Uint8Array[] = [];
    let first: number | null = null;
    const end = (came: Came): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", late);
      socket.removeAllListeners("data").removeAllListeners("end");
      socket.destroy();
      resolve(came);
    };
    const late = (): void => end({ failed: "timeout", mono: monotonic() });
    const take = (): void =>
      end({ bytes: Buffer.concat(parts), answerMs: (first ?? performance.now()) - from, mono: monotonic() });
    const timer = setTimeout(late, timeoutMs);
    stop.addEventListener("abort", late, { once: true });
    // What came before the other side broke off may be an answer all the same.
    socket.on("error", (error) => (parts.length > 0 ? take() : end({ error, mono: monotonic() })));
    socket.on("end", take);
    socket.on("data", (part: Uint8Array) => {
      first ??= performance.now();
      parts.push(part);
      const all = Buffer.concat(parts);
      if (all.length >= MOST_BYTES || isWhole(all)) take();
    });
    socket.write(bytes);
    if (stop.aborted) late();
  });
}

/** `address` is one, and no name. A datagram that does not fit is passed over: it answers something else. */
export function askByDatagram(address: string, question: NetQuestion, stop: AbortSignal): Promise<Came> {
  const { port, bytes, timeoutMs, isWhole } = question;
  return new Promise((resolve) => {
    const from = performance.now();
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    const end = (came: Came): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", late);
      socket.removeAllListeners("message").removeAllListeners("error");
      socket.on("error", () => undefined).close();
      resolve(came);
    };
    const late = (): void => end({ failed: "timeout", mono: monotonic() });
    const timer = setTimeout(late, timeoutMs);
    stop.addEventListener("abort", late, { once: true });
    socket.on("error", (error) => end({ error, mono: monotonic() }));
    socket.on("message", (message) => {
      if (isWhole(message)) end({ bytes: message, answerMs: performance.now() - from, mono: monotonic() });
    });
    // Connected, it hears nobody else, and is told when nobody listens there.
    socket.connect(port, address, () => socket.send(bytes));
    if (stop.aborted) late();
  });
}
