/** The bytes that the platform signs (contract, Down): the topic in full, then the document without its signature. */
import { canonicalJson } from "./canonical-json.ts";

/** null: the document has no canonical form, so nobody can have signed it. */
export function signedBytes(topic: string, { signature: _, ...document }: Readonly<Record<string, unknown>>): Buffer | null {
  const canonical = canonicalJson(document);
  return canonical === null ? null : Buffer.from(`cippo-v1\n${topic}\n${canonical}`, "utf8");
}
