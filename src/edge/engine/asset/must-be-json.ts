/** Refuses what the store could not write as JSON, and says where in it that is. */

/** Facts are saved: deeper than this nobody nests them, unless they contain themselves. */
const DEEPEST = 50;

/** What JSON would drop or turn into something else is refused too, but for properties that are undefined. */
export function mustBeJson(what: string, value: unknown, depth = 0): void {
  if (depth > DEEPEST) throw new RangeError(`${what} contains itself, or is nested too deep`);
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") {
    mustBeFinite(what, value);
    return;
  }
  if (Array.isArray(value)) {
    for (const [at, one] of value.entries()) mustBeJson(`${what}[${at}]`, one, depth + 1);
    return;
  }
  if (typeof value !== "object" || !isPlain(value)) throw new TypeError(`${what} is no JSON: ${nameOf(value)}`);
  for (const [key, one] of Object.entries(value)) if (one !== undefined) mustBeJson(`${what}.${key}`, one, depth + 1);
}

export function mustBeFinite(what: string, value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`${what} is ${value}`);
}

const isPlain = (value: object): boolean => [Object.prototype, null].includes(Object.getPrototypeOf(value));

export const nameOf = (value: unknown): string =>
  typeof value === "object" ? (value?.constructor.name ?? "object") : typeof value;
