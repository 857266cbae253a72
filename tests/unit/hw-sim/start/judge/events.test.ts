/** Crafted events of a run that are not an asset's: each must have its reason, and nothing that has one may be left out. */
import { describe, expect, it } from "vitest";
import { type EventsInput, judgeEvents } from "../../../../../hw-sim/start/judge/events.ts";

type Event = EventsInput["events"][number];
const event = (kind: string, mono: number, more: Partial<Event> = {}): Event => ({
  id: `e/${mono}`,
  kind,
  state: "noted",
  reason: null,
  asset: null,
  device: null,
  command: null,
  target: null,
  mono,
  since: mono,
  ...more,
});
const step = (name: string, mono: number) => event(`command.${name}`, mono, { command: "c1", target: "pump.on" });

const right: EventsInput = {
  events: [
    event("epoch.opened", 1000),
    step("accepted", 2000),
    step("executing", 2010),
    step("succeeded", 2020),
    event("command.limit-reached", 8000, { target: "lights.on" }),
  ],
  commands: [{ id: "c1", target: "pump.on", action: "set" }],
  starts: 1,
  outputs: [
    {
      target: "lights.on",
      maxOnMs: 6000,
      levels: [
        { value: true, at: 2000, end: 8000, stands: false, weak: false },
        { value: false, at: 8000, end: 20_000, stands: true, weak: false },
      ],
    },
  ],
  blind: [],
  outages: [],
  failing: (device) => (device === "meter" ? [[5000, 6000]] : []),
  end: 20_000,
};
const without = (kind: string) => right.events.filter((one) => one.kind !== kind);
const withOne = (one: Event) => [...right.events, one];

describe("events that are no asset's", () => {
  it("all with their reason are right", () => expect(judgeEvents(right)).toEqual([]));

  it.each<[string, Partial<EventsInput>, string]>([
    ["a start that was not told", { events: without("epoch.opened") }, "missing"],
    ["a start too many", { events: withOne(event("epoch.opened", 9000)) }, "extra"],
    ["a command without an end", { events: without("command.succeeded") }, "missing"],
    ["a command that ended twice", { events: withOne(step("failed", 2030)) }, "extra"],
    ["a command that was never accepted", { events: without("command.accepted") }, "extra"],
    ["a command that nobody gave", { events: withOne(event("command.accepted", 3000, { command: "c2" })) }, "extra"],
    ["a limit that was reached and not told", { events: without("command.limit-reached") }, "missing"],
    [
      "a limit that was not reached",
      { events: withOne(event("command.limit-reached", 12_000, { target: "lights.on" })) },
      "extra",
    ],
    ["a device that failed without a fault", { events: withOne(event("device.down", 5500, { device: "boiler" })) }, "extra"],
    ["an asset that is none", { events: withOne(event("bay.illegal-occupation", 5500, { asset: "bay-9" })) }, "extra"],
    ["a kind that nobody knows", { events: withOne(event("weather.rain", 5500)) }, "extra"],
  ])("%s is found, and told in Italian too", (_, more, what) => {
    const found = judgeEvents({ ...right, ...more });
    expect(found.map((one) => one.what)).toContain(what);
    for (const { told } of found) expect(told.it).not.toMatch(/\b(at|for|of|which|starts)\b/);
  });

  describe("an outage of the broker", () => {
    const [down, up] = [event("uplink.down", 12_100), event("uplink.up", 17_000)];
    const long = { outages: [[2000, 16_000]] as const, end: 60_000 };
    const of = (...told: Event[]) => ({ ...right, ...long, events: [...right.events, ...told] });

    it("is right when it and its end are told, or when it was about as long as what is told", () => {
      expect(judgeEvents(of(down, up))).toEqual([]);
      expect(judgeEvents({ ...of(down, up), outages: [[2000, 12_050]] })).toEqual([]);
      expect(judgeEvents({ ...of(), outages: [[2000, 12_050]] })).toEqual([]);
      expect(judgeEvents({ ...of(), outages: [[2000, 4000]] })).toEqual([]);
    });

    it.each<[string, EventsInput, string]>([
      ["not told", of(), "missing"],
      ["its end not told", of(down), "missing"],
      ["told twice", of(down, event("uplink.down", 12_200), up), "extra"],
      ["its end told twice", of(down, up, event("uplink.up", 17_100)), "extra"],
      ["told though none was", { ...of(down, up), outages: [] }, "extra"],
      ["told before it had lasted", of(event("uplink.down", 5000), down, up), "extra"],
    ])("%s is found", (_, input, what) => expect(judgeEvents(input).map((one) => one.what)).toContain(what));
  });

  it("what a person at the box commands is nobody else's to know", () => {
    const own = (kind: string) => event(kind, 3000, { command: "c9", origin: "local" });
    const events = [...right.events, own("command.accepted"), own("command.refused")];
    expect(judgeEvents({ ...right, events })).toEqual([]);
  });

  it("a device that failed by a fault, and a command over a kill, have their reason", () => {
    expect(judgeEvents({ ...right, events: withOne(event("device.down", 5500, { device: "meter" })) })).toEqual([]);
    const cut = { events: without("command.succeeded"), blind: [[2005, 4000]] as const };
    expect(judgeEvents({ ...right, ...cut })).toEqual([]);
  });
});
