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

describe("what no disk takes", () => {
  const row = (id: string, of: object = {}) => ({ id, received: 0, expires: 5, state: "accepted", body: {}, ...of });
  const error = new Error("refused");

  it("goes piece by piece: what has numbers is named, and commands go last", () => {
    const content = holding([2], [event(1), event(2, { kind: "ledger.gap" })]);
    content.inbox.set("c", row("c"));
    content.states.set("x", 1);
    const left = () => [content.records, content.events.length, content.states.size, content.inbox.size];
    const gone = Array.from({ length: 5 }, () => [purge(content, error)?.ranges ?? null, left()]);
    expect(gone).toEqual([
      [[[1, 2]], [0, 2, 1, 1]],
      [[[1, 1]], [0, 1, 1, 1]],
      [null, [0, 1, 0, 1]],
      [null, [0, 1, 0, 0]],
      [[[2, 2]], [0, 0, 0, 0]],
    ]);
  });

  it("goes alone where it is known which piece it is", () => {
    const deep: { in?: object } = {};
    for (let at: { in?: object } = deep, depth = 0; depth < 1100; depth += 1) at = at.in = {};
    const content = holding([2], [event(1)]);
    for (const one of [row("c"), row("half", { expires: 0.5 }), row("none", { body: { args: 1n } }), row("")])
      content.inbox.set(one.id, one);
    for (const [key, state] of Object.entries({ sound: { a: [1] }, none: undefined, big: 1n, deep }))
      content.states.set(key, state);
    expect(purge(content, error)).toBe(null);
    expect([[...content.inbox.keys()], [...content.states.keys()], content.records]).toEqual([["c"], ["sound"], 2]);
  });
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
