/** Windows that hold too much, or what no disk takes: what stays, what goes, and the event that names it. */
import { describe, expect, it } from "vitest";
import { type Content, emptyContent, type Group } from "../../../../src/edge/commit/buffer-content.ts";
import { gapEvent, isFull, purge, relieve } from "../../../../src/edge/commit/loss-ledger.ts";
import type { EdgeEvent, ReadingRecord } from "../../../../src/model/index.ts";

const record: ReadingRecord = { source: "m", name: "power", unit: "W", value: 1, quality: "good", mono: 0 };
const event = (seq: number, of: Partial<EdgeEvent> = {}) =>
  ({ seq, kind: "test.happened", severity: "info", state: "noted", ...of }) as EdgeEvent;

/** Groups of so many records each, numbered from 1. */
function holding(groups: readonly number[], events: readonly EdgeEvent[] = []): Content {
  let from = 1;
  const made = groups.map((count): Group => {
    const group = { clock: "synced", offset: 0, from, records: Array.from({ length: count }, () => record) } as const;
    from += count;
    return group;
  });
  const content = emptyContent();
  content.groups.push(...made);
  content.events.push(...events);
  content.records = from - 1;
  return content;
}

describe("too much waits", () => {
  it("the oldest tenth of the records goes, over the edges of groups, each run by its numbers", () => {
    const content = holding([3000, 40_000, 7001]);
    expect(isFull("readings", content)).toBe(true);
    expect(relieve("readings", content)).toEqual({
      stream: "readings",
      ranges: [
        [1, 3000],
        [3001, 5000],
      ],
      reason: "disk",
    });
    expect([content.records, content.groups[0]?.from, isFull("readings", content)]).toEqual([45_001, 5001, false]);
  });

  it("of the events go the oldest, but none that is urgent, and none that names a loss", () => {
    const special = new Map([
      [3, event(3, { severity: "critical" })],
      [5, event(5, { kind: "ledger.gap" })],
    ]);
    const content = holding(
      [],
      Array.from({ length: 10_001 }, (_, i) => special.get(i + 1) ?? event(i + 1)),
    );
    expect(isFull("events", content)).toBe(true);
    expect(relieve("events", content).ranges).toEqual([
      [1, 2],
      [4, 4],
      [6, 1002],
    ]);
    expect(content.events.slice(0, 3).map(({ seq }) => seq)).toEqual([3, 5, 1003]);
  });

  it("behind a thousand that stay, others go all the same", () => {
    const critical = (seq: number) => event(seq, seq <= 1000 ? { severity: "critical" } : {});
    const content = holding(
      [],
      Array.from({ length: 10_001 }, (_, i) => critical(i + 1)),
    );
    expect(relieve("events", content).ranges).toEqual([[1001, 1901]]);
  });
});

it("what no disk takes goes piece by piece, the likeliest first, and what has numbers is named", () => {
  const content = holding([2], [event(1)]);
  content.inbox.set("c", { id: "c", received: 0, expires: 0.5, state: "accepted", body: {} });
  content.states.set("x", 1);
  const losses = [purge(content), purge(content), purge(content), purge(content)];
  expect(losses).toEqual([
    null,
    null,
    { stream: "readings", ranges: [[1, 2]], reason: "refused" },
    { stream: "events", ranges: [[1, 1]], reason: "refused" },
  ]);
  expect([content.inbox.size, content.states.size, content.records, content.events.length]).toEqual([0, 0, 0, 0]);
});

it("a loss is an event that says what, how much and why; thinning is the mildest", () => {
  const gap = { epoch: "E", stream: "readings", range: [3, 7], count: 5, kept: 0, reason: "quota" } as const;
  expect(gapEvent(gap)).toMatchObject({
    kind: "ledger.gap",
    severity: "medium",
    extra: { epoch: "E", stream: "readings", from: 3, to: 7, count: 5, kept: 0, reason: "quota" },
  });
  expect(gapEvent({ ...gap, reason: "thinned", kept: 2, policy: "1min" })).toMatchObject({
    severity: "low",
    extra: { kept: 2, policy: "1min" },
  });
});
