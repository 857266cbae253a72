/** A kind that throws, and a saved state that does not fit, cost their own asset and nobody else. */
import { describe, expect, it } from "vitest";
import { Alarms } from "../../../../src/edge/alarms.ts";
import { asideKeyOf, printOf, stateKeyOf } from "../../../../src/edge/engine/asset/asset-key.ts";
import type { SavedAsset } from "../../../../src/edge/engine/asset/saved.ts";
import type { Order } from "../../../../src/edge/engine/asset/want.ts";
import { RuleEngine } from "../../../../src/edge/engine/engine.ts";
import { SiteTime } from "../../../../src/edge/engine/site-time.ts";
import type { SiteAsset } from "../../../../src/edge/kinds/index.ts";
import {
  type AnyKind,
  assetKind,
  held,
  type Output,
  shown,
  state,
  value,
  want,
  withActs,
} from "../../../../src/edge/kinds/kind.ts";
import type { Asset, AssetState, EventDraft, ReadingRecord } from "../../../../src/model/index.ts";

const [OPEN, LAMP] = ["valve.open", "valve.lamp"] as readonly string[] as readonly [Output<boolean>, Output<boolean>];
const ALARM = {
  severity: "medium" as const,
  raised: { it: "{name}: {flow} m³/h da {for}", en: "{name}: {flow} m³/h for {for}" },
  cleared: { it: "{name}: regolare", en: "{name}: in order" },
  todo: { it: "Chiudere.", en: "Close it." },
};

/** A tap that leaks above 3, and whose kind cannot stand 13. */
const tap = assetKind({
  kind: "tap",
  model: "Device",
  title: { it: "Rubinetto", en: "Tap" },
  version: 2,
  options: null as never,
  senses: ({ flow }: { flow: string }) => ({ flow: value(flow) }),
  shows: {
    status: { unit: "", kind: "word", meaning: "closed or leaks" },
    flow: { unit: "m3/h", kind: "gauge", change: 0.1, meaning: "of the tap" },
  },
  alarms: { "tap.leak": ALARM },
  facts: { most: 0 },
  lookBackMs: 0,
  learn({ most }, heard) {
    if (heard.of !== "flow" || !heard.seen.known) return { most };
    if (heard.seen.value === 13) throw new RangeError("thirteen");
    return { most: Math.max(most, heard.seen.value) };
  },
  says({ most }, { sees: { flow } }) {
    const leaks = flow.known && flow.value > 3;
    return {
      shows: { status: shown(flow, (now) => (now > 3 ? "leaks" : "closed")), flow: flow.known ? flow.value : undefined },
      claims: { "tap.leak": !flow.known ? "unknown" : leaks && held(flow.since, 0, { flow: most }) },
    };
  },
});

function site(
  saved = new Map<string, unknown>(),
  kind: AnyKind = tap,
  store: (attribute: string) => void = () => {},
  ids: readonly string[] = ["a", "b"],
) {
  const assetOf = (id: string): Asset => ({
    id,
    urn: `urn:${id}`,
    kind: "tap",
    name: { it: id, en: id },
    options: { flow: `${id}-meter.flow` },
    silentAfterMs: { flow: 10_000 },
  });
  const assets: readonly SiteAsset[] = ids.map((id) => ({ asset: assetOf(id), kind }));
  const told: string[] = [];
  const events: EventDraft[] = [];
  const records: string[] = [];
  const orders: string[] = [];
  let shownTimes = 0;
  let seq = 0;
  const sink = {
    raise(draft: EventDraft, mono: number) {
      events.push(draft);
      told.push(`${draft.asset} ${draft.kind} ${draft.state}`);
      const id = draft.id ?? `e/${told.length}`;
      return {
        ...draft,
        id,
        seq: told.length,
        after: seq,
        at: mono,
        since: draft.sinceWall ?? mono,
        mono,
        clock: "synced" as const,
      };
    },
    save: (key: string, what: unknown) => void saved.set(key, structuredClone(what)),
    order: ({ id, target, value }: Order) => void orders.push(`${id} ${target}=${value}`),
    openAlarms: () => {},
    add(record: ReadingRecord) {
      store(record.name);
      records.push(`${record.source}.${record.name}=${record.value}`);
      seq += 1;
      return seq;
    },
    asset: (_: AssetState) => {
      shownTimes += 1;
    },
    wall: (mono: number) => ({ wall: mono + 1e12, synced: true }),
  };
  const time = new SiteTime({ opened: 0, at: 0, passed: 0 });
  const alarms = new Alarms(sink, new Map(saved));
  const engine = new RuleEngine({ assets, sink, alarms, saved: new Map(saved), epoch: { id: "e", n: 1 }, time });
  const read = (id: string, flow: number, mono: number) => {
    engine.timers(mono);
    seq += 1;
    const number = seq;
    engine.record({ source: `${id}-meter`, name: "flow", unit: "m3/h", value: flow, quality: "good", mono }, number);
    return number;
  };
  return { engine, told, events, records, orders, saved, read, alarms, shown: () => shownTimes };
}

