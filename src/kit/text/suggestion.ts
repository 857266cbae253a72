/** Finds the known word that a wrong one was probably meant as: by spelling, by a part of it, or by a synonym. */

/** A known word → others for the same thing, in small letters without blanks and dashes. */
export type Synonyms = Readonly<Record<string, readonly string[]>>;

/** At least so many letters must agree at the beginning. */
const BEGINNING = 4;

const letters = (word: string): string => word.toLowerCase().replace(/[-_.\s]/g, "");

/** Of a number so long, two digits that changed places are a slip. */
const SLIP_DIGITS = 3;

/**
 * Absent when nothing is near: at most a third of the letters (and at least one) may differ. A number in a word is its meaning, and no
 * slip: float64 is not float32, bay 15 is not bay 14. Nor is it said which of two was meant that are equally near: sint16 may be either.
 */
export function suggestion(word: string, known: Iterable<string>, synonyms: Synonyms = {}): string | undefined {
  const candidates = [...known];
  const plain = letters(word);
  const same = candidates.find((candidate) => letters(candidate) === plain);
  if (same !== undefined) return same;
  // `lorawan-bosch` is half of `lorawan-bosch-tps110`, however near `lorawan-json` is by its letters.
  const whole = candidates.filter((candidate) => letters(candidate).startsWith(plain));
  if (plain.length >= BEGINNING && whole.length === 1) return whole[0];
  const spelled = bySpelling(word, candidates);
  if (spelled !== undefined) return spelled;
  // Before beginnings: byteorder is another word for order, and not the beginning of byte.
  const other = candidates.find((candidate) => Object.hasOwn(synonyms, candidate) && synonyms[candidate]?.includes(plain));
  if (other !== undefined) return other;
  const begun = candidates.filter((candidate) => {
    const other = letters(candidate);
    return Math.min(other.length, plain.length) >= BEGINNING && (other.startsWith(plain) || plain.startsWith(other));
  });
  if (begun.length > 0) return begun.length === 1 ? begun[0] : undefined;
  // `sdm120` for `eastron-sdm120`: people leave out the maker.
  const within = candidates.filter((candidate) => plain.length >= BEGINNING && letters(candidate).includes(plain));
  return within.length === 1 ? within[0] : undefined;
}

function bySpelling(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known.filter((one) => sameNumbers(word, one))) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    if (edits === least) best = undefined;
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

/** Of a number the last digits may have been lost, or all of it; of a long one two may stand the wrong way round. */
function sameNumbers(word: string, candidate: string): boolean {
  const numbers = (text: string) => (text.match(/\d+/g) ?? []).map((digits) => String(Number(digits)));
  const known = numbers(candidate);
  return numbers(word).every((digits, i) => (known[i] ?? "").startsWith(digits) || isTurned(digits, known[i] ?? ""));
}

function isTurned(digits: string, known: string): boolean {
  if (digits.length < SLIP_DIGITS || digits.length !== known.length) return false;
  const at = [...digits].findIndex((digit, i) => digit !== known[i]);
  const turned = digits.slice(0, at) + (digits[at + 1] ?? "") + (digits[at] ?? "") + digits.slice(at + 2);
  return turned === known;
}

/** Levenshtein with swapped neighbours as one edit; words beyond 100 letters are never near. */
function distance(a: string, b: string): number {
  if (a.length > 100 || b.length > 100) return Number.POSITIVE_INFINITY;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(at(i, j - 1) + 1, at(i - 1, j) + 1, replaced, swapped ? at(i - 2, j - 2) + 1 : replaced));
    }
  }
  return at(a.length, b.length);
}
