/** Crafted runs, each with one thing wrong, missing or out of sight: the comparison says exactly that. */
import { describe, expect, it } from "vitest";
import type { WireRecord } from "../../../../../hw-sim/site/wire-log.ts";
import type { PointRule } from "../../../../../hw-sim/start/judge/levels.ts";
import {
  compareReadings,
  LATE_MS,
  MOST_LATE_MS,
  type ReadingsInput,
  type ReceivedReading,
} from "../../../../../hw-sim/start/judge/readings.ts";
import { faultsOf, type Report } from "../../../../../hw-sim/start/judge/report.ts";
import type { Value } from "../../../../../src/model/index.ts";

const gauge: PointRule = { bus: "line", kind: "gauge", debounceMs: 0, change: 0 };
const rules: [string, PointRule][] = [
  ["meter.power", gauge],
  ["meter.energy", { ...gauge, kind: "counter", change: 0.01 }],
  ["sensor.distance", { ...gauge }],
  ["pump.on", { ...gauge, kind: "state" }],
  ["door.open", { ...gauge, kind: "state", debounceMs: 50 }],
  ["gate.passage", { ...gauge, bus: "pins", kind: "increments", debounceMs: 50 }],
  ["water.volume", { ...gauge, kind: "increments", debounceMs: 20, perPulse: 0.01 }],
];
const READY = 1000;
const END = 20_000;

const shown = (name: string, value: number | boolean, from: number, to = from): WireRecord => ({
  k: "shown",
  ...at(name),
  value,
  from,
  to,
});
const level = (value: boolean, when: number): WireRecord => ({ k: "level", ...at("door.open"), value, at: when });
const pulse = (n: number, when: number): WireRecord => ({ k: "pulse", ...at("gate.passage"), n, at: when });
const fault = (kind: string, whose: { device: string } | { bus: string }, from: number, to: number): readonly WireRecord[] => [
  { k: "fault", kind, ...whose, state: "begun", at: from },
  { k: "fault", kind, ...whose, state: "ended", at: to },
];
const told = (name: string, value: Value, mono: number, quality: ReceivedReading["quality"] = "good"): ReceivedReading => {
  const { device, point } = at(name);
  return { source: device, name: point, value, quality, mono };
};
function at(name: string) {
  const [device = "", point = ""] = name.split(".");
  return { device, point };
}

/** Only the points that a case speaks of are judged: the others showed nothing. */
const run = (served: WireRecord[], rows: ReceivedReading[], more: Partial<ReadingsInput> = {}) =>
  compareReadings({
    served,
    received: rows,
    points: new Map(rules),
    blind: [[Number.NEGATIVE_INFINITY, READY]],
    waits: [],
    end: END,
    ...more,
  });
const verdict = (served: WireRecord[], rows: ReceivedReading[], more: Partial<ReadingsInput> = {}) => {
  const { wrong, missing, unseen } = run(served, rows, more);
  return { wrong, missing, unseen };
};
const clean = { wrong: 0, missing: 0, unseen: 0 };