describe("a kind that throws", () => {
  it("is named once with kind, input and version, its asset is unknown, and the others go on", () => {
    const { engine, told, events, records, read } = site();
    engine.opened(0, 0);
    read("a", 1, 100);
    read("a", 13, 200);
    read("a", 13, 300);
    read("b", 5, 400);
    expect(told).toEqual(["a rule.failed raised", "b tap.leak raised"]);
    expect(events[0]?.cause).toEqual({ kind: "tap", version: 2, input: "flow", reason: "RangeError: thirteen" });
    expect(events[0]?.text.it).toContain("tap (versione 2)");
    expect(records.filter((one) => one.startsWith("a.status")).at(-1)).toBe("a.status=unknown");
  });

  it("is tried again at the next input, with the facts from before, and cleared when that goes well", () => {
    const { engine, told, events, read } = site();
    engine.opened(0, 0);
    read("a", 4, 100);
    read("a", 13, 200);
    read("a", 5, 300);
    expect(told).toEqual([
      "a tap.leak raised",
      "a rule.failed raised",
      // What stands stays, in doubt, until somebody can see again.
      "a tap.leak updated",
      "a rule.failed cleared",
      "a tap.leak updated",
    ]);
    expect(events.at(-1)?.text.en).toContain("5 m³/h");
    const leaks = events.filter(({ kind }) => kind === "tap.leak");
    expect(leaks.map(({ quality }) => quality)).toEqual(["good", "uncertain", "good"]);
    // As in the contract: the device, its point, and its value.
    expect(leaks[0]?.cause).toEqual({ device: "a-meter", point: "flow", value: 4 });
    expect(leaks[1]?.cause).toEqual({ device: "a-meter", point: "flow", value: 13, code: "rule.failed" });
  });

  it("hears another one that hears it: the circle ends, and is named", () => {
    const circle: AnyKind = {
      ...tap,
      senses: ({ flow }: { flow: string }) => ({ other: state(flow.startsWith("a") ? "b.on" : "a.on") }),
      shows: { on: { unit: "", kind: "state", meaning: "the other way" } },
      learn: undefined as never,
      // Each shows what the other one shows; the first one its contrary.
      says: (_, { o, sees: { other } }) => ({
        shows: { on: other?.known ? (o.flow.startsWith("a") ? other.value === false : other.value === true) : true },
        claims: { "tap.leak": false },
      }),
    };
    const { engine, told, events } = site(new Map(), circle);
    engine.opened(0, 0);
    expect(told.filter((one) => one.endsWith("rule.failed raised"))).toHaveLength(1);
    expect(events.find(({ kind }) => kind === "rule.failed")?.cause?.["reason"]).toContain("more than 100 times in one moment");
  });

  it("costs nobody what a third one said while others were in a circle", () => {
    const hears = (flow: string): string => ({ a: "b.on", b: "a.on", c: "c-meter.on", d: "c.on" })[flow.charAt(0)] ?? "";
    const circle = {
      ...tap,
      senses: ({ flow }: { flow: string }) => ({ other: state(hears(flow)) }),
      shows: { on: { unit: "", kind: "state", meaning: "the other way" } },
      learn: undefined,
      says: (
        _: unknown,
        { o, sees: { other } }: { o: { flow: string }; sees: { other: { known: boolean; value?: boolean } } },
      ) => ({
        shows: {
          on: other.known
            ? o.flow.startsWith("a")
              ? other.value === false
              : other.value === true
            : !"cd".includes(o.flow.charAt(0)),
        },
        claims: {},
      }),
    } as unknown as AnyKind;
    const { engine, told, records } = site(new Map(), circle, () => {}, ["a", "b", "c", "d"]);
    engine.opened(0, 0);
    expect(told).toEqual(["b rule.failed raised"]);
    engine.record({ source: "c-meter", name: "on", unit: "", value: true, quality: "good", mono: 5 }, 99);
    expect(records.filter((one) => one.startsWith("d."))).toContain("d.on=true");
  });

  it("does not end a start, whatever it throws at what was saved", () => {
    const { saved, read, engine } = site();
    engine.opened(0, 0);
    read("a", 4, 100);
    const broken: AnyKind = {
      ...tap,
      says() {
        throw new Error("says nothing");
      },
    };
    const again = site(saved, broken);
    again.engine.opened(200, 0);
    expect(again.told).toEqual(["a rule.failed raised", "a tap.leak updated", "b rule.failed raised"]);
    const mended = site(again.saved);
    mended.engine.opened(300, 0);
    expect(mended.told).toEqual(["a rule.failed cleared", "a tap.leak updated", "b rule.failed cleared"]);
  });
});

