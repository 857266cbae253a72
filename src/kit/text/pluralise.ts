/** Writes a number with the form of its noun that fits, in Italian and English alike. */

/** `forms`: `error|errors`, or one word that is both. `shown`: how the number is written, where not plainly. */
export function pluralise(n: number, forms: string, shown = String(n)): string {
  const [one = forms, many = one] = forms.split("|");
  return `${shown} ${n === 1 ? one : many}`;
}
