/** An alarm of a bay that was judged by a list past its age says so, live, after a restart and in replay. */
import { describe, expect, it } from "vitest";
import { SiteAnswers } from "../../../../../src/edge/answers/site-answers.ts";
import { replay } from "../../../../../src/edge/engine/past/replay.ts";
import { LivedSite, WALL } from "../../../../support/memory/lived-site.ts";
import { bay } from "../parking-group/sites.ts";

const MINUTE_MS = 60_000;
const answers = () => new SiteAnswers({ timezone: "Europe/Rome" });

async function opened(options: object) {
  const assets = [bay("14", options)];
  const site = new LivedSite(assets, answers());
  await site.open();
  return {
    site,
    stands: (value: boolean) => site.reads("14-sensor", { point: "presence", value, quality: "good" }),
    minutes: (count: number) => site.wait(count * MINUTE_MS),
    marks: async () => {
      site.commit();
      const { told } = await replay(site.past, assets, answers());
      const lived = site.events.filter(({ event }) => event.asset === "14" && event.kind.startsWith("bay."));
      expect(told.filter(({ asset }) => asset === "14")).toHaveLength(lived.length);
      return lived.map(({ event }) => `${event.state} ${(event as { readonly list?: string }).list ?? "-"}`);
    },
  };
}

const staleIn = (minutes: number): number => WALL + minutes * MINUTE_MS;

it("of who has not paid, until a newer list comes", async () => {
  const { site, stands, minutes, marks } = await opened({ reservedFor: "paid", payments: { grace: "5min" } });
  const comesAndGoes = () => {
    stands(true);
    minutes(10);
    stands(false);
  };
  site.listed({ list: "payments", version: 1, staleAt: staleIn(20) });
  comesAndGoes();
  minutes(15);
  site.commit();
  await site.open({ offMs: 2000 });
  // Another list is too old as well, and was not asked.
  site.listed({ list: "resident", version: 1, staleAt: staleIn(1) });
  comesAndGoes();
  site.listed({ list: "payments", version: 2, staleAt: staleIn(900) });
  comesAndGoes();
  expect(await marks()).toEqual(["raised -", "cleared -", "raised stale", "cleared -", "raised -", "cleared -"]);
});

it("of who is suspended, and of who may be by a newer list", async () => {
  const { site, stands, minutes, marks } = await opened({ maxStay: "5min" });
  site.listed({ list: "suspensions", version: 1, staleAt: staleIn(2) });
  const [from, to] = [staleIn(10), staleIn(20)];
  site.listed({ list: "suspensions", version: 1, asset: "14", spans: [[from, to]] });
  stands(true);
  minutes(15);
  expect(await marks()).toEqual(["raised stale", "cleared stale"]);
});

describe("of a badge that was not valid", () => {
  const READER = { reservedFor: "disabled", permits: { reader: "reader", grace: "5min" } };

  it.each([
    ["stale", "raised stale"],
    [undefined, "raised -"],
  ] as const)("by a list that is %s", async (age, mark) => {
    const { site, stands, minutes, marks } = await opened(READER);
    stands(true);
    site.badge("reader", "14", { verdict: "unknown", version: 3 }, null, age);
    minutes(10);
    expect(await marks()).toEqual([mark]);
  });

  it("and who shows none was judged by no list", async () => {
    const { site, stands, minutes, marks } = await opened(READER);
    site.badge("reader", "14", { verdict: "unknown", version: 3 }, null, "stale");
    stands(true);
    stands(false);
    stands(true);
    minutes(10);
    expect(await marks()).toEqual(["raised -"]);
  });
});
