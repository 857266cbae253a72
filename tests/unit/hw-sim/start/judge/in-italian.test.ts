/** What the judge says of a run stands in Italian whole: the verdict, each fault, and the examples with their decimals. */
import { expect, it } from "vitest";
import { faultsOf, type Judged, type Report } from "../../../../../hw-sim/start/judge/report.ts";
import { after, at, between, insteadOf, valueText } from "../../../../../hw-sim/start/judge/sentences.ts";
import { verdict } from "../../../../../hw-sim/start/judge/verdict.ts";
import { englishIn } from "../../../../support/italian.ts";

const bad: Report = {
  records: { stored: 9, delivered: 7, acknowledged: 6, gaps: 1, duplicates: 1, repeats: 0 },
  readings: { served: 9, checked: 5, wrong: 1, missing: 2, unseen: 0 },
  assets: { bays: 1, listed: 0, events: 3, missing: 1, extra: 1, wrong: 1 },
  events: {},
  latencyMs: { p50: 12.34, p99: 99.96 },
  seconds: 20.5,
} as Report;
const good: Report = {
  ...bad,
  records: { ...bad.records, delivered: 9, acknowledged: 9, gaps: 0, duplicates: 0 },
  readings: { ...bad.readings, wrong: 0, missing: 0 },
  assets: { bays: 2, listed: 0, events: 3, missing: 0, extra: 0, wrong: 0 },
} as Report;
const judged = (report: Report): Judged => ({ report, faults: faultsOf(report, ["gpio-contact"], "it") });

it.each([
  ["a bad run", bad],
  ["a good run", good],
  ["a run without a simulated site", { ...good, readings: { ...good.readings, served: 0 }, assets: null } as Report],
])("of %s", (_, report) => {
  const lines = [...verdict(judged(report), "it"), ...judged(report).faults];
  expect(lines.length).toBeGreaterThan(2);
  expect(englishIn(lines.join("\n"))).toEqual([]);
  expect(lines.join("\n")).toContain("la metà entro 12,3 ms");
  expect(lines.join("\n")).toContain("20,5 s");
});

it("an example has the language's comma, in the value and in the moment", () => {
  const told = at(after("meter.power = ", valueText(412.5)), 1200.25);
  expect(told).toEqual({ it: "meter.power = 412,5 a 1200,25", en: "meter.power = 412.5 at 1200.25" });
  expect(between("x", 0.5, 2).it).toBe("x fra 0,5 e 2");
  expect([valueText("occupied"), valueText(null), valueText(true)].map(({ it }) => it)).toEqual(['"occupied"', "null", "true"]);
  for (const sentence of [told, between("status", 1, 2), insteadOf("status", "status")])
    expect(englishIn(sentence.it, ["meter", "power", "status"])).toEqual([]);
});
