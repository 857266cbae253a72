/** Cells go in; one row of a Markdown table comes out. */

export const cells = (...texts: readonly string[]): string =>
  `| ${texts.map((text) => text.replaceAll("\n", " ").replaceAll("|", "\\|")).join(" | ")} |`;