describe("a kind asked in vain", () => {
  it("for its senses costs its own asset, and what was saved of it stays for the mended one", () => {
    const first = site();
    first.engine.opened(0, 0);
    first.read("a", 4, 100);
    const before = structuredClone(first.saved.get(stateKeyOf("a")));
    const deaf: AnyKind = {
      ...tap,
      senses(options: { flow: string }) {
        if (options.flow.startsWith("a")) throw new Error("no ears");
        return tap.senses(options);
      },
    };
    const again = site(first.saved, deaf);
    again.engine.opened(200, 0);
    again.read("b", 5, 300);
    expect(again.told).toEqual(["a rule.failed raised", "a tap.leak updated", "b tap.leak raised"]);
    expect(again.events[0]?.cause).toMatchObject({ input: "senses", reason: "Error: no ears" });
    expect(again.saved.get(stateKeyOf("a"))).toEqual(before);
    const mended = site(again.saved);
    mended.engine.opened(400, 0);
    expect(mended.told.slice(0, 1)).toEqual(["a rule.failed cleared"]);
  });

  const circle: { self?: unknown } = {};
  circle.self = circle;
  it.each([
    ["a BigInt", { most: 1n }, "facts.most is no JSON: bigint"],
    ["themselves", circle, "contains itself"],
    ["a map", { most: new Map() }, "facts.most is no JSON: Map"],
    ["a number that is none", [Number.NaN], "facts[0] is NaN"],
  ])(
    "for facts that the store can write, but gives %s, learns nothing, and nothing of it reaches a commit",
    (_, facts, reason) => {
      const learn: AnyKind["learn"] = (was, heard) => (heard.of === "flow" && heard.seen.value === 7 ? facts : was);
      const { engine, told, events, saved, read } = site(new Map(), { ...tap, learn } as AnyKind);
      engine.opened(0, 0);
      read("a", 7, 100);
      read("b", 5, 200);
      expect(told).toEqual(["a rule.failed raised", "b tap.leak raised"]);
      expect(events[0]?.cause?.["reason"]).toContain(reason);
      expect(JSON.stringify([...saved])).not.toContain("self");
    },
  );

  it("for values that are none shows none of them", () => {
    const kind = { ...tap, says: () => ({ shows: { flow: { value: 1n, code: "x" } }, claims: {} }) } as unknown as AnyKind;
    const { engine, events } = site(new Map(), kind);
    engine.opened(0, 0);
    expect(events[0]?.cause).toMatchObject({ input: "says", reason: "TypeError: flow is no value: bigint" });
  });
});

