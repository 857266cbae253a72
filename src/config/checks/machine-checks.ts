/**
 * Warns of what a checked site needs and this machine has not.
 *
 * No more than warns: the file may be meant for another machine.
 */
import { existsSync } from "node:fs";
import { asEdgeError } from "../../kit/errors.ts";
import { type Lang, phrases } from "../findings/phrases.ts";
import type { Site } from "../site.ts";
import type { Finding } from "../yaml/document.ts";

/** Only asks which GPIO chips there are; touches no line. */
export async function machineFindings(site: Site, lang: Lang): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [bus, spec] of Object.entries(site.buses)) {
    if (!("gpio" in spec) || (spec.tools === undefined && !hasPins())) continue;
    const { chipOf } = await import("../../drivers/transports/gpio/gpio-chip.ts");
    const error = await chipOf(spec).then(() => null, asEdgeError);
    if (error === null) continue;
    findings.push({
      severity: "warning",
      code: error.code,
      path: ["buses", bus],
      found: `chip: ${spec.chip}. ${error.what(lang)}`,
      expected: phrases.chipHere[lang],
      hint: error.hint(lang),
    });
  }
  return findings;
}

/** On a desk where a site is only written there are no pins, and no warning. */
const hasPins = (): boolean => existsSync("/dev/gpiochip0") || existsSync("/sys/class/gpio");
