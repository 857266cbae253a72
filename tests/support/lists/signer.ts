/** Signs as a platform does, with keys made for one test, and keeps the file in which a gateway finds the public ones. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signedBytes } from "../../../src/contract/signed-bytes.ts";

export const DOWN = "cippo/v1/gw/down";

type Document = Readonly<Record<string, unknown>>;

export class Signer implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "cippo-keys-"));
  /** For `credentials.trust`. */
  readonly file = join(this.folder, "platform-keys.json");
  readonly #keys = new Map<string, KeyObject>();
  readonly #written: unknown[] = [];

  /** Makes a key that may sign these actions, and trusts it. */
  trust(id: string, ...may: readonly string[]): this {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.#keys.set(id, privateKey);
    this.#written.push({ id, key: publicKey.export({ format: "der", type: "spki" }).toString("base64"), may });
    writeFileSync(this.file, JSON.stringify({ keys: this.#written }));
    return this;
  }

  distrust(): void {
    this.#written.length = 0;
    writeFileSync(this.file, JSON.stringify({ keys: [] }));
  }

  signed(keyId: string, topic: string, document: Document): Document {
    const key = this.#keys.get(keyId);
    const bytes = signedBytes(topic, { ...document, keyId });
    if (key === undefined || bytes === null) throw new Error(`nothing to sign with ${keyId}`);
    return { ...document, keyId, signature: sign(null, bytes, key).toString("base64") };
  }

  /** A list, signed for its topic. */
  list(of: Document, keyId = "city"): Document {
    const name = String(of["name"]);
    const topic = `${DOWN}/lists/${name}${of["base"] === undefined ? "" : "/delta"}`;
    return this.signed(keyId, topic, { v: 1, issuedAt: 1_764_000_000_000, maxAgeMs: 86_400_000, ...of });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

export const hashOf = (number: string): string => createHash("sha256").update(number).digest("hex").slice(0, 32);

/** The file of a list whose entries lie behind its envelope, one a line. */
export function inLines(signer: Signer, of: Document, entries: readonly Document[]): string {
  const lines = entries.map((one) => `${JSON.stringify(one)}\n`).join("");
  const envelope = signer.list({
    ...of,
    sha256: createHash("sha256").update(lines).digest("hex"),
    bytes: Buffer.byteLength(lines),
  });
  return `${JSON.stringify(envelope)}\n${lines}`;
}