describe("a claim that comes and goes", () => {
  const flaps: AnyKind = { ...tap, alarms: { "tap.leak": { ...ALARM, unstable: { times: 3, withinMs: 60_000 } } } };
  const leaks = (read: (id: string, flow: number, mono: number) => number, times: number, from = 1000) => {
    for (let i = 0; i < times; i += 1) {
      read("a", 5, from + i * 2000);
      read("a", 1, from + i * 2000 + 1000);
    }
  };
  const brief = (told: readonly string[]) => told.map((one) => one.replace("a tap.leak", ""));

  it("is told once as unstable, and as itself again when it has stayed what it is", () => {
    const { engine, told, events, read } = site(new Map(), flaps);
    engine.opened(0, 0);
    leaks(read, 8);
    expect(brief(told)).toEqual([" raised", " cleared", " raised", " cleared", ".unstable raised"]);
    expect(events.at(-1)).toMatchObject({ severity: "medium", kind: "tap.leak.unstable" });
    expect(events.at(-1)?.text.en).toBe("a: 5 m³/h for 0 ms: comes and goes (3× / 1 min)");
    engine.timers(75_999);
    expect(told).toHaveLength(5);
    engine.timers(76_000);
    expect(brief(told).slice(5)).toEqual([".unstable cleared"]);
    read("a", 5, 80_000);
    expect(brief(told).slice(6)).toEqual([" raised"]);
  });

  it("is as urgent as its kind says, as unstable and when no kind claims it any more too", () => {
    const urgent = { ...flaps, alarms: { "tap.leak": { ...flaps.alarms["tap.leak"], urgent: true } } } as AnyKind;
    const { engine, events, read, saved } = site(new Map(), urgent);
    engine.opened(0, 0);
    leaks(read, 3);
    const again = site(saved, { ...tap, alarms: {} });
    again.engine.opened(8000, 0);
    expect(again.events).toMatchObject([{ kind: "tap.leak.unstable", state: "cleared", reason: "removed" }]);
    for (const event of [...events, ...again.events]) expect(event.urgent).toBe(true);
  });

  it("that stays as it is once it settled on what is wrong is then raised", () => {
    const { engine, told, read } = site(new Map(), flaps);
    engine.opened(0, 0);
    leaks(read, 3);
    read("a", 5, 9000);
    engine.timers(69_000);
    expect(brief(told).slice(5)).toEqual([".unstable cleared", " raised"]);
  });

  it("goes on over a restart, and is not an alarm that nobody claims", () => {
    const first = site(new Map(), flaps);
    first.engine.opened(0, 0);
    leaks(first.read, 3);
    const again = site(first.saved, flaps);
    again.engine.opened(8000, 0);
    leaks(again.read, 2, 9000);
    expect(again.told).toEqual([]);
    again.engine.timers(72_000);
    expect(brief(again.told)).toEqual([".unstable cleared"]);
  });
});

