/** A broker's address and the credentials' folder go in; a connected TCP or TLS socket comes out, or an EdgeError that says what to check. */
import { readFile } from "node:fs/promises";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { EdgeError } from "../../kit/errors.ts";

/** Names of files under `folder`, never contents. They are read at each connect: a renewed certificate counts from then on. */
export interface Credentials {
  readonly folder: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

export interface SocketOptions {
  readonly broker: string;
  readonly credentials?: Credentials;
  readonly timeoutMs: number;
  /** Without a synchronised clock a certificate's dates prove nothing against the broker. */
  readonly clockSynced: () => boolean;
}

const DATE_ERRORS = new Set(["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"]);
/** OpenSSL's and Node's words for "this certificate is not accepted", either way. */
const TRUST_ERRORS = /^(ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_)/;
const PORTS: Readonly<Record<string, number>> = { "mqtt:": 1883, "mqtts:": 8883 };

/** The broker as people may see it: without user and password. */
export function brokerName(broker: string): string {
  const { protocol, host } = new URL(broker);
  return `${protocol}//${host}`;
}

export async function openSocket(options: SocketOptions, stop: AbortSignal): Promise<Socket> {
  const url = new URL(options.broker);
  const address = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) || (PORTS[url.protocol] ?? 1883) };
  if (url.protocol === "mqtt:") return opened(connectTcp({ ...address, noDelay: true }), "connect", options, stop);
  const files = await readCredentials(options.credentials);
  // RFC 6066: a server's name is never an address.
  const name = isIP(address.host) === 0 ? { servername: address.host } : {};
  const socket = connectTls({ ...address, ...files, ...name, minVersion: "TLSv1.2", rejectUnauthorized: true });
  socket.setNoDelay(true);
  return opened(socket, "secureConnect", options, stop);
}

async function readCredentials(credentials?: Credentials): Promise<Partial<Record<"cert" | "key" | "ca", Buffer>>> {
  if (credentials === undefined) return {};
  const { folder } = credentials;
  const files: Partial<Record<"cert" | "key" | "ca", Buffer>> = {};
  for (const part of ["cert", "key", "ca"] as const) {
    const name = credentials[part];
    if (name === undefined) continue;
    files[part] = await readFile(join(folder, name)).catch((cause: unknown) => {
      throw new EdgeError("credentials.missing", { name, folder }, cause);
    });
  }
  return files;
}

function opened<S extends Socket>(socket: S, event: string, options: SocketOptions, stop: AbortSignal): Promise<S> {
  const broker = brokerName(options.broker);
  return new Promise((resolve, reject) => {
    const done = (error?: EdgeError): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", away);
      socket.off("error", failed).off("close", closed).off(event, ready);
      if (error === undefined) {
        resolve(socket);
        return;
      }
      socket.on("error", () => {}).destroy();
      reject(error);
    };
    const away = (): void => done(new EdgeError("sync.unreachable", { broker, reason: "stopped" }));
    const ready = (): void => done();
    const failed = (error: NodeJS.ErrnoException): void => done(explain(error, options));
    const closed = (): void => done(new EdgeError("sync.unreachable", { broker, reason: "closed while connecting" }));
    const timer = setTimeout(
      () => done(new EdgeError("sync.unreachable", { broker, reason: `no answer in ${options.timeoutMs} ms`, local: true })),
      options.timeoutMs,
    );
    stop.addEventListener("abort", away, { once: true });
    if (stop.aborted) return away();
    socket.on("error", failed).on("close", closed).once(event, ready);
  });
}

function explain(error: NodeJS.ErrnoException, { broker, clockSynced }: SocketOptions): EdgeError {
  const reason = error.code ?? error.message;
  if (DATE_ERRORS.has(reason) && !clockSynced())
    return new EdgeError("sync.clock", { broker: brokerName(broker), reason }, error);
  if (TRUST_ERRORS.test(reason)) return new EdgeError("sync.refused", { broker: brokerName(broker), reason }, error);
  return new EdgeError("sync.unreachable", { broker: brokerName(broker), reason, local: isLocal(reason) }, error);
}

/** Whether the link failed on our side of the broker: then the carrier decides, not the broker's load. */
export const isLocal = (reason: string): boolean =>
  ["ENETUNREACH", "ENETDOWN", "EHOSTUNREACH", "EHOSTDOWN", "ETIMEDOUT", "EAI_AGAIN", "EADDRNOTAVAIL"].includes(reason);
