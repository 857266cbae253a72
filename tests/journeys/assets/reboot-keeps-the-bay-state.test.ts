/** Five bays over restart, reboot and a long time off: no event is repeated or forgotten, and no time is invented. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { monotonic } from "../../../src/kit/clock.ts";
import { Held, type HeldEvent } from "../../support/running/held.ts";
import { broker, Gateway, Opened, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { Site } from "../../support/running/site.ts";

/** After this long without a frame nobody knows any more what stands before an a02yyuw. */
const SILENT_AFTER_MS = 10_000;
const GRACE_MS = 5000;
const DEBOUNCE_MS = 300;
/** The grace of bays whose alarm is to stand before anything happens. */
const SHORT_GRACE_MS = 500;
const SLACK_MS = 400;

const GRACES = { alarmed: SHORT_GRACE_MS, pending: GRACE_MS, confirmed: 60_000, leaving: SHORT_GRACE_MS, empty: GRACE_MS };
type Bay = keyof typeof GRACES;
const BAYS = Object.keys(GRACES) as readonly Bay[];

const of = (make: (bay: Bay) => object) => BAYS.map(make);
const named = (name: (bay: Bay) => string, values: readonly object[]) =>
  Object.fromEntries(BAYS.map((bay, i) => [name(bay), values[i]]));

const SCENARIO = {
  buses: named(
    (bay) => `uart-${bay}`,
    of(() => ({ serial: "tcp" })),
  ),
  devices: named(
    (bay) => `sensor-${bay}`,
    of((bay) => ({ type: "a02yyuw", bus: `uart-${bay}`, occupiedBelow: "1200mm" })),
  ),
  assets: named(
    (bay) => bay,
    of((bay) => ({
      kind: "parking-bay",
      reservedFor: "disabled",
      occupancy: `sensor-${bay}.presence`,
      debounce: `${DEBOUNCE_MS}ms`,
      permits: { list: "disabled", grace: `${GRACES[bay]}ms` },
    })),
  ),
  play: {
    bays: named(
      (bay) => bay,
      of((bay) => ({ sensor: `sensor-${bay}` })),
    ),
  },
};

const shared = new Opened();
let folder = "";
let url = "";
let city = "";

beforeAll(async () => {
  folder = shared.use(await temporary("reboot")).path;
  url = shared.use(await broker()).url;
  city = join(folder, "city.sqlite");
  shared.use(await startPlatform(url, city, "--ack-after", "200ms"));
});
afterAll(() => shared[Symbol.asyncDispose]());

interface Story extends AsyncDisposable {
  readonly site: Site;
  readonly gateway: Gateway;
  readonly held: Held;
  /** Open alarms: bay → id. */
  alarms(): Promise<Readonly<Partial<Record<string, string>>>>;
  status(bay: Bay): Promise<unknown>;
}