describe("what a kind does once", () => {
  const volume = { unit: "m3", kind: "interval" as const, meaning: "of a quarter" };
  const metered = (learn: NonNullable<AnyKind["learn"]>): AnyKind => ({
    ...tap,
    shows: { ...tap.shows, volume },
    facts: [],
    learn,
  });
  const measure = (name: string, value: number, complete = true) => ({ do: "measure" as const, name, value, complete });

  it("is one record for each measure, equal ones too, and never repeated", () => {
    const kind = metered((facts) => withActs(facts, measure("volume", 2, facts.length > 0)));
    const { engine, records, read } = site(new Map(), kind);
    engine.opened(0, 0);
    read("a", 1, 100);
    read("a", 1, 200);
    engine.timers(2_000_000);
    expect(records.filter((one) => one.startsWith("a.volume"))).toEqual(["a.volume=2", "a.volume=2"]);
  });

  it("facts may be a list, of two things too", () => {
    const kind = metered((facts, heard) =>
      heard.of === "flow" && heard.seen.known ? [...facts, heard.seen.value].slice(-2) : facts,
    );
    const { engine, saved, read, told } = site(new Map(), kind);
    engine.opened(0, 0);
    for (const [i, flow] of [1, 2, 3].entries()) read("a", flow, 100 + i);
    engine.timers(100_000);
    expect((saved.get(stateKeyOf("a")) as SavedAsset).f).toEqual([2, 3]);
    expect(told).toEqual([]);
  });

  it.each([
    ["an attribute that is no interval", measure("flow", 1), "flow is no attribute of kind interval"],
    ["a number that is none", measure("volume", Number.NaN), "volume is NaN"],
  ])("of %s is a fault of the kind: nothing is learned, nothing is stored", (_, act, reason) => {
    const { engine, events, records, saved, read } = site(
      new Map(),
      metered((facts) => withActs([...facts, 1], act)),
    );
    engine.opened(0, 0);
    read("a", 1, 100);
    expect(events[0]?.cause?.["reason"]).toContain(reason);
    expect(records.filter((one) => one.startsWith("a.volume"))).toEqual([]);
    expect((saved.get(stateKeyOf("a")) as SavedAsset).f).toEqual([]);
  });

  it("a fault of whoever stores it is not the kind's", () => {
    const kind = metered((facts) => withActs(facts, measure("volume", 2)));
    const { engine, told, read } = site(new Map(), kind, (name) => {
      if (name === "volume") throw new Error("no room");
    });
    engine.opened(0, 0);
    expect(() => read("a", 1, 100)).toThrow("no room");
    expect(told).toEqual([]);
  });

  it("wants one output to be two things at once", () => {
    const kind = { ...tap, says: () => ({ shows: {}, claims: {}, wants: [want(OPEN, true), want(OPEN, false)] }) };
    const { engine, events, orders } = site(new Map(), kind as unknown as AnyKind);
    engine.opened(0, 0);
    expect(events[0]?.cause).toMatchObject({ input: "says", reason: "RangeError: valve.open is wanted to be two things" });
    expect(orders).toEqual([]);
  });

  it("a number that is none is not shown", () => {
    const kind: AnyKind = { ...tap, says: () => ({ shows: { flow: Number.NaN }, claims: { "tap.leak": false } }) };
    const { engine, events } = site(new Map(), kind);
    engine.opened(0, 0);
    expect(events[0]?.cause).toMatchObject({ input: "says", reason: "RangeError: flow is NaN" });
  });
});

