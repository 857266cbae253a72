/** Finds a value in a JSON document by its pointer (RFC 6901). */
import * as z from "zod";

const POINTER = /^(\/([^~/]|~[01])*)+$/;

export const pointer = () =>
  z.string().max(200).regex(POINTER, { error: "expected a JSON pointer (RFC 6901) such as /ENERGY/Power" });

/** Undefined: there is nothing there. What every object has by itself is not in the document. */
export function valueAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const written of pointer.split("/").slice(1)) {
    const key = written.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    // An array has only its elements: its own property `length` is not part of the document.
    if (Array.isArray(value) && !/^\d+$/.test(key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}
