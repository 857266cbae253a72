/** Makes and signs the lists of each gateway, whole or as a delta, their numbers hashed with that gateway's own key. */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { chmod, readFile, writeFile } from "node:fs/promises";

/** What a city knows of a permit: the number in clear never leaves the platform. */
export interface Permit {
  readonly number: string;
  readonly assets?: readonly string[] | undefined;
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  readonly revoked?: boolean | undefined;
}

export interface BadgeKey {
  readonly kid: string;
  /** As in the file of `credentials.badgeKey` of that gateway. */
  readonly hex: string;
}

export interface Issue {
  readonly gateway: string;
  readonly name: string;
  readonly version: number;
  /** Of a delta: the version that it changes. */
  readonly base?: number | undefined;
  readonly permits: readonly Permit[];
  /** While two keys of a gateway are valid: the one to hash with; otherwise its only one. */
  readonly kid?: string | undefined;
  readonly maxAgeMs: number;
}

export type Document = Readonly<Record<string, unknown>>;

export interface Issued {
  readonly topic: string;
  readonly document: Document;
}

export interface PressOptions {
  readonly prefix: string;
  readonly keyId: string;
  readonly key: KeyObject;
  /** Epoch ms. */
  wall(): number;
}

/** Docs/lists.md: 128 KiB travel by MQTT. */
const MOST_BYTES = 131_072;

export class ListPress {
  readonly #o: PressOptions;
  /** Each gateway has keys of its own: what one of them gives away says nothing about the badges at another. */
  readonly #badgeKeys = new Map<string, readonly BadgeKey[]>();

  constructor(options: PressOptions) {
    this.#o = options;
  }

  /** For the file that `credentials.trust` names. */
  get trusted(): Document {
    const der = createPublicKey(this.#o.key).export({ format: "der", type: "spki" });
    return { keys: [{ id: this.#o.keyId, key: der.toString("base64"), may: ["lists/*"] }] };
  }

  /** One key, or two during a change: the newer one last. */
  knows(gateway: string, keys: readonly BadgeKey[]): void {
    this.#badgeKeys.set(gateway, keys);
  }

  /** Throws where no message can carry it: then `reference` makes it. */
  list(issue: Issue): Issued {
    const issued = this.#signed(issue, { entries: this.#entries(issue) });
    const bytes = Buffer.byteLength(JSON.stringify(issued.document));
    if (bytes > MOST_BYTES) throw new Error(`${bytes} bytes: too long for a message`);
    return issued;
  }

  /** For entries that lie at `url`: put `file` there first, then send the document. */
  reference(issue: Issue, url: string): Issued & { readonly file: Buffer } {
    if (issue.base !== undefined) throw new Error("a delta carries its entries");
    const lines = this.#entries(issue).map((entry) => `${JSON.stringify(entry)}\n`);
    const file = Buffer.from(lines.join(""));
    const sha256 = createHash("sha256").update(file).digest("hex");
    return { ...this.#signed(issue, { url, bytes: file.length, sha256 }), file };
  }

  #entries(issue: Issue): readonly Document[] {
    const key = this.#keyOf(issue);
    return issue.permits.map(({ number, ...of }) => ({ key: key === null ? number : hashed(number, key), ...of }));
  }

  /** Suspensions and holidays name no persons. */
  #keyOf({ gateway, name, kid }: Issue): BadgeKey | null {
    if (name === "suspensions" || name === "holidays") return null;
    const keys = this.#badgeKeys.get(gateway) ?? [];
    const found = kid === undefined ? keys.at(-1) : keys.find((one) => one.kid === kid);
    if (found === undefined) throw new Error(`no badge key ${kid ?? ""} of ${gateway}`);
    return found;
  }

  #signed(issue: Issue, content: Document): Issued {
    const { gateway, name, version, base, maxAgeMs } = issue;
    const { prefix, keyId, key, wall } = this.#o;
    const kid = this.#keyOf(issue)?.kid;
    const topic = `${prefix}/${gateway}/down/lists/${name}${base === undefined ? "" : "/delta"}`;
    const unsigned = {
      ...{ v: 1, name, version, issuedAt: wall(), maxAgeMs, keyId },
      ...(base !== undefined && { base }),
      ...(kid !== undefined && { kid }),
      ...content,
    };
    const signature = sign(null, Buffer.from(`cippo-v1\n${topic}\n${canonical(unsigned)}`), key).toString("base64");
    return { topic, document: { ...unsigned, signature } };
  }
}

/** HMAC-SHA-256 over the number as readers give it, in capitals; the first 128 bits. */
export const hashed = (number: string, { hex }: BadgeKey): string =>
  createHmac("sha256", Buffer.from(hex, "hex")).update(number.toUpperCase()).digest("hex").slice(0, 32);

/** RFC 8785: keys in order of their UTF-16 units, no white space; JSON.stringify writes strings and numbers as it demands. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, one]) => one !== undefined);
  const inOrder = fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${inOrder.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(",")}}`;
}

/** The key of a file, made where there is none yet; nobody else may read it. */
export async function signingKeyIn(file: string): Promise<KeyObject> {
  try {
    return createPrivateKey(await readFile(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const { privateKey } = generateKeyPairSync("ed25519");
  await writeFile(file, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600, flag: "wx" });
  await chmod(file, 0o600);
  return privateKey;
}
