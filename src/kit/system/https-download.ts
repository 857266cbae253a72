/** Fetches a file over HTTPS from some byte on, never more of it than was asked for, or says why it does not go on. */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { connect } from "node:tls";
import type { Text } from "../../model/index.ts";
import { EdgeError } from "../errors.ts";
import { AnyOf, broadcast } from "../loop/signals.ts";
import { noAnswerWithin, systemReason, verbatim } from "../text/reasons.ts";
import { hostLookup } from "./host-lookup.ts";
import { type TlsFiles, tlsContext } from "./tls-context.ts";

export interface DownloadOptions {
  /** By which the far side knows this gateway, and this gateway the far side. */
  readonly credentials?: TlsFiles;
  /** For so long nothing may come. */
  readonly idleMs: number;
  /** For so long one request may last: whoever sends a byte now and then must not hold it for ever. */
  readonly wholeMs: number;
}

export interface Wanted {
  readonly url: string;
  /** Of the whole file. */
  readonly bytes: number;
  /** The first byte that is still missing. */
  readonly from: number;
}

/** Takes what comes; the next piece is read when the last one was taken. */
export interface Sink {
  /** Where the pieces begin: 0 where the far side knows no ranges. */
  begin(from: number): Promise<void>;
  take(piece: Buffer): Promise<void>;
}

const [OK, PARTIAL, OUT_OF_RANGE] = [200, 206, 416];
const RANGE = /^bytes (\d+)-\d+\/(\d+)$/;

/** Throws `fetch.bad-address`. */
export function addressIn(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol === "https:" && parsed.username === "" && parsed.password === "") return parsed;
  throw new EdgeError("fetch.bad-address");
}

/** Resolves when the file is there to its last byte. Throws `fetch.*`, `credentials.*`, and what the sink throws. */
export async function download(wanted: Wanted, options: DownloadOptions, sink: Sink, stop: AbortSignal): Promise<void> {
  const address = addressIn(wanted.url);
  const { host } = address;
  const { credentials, idleMs, wholeMs } = options;
  const secureContext = await tlsContext(credentials);
  // Loaded by whoever fetches something, and by nobody else.
  const { request } = await import("node:https");
  const late = broadcast();
  const timer = setTimeout(() => late.abort(wholeMs), wholeMs);
  using over = new AnyOf(stop, late.signal);
  const socket = connect({ ...farSide(address), secureContext, lookup: hostLookup.lookup, rejectUnauthorized: true });
  // From now on: a request would count only from when it has a connection.
  socket.setTimeout(idleMs, () => late.abort(idleMs));
  const headers = { "accept-encoding": "identity", ...(wanted.from > 0 && { range: `bytes=${wanted.from}-` }) };
  const call = request(address, { createConnection: () => socket, headers });
  over.signal.addEventListener("abort", () => call.destroy(new Error("stopped")), { once: true });
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      call.on("error", reject).on("response", resolve).end();
      if (over.signal.aborted) call.destroy(new Error("stopped"));
    });
    await read(response, wanted, host, sink);
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    const reason = late.signal.aborted ? noAnswerWithin(Number(late.signal.reason)) : systemReason(error);
    throw new EdgeError("fetch.unreachable", { host, reason }, error);
  } finally {
    clearTimeout(timer);
    call.destroy();
  }
}

function farSide({ hostname, port }: URL): { readonly host: string; readonly port: number; readonly servername?: string } {
  const host = hostname.replace(/^\[|\]$/g, "");
  // RFC 6066: an IP address is not a server name.
  return { host, port: Number(port) || 443, ...(isIP(host) === 0 && { servername: host }) };
}

async function read(response: IncomingMessage, wanted: Wanted, host: string, sink: Sink): Promise<void> {
  const { bytes } = wanted;
  const from = beginOf(response, wanted, host);
  await sink.begin(from);
  let at = from;
  for await (const piece of response) {
    at += (piece as Buffer).length;
    if (at > bytes) throw new EdgeError("fetch.other-length", { host, found: `> ${bytes}`, bytes });
    await sink.take(piece as Buffer);
  }
  if (at < bytes) throw new EdgeError("fetch.unreachable", { host, reason: cutAt(at, bytes) });
}

/** Where what comes begins. Throws where it is not what was asked for. */
function beginOf({ statusCode = 0, headers }: IncomingMessage, { from, bytes }: Wanted, host: string): number {
  const unlike = (answer: string): EdgeError => new EdgeError("fetch.answered", { host, answer: verbatim(answer) });
  const mustBe = (found: number): void => {
    if (found !== bytes) throw new EdgeError("fetch.other-length", { host, found, bytes });
  };
  if (statusCode >= 300 && statusCode < 400) throw new EdgeError("fetch.redirected", { host });
  if (statusCode === OUT_OF_RANGE) throw new EdgeError("fetch.other-length", { host, found: `≤ ${from}`, bytes });
  if (statusCode !== OK && statusCode !== PARTIAL) throw unlike(`HTTP ${statusCode}`);
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") throw unlike(`content-encoding: ${encoding}`);
  if (statusCode === OK) {
    if (headers["content-length"] !== undefined) mustBe(Number(headers["content-length"]));
    return 0;
  }
  const range = headers["content-range"] ?? "";
  const [, first, whole] = RANGE.exec(range) ?? [];
  if (Number(first) !== from) throw unlike(`content-range: ${range}`);
  mustBe(Number(whole));
  return from;
}

const cutAt = (at: number, bytes: number): Text => ({
  it: `interrotto dopo ${at} byte su ${bytes}`,
  en: `cut off after ${at} of ${bytes} bytes`,
});
