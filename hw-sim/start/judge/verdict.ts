/** How a run ended, as a person wants to hear it. */
import { formatNumber } from "../../../src/kit/text/format-value.ts";
import { pluralise } from "../../../src/kit/text/pluralise.ts";
import type { Text } from "../../../src/model/index.ts";
import { sayIn } from "../terminal/words.ts";
import type { Judged } from "./report.ts";

export function verdict({ report, faults }: Judged, lang: keyof Text): readonly string[] {
  const say = sayIn(lang);
  const { records, readings, assets, latencyMs, seconds } = report;
  const real = readings.served === 0;
  const lost = records.gaps + Math.max(0, records.stored - records.delivered - records.gaps);
  const judged = [
    lost === 0 ? say("nothingLost") : pluralise(lost, say("lost")),
    records.duplicates === 0 ? say("nothingDouble") : pluralise(records.duplicates, say("twice")),
    ...(real ? [] : [readings.wrong === 0 ? say("nothingWrong") : pluralise(readings.wrong, say("wrong"))]),
    ...(readings.missing === 0 ? [] : [pluralise(readings.missing, say("notSeen"))]),
  ];
  const counts = `${pluralise(records.stored, say("record"))} ${noun(records.stored, say("stored"))}, ${pluralise(records.delivered, say("deliveredCount"))}`;
  const ms = (n: number) => `${formatNumber(Math.round(n * 10) / 10, lang)} ms`;
  const first = `${counts}, ${judged.join(", ")}.`;
  return [
    faults.length === 0 ? first : `${say("bad")}: ${first}`,
    real ? `${say("notCompared")}.` : `${pluralise(readings.checked, say("compared"))}.`,
    ...(assets && assets.missing + assets.extra + assets.wrong === 0 ? [`${pluralise(assets.bays, say("assetsRight"))}.`] : []),
    `${say("speed")} ${say("half")} ${ms(latencyMs.p50)}, ${say("most")} ${ms(latencyMs.p99)}. ${formatNumber(seconds, lang)} s.`,
  ];
}

const noun = (n: number, forms: string): string => pluralise(n, forms, "").trim();
