/** Two sensors mounted the wrong way round: a hint after several times in a row, and none where they are right. */
import { describe, expect, it } from "vitest";
import { replay } from "../../../../../src/edge/engine/past/replay.ts";
import { LivedSite } from "../../../../support/memory/lived-site.ts";
import fc from "../../../../support/property.ts";
import { ANSWERS, bay } from "../parking-group/sites.ts";

const MINUTE_MS = 60_000;
const SWAPPED = { neighbours: ["13", "15"], swapped: {} };
const BY_BADGE = { reservedFor: "disabled", permits: { reader: "reader", list: "disabled" }, ...SWAPPED };

async function opened(options: object) {
  const assets = [bay("14", options), bay("13"), bay("15")];
  const site = new LivedSite(assets, ANSWERS);
  await site.open();
  const minutes = (count: number) => site.wait(count * MINUTE_MS);
  const stands = (at: string, value: boolean) => site.reads(`${at}-sensor`, { point: "presence", value, quality: "good" });
  for (const at of ["13", "14", "15"]) stands(at, false);
  minutes(10);
  return {
    site,
    minutes,
    stands,
    badge: () => site.shows("14", "reader", "valid", null),
    plugs: (word: string) => site.reads("column", { point: "socket-1", value: word, quality: "good" }),
    /** A vehicle is seen at a bay, and gone an hour later. */
    stays(at: string, meanwhile: () => void = () => undefined) {
      stands(at, true);
      minutes(1);
      meanwhile();
      minutes(60);
      stands(at, false);
      minutes(10);
    },
    async told() {
      site.commit();
      const { told: played } = await replay(site.past, assets, ANSWERS);
      expect(
        played.map(
          ({ epoch, mono, asset, kind, state }) => `${epoch} ${Math.max(mono, site.openedAt(epoch))} ${asset} ${kind} ${state}`,
        ),
      ).toEqual(site.told);
      return site.events.flatMap(({ event }) => (event.kind === "bay.swapped" ? [`${event.state}: ${event.text.en}`] : []));
    },
  };
}

const RAISED =
  "raised: Bay 14: its sensor may be swapped with that of 13: 3 times in a row somebody used the bay, and only 13 became occupied";
const CLEARED = "cleared: Bay 14: its sensor sees again who uses it";

describe("is told when only the bay beside it becomes occupied, three times in a row", () => {
  it("where badges are shown, until its sensor sees again who does so", async () => {
    const { site, stays, badge, told } = await opened(BY_BADGE);
    stays("13", badge);
    // Whoever stands beside it without a badge.
    stays("14");
    stays("13", badge);
    expect(await told()).toEqual([]);
    site.commit();
    await site.open({ offMs: 2000 });
    stays("13", badge);
    expect(await told()).toEqual([RAISED]);
    stays("14", badge);
    expect(await told()).toEqual([RAISED, CLEARED]);
  });

  it("where cars are charged", async () => {
    const { stays, plugs, told } = await opened({ reservedFor: "charging", charger: "column", ...SWAPPED });
    plugs("free");
    const charges = () => {
      plugs("occupied");
      plugs("charging");
    };
    for (let i = 0; i < 3; i++) {
      stays("13", charges);
      plugs("free");
      stays("14");
    }
    expect(await told()).toEqual([RAISED]);
  });

  it("where sessions are paid at the station, before the vehicle is seen too; one that is repeated counts once", async () => {
    const { site, minutes, stays, told } = await opened({ payments: { station: "pay-1", grace: "1d" }, ...SWAPPED });
    const pays = (session: string) => site.reads("pay-1", { point: "session", value: session, quality: "good" });
    for (let i = 1; i <= 2; i++) {
      pays(`${i} 14 0 1800 100`);
      minutes(1);
      stays("13", () => pays(`${i} 14 0 1740 100`));
      stays("14");
    }
    expect(await told()).toEqual([]);
    stays("13", () => pays("3 14 0 3600 100"));
    expect(await told()).toEqual([RAISED]);
  });
});

