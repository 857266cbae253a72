/** Crafted runs of one bay, each with one thing wrong: a judge that lets a wrong rule pass is no judge. */
import { describe, expect, it } from "vitest";
import { type BayInput, judgeBay, type ReceivedEvent } from "../../../../../hw-sim/start/judge/bays.ts";
import { withoutListed } from "../../../../../hw-sim/start/judge/expected.ts";
import type { Level } from "../../../../../hw-sim/start/judge/levels.ts";

const GRACE = 4000;
const DEBOUNCE = 1000;
const ARRIVED = 10_000;
const LEFT = 30_000;
const RAISED = ARRIVED + GRACE;
const CLEARED = LEFT + DEBOUNCE;
const END = 60_000;

const level = (value: boolean, at: number, end: number): Level => ({ value, at, end, stands: end === END, weak: false });
const event = (state: string, mono: number, more: Partial<ReceivedEvent> = {}): ReceivedEvent => ({
  id: "e/1",
  kind: "bay.illegal-occupation",
  state,
  reason: state === "cleared" ? "normal" : null,
  asset: "bay-1",
  device: null,
  mono,
  since: ARRIVED,
  command: null,
  ...more,
});
const status = (value: string, mono: number) => ({ name: "status", value, quality: "good" as const, mono });

/** A vehicle without a permit comes, stands longer than its grace, and leaves. */
const right: BayInput = {
  rule: { asset: "bay-1", debounceMs: DEBOUNCE, lagMs: 100, permits: { graceMs: GRACE, shownBeforeMs: 120_000 } },
  levels: [level(false, 0, ARRIVED), level(true, ARRIVED, LEFT), level(false, LEFT, END)],
  confirmed: [],
  events: [event("raised", RAISED), event("cleared", CLEARED)],
  attributes: [status("free", DEBOUNCE), status("occupied", ARRIVED + DEBOUNCE), status("free", LEFT + DEBOUNCE)],
  retained: { state: { status: "free" }, quality: "good", alarms: [], listed: [] },
  doubtful: [],
  end: END,
};
/** It still stands at the end. */
const stillOpen: BayInput = {
  ...right,
  levels: [level(false, 0, ARRIVED), level(true, ARRIVED, END)],
  events: [event("raised", RAISED)],
  attributes: right.attributes.slice(0, 2),
  retained: { state: { status: "occupied" }, quality: "good", alarms: ["e/1"], listed: ["e/1"] },
};
const findings = (base: BayInput, more: Partial<BayInput>) => judgeBay({ ...base, ...more }).map(({ what }) => what);

describe("a bay", () => {
  it("that told all is right", () => expect([judgeBay(right), judgeBay(stillOpen)]).toEqual([[], []]));

  it("that also asks for something else is judged by its permits alone, and by nothing else where it asks for no more", () => {
    const overstay = event("raised", RAISED + 5000, { id: "e/2", kind: "bay.overstay" });
    const more = {
      events: [...stillOpen.events, overstay],
      retained: { state: { status: "occupied" }, quality: "good", alarms: ["e/1", "e/2"], listed: ["e/1", "e/2"] },
    };
    expect(judgeBay(withoutListed({ ...stillOpen, ...more, rule: { ...right.rule, listed: ["bay.overstay"] } }))).toEqual([]);
    expect(findings(stillOpen, more)).toEqual(["extra", "wrong", "wrong"]);
  });

  it.each<[string, BayInput, Partial<BayInput>, readonly string[]]>([
    ["an alarm that was never raised", right, { events: [] }, ["missing"]],
    ["an alarm that was never cleared", right, { events: [event("raised", RAISED)] }, ["missing", "wrong", "wrong"]],
    [
      "an alarm raised before the grace was over",
      right,
      { events: [event("raised", RAISED - 1000), event("cleared", CLEARED)] },
      ["missing", "extra", "extra"],
    ],
    [
      "an alarm raised late",
      right,
      { events: [event("raised", RAISED + 2000), event("cleared", CLEARED)] },
      ["missing", "extra", "extra"],
    ],
    [
      "an alarm cleared late",
      right,
      { events: [event("raised", RAISED), event("cleared", CLEARED + 2000)] },
      ["missing", "extra", "wrong", "wrong"],
    ],
    [
      "an alarm cleared for another reason",
      right,
      { events: [event("raised", RAISED), event("cleared", CLEARED, { reason: "lost" })] },
      ["missing", "extra", "wrong", "wrong"],
    ],
    [
      "another alarm cleared in its place",
      right,
      { events: [event("raised", RAISED), event("cleared", CLEARED, { id: "e/9" })] },
      ["missing", "extra", "wrong", "wrong"],
    ],
    ["an alarm raised twice", right, { events: [...right.events, event("raised", CLEARED + 100, { id: "e/2" })] }, ["extra"]],
    ["events in the other order", right, { events: [...right.events].reverse() }, ["missing", "extra", "wrong", "wrong"]],
    [
      "an alarm of another kind",
      right,
      { events: [...right.events, event("raised", CLEARED, { kind: "bay.overstay", id: "e/2" })] },
      ["extra"],
    ],
    [
      "an update that nothing gave cause for",
      right,
      { events: [right.events[0] as ReceivedEvent, event("updated", RAISED + 500), right.events[1] as ReceivedEvent] },
      ["extra"],
    ],
    ["a status that was never told", right, { attributes: right.attributes.slice(0, 2) }, ["missing"]],
    [
      "a status told before it had settled",
      right,
      { attributes: [...right.attributes, status("occupied", ARRIVED + 100)] },
      ["wrong"],
    ],
    [
      "a status told late",
      right,
      { attributes: [...right.attributes.slice(0, 2), status("free", LEFT + DEBOUNCE + 2000)] },
      ["missing"],
    ],
    [
      "a retained state that is stale",
      right,
      { retained: { state: { status: "occupied" }, quality: "good", alarms: [], listed: [] } },
      ["wrong"],
    ],
    ["no retained state", right, { retained: null }, ["missing"]],
    [
      "a retained alarm that is over",
      right,
      { retained: { state: { status: "free" }, quality: "good", alarms: [], listed: ["e/1"] } },
      ["wrong"],
    ],
    [
      "a retained alarm that is not listed",
      stillOpen,
      { retained: { state: { status: "occupied" }, quality: "good", alarms: ["e/1"], listed: [] } },
      ["wrong"],
    ],
    [
      "a permit that nobody showed",
      stillOpen,
      { retained: { state: { status: "occupied", permit: "valid" }, quality: "good", alarms: ["e/1"], listed: ["e/1"] } },
      ["wrong"],
    ],
  ])("%s is found", (_, base, more, found) => expect(findings(base, more)).toEqual(found));

  it("is asked for no alarm when it is not reserved", () => {
    const open = { ...right, rule: { ...right.rule, permits: null }, events: [] };
    expect(judgeBay(open)).toEqual([]);
    expect(findings(open, { events: right.events })).toEqual(["extra", "extra"]);
  });
});

