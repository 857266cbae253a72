/** Crafted runs against the list of a scenario: what is missing, extra, late, in another order, or left standing. */
import { describe, expect, it } from "vitest";
import type { ReceivedAttribute, ReceivedEvent } from "../../../../../hw-sim/start/judge/bays.ts";
import { type ExpectedInput, judgeExpected } from "../../../../../hw-sim/start/judge/expected.ts";

const BEGUN = 100_000;
const KIND = "bay.illegal-occupation";
const event = (state: string, at: number, more: Partial<ReceivedEvent> = {}): ReceivedEvent => ({
  id: "e/1",
  kind: KIND,
  state,
  reason: state === "cleared" ? "normal" : null,
  asset: "bay-1",
  device: null,
  mono: BEGUN + at,
  since: BEGUN + at,
  command: null,
  ...more,
});
const shown = (value: string, at: number, name = "status"): ReceivedAttribute => ({
  name,
  value,
  quality: "good",
  mono: BEGUN + at,
});
const before = [shown("free", -500), shown("none", -500, "permit")];
const retained = (status: string, quality = "good") => ({ state: { status, permit: "none" }, quality, alarms: [], listed: [] });

const right: ExpectedInput = {
  asset: "bay-1",
  expected: {
    events: [
      { at: 8000, kind: KIND, state: "raised" },
      { at: 19_000, kind: KIND, state: "cleared", reason: "normal" },
    ],
    states: [
      { at: 1000, status: "free" },
      { at: 5000, status: "occupied", permit: "none" },
      { at: 19_000, status: "free" },
    ],
  },
  withinMs: 2000,
  begun: BEGUN,
  events: [event("raised", 8300), event("cleared", 18_800)],
  attributes: [...before, shown("occupied", 5200), shown("free", 18_800)],
  retained: retained("free"),
  end: BEGUN + 40_000,
};
const doubted = (quality: string): Partial<ExpectedInput> => ({
  expected: { events: right.expected.events, states: [{ at: 1000, quality: "uncertain", status: "unknown" }] },
  attributes: [shown("unknown", 800)],
  retained: retained("unknown", quality),
});
const found = (more: Partial<ExpectedInput>) => judgeExpected({ ...right, ...more }).map(({ what }) => what);
const [raised, cleared] = right.events as [ReceivedEvent, ReceivedEvent];

describe("an asset that told what its scenario lists", () => {
  it("is right", () => expect(judgeExpected(right)).toEqual([]));
  it.each<[string, Partial<ExpectedInput>, readonly string[]]>([
    ["nothing told", { events: [] }, ["missing", "missing"]],
    ["the end not told", { events: [raised] }, ["missing"]],
    ["an event too late", { events: [event("raised", 10_100), cleared] }, ["extra", "missing"]],
    ["an event too early", { events: [event("raised", 5900), cleared] }, ["extra", "missing"]],
    ["told twice", { events: [raised, event("raised", 8400), cleared] }, ["extra"]],
    ["in another order", { events: [event("cleared", 18_800), event("raised", 8300)] }, ["missing", "extra"]],
    ["another kind", { events: [raised, cleared, event("raised", 30_000, { kind: "bay.overstay" })] }, ["extra"]],
    ["for another reason", { events: [raised, event("cleared", 18_800, { reason: "lost" })] }, ["extra", "missing"]],
    ["a state that never was", { attributes: before }, ["missing"]],
    ["a first state told when its device was open", { attributes: [shown("free", 4800), ...right.attributes.slice(1)] }, []],
    ["a state too late", { attributes: [...before, shown("occupied", 7100), shown("free", 18_800)] }, ["missing"]],
    ["a state that ended too early", { attributes: [...before, shown("occupied", 2500), shown("free", 2900)] }, ["missing"]],
    ["a state without its permit", { attributes: right.attributes.filter(({ name }) => name === "status") }, ["missing"]],
    ["a stale state", { retained: retained("occupied") }, ["wrong"]],
    ["a state in doubt", { retained: retained("free", "uncertain") }, ["wrong"]],
    ["no state", { retained: null }, ["wrong"]],
    ["a state that is to be in doubt", doubted("uncertain"), []],
    ["a state that should be in doubt", doubted("good"), ["wrong"]],
    ["a run that ended before the last event", { events: [raised], retained: retained("occupied"), end: BEGUN + 15_000 }, []],
    ["a run that ended while it was due", { events: [raised], retained: retained("occupied"), end: BEGUN + 20_000 }, []],
    ["the same, already told", { end: BEGUN + 20_000 }, []],
  ])("%s", (_, more, findings) => expect(found(more).sort()).toEqual([...findings].sort()));
});
