/** A city that signs the lists it pushes, with a key made for this run. */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { signedBytes } from "../../src/contract/signed-bytes.ts";
import type { CourseStep } from "../site/scenario.ts";

const KEY = "city";
const MAX_AGE_MS = 30 * 86_400_000;

export type ListStep = Extract<CourseStep, { readonly do: "list" }>;

export class CityLists {
  /** For `credentials.trust`, in `folder`. */
  readonly trust = "city-keys.json";
  readonly folder: string;
  readonly #key: KeyObject;

  constructor(folder: string) {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const key = publicKey.export({ format: "der", type: "spki" }).toString("base64");
    writeFileSync(join(folder, this.trust), JSON.stringify({ keys: [{ id: KEY, key, may: ["lists/*"] }] }));
    this.folder = folder;
    this.#key = privateKey;
  }

  /** What is published, and where. `begun`: the begin of the play in epoch ms, from which the times of the step count. */
  message({ name, version, base, entries, at }: ListStep, down: string, begun: number) {
    const topic = `${down}/lists/${name}${base === undefined ? "" : "/delta"}`;
    const document = {
      v: 1,
      name,
      version,
      ...(base !== undefined && { base }),
      issuedAt: begun + at,
      maxAgeMs: MAX_AGE_MS,
      entries: entries.map(({ from, to, ...entry }) => ({ ...entry, from: begun + from, to: begun + to })),
      keyId: KEY,
    };
    const bytes = signedBytes(topic, document);
    if (bytes === null) throw new Error(`${topic}: it cannot be signed`);
    const signature = sign(null, bytes, this.#key).toString("base64");
    return { topic, payload: Buffer.from(JSON.stringify({ ...document, signature })), retain: base === undefined };
  }
}
