/** Whose signature counts for what: the platform's public keys, as they lie in a file under the credentials. */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import * as z from "zod";
import { signedBytes } from "../../contract/signed-bytes.ts";
import { EdgeError } from "../../kit/errors.ts";
import { systemReason } from "../../kit/text/reasons.ts";

/** The words of `may`: `lists/disabled`, `commands/set`; with `*` for whatever follows. */
const key = z.strictObject({
  id: z.string().min(1).max(64),
  key: z.string().min(1).max(200),
  may: z.array(z.string().min(1).max(200)).max(100),
});
const keysFile = z.strictObject({ keys: z.array(key).max(32) });

const SIGNATURE_BYTES = 64;
const BASE64 = /^[A-Za-z0-9+/_-]{86}(==)?$/;

interface TrustedKey {
  readonly id: string;
  readonly key: KeyObject;
  readonly may: readonly string[];
}

export class TrustedKeys {
  readonly #file: string | undefined;

  /** `file`: undefined where the configuration names none; then no signature counts. */
  constructor(file: string | undefined) {
    this.#file = file;
  }

  /**
   * Resolves when the document is signed by a key that may sign this action on this topic; throws `signature.*` otherwise. The file is read each
   * time: a key that was added or taken away counts at once.
   */
  async check(topic: string, document: Readonly<Record<string, unknown>>, action: string): Promise<void> {
    const { keyId, signature } = document;
    if (this.#file === undefined) throw new EdgeError("signature.no-keys");
    if (typeof keyId !== "string" || typeof signature !== "string") throw new EdgeError("signature.missing");
    const keys = await keysIn(this.#file);
    const trusted = keys.find(({ id }) => id === keyId);
    if (trusted === undefined) throw new EdgeError("signature.unknown-key", { keyId: keyId.slice(0, 64) });
    const bytes = signedBytes(topic, document);
    const raw = BASE64.test(signature) ? Buffer.from(signature, "base64") : null;
    const fits = bytes !== null && raw?.length === SIGNATURE_BYTES && verify(null, bytes, trusted.key, raw);
    if (!fits) throw new EdgeError("signature.wrong", { keyId });
    if (!trusted.may.some((one) => allows(one, action))) throw new EdgeError("signature.not-allowed", { keyId, action });
  }
}

const allows = (may: string, action: string): boolean =>
  may.endsWith("/*") ? action.startsWith(may.slice(0, -1)) : may === action;

/** Throws `signature.keys-unusable`. */
async function keysIn(file: string): Promise<readonly TrustedKey[]> {
  const unusable = (reason: ReturnType<typeof systemReason>, cause?: unknown) =>
    new EdgeError("signature.keys-unusable", { file: basename(file), reason }, cause);
  let written: unknown;
  try {
    written = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw error instanceof SyntaxError
      ? unusable({ it: "non è JSON", en: "it is no JSON" }, error)
      : unusable(systemReason(error), error);
  }
  const { success, data, error } = keysFile.safeParse(written);
  if (!success) {
    const where = error.issues[0]?.path.join(".") ?? "";
    throw unusable({ it: `${where} non valido`.trim(), en: `${where} is not valid`.trim() }, error);
  }
  const ids = data.keys.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw unusable({ it: `due chiavi di nome ${twice}`, en: `two keys named ${twice}` });
  return data.keys.map(({ id, key: der, may }) => {
    const found = ed25519In(der);
    if (found === null) {
      throw unusable({ it: `${id} non è una chiave pubblica Ed25519`, en: `${id} is no public Ed25519 key` });
    }
    return { id, key: found, may };
  });
}

/** What stands between the lines BEGIN and END PUBLIC KEY that openssl writes. */
function ed25519In(der: string): KeyObject | null {
  try {
    const found = createPublicKey({ key: Buffer.from(der, "base64"), format: "der", type: "spki" });
    return found.asymmetricKeyType === "ed25519" ? found : null;
  } catch {
    return null;
  }
}
