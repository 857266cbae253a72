/** Makes of what another program said one short line that can stand in a sentence. */

/** Longer is no reason any more that somebody reads. */
const REASON_MAX = 160;
/** What Node itself says of a command that failed: the command's own words come after it. */
const NO_REASON = /^Command failed: /;

/** Its first line that says something; empty where none does. */
export function firstLine(text: string, most = REASON_MAX): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  const line = lines.find((one) => one !== "" && !NO_REASON.test(one)) ?? "";
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
