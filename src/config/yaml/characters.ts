/** Finds characters that nobody sees or that look like others, and makes them visible. */

/** Control characters, invisible and direction marks, lone surrogates, private use, line separators (Unicode general categories). */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
const ALLOWED = /^[\n\t]$/;
/** Spaces that YAML does not take for spaces: no-break, thin, wide ones. */
const ODD_SPACE = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]/u;
const ODD_SPACES = new RegExp(ODD_SPACE, "gu");

const hex = (character: string): string => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

/** The first character that is allowed nowhere, as U+200B; undefined: there is none. */
export function invisibleIn(text: string): string | undefined {
  for (const character of text) if (INVISIBLE.test(character) && !ALLOWED.test(character)) return hex(character);
  return undefined;
}

/** The first space that YAML takes for a letter: where it is, and which. */
export function oddSpaceIn(text: string): { readonly at: number; readonly name: string } | undefined {
  const found = ODD_SPACE.exec(text);
  return found === null ? undefined : { at: found.index, name: hex(found[0]) };
}

export const plainSpaces = (text: string): string => text.replace(ODD_SPACES, (c) => (/[\u200b\ufeff]/.test(c) ? "" : " "));

/** Typographic quotation marks, which YAML takes for letters. An apostrophe inside a word is not one. */
const QUOTED = /^([“”„‟«»＂″])|^[‘’‚‛].*[‘’‚‛′]$/u;
export const hasTypographicQuotes = (text: string): boolean => QUOTED.test(text);
export const plainQuotes = (text: string): string => `"${text.replace(/^[“”„‟«»＂″‘’‚‛]+|[“”„‟«»＂″‘’‚‛′]+$/gu, "")}"`;

/** Every character that cannot be seen, or passes for a space, by its number: `10.0.0.1‹U+00A0›`. */
export const visible = (text: string): string =>
  [...text].map((c) => (INVISIBLE.test(c) || ODD_SPACE.test(c) ? `‹${hex(c)}›` : c)).join("");
