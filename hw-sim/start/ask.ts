/** Asks one question, a line of JSON, at a loopback port or a Unix socket. */
import { connect } from "node:net";
import { createInterface } from "node:readline";
import * as z from "zod";

const answer = z.looseObject({ ok: z.boolean(), data: z.unknown(), error: z.unknown() }).partial({ data: true, error: true });

export async function ask(
  to: { readonly port: number } | { readonly path: string },
  request: object,
  withinMs = 5000,
): Promise<unknown> {
  const socket = connect("port" in to ? { port: to.port, host: "127.0.0.1" } : to);
  try {
    const line = await new Promise<string>((resolve, reject) => {
      socket.setTimeout(withinMs, () => reject(new Error(`no answer within ${withinMs} ms`)));
      socket.once("error", reject).once("close", () => reject(new Error("closed without an answer")));
      createInterface({ input: socket }).once("line", resolve).on("error", reject);
      socket.write(`${JSON.stringify(request)}\n`);
    });
    const { ok, data, error, ...rest } = answer.parse(JSON.parse(line));
    if (!ok) throw new Error(typeof error === "string" ? error : JSON.stringify(error));
    // The gateway and the platform put their answer into `data`; the site puts its fields beside `ok`.
    return data ?? rest;
  } finally {
    socket.destroy();
  }
}