/** Up to the moment before the power goes: two alarms stand, one car is confirmed, one has just come, one bay is empty. */
async function story(name: string, boot: string): Promise<Story> {
  const open = new Opened();
  const own = join(folder, name);
  await mkdir(own);
  const site = open.use(await Site.open(own, SCENARIO));
  const gateway = open.use(new Gateway(own, name));
  await gateway.configure(url, site.ready.site);
  await gateway.start({ CIPPO_BOOT_ID: boot });
  const status = async (bay: Bay) => (await gateway.status()).assets.find(({ asset }) => asset === bay)?.state["status"];
  const alarms = async () => Object.fromEntries((await gateway.status()).alarms.map(({ asset, id }) => [asset ?? "", id]));
  for (const bay of BAYS) await until(async () => (await status(bay)) === "free", 15_000, `${bay} free`);
  for (const bay of ["alarmed", "confirmed", "leaving"]) await site.ask({ do: "arrive", bay });
  await until(async () => (await status("confirmed")) === "occupied", 15_000, "occupied");
  expect((await gateway.cippo("command", "confirmed", "permit.confirm", "until=+1h")).code).toBe(0);
  await until(async () => Object.keys(await alarms()).length === 2, 15_000, "two alarms");
  await site.ask({ do: "arrive", bay: "pending" });
  await until(async () => (await status("pending")) === "occupied", 15_000, "the last arrival");
  const held = open.use(await Held.open(city, name));
  return { site, gateway, held, status, alarms, [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() };
}

/** What was told of a bay: state of the alarm, and its reason or doubt. */
const toldOf = (events: readonly HeldEvent[], bay: Bay) =>
  events.filter(({ asset }) => asset === bay).map(({ state, reason, quality }) => [state, reason ?? quality ?? "good"]);

/** Moment of the pending bay's arrival and of its alarm, which is raised once. */
async function pendingOf({ held, gateway }: Story): Promise<{ readonly arrived: number; readonly raised: number }> {
  const raised = () => held.events("bay.illegal-occupation").then((all) => all.filter(({ asset }) => asset === "pending"));
  await until(async () => (await raised()).length > 0, GRACE_MS + 20_000, "the alarm of the last arrival");
  await gateway.delivered();
  const [first] = (await held.readings("pending")).filter(({ name, value }) => name === "status" && value === "occupied");
  expect((await raised()).map(({ state }) => state)).toEqual(["raised"]);
  return { arrived: (first?.at ?? 0) - DEBOUNCE_MS, raised: (await raised())[0]?.instant ?? 0 };
}

const statuses = async ({ held }: Story, bay: Bay) =>
  (await held.readings(bay)).filter(({ name }) => name === "status").map(({ value }) => value);

/** What is written again at each start is the same. */
const changes = (values: readonly unknown[]) => values.filter((value, i) => value !== values[i - 1]);

describe.concurrent("a reboot keeps the bay state", () => {
  it("and so does a restart in the same boot: nothing was missed, nothing is said twice", { timeout: 90_000 }, async () => {
    await using s = await story("gw-same", "one");
    const before = await s.alarms();
    await s.gateway.kill();
    await s.gateway.start({ CIPPO_BOOT_ID: "one" });
    // A restart that takes as long as the last one's grace finds that alarm raised as well.
    expect(await s.alarms()).toMatchObject(before);
    const { arrived, raised } = await pendingOf(s);
    // The boot's clock went on: so did the grace.
    expect(raised - arrived).toBeGreaterThanOrEqual(GRACE_MS);
    expect(raised - arrived).toBeLessThan(GRACE_MS + DEBOUNCE_MS + SLACK_MS);

    // A quiet time, in which nothing was worth a row, is no time off: a planned restart after it changes nothing.
    await new Promise((resolve) => setTimeout(resolve, SILENT_AFTER_MS + 1000));
    const stood = await s.alarms();
    expect(await s.gateway.stop()).toBe(0);
    await s.gateway.start({ CIPPO_BOOT_ID: "one" });
    expect(await s.alarms()).toEqual(stood);
    await s.site.ask({ do: "leave", bay: "leaving" });
    await until(async () => (await s.alarms())["leaving"] === undefined, 15_000, "the alarm is cleared");
    await s.gateway.delivered();
    const told = await s.held.events("bay.illegal-occupation");
    expect(toldOf(told, "alarmed")).toEqual([["raised", "good"]]);
    expect(toldOf(told, "confirmed")).toEqual([]);
    expect(toldOf(told, "leaving")).toEqual([
      ["raised", "good"],
      ["cleared", "normal"],
    ]);
    expect(changes(await statuses(s, "alarmed"))).toEqual(["unknown", "free", "occupied"]);
    expect(new Set(told.filter(({ asset }) => asset === "leaving").map(({ id }) => id))).toEqual(new Set([before["leaving"]]));
    expect((await s.held.events("epoch.opened")).length).toBe(3);
  });

  it("after a short time off: the time off counts towards no grace", { timeout: 90_000 }, async ({ skip }) => {
    await using s = await story("gw-short", "one");
    const before = await s.alarms();
    const off = monotonic();
    await s.gateway.kill();
    await s.site.ask({ do: "leave", bay: "leaving" });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await s.gateway.start({ CIPPO_BOOT_ID: "two" });
    if (monotonic() - off > SILENT_AFTER_MS - 500) skip("this machine is too busy for a short time off");
    expect((await s.alarms())["alarmed"]).toBe(before["alarmed"]);
    await until(async () => (await s.status("leaving")) === "free", 15_000, "the one that left meanwhile");
    const { arrived, raised } = await pendingOf(s);
    const [, opened] = await s.held.events("epoch.opened");
    const offMs = (opened?.instant ?? 0) - off;
    expect(raised - arrived).toBeGreaterThanOrEqual(GRACE_MS + offMs - SLACK_MS);

    const told = await s.held.events("bay.illegal-occupation");
    expect(toldOf(told, "alarmed")).toEqual([["raised", "good"]]);
    expect(toldOf(told, "confirmed")).toEqual([]);
    expect(toldOf(told, "leaving")).toEqual([
      ["raised", "good"],
      ["cleared", "normal"],
    ]);
    expect(told.filter(({ asset }) => asset === "leaving").map(({ id }) => id)).toEqual([before["leaving"], before["leaving"]]);
    expect(changes(await statuses(s, "alarmed"))).toEqual(["unknown", "free", "occupied"]);
    expect(changes(await statuses(s, "empty"))).toEqual(["unknown", "free"]);
  });

  it("after a long time off: unknown until seen, the alarm stands, the grace begins anew", { timeout: 90_000 }, async () => {
    await using s = await story("gw-long", "one");
    const before = await s.alarms();
    await s.gateway.kill();
    await s.site.ask({ do: "leave", bay: "leaving" });
    await new Promise((resolve) => setTimeout(resolve, SILENT_AFTER_MS + 1000));
    await s.gateway.start({ CIPPO_BOOT_ID: "two" });
    const { raised } = await pendingOf(s);
    const [, opened] = await s.held.events("epoch.opened");
    expect(raised - (opened?.instant ?? 0)).toBeGreaterThanOrEqual(GRACE_MS);

    const told = await s.held.events("bay.illegal-occupation");
    expect(toldOf(told, "alarmed")).toEqual([
      ["raised", "good"],
      ["updated", "uncertain"],
      ["updated", "good"],
    ]);
    expect(toldOf(told, "confirmed")).toEqual([]);
    expect(toldOf(told, "leaving")).toEqual([
      ["raised", "good"],
      ["updated", "uncertain"],
      ["cleared", "normal"],
    ]);
    for (const bay of ["alarmed", "leaving"] as const)
      expect(new Set(told.filter(({ asset }) => asset === bay).map(({ id }) => id))).toEqual(new Set([before[bay]]));
    expect(Object.keys(await s.alarms()).toSorted()).toEqual(["alarmed", "pending"]);
    expect(changes(await statuses(s, "alarmed"))).toEqual(["unknown", "free", "occupied", "unknown", "occupied"]);
    expect(changes(await statuses(s, "empty"))).toEqual(["unknown", "free", "unknown", "free"]);
  });
});