describe("polled and pushed values", () => {
  const served = [
    shown("meter.power", 100, 2000, 2010),
    shown("meter.power", 200, 3000, 3010),
    shown("sensor.distance", 700, 4000),
  ];

  it("are right when this point showed them then", () => {
    const rows = [told("meter.power", 100, 2008), told("meter.power", 200 + 1e-8, 3015), told("sensor.distance", 700, 4040)];
    expect(run(served, rows)).toMatchObject({ ...clean, served: 3, checked: 3 });
  });

  it("may be as late as the machine kept them waiting, and no later than half a poll", () => {
    const late = (by: number, ms: number) =>
      verdict(served, [told("sensor.distance", 700, 4000 + by)], { waits: [{ span: [4000, 4050], ms }] });
    expect(late(LATE_MS + 80, 40)).toEqual(clean);
    expect(late(LATE_MS + 81, 40)).toEqual({ ...clean, wrong: 1 });
    expect(late(MOST_LATE_MS + 1, 5000)).toEqual({ ...clean, wrong: 1 });
    expect(verdict(served, [told("sensor.distance", 700, 4060)], { waits: [{ span: [2000, 2050], ms: 40 }] })).toEqual({
      ...clean,
      wrong: 1,
    });
  });

  it("may be as late as the measure itself held the gateway, up to that moment and no longer", () => {
    const held = (at: number) =>
      verdict(served, [told("sensor.distance", 700, at)], { waits: [{ span: [4000, 4600], ms: 600, isHold: true }] });
    expect(held(4600 + LATE_MS)).toEqual(clean);
    expect(held(4600 + LATE_MS + 1)).toEqual({ ...clean, wrong: 1 });
  });

  it.each([
    ["another value", told("meter.power", 150, 2008)],
    ["the value of the poll before", told("meter.power", 100, 3012)],
    ["before it was asked for", told("meter.power", 200, 2990)],
    ["another point's value", told("sensor.distance", 100, 2008)],
    ["long after it was shown", told("sensor.distance", 700, 4000 + LATE_MS + 1)],
    ["a value of another kind", told("meter.power", true, 2008)],
    ["null, called good", told("meter.power", null, 2008)],
  ])("%s is wrong", (_, row) => expect(verdict(served, [row])).toEqual({ ...clean, wrong: 1 }));

  it("what is bad or uncertain claims nothing", () =>
    expect(verdict(served, [told("meter.power", null, 2500, "bad"), told("meter.power", 7, 2500, "uncertain")])).toEqual(clean));

  it("attributes of assets are not on any wire", () =>
    expect(verdict(served, [told("bay.status", "occupied", 2500)])).toEqual(clean));

  it("the finding names the nearest thing shown", () =>
    expect(run(served, [told("meter.power", 150, 2900)]).findings[0]).toMatchObject({
      what: "wrong",
      device: "meter",
      value: 150,
      mono: 2900,
      nearest: { it: "200 a 3000", en: "200 at 3000" },
    }));
});

describe("the last counter", () => {
  const served = [shown("meter.energy", 5, 2000), shown("meter.energy", 6, 3000)];
  it("must have arrived", () => expect(verdict(served, [told("meter.energy", 5, 2000)])).toEqual({ ...clean, missing: 1 }));
  it("at all", () => expect(verdict(served, [])).toEqual({ ...clean, missing: 1 }));
  it("has arrived", () => expect(verdict(served, [told("meter.energy", 6, 3000)])).toEqual(clean));
  it("may lack what was shown when its line had failed for good", () =>
    expect(verdict([...served, ...fault("unplug", { bus: "line" }, 2500, END)], [told("meter.energy", 5, 2000)])).toEqual(clean));
  it("may lack what is too little to be told", () =>
    expect(verdict([...served, shown("meter.energy", 6.009, 4000)], [told("meter.energy", 6, 3000)])).toEqual(clean));
});