describe("a saved state that does not fit", () => {
  it.each([
    ["of another kind", { p: printOf("bay", 1, []) }],
    ["of an earlier version", { p: printOf("tap", 1, [["flow", "value", "a-meter.flow"]]) }],
    ["of another program", { rule: { due: {}, status: "free" }, attributes: {} }],
    ["of no form", "gone"],
    ["with numbers that are none", { u: [1, null, 0] }],
  ])("%s is set aside and named; the alarm that it left is judged anew", (_, raw) => {
    const { saved, read, engine } = site();
    engine.opened(0, 0);
    read("a", 4, 100);
    const former = saved.get(stateKeyOf("a")) as SavedAsset;
    const unfit = raw instanceof Object && !("rule" in raw) ? { ...former, ...raw } : raw;
    saved.set(stateKeyOf("a"), unfit);
    const again = site(saved);
    again.engine.opened(200, 0);
    expect(again.told).toEqual(["a rule.state-unfit noted", "a tap.leak updated"]);
    expect(again.saved.get(asideKeyOf("a"))).toEqual(unfit);
    again.read("a", 1, 300);
    expect(again.told.at(-1)).toBe("a tap.leak cleared");
  });

  it("is taken over by a kind that says how", () => {
    const { saved, read, engine } = site();
    engine.opened(0, 0);
    read("a", 2, 100);
    const next: AnyKind = { ...tap, version: 3, migrate: ({ most }: { most: number }) => ({ most: most * 10 }) };
    const again = site(saved, next);
    again.engine.opened(200, 0);
    expect(again.told).toEqual([]);
    again.read("a", 4, 300);
    expect(again.events.at(-1)?.text.en).toContain("20 m³/h");
  });

  it("orders nothing again that succeeded, and knows the end of what is under way", () => {
    const shuts = { ...tap, says: () => ({ shows: {}, claims: {}, wants: [want(OPEN, false), want(LAMP, true)] }) };
    const { saved, engine, orders } = site(new Map(), shuts as unknown as AnyKind);
    engine.opened(0, 0);
    expect(orders.filter((order) => order.includes("/a/"))).toHaveLength(2);
    engine.ordered({ order: "rule/a/e/1", by: "a", isDone: true }, 100, 1);
    const again = site(saved, { ...shuts, version: 3 } as unknown as AnyKind);
    again.engine.opened(200, 0);
    expect(again.told[0]).toBe("a rule.state-unfit noted");
    again.engine.ordered({ order: "rule/a/e/2", by: "a", isDone: true }, 300, 2);
    again.engine.timers(10_000_000);
    expect(again.orders).toEqual([]);
    expect((saved.get(stateKeyOf("a")) as SavedAsset).o).toEqual({
      "valve.open": { value: false },
      "valve.lamp": { value: true },
    });
  });

  it("numbers orders anew in each epoch, as a start does, so that a replay names them alike", () => {
    const shuts = { ...tap, says: () => ({ shows: {}, claims: {}, wants: [want(OPEN, false)] }) } as unknown as AnyKind;
    const { engine, orders } = site(new Map(), shuts);
    engine.opened(0, 0);
    engine.opened(100, 0, { epoch: { id: "f", n: 2 }, time: new SiteTime({ opened: 100, at: 100, passed: 100 }) });
    engine.ordered({ order: "rule/a/e/1", by: "a", isDone: false }, 200, 1);
    engine.timers(100_000);
    expect(orders.filter((order) => order.includes("/a/"))).toEqual([
      "rule/a/e/1 valve.open=false",
      "rule/a/f/1 valve.open=false",
    ]);
  });

  it("leaves no alarm behind that nothing claims any more", () => {
    const { saved, read, engine } = site();
    engine.opened(0, 0);
    read("a", 4, 100);
    const other: AnyKind = {
      ...tap,
      version: 3,
      alarms: { "tap.drip": ALARM },
      says: () => ({ shows: {}, claims: { "tap.drip": false } }),
    };
    const again = site(saved, other);
    again.engine.opened(200, 0);
    expect(again.events.map(({ kind, state, reason }) => [kind, state, reason])).toContainEqual([
      "tap.leak",
      "cleared",
      "removed",
    ]);
    expect(again.alarms.list()).toEqual([]);
  });
});

describe("what is shown and saved", () => {
  it("is shown on difference only, numbers at most once a second", () => {
    const { engine, read, shown: times, records } = site();
    engine.opened(0, 0);
    read("a", 1, 1000);
    const before = times();
    for (let i = 1; i <= 200; i += 1) read("a", 1 + (i % 2) * 0.05, 1000 + i);
    expect(times()).toBe(before);
    expect(records.filter((one) => one.startsWith("a.flow"))).toEqual(["a.flow=1"]);
    for (let i = 1; i <= 30; i += 1) read("a", 1 + i * 0.05, 2000 + i * 100);
    engine.timers(6000);
    expect(times() - before).toBeLessThanOrEqual(5);
  });

  it("is one message for a change of several attributes, and none for what is only repeated", () => {
    const { engine, read, shown: times, records } = site();
    engine.opened(0, 0);
    const opened = times();
    read("a", 5, 5000);
    expect(times() - opened).toBe(1);
    const before = records.length;
    engine.timers(2_000_000);
    expect(records.length).toBeGreaterThan(before);
    expect(times() - opened).toBe(1);
  });

  it("is saved at a decision, and otherwise a minute after something was learned", () => {
    const { engine, read, saved } = site();
    engine.opened(0, 0);
    read("a", 1, 100);
    const upTo = () => (saved.get(stateKeyOf("a")) as SavedAsset).u[1];
    const decided = upTo();
    for (let i = 0; i < 100; i += 1) read("a", 1, 200 + i);
    expect(upTo()).toBe(decided);
    const decides = read("a", 4, 400);
    expect(upTo()).toBe(decides);
    const learned = read("a", 4, 500);
    engine.timers(60_499);
    expect(upTo()).toBe(decides);
    engine.timers(60_500);
    expect(upTo()).toBe(learned);
  });
});
