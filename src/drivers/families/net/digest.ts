/** Proves to a server that a password is known, without sending it: Digest access authentication (RFC 7616). */
import { createHash } from "node:crypto";

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** What is asked for. */
export interface DigestRequest {
  readonly method: string;
  readonly uri: string;
  /** Random characters of ours. */
  readonly cnonce: string;
}

/** By preference. A server names the one that it wants; none: MD5. */
const HASHES: readonly (readonly [algorithm: string, hash: string])[] = [
  ["SHA-512-256", "sha512-256"],
  ["SHA-256", "sha256"],
  ["MD5", "md5"],
];

/** `scheme name="value", other=value` of each challenge of a WWW-Authenticate header, which may hold several. */
export function challengesIn(headers: readonly string[]): readonly ReadonlyMap<string, string>[] {
  const found: Map<string, string>[] = [];
  for (const header of headers)
    for (const [, scheme, name = "", quoted, bare = ""] of header.matchAll(
      /(?:^|,)\s*(?:([A-Za-z][\w-]*)\s+)?([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/g,
    )) {
      if (scheme !== undefined) found.push(new Map([["scheme", scheme.toLowerCase()]]));
      found.at(-1)?.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? bare);
    }
  return found;
}

/** The value of an Authorization header; null: the server offers no Digest that is known here. */
export function digestFor(headers: readonly string[], login: Login, request: DigestRequest): string | null {
  const offered = challengesIn(headers).filter((one) => one.get("scheme") === "digest");
  for (const [algorithm, hash] of HASHES) {
    const challenge = offered.find((one) => (one.get("algorithm") ?? "MD5").toUpperCase() === algorithm && fits(one));
    if (challenge !== undefined) return proof(challenge, hash, login, request);
  }
  return null;
}

/** The body of a request is not protected: a server that asks for that alone is not served. */
const fits = (challenge: ReadonlyMap<string, string>): boolean =>
  challenge.has("nonce") &&
  (challenge
    .get("qop")
    ?.split(",")
    .some((one) => one.trim() === "auth") ??
    true);

/** Each nonce is used once, so that the count of its uses is always 1. */
const COUNT = "00000001";

function proof(challenge: ReadonlyMap<string, string>, hash: string, { user, password }: Login, request: DigestRequest): string {
  const of = (text: string): string => createHash(hash).update(text).digest("hex");
  const { method, uri, cnonce } = request;
  const [realm, nonce] = [challenge.get("realm") ?? "", challenge.get("nonce") ?? ""];
  const withQop = challenge.has("qop");
  const middle = withQop ? `${nonce}:${COUNT}:${cnonce}:auth` : nonce;
  const response = of(`${of(`${user}:${realm}:${password}`)}:${middle}:${of(`${method}:${uri}`)}`);
  const isHashed = challenge.get("userhash") === "true";
  const parts = [
    `username=${quoted(isHashed ? of(`${user}:${realm}`) : user)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response="${response}"`,
    ...(challenge.has("algorithm") ? [`algorithm=${challenge.get("algorithm")}`] : []),
    ...(challenge.has("opaque") ? [`opaque=${quoted(challenge.get("opaque") ?? "")}`] : []),
    ...(withQop ? ["qop=auth", `nc=${COUNT}`, `cnonce=${quoted(cnonce)}`] : []),
    ...(isHashed ? ["userhash=true"] : []),
  ];
  return `Digest ${parts.join(", ")}`;
}

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