describe("levels of a contact", () => {
  const served = [level(false, 0), level(true, 5000), level(false, 7000)];
  const all = [told("door.open", false, READY + 50), told("door.open", true, 5000), told("door.open", false, 7000)];

  it("that all arrived", () => expect(verdict(served, all)).toEqual(clean));
  it("one that stood and was never told is missing", () =>
    expect(
      verdict(
        served,
        all.filter(({ value }) => value === false),
      ),
    ).toEqual({ ...clean, missing: 1 }));
  it("the one that still stands must arrive", () => expect(verdict(served, all.slice(0, 2))).toEqual({ ...clean, missing: 1 }));
  it("a value that did not stand is wrong", () =>
    expect(verdict(served, [...all, told("door.open", true, 9000)])).toEqual({ ...clean, wrong: 1 }));

  it("shorter than the debounce need not be told, and what follows it is no change", () =>
    expect(verdict([...served, level(true, 9000), level(false, 9040)], all)).toEqual(clean));
  it("longer than the debounce must be told", () =>
    expect(verdict([...served, level(true, 9000), level(false, 9100)], all)).toEqual({ ...clean, missing: 2 }));

  it("what need not be told takes no record away from what must be", () => {
    const quick = [
      level(true, 8000),
      level(false, 8200),
      level(true, 8230),
      level(false, 8400),
      level(true, 8500),
      level(false, 8700),
    ];
    const rows = [
      told("door.open", true, 8000),
      told("door.open", false, 8400),
      told("door.open", true, 8500),
      told("door.open", false, 8700),
    ];
    expect(verdict([...served, ...quick], [...all, ...rows])).toEqual(clean);
  });

  it("one record cannot stand for two levels", () => {
    const twice = [...served, level(true, 7100), level(false, 7200)];
    expect(verdict(twice, [...all, told("door.open", false, 7200)])).toEqual({ ...clean, missing: 1 });
  });

  it("that began after the freeze may be told or not, and are wrong in neither case", () => {
    const late = [...served, level(true, 8200)];
    expect(verdict(late, all)).toEqual({ ...clean, missing: 1 });
    expect(verdict(late, all, { must: 8100 })).toEqual(clean);
    expect(verdict(late, [...all, told("door.open", true, 8260)], { must: 8100 })).toEqual(clean);
  });

  it("out of sight are unseen, unless they still stand", () => {
    const killed: ReadingsInput["blind"] = [
      [Number.NEGATIVE_INFINITY, READY],
      [4500, 7500],
    ];
    expect(
      verdict([level(false, 0), level(true, 5000), level(false, 6000), level(true, 6500)], [told("door.open", false, READY)], {
        blind: killed,
      }),
    ).toEqual({
      wrong: 0,
      missing: 1,
      unseen: 2,
    });
    const before = [level(false, 0), level(true, 200), level(false, 600)];
    expect(verdict(before, [told("door.open", false, READY + 60)])).toEqual({ ...clean, unseen: 2 });
  });

  it("behind a fault of the device or of its bus are unseen, behind another's they are not", () => {
    const behind = (whose: { device: string } | { bus: string }) =>
      verdict(
        [level(false, 0), ...fault("chatter", whose, 4000, 8000), ...served.slice(1)],
        [...all.slice(0, 1), ...all.slice(2)],
      );
    expect(behind({ device: "door" })).toEqual({ ...clean, unseen: 1 });
    expect(behind({ bus: "line" })).toEqual({ ...clean, unseen: 1 });
    expect(behind({ device: "pump" })).toEqual({ ...clean, missing: 1 });
    expect(behind({ bus: "pins" })).toEqual({ ...clean, missing: 1 });
  });

  it("that stand at the end must be told, unless a fault lasts until then", () => {
    const until = (to: number) =>
      verdict([level(false, 0), ...fault("helper-dies", { bus: "line" }, 4000, to), ...served.slice(1)], all.slice(0, 2));
    expect(until(4500)).toEqual({ ...clean, missing: 1 });
    expect(until(END)).toEqual({ ...clean, unseen: 1 });
  });
});

describe("levels that polls show", () => {
  const polls = (value: boolean, ...when: number[]) => when.map((from) => shown("pump.on", value, from, from + 5));
  const served = [...polls(false, 1000, 2000, 3000), ...polls(true, 4000, 5000, 6000)];
  it("must arrive", () => expect(verdict(served, [told("pump.on", false, 1004)])).toEqual({ ...clean, missing: 1 }));
  it("arrived", () => expect(verdict(served, [told("pump.on", false, 1004), told("pump.on", true, 5003)])).toEqual(clean));
});

