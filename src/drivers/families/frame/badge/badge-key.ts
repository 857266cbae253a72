/** The keys under which badge numbers are hashed, as they lie in their file, and the hash itself. */
import { createHmac } from "node:crypto";
import { EdgeError } from "../../../../kit/errors.ts";

/** `kid` as the platform's lists name it. */
export interface BadgeKey {
  readonly kid: string;
  readonly secret: Uint8Array;
}

/** While the platform changes the key, lists of the old one and of the new one are both valid. */
const KEYS_MOST = 2;
/** Half of what the hash gives: RFC 2104, 5, allows no less. */
const HASH_BYTES = 16;

/** One line for each key: its name, and 32 hex digits or more. Throws `credentials.unusable`. */
export function badgeKeysIn(file: Uint8Array): readonly BadgeKey[] {
  const lines = Buffer.from(file).toString("latin1").split("\n");
  const written = lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  const keys = written.map((line) => /^([\w.-]{1,32})\s+((?:[0-9A-Fa-f]{2}){16,64})$/.exec(line));
  if (keys.length === 0 || keys.length > KEYS_MOST || keys.includes(null)) {
    const reason = "expected one or two lines, each a name of the key and at least 32 hex digits";
    throw new EdgeError("credentials.unusable", { name: "badgeKey", folder: "credentials", reason });
  }
  return keys.map((match) => ({ kid: match?.[1] ?? "", secret: Buffer.from(match?.[2] ?? "", "hex") }));
}

/** What the permit check gets to know of a badge: for each key its name and 128 bits of HMAC-SHA-256. `number` is overwritten. */
export function hashed(number: Uint8Array, keys: readonly BadgeKey[]): string {
  const hashes = keys.map(({ kid, secret }) => {
    const hash = createHmac("sha256", secret).update(number).digest().subarray(0, HASH_BYTES);
    return `${kid}:${hash.toString("hex")}`;
  });
  number.fill(0);
  return hashes.join(" ");
}
