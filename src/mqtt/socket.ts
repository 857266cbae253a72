/** Opens the TCP or TLS socket to a broker, or throws an EdgeError that says what to check. */

import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls, createSecureContext, type SecureContext } from "node:tls";
import { EdgeError } from "../kit/errors.ts";
import { connected } from "../kit/system/connected.ts";
import { hostLookup } from "../kit/system/host-lookup.ts";
import { bytes, noAnswerWithin, stopped, systemReason } from "../kit/text/reasons.ts";
import type { Text } from "../model/index.ts";
import { brokerName, type Credentials, type SocketOptions } from "./broker.ts";
import { LinkError } from "./link-error.ts";
import { explained } from "./refusals.ts";

const PORTS: Readonly<Record<string, number>> = { "mqtt:": 1883, "mqtts:": 8883 };

export async function openSocket(options: SocketOptions, stop: AbortSignal): Promise<Socket> {
  const url = new URL(options.broker);
  const address = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) || (PORTS[url.protocol] ?? 1883) };
  const { lookup } = hostLookup;
  if (url.protocol === "mqtt:") return opened(connectTcp({ ...address, lookup, noDelay: true }), "connect", options, stop);
  const files = await readCredentials(options.credentials);
  // RFC 6066: an IP address is not a server name.
  const name = isIP(address.host) === 0 ? { servername: address.host } : {};
  const tls = { secureContext: secureContext(files, options.credentials) };
  const socket = connectTls({ ...address, ...tls, ...name, lookup, rejectUnauthorized: true });
  socket.setNoDelay(true);
  return opened(socket, "secureConnect", options, stop);
}

type Part = "cert" | "key" | "ca";

async function readCredentials(credentials?: Credentials): Promise<Partial<Record<Part, Buffer>>> {
  const files: Partial<Record<Part, Buffer>> = {};
  for (const part of ["cert", "key", "ca"] as const) {
    const name = credentials?.[part];
    if (name !== undefined && credentials !== undefined) files[part] = await credential(credentials.folder, name);
  }
  return files;
}

/** Throws `credentials.missing`, or `credentials.unusable` for a file that is there and cannot be read. */
async function credential(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    if (reason === "ENOENT") throw new EdgeError("credentials.missing", { name, folder }, cause);
    throw new EdgeError("credentials.unusable", { name, folder, reason }, cause);
  }
}

/** OpenSSL reads the files here, so that a broken certificate, or a key that is not its own, fails before the broker is asked. */
function secureContext(files: Partial<Record<Part, Buffer>>, credentials?: Credentials): SecureContext {
  for (const part of ["ca", "cert", "key"] as const) {
    if (files[part] === undefined) continue;
    try {
      // OpenSSL skips anything in a file of authorities that is not a certificate: it could end up trusting nobody.
      if (part === "ca") new X509Certificate(files[part]);
      else createSecureContext({ [part]: files[part] });
    } catch (cause) {
      throw unusable(credentials, part, cause);
    }
  }
  try {
    return createSecureContext({ ...files, minVersion: "TLSv1.2" });
  } catch (cause) {
    throw unusable(credentials, "key", cause);
  }
}

function unusable(credentials: Credentials | undefined, part: Part, cause: unknown): EdgeError {
  const context = { name: credentials?.[part] ?? part, folder: credentials?.folder ?? "", reason: systemReason(cause) };
  return new EdgeError("credentials.unusable", context, cause);
}

/** The password of the user, without the end of line that editors add. Throws `credentials.missing` or `credentials.unusable`. */
export async function readPassword(credentials?: Credentials): Promise<Buffer | undefined> {
  if (credentials?.password === undefined) return undefined;
  const { folder, password: name } = credentials;
  const file = await credential(folder, name);
  const text = file.subarray(0, file.length - (/\r?\n$/.exec(file.toString("latin1"))?.[0].length ?? 0));
  // MQTT 5 § 3.1.3.6: binary data of at most 65,535 bytes.
  if (text.length === 0 || text.length > 65_535)
    throw new EdgeError("credentials.unusable", { name, folder, reason: bytes(text.length) });
  return text;
}

async function opened(
  socket: Socket,
  event: "connect" | "secureConnect",
  options: SocketOptions,
  stop: AbortSignal,
): Promise<Socket> {
  const { timeoutMs } = options;
  const not = await connected(socket, { event, timeoutMs, stop });
  if (not === null) return socket;
  const unreachable = (reason: Text) => new EdgeError("sync.unreachable", { broker: brokerName(options.broker), reason });
  switch (not.why) {
    case "failed":
      throw explained(not.error, options);
    case "late":
      throw new LinkError(unreachable(noAnswerWithin(timeoutMs)), { local: true });
    case "closed":
      throw unreachable({ it: "chiuso durante il collegamento", en: "closed while connecting" });
    case "stopped":
      throw unreachable(stopped);
  }
}
