/** A bay that was paid at the pay station is not unpaid, whatever the platform's list says, over restarts and in replay. */
import { describe, expect, it } from "vitest";
import type { Answers } from "../../../../../src/edge/answers/answers.ts";
import { replay } from "../../../../../src/edge/engine/past/replay.ts";
import { payStation } from "../../../../../src/edge/kinds/pay-station.ts";
import { LivedSite } from "../../../../support/memory/lived-site.ts";
import fc from "../../../../support/property.ts";
import { bay } from "../parking-group/sites.ts";

const MINUTE_MS = 60_000;
const PAYMENTS = { station: "pay-1", stall: "A14", list: "payments", grace: "10min" };
/** The platform's list, and what it says of the bay. */
type Listed = "nobody" | "paid" | "missing";

function siteOf(listed: Listed, payments: object = PAYMENTS) {
  const answer = { nobody: { is: false, from: 0, to: Number.POSITIVE_INFINITY }, paid: { is: true, from: 0, to: 1e15 } };
  const answers: Answers = { listed: (list) => (list === "suspensions" || listed === "missing" ? undefined : answer[listed]) };
  const options = payStation.options.parse({ device: "till" });
  const name = { it: "Cavalli", en: "Cavalli" };
  const silentAfterMs = { fault: 120_000, cashBox: 120_000, session: 120_000 };
  const station = {
    asset: { id: "pay-1", urn: "urn:pay-1", kind: "pay-station", name, options, silentAfterMs },
    kind: payStation,
  };
  // The bay is told of before the station that it hears: a restart must bring them together all the same.
  const assets = [bay("14", { reservedFor: "paid", payments }), station];
  return { assets, answers };
}

async function opened(listed: Listed = "nobody", payments: object = PAYMENTS) {
  const { assets, answers } = siteOf(listed, payments);
  const site = new LivedSite(assets, answers);
  await site.open();
  const reads = (point: string, value: string | boolean) => site.reads("till", { point, value, quality: "good" });
  reads("fault", false);
  return {
    site,
    reads,
    stands: (value: boolean) => site.reads("14-sensor", { point: "presence", value, quality: "good" }),
    /** Told by the station: how many minutes it lasts, from how many minutes on. */
    session: (number: number, lasts: number, { starts = 0, stall = "A14" } = {}) =>
      reads("session", `${number} ${stall} ${starts * 60} ${lasts * 60} 100`),
    minutes: (count: number) => site.wait(count * MINUTE_MS),
    told: () => {
      site.commit();
      const first = site.openedAt("EPOCH001");
      return site.events.flatMap(({ epoch, event }) =>
        event.kind === "bay.unpaid"
          ? [`${event.state} ${Math.round((site.openedAt(epoch) + event.mono - first) / MINUTE_MS)}`]
          : [],
      );
    },
    again: async () => (await replay(site.past, assets, siteOf(listed, payments).answers)).told,
  };
}

describe("a session at the station", () => {
  it.each(["nobody", "missing"] as const)("counts while it lasts, where the list says %s", async (listed) => {
    const { stands, session, minutes, told } = await opened(listed);
    stands(true);
    minutes(5);
    session(1, 60);
    minutes(69);
    expect(told()).toEqual([]);
    minutes(2);
    // Without a list nobody knows who paid elsewhere.
    expect(told()).toEqual(listed === "nobody" ? ["raised 75"] : []);
  });

  it("is enough where no list is asked, and without one the bay is unpaid", async () => {
    const { stands, session, minutes, told } = await opened("missing", { station: "pay-1", grace: "10min" });
    stands(true);
    minutes(11);
    session(1, 30, { stall: "14" });
    minutes(1);
    expect(told()).toEqual(["raised 10", "cleared 11"]);
  });

  it("of another stall, or of none, pays nothing", async () => {
    const { stands, session, minutes, told } = await opened();
    stands(true);
    session(1, 60, { stall: "A15" });
    session(2, 60, { stall: "-" });
    minutes(11);
    expect(told()).toEqual(["raised 10"]);
  });

  it("is extended or ended early by its number; another one beside it counts to its own end", async () => {
    const { stands, session, minutes, told } = await opened();
    stands(true);
    session(1, 30);
    session(2, 20);
    minutes(5);
    session(1, 0);
    minutes(24);
    // The second one ended after 20 minutes.
    expect(told()).toEqual([]);
    minutes(2);
    expect(told()).toEqual(["raised 30"]);
    session(3, 10);
    minutes(1);
    session(3, 30);
    minutes(39);
    expect(told()).toEqual(["raised 30", "cleared 31"]);
    minutes(2);
    expect(told()).toEqual(["raised 30", "cleared 31", "raised 72"]);
  });

  it("that lies in the future counts from its beginning", async () => {
    const { stands, session, minutes, told } = await opened();
    stands(true);
    session(1, 30, { starts: 20 });
    minutes(51);
    expect(told()).toEqual(["raised 10", "cleared 20"]);
    minutes(10);
    expect(told()).toEqual(["raised 10", "cleared 20", "raised 60"]);
  });
});