describe("is not told", () => {
  it("where its own sensor sees nothing at all: then it is stuck", async () => {
    const { stays, badge, told } = await opened(BY_BADGE);
    for (let i = 0; i < 8; i++) stays("13", badge);
    expect(await told()).toEqual([]);
  });

  it("where a badge is shown again and again during one stay, or the vehicle is seen nowhere in between", async () => {
    const { minutes, stays, badge, told } = await opened(BY_BADGE);
    const often = () => {
      for (let i = 0; i < 9; i++) {
        badge();
        minutes(5);
      }
    };
    stays("13", often);
    stays("14");
    stays("13", badge);
    badge();
    minutes(10);
    stays("13", badge);
    stays("14");
    stays("13", badge);
    expect(await told()).toEqual([]);
  });

  it("where both neighbours become occupied, now one and now the other, or its own sensor sees the vehicle a little later", async () => {
    const { minutes, stands, stays, badge, told } = await opened(BY_BADGE);
    for (let i = 0; i < 4; i++) {
      stays("13", badge);
      stays("14");
      stays("15", badge);
      stands("15", true);
      stays("13", badge);
      stands("15", false);
      minutes(10);
    }
    for (let i = 0; i < 4; i++) {
      stays("13", () => {
        badge();
        minutes(1);
        stands("14", true);
        minutes(30);
        stands("14", false);
      });
    }
    expect(await told()).toEqual([]);
  });

  it("where a sensor is silent meanwhile, its own or that of the neighbour", async () => {
    const { site, minutes, stands, stays, badge, told } = await opened(BY_BADGE);
    for (const silent of ["14", "13"]) {
      for (let i = 0; i < 4; i++) {
        site.device(`${silent}-sensor`, false);
        stands("13", true);
        if (silent === "14") badge();
        minutes(1);
        stands("14", false);
        if (silent === "13") badge();
        minutes(20);
        if (silent === "13") site.device("13-sensor", false);
        minutes(10);
        stands("13", false);
        minutes(10);
        stays("14");
      }
      expect(await told(), silent).toEqual([]);
    }
  });
});

const lives = fc.array(
  fc.record({
    where: fc.constantFrom("13", "14", "14", "15"),
    // Of whoever stands at 14: ms between the vehicle and the badge.
    later: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: -90_000, max: 150_000 }) }, fc.integer({ min: 0, max: 3_000_000 })),
    // Until a vehicle comes, and until it goes.
    gap: fc.integer({ min: 1000, max: 3_000_000 }),
    stay: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1000, max: 900_000 }) }, fc.integer({ min: 1000, max: 4_000_000 })),
  }),
  { minLength: 4, maxLength: 24 },
);

interface Step {
  readonly at: number;
  readonly where: string;
  readonly what: "comes" | "goes" | "badge";
}

/** Each bay has one vehicle at a time, and bays do not wait for one another. */
function stepsOf(life: readonly { where: string; later: number; gap: number; stay: number }[]): readonly Step[] {
  const free: Record<string, number> = {};
  return life
    .flatMap(({ where, later, gap, stay }): readonly Step[] => {
      // Whoever shows a badge ahead of the vehicle stays out of the time of the one before.
      const comes = (free[where] ?? 0) + gap + 90_000;
      const goes = comes + stay;
      free[where] = goes;
      const badge = Math.min(comes + later, goes - 1);
      return [
        { at: comes, where, what: "comes" },
        { at: goes, where, what: "goes" },
        ...(where === "14" ? [{ at: badge, where, what: "badge" as const }] : []),
      ];
    })
    .sort((a, b) => a.at - b.at);
}

async function hintsOf(life: Parameters<typeof stepsOf>[0], areSwapped: boolean): Promise<readonly string[]> {
  const { site, stands, badge, told } = await opened(BY_BADGE);
  const sensorAt: Readonly<Record<string, string>> = areSwapped ? { "13": "14", "14": "13" } : {};
  let now = 0;
  for (const { at, where, what } of stepsOf(life)) {
    site.wait(at - now);
    now = at;
    if (what === "badge") badge();
    else stands(sensorAt[where] ?? where, what === "comes");
  }
  site.wait(10 * MINUTE_MS);
  return told();
}

it("is told of swapped sensors in a life in which those that are right say nothing", async () => {
  const comes = (where: string, gap: number) => ({ where, later: 30_000, gap: gap * MINUTE_MS, stay: 20 * MINUTE_MS });
  const life = [comes("14", 10), comes("13", 45), comes("14", 60), comes("14", 60), comes("15", 5)];
  expect(await hintsOf(life, false)).toEqual([]);
  expect(await hintsOf(life, true)).toEqual([RAISED]);
});

it("is never told where the sensors are right, whatever vehicles come and go; and replay says what was said of swapped ones", async () => {
  await fc.assert(
    fc.asyncProperty(lives, fc.boolean(), async (life, areSwapped) => {
      const hints = await hintsOf(life, areSwapped);
      if (!areSwapped) expect(hints).toEqual([]);
    }),
    { numRuns: Number(process.env["CIPPO_HISTORIES"] ?? 60) },
  );
});
