/** Readings handed to a program that listens on TCP, one line each. */
import { once } from "node:events";
import { connect } from "node:net";
import { readingOf } from "./centre.ts";

/** Resolves when the far side has taken all of them off the connection and closed its own end. */
export async function sendLines(port: number, count: number): Promise<void> {
  const socket = connect(port, "127.0.0.1").setNoDelay(true);
  await once(socket, "connect");
  for (let n = 1; n <= count; n += 1) if (!socket.write(`${readingOf(n)}\n`)) await once(socket, "drain");
  const ended = once(socket, "close");
  socket.resume().end();
  await ended;
}
