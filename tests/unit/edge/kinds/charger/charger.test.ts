/** Charging columns through the real engine: sessions with their energy, faults, silence, and what they are told. */
import { describe, expect, it } from "vitest";
import { replay } from "../../../../../src/edge/engine/past/replay.ts";
import { charger } from "../../../../../src/edge/kinds/charger/index.ts";
import type { SiteAsset } from "../../../../../src/edge/kinds/index.ts";
import type { Output } from "../../../../../src/edge/kinds/kind.ts";
import { LivedSite } from "../../../../support/memory/lived-site.ts";
import fc from "../../../../support/property.ts";

const RUNS = Number(process.env["CIPPO_HISTORIES"] ?? 60);
const MINUTE = 60_000;

const column = (more: object = {}): SiteAsset => ({
  asset: {
    id: "piazza",
    urn: "urn:piazza",
    kind: "charger",
    name: { it: "Piazza", en: "Square" },
    options: charger.options.parse({ device: "column", sockets: [{ type: "Type2" }], ...more }),
    silentAfterMs: Object.fromEntries([0, 1].map((at) => [`state-${at}`, MINUTE])),
  },
  kind: charger,
});
const TWO = { sockets: [{ type: "Type2" }, { type: "CHAdeMO", device: "second" }] };

class Square {
  readonly site: LivedSite;
  constructor(more: object = {}) {
    this.site = new LivedSite([column(more)]);
  }
  letter(value: string, device = "column"): void {
    this.site.reads(device, { point: "state", value, quality: "good" });
    this.site.wait(3000);
  }
  reads(point: string, value: number): void {
    this.site.reads("column", { point, value, quality: "good" });
  }
  /** The last value of an attribute. */
  shows(name: string): unknown {
    this.site.wait(2000);
    this.site.commit();
    return this.site.records.filter((record) => record.source === "piazza" && record.name === name).at(-1)?.value;
  }
  all(name: string): readonly unknown[] {
    this.site.commit();
    return this.site.records
      .filter((record) => record.source === "piazza" && record.name === name)
      .map(({ value, code }) => (code === undefined ? value : [value, code]));
  }
  told(): readonly unknown[] {
    this.site.commit();
    return this.site.events.filter(({ event }) => event.asset === "piazza").map(({ event }) => [event.state, event.text.en]);
  }
}

const opened = async (more: object = {}): Promise<Square> => {
  const square = new Square(more);
  await square.site.open();
  return square;
};

describe("a session", () => {
  it("has the energy from plugging in to unplugging, over a restart, and a fault ends none", async () => {
    const square = await opened();
    square.reads("energy", 100);
    square.letter("A");
    square.letter("B");
    square.letter("C");
    square.reads("energy", 101.5);
    expect(square.shows("socket-1")).toBe("charging");
    square.site.commit();
    await square.site.open({ reboot: true, offMs: 20_000 });
    square.reads("energy", 103);
    square.letter("F");
    square.letter("C");
    square.reads("energy", 104);
    square.letter("A");
    expect(square.all("session-energy")).toEqual([4]);
    expect([square.shows("energy"), square.shows("sessions"), square.shows("socket-1")]).toEqual([4, 1, "free"]);
  });

  it("of a column that was replaced takes no leap, and is called incomplete", async () => {
    const square = await opened();
    square.reads("energy", 100);
    square.letter("B");
    square.reads("energy", 102);
    square.reads("energy", 0.5);
    square.reads("energy", 1.5);
    square.letter("A");
    expect(square.all("session-energy")).toEqual([[3, "measure.incomplete"]]);
    expect(square.shows("energy")).toBe(3);
  });

  it("is counted from a counter that begins anew with each charge, where there is no other", async () => {
    const square = await opened();
    square.reads("session-energy", 9);
    square.letter("C");
    square.reads("session-energy", 0.2);
    square.reads("session-energy", 5);
    square.letter("A");
    square.letter("C");
    square.reads("session-energy", 1);
    square.letter("A");
    expect(square.all("session-energy")).toEqual([5, 1]);
    expect(square.shows("energy")).toBe(6);
  });

  it("that the gateway did not see all of is called incomplete", async () => {
    const square = await opened();
    square.letter("C");
    square.site.reads("column", { point: "state", value: null, quality: "bad", code: "bus.timeout" });
    square.site.wait(2 * MINUTE);
    square.letter("C");
    square.letter("A");
    expect(square.all("session-energy")).toEqual([[0, "measure.incomplete"]]);
  });
});

