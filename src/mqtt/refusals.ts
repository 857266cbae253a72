/** Turns a refused connection into an error that names what can be mended, on our side or on the broker's. */

import { EdgeError } from "../kit/errors.ts";
import { systemReason } from "../kit/text/reasons.ts";
import { brokerName, isLocal, keysOf, type SocketOptions } from "./broker.ts";
import { LinkError } from "./link-error.ts";

/** Who asked to be let in. */
export interface Caller extends Pick<SocketOptions, "broker" | "credentials" | "clockSynced" | "keys"> {
  readonly clientId: string;
  readonly mqtt: 5 | "3.1.1";
  readonly user?: string;
}

type Refused = `sync.${"protocol-version" | "client-id" | "bad-login" | "not-admitted" | "taken-over" | "no-retain" | "no-qos1"}`;

/** MQTT 5 § 3.2.2.2 and 3.14.2.1, and under 3.1.1 § 3.2.2.3: what a CONNACK or DISCONNECT says. */
const BY_REASON: Readonly<Record<number, Refused>> = {
  132: "sync.protocol-version",
  133: "sync.client-id",
  134: "sync.bad-login",
  135: "sync.not-admitted",
  138: "sync.not-admitted",
  142: "sync.taken-over",
  154: "sync.no-retain",
  155: "sync.no-qos1",
};
const BY_RETURN_CODE: Readonly<Record<number, Refused>> = {
  1: "sync.protocol-version",
  2: "sync.client-id",
  4: "sync.bad-login",
  5: "sync.not-admitted",
};

export function refusedBy(caller: Caller, reasonCode: number, cause?: unknown): LinkError {
  const { broker, clientId, mqtt, user, credentials } = caller;
  const table = mqtt === 5 ? BY_REASON : { ...BY_REASON, ...BY_RETURN_CODE };
  const known = table[reasonCode] ?? "sync.refused";
  const isNobody = user === undefined && credentials?.cert === undefined;
  const isLogin = known === "sync.bad-login" || known === "sync.not-admitted";
  const context = {
    ...keysOf(caller),
    broker: brokerName(broker),
    reason: `0x${reasonCode.toString(16)}`,
    clientId,
    mqtt,
    user: user ?? credentials?.cert ?? clientId,
    name: credentials?.password ?? credentials?.cert ?? "",
  };
  return new LinkError(new EdgeError(isLogin && isNobody ? "sync.no-login" : known, context, cause), { reasonCode });
}

const DATE_ERRORS = new Set(["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"]);
/** OpenSSL's codes for a chain that does not end at one of our authorities. */
const AUTHORITY_ERRORS = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_UNTRUSTED",
]);
/** The far side's complaint about what we showed it (RFC 8446 § 6.2). */
const ALERT = /^ERR_SSL_.*ALERT_/;
const WANTED = /ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)$/;
const NO_TLS = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|HTTP_REQUEST)$/;
/** Node's code for a broker's certificate that was not accepted, for a reason not named above. */
const OTHER_TRUST = /^(ERR_TLS|CERT_|UNABLE_TO|INVALID_|HOSTNAME_)/;

/** Why a TCP or TLS connection failed. */
export function explained(
  error: NodeJS.ErrnoException,
  caller: Pick<Caller, "broker" | "credentials" | "clockSynced" | "keys">,
): EdgeError {
  const { credentials, clockSynced } = caller;
  const broker = brokerName(caller.broker);
  const reason = error.code ?? error.message;
  const about = { ...keysOf(caller), broker, reason };
  const ca = credentials?.ca ?? "ca";
  const cert = credentials?.cert;
  if (DATE_ERRORS.has(reason)) return new EdgeError(clockSynced() ? "sync.broker-dates" : "sync.clock", about, error);
  if (AUTHORITY_ERRORS.has(reason)) return new EdgeError("sync.broker-authority", { ...about, ca }, error);
  if (reason === "ERR_TLS_CERT_ALTNAME_INVALID")
    return new EdgeError("sync.broker-name", { ...about, host: new URL(caller.broker).hostname, names: namesOf(error) }, error);
  if (WANTED.test(reason) && cert === undefined) return new EdgeError("sync.certificate-wanted", about, error);
  if (ALERT.test(reason)) return new EdgeError("sync.own-certificate", { ...about, cert: cert ?? "cert" }, error);
  if (NO_TLS.test(reason)) return new EdgeError("sync.not-tls", about, error);
  if (OTHER_TRUST.test(reason)) return new EdgeError("sync.broker-certificate", { ...about, ca }, error);
  return new LinkError(new EdgeError("sync.unreachable", { broker, reason: systemReason(error) }, error), {
    local: isLocal(reason),
  });
}

/** The names that a certificate is for, as people write them. */
function namesOf(error: Error & { readonly cert?: { readonly subjectaltname?: string } }): string {
  return (error.cert?.subjectaltname ?? "").replaceAll(/(DNS|IP Address):/g, "").slice(0, 200) || "-";
}
