/** Opens the TCP or TLS socket to a broker, or throws an EdgeError that says what to check. */

import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { EdgeError } from "../kit/errors.ts";
import { connected } from "../kit/system/connected.ts";
import { hostLookup } from "../kit/system/host-lookup.ts";
import { credential, tlsContext } from "../kit/system/tls-context.ts";
import { bytes, noAnswerWithin, stopped } from "../kit/text/reasons.ts";
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
  const secureContext = await tlsContext(options.credentials);
  // RFC 6066: an IP address is not a server name.
  const name = isIP(address.host) === 0 ? { servername: address.host } : {};
  const socket = connectTls({ ...address, secureContext, ...name, lookup, rejectUnauthorized: true });
  socket.setNoDelay(true);
  return opened(socket, "secureConnect", options, stop);
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