describe("what is told", () => {
  it("is a fault that lasts, a socket that is not available, and a column that is silent", async () => {
    const square = await opened();
    square.letter("F");
    square.site.wait(30_000);
    square.letter("A");
    expect(square.told()).toEqual([]);
    square.letter("F");
    square.site.wait(MINUTE);
    square.letter("U");
    square.site.wait(15 * MINUTE);
    square.letter("A");
    square.site.reads("column", { point: "state", value: null, quality: "bad", code: "device.silent" });
    square.site.wait(7 * MINUTE);
    square.letter("A");
    expect(square.told()).toEqual([
      ["raised", "Charging column Square: fault at socket 1 for 1 min"],
      ["cleared", "Charging column Square: no fault"],
      ["raised", "Charging column Square: socket 1 unavailable for 15 min"],
      ["cleared", "Charging column Square: available again"],
      ["raised", "Charging column Square: socket 1 has not answered for 5 min"],
      ["cleared", "Charging column Square: answers again"],
    ]);
  });

  it("of two sockets names the one, and the other goes on", async () => {
    const square = await opened(TWO);
    square.letter("A");
    square.letter("C", "second");
    expect([square.shows("status"), square.shows("free"), square.shows("socket-2")]).toEqual(["working", 1, "charging"]);
    square.letter("F", "second");
    square.site.wait(MINUTE);
    expect(square.told()).toEqual([["raised", "Charging column Square: fault at socket 2 for 1 min"]]);
    expect([square.shows("status"), square.shows("socket-1"), square.shows("socket-2")]).toEqual([
      "withIncidence",
      "free",
      "fault",
    ]);
    square.letter("U");
    expect(square.shows("status")).toBe("outOfService");
  });
});

describe("what it wants of its device", () => {
  const limit = "column.limit" as Output<number>;
  const pause = "column.paused" as Output<boolean>;
  const wanted = (more: object, orders: readonly (readonly [action: string, args?: object])[]) => {
    const o = charger.options.parse({ device: "column", sockets: [{ type: "Type2" }], ...more });
    const cx = { o, sees: {}, now: { at: 0, passed: 0 } } as never;
    let { facts } = charger;
    for (const [action, args = {}] of orders)
      facts = charger.learn?.(facts, { of: "action", action, args } as never, cx) as typeof facts;
    return (charger.says(facts, cx).wants ?? []).map(({ output, value }) => [output, value]);
  };

  it("is nothing before it is commanded", () => {
    expect(wanted({ limit, most: 16, zeroPauses: true, pause }, [])).toEqual([]);
  });

  it("is a limit; a pause writes 0 where that pauses, and what follows is the limit again", () => {
    const options = { limit, most: 16, zeroPauses: true };
    expect(wanted(options, [["charger.limit", { amperes: 10 }]])).toEqual([[limit, 10]]);
    expect(wanted(options, [["charger.pause"]])).toEqual([[limit, 0]]);
    expect(wanted(options, [["charger.pause"], ["charger.limit", { amperes: 10 }]])).toEqual([[limit, 0]]);
    expect(wanted(options, [["charger.limit", { amperes: 10 }], ["charger.pause"], ["charger.resume"]])).toEqual([[limit, 10]]);
    expect(wanted(options, [["charger.pause"], ["charger.resume"]])).toEqual([[limit, 16]]);
  });

  it("is its switch where it has one, and the limit stays what it is", () => {
    const options = { limit, most: 16, pause };
    expect(wanted(options, [["charger.limit", { amperes: 10 }], ["charger.pause"]])).toEqual([
      [limit, 10],
      [pause, true],
    ]);
    expect(wanted(options, [["charger.pause"], ["charger.resume"]])).toEqual([[pause, false]]);
  });

  it("is not wanted for a moment where the column holds another limit, so that it is ordered anew", () => {
    const o = charger.options.parse({ device: "column", sockets: [{ type: "Type2" }], limit, most: 16 });
    const at = (passed: number) =>
      ({ o, sees: {}, now: { at: passed, passed }, ended: (end: number) => (passed >= end ? end : null) }) as never;
    const facts = (passed: number, heard: object, before = charger.facts) =>
      charger.learn?.(before, heard as never, at(passed)) as typeof before;
    const holds = (amperes: number) => ({
      of: "limit-0",
      seen: { known: true, value: amperes, since: 0, blind: false, doubt: null },
    });
    const wants = (passed: number, of: typeof charger.facts) =>
      (charger.says(of, at(passed)).wants ?? []).map(({ value }) => value);
    const commanded = facts(1000, { of: "action", action: "charger.limit", args: { amperes: 10 } });
    // The order is still on its way.
    expect(wants(5000, facts(5000, holds(16), commanded))).toEqual([10]);
    const lost = facts(100_000, holds(16), commanded);
    expect([wants(100_000, lost), wants(109_999, lost), wants(110_000, lost)]).toEqual([[], [], [10]]);
    expect(wants(111_000, facts(111_000, holds(10), lost))).toEqual([10]);
  });

  it("can be commanded only where the site names what takes it", () => {
    const actions = (more: object) =>
      Object.keys(charger.actions?.(charger.options.parse({ device: "column", sockets: [{ type: "Type2" }], ...more })) ?? {});
    expect(actions({})).toEqual([]);
    expect(actions({ limit, most: 16 })).toEqual(["charger.limit"]);
    expect(actions({ pause })).toEqual(["charger.pause", "charger.resume"]);
    expect(actions({ limit, most: 16, zeroPauses: true })).toEqual(["charger.limit", "charger.pause", "charger.resume"]);
  });
});