describe("a permit", () => {
  const lawful = (at: number): Partial<BayInput> => ({
    confirmed: [at],
    events: [],
    retained: { state: { status: "occupied", permit: "valid" }, quality: "good", alarms: [], listed: [] },
  });
  const late: BayInput = {
    ...stillOpen,
    levels: [level(false, 0, 200_000), level(true, 200_000, 400_000)],
    attributes: [],
    end: 201_000,
  };

  it("shown within the grace keeps the bay lawful; an alarm then is one too many", () => {
    expect(findings(stillOpen, lawful(ARRIVED + 2000))).toEqual([]);
    expect(findings(stillOpen, { ...lawful(ARRIVED + 2000), events: stillOpen.events })).toContain("extra");
  });

  it("shown after the alarm clears it", () => {
    const cleared = event("cleared", 20_000);
    expect(findings(stillOpen, { ...lawful(20_000), events: [event("raised", RAISED), cleared] })).toEqual([]);
    expect(findings(stillOpen, { ...lawful(20_000), events: [event("raised", RAISED)] })).toContain("missing");
  });

  it.each([119_300, 117_500, 115_100, 60_000])("shown %i ms before the sensor saw the vehicle counts for it", (before) => {
    const arrived = 200_000;
    const input: BayInput = {
      ...late,
      rule: { ...right.rule, debounceMs: 5000 },
      levels: [level(false, 0, arrived), { ...level(true, arrived, 400_000), stands: true }],
      attributes: [status("free", 5000), status("occupied", arrived + 5000)],
      ...lawful(arrived - before),
      end: 300_000,
    };
    expect(judgeBay(input)).toEqual([]);
    const accused = event("raised", arrived + GRACE, { since: arrived });
    expect(findings(input, { events: [accused] })).toContain("extra");
  });

  it("shown just after the earliest moment may count or not", () => {
    const arrived = 200_000;
    const input: BayInput = {
      ...late,
      levels: [level(false, 0, arrived), { ...level(true, arrived, 400_000), stands: true }],
      attributes: [status("free", DEBOUNCE), status("occupied", arrived + DEBOUNCE)],
      ...lawful(arrived - 119_900),
      end: 300_000,
    };
    expect(judgeBay(input)).toEqual([]);
    const accused = event("raised", arrived + GRACE, { since: arrived });
    const retained = { state: { status: "occupied", permit: "none" }, quality: "good", alarms: ["e/1"], listed: ["e/1"] };
    expect(judgeBay({ ...input, events: [accused], retained })).toEqual([]);
  });

  it("shown earlier than that does not", () => {
    const arrived = 200_000;
    const input: BayInput = {
      ...late,
      levels: [level(false, 0, arrived), { ...level(true, arrived, 400_000), stands: true }],
      attributes: [status("free", DEBOUNCE), status("occupied", arrived + DEBOUNCE)],
      ...lawful(arrived - 121_000),
      end: 300_000,
    };
    expect(findings(input, {})).toEqual(["missing", "wrong"]);
  });
});

describe("while nobody sees the bay", () => {
  it("what falls due may come once the gateway is back, and must by then", () => {
    const doubtful = [[RAISED - 500, RAISED + 3000]] as const;
    const back = RAISED + 3100;
    expect(findings(right, { doubtful, events: [event("raised", back), event("cleared", CLEARED)] })).toEqual([]);
    expect(findings(right, { doubtful, events: [] })).toEqual(["missing"]);
  });

  it("an alarm may be said to be in doubt, and not afterwards", () => {
    const doubtful = [[20_000, 22_000]] as const;
    const updated = (mono: number) => ({
      doubtful,
      events: [event("raised", RAISED), event("updated", mono), event("cleared", CLEARED)],
    });
    expect(findings(right, updated(21_000))).toEqual([]);
    expect(findings(right, updated(26_000))).toEqual(["extra"]);
  });
});
