/** Writes one row of a Markdown table. */

export const cells = (...texts: readonly string[]): string =>
  `| ${texts.map((text) => text.replaceAll("\n", " ").replaceAll("|", "\\|")).join(" | ")} |`;