describe("pulses", () => {
  const served = [pulse(1, 500), pulse(2, 2000), pulse(3, 3000), pulse(4, 4000)];
  const count = (value: number, mono: number) => told("gate.passage", value, mono, value === 1 ? "uncertain" : "good");

  it("all arrived but the one before the gateway was ready", () =>
    expect(verdict(served, [count(1, 2000), count(2, 3000), count(3, 4000)])).toEqual({ ...clean, unseen: 1 }));
  it("one is missing", () =>
    expect(verdict(served, [count(1, 2000), count(2, 3000)])).toEqual({ wrong: 0, missing: 1, unseen: 1 }));
  it("none arrived", () => expect(verdict(served, [])).toEqual({ wrong: 0, missing: 3, unseen: 1 }));
  it("more than were shown is wrong", () =>
    expect(verdict(served, [count(1, 2000), count(4, 3000), count(4, 4000)]).wrong).toBe(1));
  it("while the program that hears them is dead are unseen", () => {
    const dead = (bus: string) => [...served, ...fault("helper-dies", { bus }, 2500, 2600)];
    const heard = [count(1, 2000), count(2, 4000)];
    expect(verdict(dead("pins"), heard)).toEqual({ ...clean, unseen: 2 });
    expect(verdict(dead("line"), heard)).toEqual({ wrong: 0, missing: 1, unseen: 1 });
    const chatter = [...served, ...fault("chatter", { device: "gate" }, 2500, 2600)];
    expect(verdict(chatter, heard)).toEqual({ wrong: 0, missing: 1, unseen: 1 });
  });
  it("one in the commit window before a kill may have been kept or lost", () => {
    const blind: ReadingsInput["blind"] = [
      [Number.NEGATIVE_INFINITY, READY],
      [2500, 3500],
    ];
    expect(verdict(served, [count(1, 2000), count(2, 4000)], { blind })).toEqual({ ...clean, unseen: 2 });
    expect(verdict(served, [count(1, 2000), count(2, 3000), count(3, 4000)], { blind })).toEqual({ ...clean, unseen: 1 });
  });
});

describe("pulses of a meter", () => {
  const served = [1, 2, 3].map((n): WireRecord => ({ k: "pulse", ...at("water.volume"), n, at: 1000 + n * 1000 }));
  const volume = (value: number, mono: number) => told("water.volume", value, mono);

  it("add what they stand for", () =>
    expect(verdict(served, [volume(0.01, 2000), volume(0.02, 3000), volume(0.03, 4000)])).toEqual(clean));
  it("one is missing", () => expect(verdict(served, [volume(0.01, 2000), volume(0.02, 3000)])).toEqual({ ...clean, missing: 1 }));
  it("half a pulse, or one too many, is wrong", () =>
    expect(verdict(served, [volume(0.015, 2500), volume(0.03, 3000), volume(0.03, 4000)]).wrong).toBe(2));
});

describe("the verdict", () => {
  const good: Report = {
    records: { stored: 5, delivered: 5, acknowledged: 5, gaps: 0, duplicates: 0, repeats: 3 },
    readings: { served: 9, checked: 5, wrong: 0, missing: 0, unseen: 2 },
    assets: { listed: 0, bays: 3, events: 9, missing: 0, extra: 0, wrong: 0 },
    events: {},
    latencyMs: { p50: 1, p99: 2 },
    seconds: 20,
  };
  const records = (more: Partial<Report["records"]>): Report => ({ ...good, records: { ...good.records, ...more } });

  it("repeats and what was out of sight are not judged", () => expect(faultsOf(good, [])).toEqual([]));
  it.each<[string, Report, readonly string[]]>([
    ["delivered", records({ delivered: 4 }), []],
    ["acknowledged", records({ acknowledged: 4 }), []],
    ["gaps", records({ gaps: 1 }), []],
    ["duplicates", records({ duplicates: 1 }), []],
    ["wrong", { ...good, readings: { ...good.readings, wrong: 1 } }, []],
    ["missing", { ...good, readings: { ...good.readings, missing: 1 } }, []],
    ["nothing was stored", records({ stored: 0, delivered: 0, acknowledged: 0 }), []],
    ["gpio-contact", good, ["gpio-contact"]],
  ])("names %s", (name, report, silent) => {
    const faults = faultsOf(report, silent);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(name);
  });
});
