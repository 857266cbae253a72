/** A sensor that rests while its neighbours change, and one that keeps changing: each is told once, and nobody is accused. */
import { describe, expect, it } from "vitest";
import { replay } from "../../../../../src/edge/engine/past/replay.ts";
import { LivedSite } from "../../../../support/memory/lived-site.ts";
import { ANSWERS, bay } from "../parking-group/sites.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

async function opened(options: object) {
  const assets = [bay("14", options), bay("13"), bay("15")];
  const site = new LivedSite(assets, ANSWERS);
  await site.open();
  const stands = (at: string, value: boolean | null) =>
    site.reads(`${at}-sensor`, { point: "presence", value, quality: value === null ? "bad" : "good" });
  return {
    site,
    stands,
    /** Vehicles come to a neighbour and go. */
    passing(at: string, times: number) {
      for (let i = 0; i < times; i++) {
        stands(at, true);
        site.wait(MINUTE_MS);
        stands(at, false);
        site.wait(MINUTE_MS);
      }
    },
    async told() {
      site.commit();
      const told = site.told.filter((one) => one.includes(" 14 "));
      const { told: played } = await replay(site.past, assets, ANSWERS);
      expect(played.filter(({ asset }) => asset === "14")).toHaveLength(told.length);
      // Hours since its epoch opened.
      return site.events.flatMap(({ event }) =>
        event.asset === "14" ? [`${event.kind} ${event.state} ${Math.round(event.mono / HOUR_MS)} ${event.text.en}`] : [],
      );
    },
  };
}

describe("stuck", () => {
  const STUCK = { neighbours: ["13", "15"], stuck: { after: "10h", moves: 6 } };

  it("is what does not change for long while its neighbours do, until it changes", async () => {
    const { site, stands, passing, told } = await opened(STUCK);
    stands("14", false);
    passing("13", 3);
    passing("15", 1);
    site.wait(9 * HOUR_MS);
    expect(await told()).toEqual([]);
    site.wait(HOUR_MS);
    site.commit();
    await site.open({ offMs: 2000 });
    site.wait(HOUR_MS);
    stands("14", true);
    expect(await told()).toEqual([
      "bay.stuck raised 10 Bay 14: its sensor has not changed for 10 h, while the bays beside it changed 6 times",
      "bay.stuck cleared 1 Bay 14: its sensor changes again",
    ]);
  });

  it("is not what rests together with its neighbours, however long, nor what was not seen meanwhile", async () => {
    const { site, stands, passing, told } = await opened(STUCK);
    stands("14", true);
    passing("13", 2);
    site.wait(40 * HOUR_MS);
    site.device("14-sensor", false);
    passing("15", 4);
    stands("14", true);
    site.wait(11 * HOUR_MS);
    expect(await told()).toEqual([]);
  });

  it("a neighbour that is back after a silence has not moved", async () => {
    const { site, stands, told } = await opened(STUCK);
    stands("14", false);
    stands("13", true);
    for (let i = 0; i < 9; i++) {
      site.device("13-sensor", false);
      site.wait(MINUTE_MS);
      stands("13", true);
      site.wait(MINUTE_MS);
    }
    site.wait(20 * HOUR_MS);
    expect(await told()).toEqual([]);
  });
});

describe("unstable", () => {
  const UNSTABLE = { unstable: { changes: 6, within: "10min" } };

  it("is what changes more often than vehicles come and go, until it has rested for as long", async () => {
    const { site, stands, told } = await opened(UNSTABLE);
    for (let i = 0; i < 10; i++) {
      stands("14", i % 2 === 0);
      site.wait(20_000);
    }
    site.wait(9 * MINUTE_MS);
    site.commit();
    expect(site.events.map(({ event }) => event.kind).filter((kind) => kind.startsWith("bay."))).toEqual(["bay.unstable"]);
    site.wait(MINUTE_MS);
    expect(await told()).toEqual([
      "bay.unstable raised 0 Bay 14: its sensor has kept changing for 100 s",
      "bay.unstable cleared 0 Bay 14: its sensor is steady again",
    ]);
  });

  it("is not what changes as often over a longer time, nor what goes silent in between", async () => {
    const { site, stands, told } = await opened(UNSTABLE);
    for (let i = 0; i < 12; i++) {
      stands("14", i % 2 === 0);
      site.wait(2.5 * MINUTE_MS);
    }
    for (let i = 0; i < 12; i++) {
      stands("14", i % 2 === 0 ? true : null);
      site.wait(2.5 * MINUTE_MS);
    }
    expect(await told()).toEqual([]);
  });
});