it("a restart of the gateway, a kill included, neither ends a session nor begins it anew", async () => {
  const { site, stands, session, minutes, told } = await opened();
  stands(true);
  session(1, 60);
  minutes(1);
  site.commit();
  minutes(1);
  await site.open({ offMs: 2000 });
  minutes(28);
  site.commit();
  await site.open({ reboot: true, offMs: 30_000 });
  minutes(39);
  expect(told()).toEqual([]);
  minutes(2);
  // 60 minutes of the session, with the time off, and 10 of grace: 40 after the reboot.
  site.commit();
  expect(
    site.events.filter(({ event }) => event.kind === "bay.unpaid").map(({ event }) => Math.round(event.mono / MINUTE_MS)),
  ).toEqual([39]);
});

it("while the station is silent or out of service nobody is accused anew, and what stands is in doubt", async () => {
  const { site, stands, reads, minutes, told } = await opened();
  stands(true);
  minutes(9);
  reads("fault", true);
  minutes(20);
  expect(told()).toEqual([]);
  reads("fault", false);
  minutes(11);
  expect(told()).toEqual(["raised 39"]);
  site.device("till", false);
  minutes(5);
  site.device("till", true);
  reads("fault", false);
  minutes(5);
  expect(told().slice(1)).toEqual(["updated 41", "updated 45"]);
});

const moves = fc.array(
  fc.record({
    gap: fc.oneof(fc.integer({ min: 0, max: 6000 }), fc.integer({ min: 0, max: 1_500_000 })),
    what: fc.constantFrom(
      "stands",
      "leaves",
      "session",
      "later",
      "ended",
      "other",
      "broken",
      "works",
      "down",
      "up",
      "commit",
      "kill",
      "stop",
      "reboot",
    ),
    number: fc.integer({ min: 1, max: 3 }),
    lasts: fc.integer({ min: 0, max: 40 }),
  }),
  { minLength: 3, maxLength: 40 },
);

it("says the same when its stored past is played again", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(moves, fc.constantFrom<Listed>("nobody", "missing", "paid"), async (list, listed) => {
      const { site, stands, session, reads, again } = await opened(listed);
      for (const { gap, what, number, lasts } of list) {
        if (!/kill|stop|reboot/.test(what)) site.wait(gap);
        if (what === "stands" || what === "leaves") stands(what === "stands");
        else if (what === "session") session(number, lasts);
        else if (what === "later") session(number, lasts, { starts: 10 });
        else if (what === "ended") session(number, 0);
        else if (what === "other") session(number, lasts, { stall: "A15" });
        else if (what === "broken" || what === "works") reads("fault", what === "broken");
        else if (what === "down" || what === "up") site.device("till", what === "up");
        else if (what === "commit") site.commit();
        else {
          if (what !== "kill") site.commit();
          await site.open({ reboot: what === "reboot", offMs: gap % 20_000 });
          site.commit();
        }
      }
      site.commit();
      const lines = (await again()).map(
        ({ epoch, mono, asset, kind, state }) => `${epoch} ${Math.max(mono, site.openedAt(epoch))} ${asset} ${kind} ${state}`,
      );
      expect(lines).toEqual(site.told);
    }),
    { numRuns: Number(process.env["CIPPO_HISTORIES"] ?? 100) },
  );
});
