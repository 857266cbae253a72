/** Writes JSON in the one form that is signed (RFC 8785): keys in order, numbers as ECMAScript writes them, no spaces. */

/** Deeper than any document of the contract; what a stranger nests further must not fill the stack. */
const DEEPEST = 32;
const HALF_CHARACTER = /\p{Cs}/u;

/** null: what has no such form, such as half a character, a number beyond what JSON can hold, or a document nested too deeply. */
export function canonicalJson(value: unknown): string | null {
  const parts: string[] = [];
  return write(value, parts, DEEPEST) ? parts.join("") : null;
}

function write(value: unknown, parts: string[], deeper: number): boolean {
  if (value === null || typeof value === "boolean") parts.push(String(value));
  else if (typeof value === "number") {
    if (!Number.isFinite(value)) return false;
    parts.push(JSON.stringify(value));
  } else if (typeof value === "string") return text(value, parts);
  else if (typeof value !== "object" || deeper === 0) return false;
  else return Array.isArray(value) ? list(value, parts, deeper - 1) : object(value as Record<string, unknown>, parts, deeper - 1);
  return true;
}

function text(value: string, parts: string[]): boolean {
  if (HALF_CHARACTER.test(value)) return false;
  parts.push(JSON.stringify(value));
  return true;
}

function list(values: readonly unknown[], parts: string[], deeper: number): boolean {
  parts.push("[");
  for (const [i, value] of values.entries()) {
    if (i > 0) parts.push(",");
    if (!write(value, parts, deeper)) return false;
  }
  parts.push("]");
  return true;
}

/** `sort` compares UTF-16 code units, as section 3.2.3 asks. */
function object(members: Readonly<Record<string, unknown>>, parts: string[], deeper: number): boolean {
  parts.push("{");
  for (const [i, key] of Object.keys(members).sort().entries()) {
    if (i > 0) parts.push(",");
    if (!text(key, parts)) return false;
    parts.push(":");
    if (!write(members[key], parts, deeper)) return false;
  }
  parts.push("}");
  return true;
}
