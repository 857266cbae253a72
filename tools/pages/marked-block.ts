/** Fills what stands between two marks of a written page. */

/** `name` as in `<!-- generated: name -->`; the block ends at `<!-- end -->`. Throws where the page has no such marks. */
export function filled(page: string, name: string, text: string): string {
  const begin = `<!-- generated: ${name} -->\n`;
  const from = page.indexOf(begin);
  const to = page.indexOf("<!-- end -->", from);
  if (from < 0 || to < 0) throw new Error(`a page has no block ${name}`);
  return `${page.slice(0, from + begin.length)}${text}${page.slice(to)}`;
}
