/** Asks whether another word was meant than the one that nobody knows. */
import { suggestion } from "../../kit/text/suggestion.ts";
import { type Lang, phrases } from "./phrases.ts";
import { quoted } from "./problems.ts";
import { synonyms } from "./synonyms.ts";

/** Knows what other programs call the keys. */
export const suggestedKey = (word: string, known: Iterable<string>): string | undefined => suggestion(word, known, synonyms);

export function didYouMean(word: string, known: Iterable<string>, lang: Lang): { hint?: string } {
  const near = suggestedKey(word, known);
  return near === undefined || near === word ? {} : { hint: `${phrases.didYouMean[lang]} ${quoted(near)}?` };
}
