/** How a run ended, as a person wants to hear it. */
import { counted } from "../../../src/kit/counted.ts";
import type { Text } from "../../../src/model.ts";
import { figure, translator } from "../terminal/words.ts";
import type { Judged } from "./report.ts";

export function verdict({ report, faults }: Judged, lang: keyof Text): readonly string[] {
  const say = translator(lang);
  const { records, readings: truth, latencyMs, seconds } = report;
  const real = truth.served === 0;
  const lost = records.gaps + Math.max(0, records.stored - records.delivered - records.gaps);
  const judged = [
    lost === 0 ? say("nothingLost") : counted(lost, say("lost")),
    records.duplicates === 0 ? say("nothingDouble") : counted(records.duplicates, say("twice")),
    ...(real ? [] : [truth.wrong === 0 ? say("nothingWrong") : counted(truth.wrong, say("wrong"))]),
    ...(truth.missing === 0 ? [] : [counted(truth.missing, say("notSeen"))]),
  ];
  const counts = `${counted(records.stored, say("record"))} ${noun(records.stored, say("stored"))}, ${counted(records.delivered, say("deliveredCount"))}`;
  const ms = (n: number) => `${figure(Math.round(n * 10) / 10, lang)} ms`;
  const first = `${counts}, ${judged.join(", ")}.`;
  return [
    faults.length === 0 ? first : `${say("bad")}: ${first}`,
    real ? `${say("notCompared")}.` : `${counted(truth.checked, say("compared"))}.`,
    `${say("speed")} ${say("half")} ${ms(latencyMs.p50)}, ${say("most")} ${ms(latencyMs.p99)}. ${figure(seconds, lang)} s.`,
  ];
}

const noun = (n: number, forms: string): string => counted(n, forms, "").trim();
