/** Lines of a table for spreadsheets. */
import type { Text } from "../../model/index.ts";

/** RFC 4180; where the comma stands before the decimals, a semicolon stands between the columns, as spreadsheets have it. */
export function csvLine(cells: readonly string[], lang: keyof Text): string {
  const sign = lang === "it" ? ";" : ",";
  const quoted = (text: string) => (/["\r\n]/.test(text) || text.includes(sign) ? `"${text.replaceAll('"', '""')}"` : text);
  return cells.map(quoted).join(sign);
}