const moves = fc.array(
  fc.record({
    gap: fc.oneof(fc.integer({ min: 0, max: 6000 }), fc.integer({ min: 0, max: 1_000_000 })),
    what: fc.constantFrom(
      "A",
      "B",
      "C",
      "F",
      "U",
      "blind",
      "energy",
      "less",
      "down",
      "up",
      "commit",
      "kill",
      "reboot",
      "pause",
      "resume",
    ),
    where: fc.constantFrom("column", "second"),
  }),
  { minLength: 3, maxLength: 25 },
);

describe("a random life", () => {
  it("says what its replay says; energy never falls, and all sessions together are not more", {
    timeout: 120_000 + RUNS * 30,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(moves, async (list) => {
        const assets = [column({ ...TWO, limit: "column.limit", most: 16, zeroPauses: true })];
        const site = new LivedSite(assets);
        await site.open();
        site.commit();
        let energy = 50;
        for (const { gap, what, where } of list) {
          if (what !== "kill" && what !== "reboot") site.wait(gap);
          if (what.length === 1) site.reads(where, { point: "state", value: what, quality: "good" });
          else if (what === "blind") site.reads(where, { point: "state", value: null, quality: "bad", code: "bus.timeout" });
          else if (what === "energy" || what === "less") {
            energy = what === "energy" ? energy + (gap % 100) / 10 : energy / 2;
            site.reads(where, { point: "energy", value: Number(energy.toFixed(3)), quality: "good" });
          } else if (what === "down" || what === "up") site.device(where, what === "up");
          else if (what === "pause" || what === "resume") site.orders("piazza", `charger.${what}`);
          else if (what === "commit") site.commit();
          else {
            site.commit();
            await site.open({ reboot: what === "reboot", offMs: gap % 20_000 });
            site.commit();
          }
        }
        site.wait(90_000_000);
        site.commit();
        const of = (name: string) => site.records.filter((record) => record.source === "piazza" && record.name === name);
        const totals = of("energy").map(({ value }) => Number(value));
        expect(totals).toEqual([...totals].sort((one, other) => one - other));
        const sessions = of("session-energy").reduce((sum, { value }) => sum + Number(value), 0);
        expect(sessions).toBeLessThanOrEqual((totals.at(-1) ?? 0) + 1e-6);
        expect(site.told.filter((one) => one.includes("rule.failed"))).toEqual([]);
        const played = (await replay(site.past, assets, {})).told.map(
          ({ epoch, mono, asset, kind, state }) => `${epoch} ${Math.max(mono, site.openedAt(epoch))} ${asset} ${kind} ${state}`,
        );
        expect(played).toEqual(site.told);
      }),
      { numRuns: RUNS },
    );
  });
});
