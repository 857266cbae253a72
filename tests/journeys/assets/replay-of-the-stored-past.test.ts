/** A day of a real gateway, played again from its database: the same rules say the same things in the same order. */
import { expect, it } from "vitest";
import { loadSite } from "../../../src/config/index.ts";
import { replay } from "../../../src/edge/engine/past/replay.ts";
import { openStore } from "../../../src/edge/store/open-store.ts";
import { systemClock } from "../../../src/kit/clock.ts";
import { noLog } from "../../../src/kit/log.ts";
import type { AssetState, OpenAlarm } from "../../../src/model/index.ts";
import { CountingSite, counter, loop } from "../../support/running/counting-site.ts";
import { Gateway, temporary, until } from "../../support/running/processes.ts";

/** Nobody listens there: what is stored does not depend on who hears it. */
const NO_BROKER = "mqtt://127.0.0.1:9";
const [LEFT, RIGHT] = [8, 9];
const bay = (device: string) => ({
  kind: "parking-bay",
  reservedFor: "disabled",
  occupancy: `${device}.present`,
  debounce: "200ms",
  permits: { grace: "500ms" },
});

it("gives exactly the bay events that were raised", { timeout: 120_000 }, async () => {
  await using folder = await temporary("replay");
  await using site = await CountingSite.open();
  await using gateway = new Gateway(folder.path);
  await gateway.configure(NO_BROKER, {
    store: { commit: "100ms" },
    buses: site.buses,
    devices: { "loop-left": loop(LEFT), "loop-right": loop(RIGHT), counter: counter(1, "100ms") },
    assets: { left: bay("loop-left"), right: bay("loop-right") },
  });
  const sees = (what: string, wanted: (left: View, right: View) => boolean) =>
    until(
      async () => {
        const { assets, alarms } = await gateway.status();
        const view = (id: string) => viewOf(id, assets, alarms);
        return wanted(view("left"), view("right"));
      },
      15_000,
      what,
    );

  await gateway.start();
  await sees("both are free", (left, right) => left.status === "free" && right.status === "free");
  site.occupied.add(LEFT);
  await sees("left is taken without a badge", (left) => left.alarm);
  site.occupied.add(RIGHT);
  await sees("right is taken without a badge", (_, right) => right.alarm);
  const seen = async (quality: string) =>
    (await gateway.status()).devices.some(({ id, points }) => id === "loop-right" && points[0]?.quality === quality);
  site.broken.add(RIGHT);
  await until(() => seen("bad"), 15_000, "right cannot be seen for a moment");
  site.broken.delete(RIGHT);
  await until(() => seen("good"), 15_000, "right is seen again");

  expect(await gateway.stop()).toBe(0);
  await gateway.start();
  expect((await gateway.cippo("command", "left", "permit.confirm")).code).toBe(0);
  await sees("the badge of left clears its alarm", (left, right) => !left.alarm && right.alarm);
  await gateway.kill();

  site.occupied.delete(RIGHT);
  await gateway.start();
  await sees("right left while nobody looked", (_, right) => right.status === "free" && !right.alarm);
  site.occupied.add(RIGHT);
  await sees("right is taken again", (_, right) => right.status === "occupied");
  // The grace of this stay runs out in the next life.
  await gateway.kill();
  await gateway.start();
  await sees("right is taken without a badge again", (_, right) => right.alarm);
  site.occupied.clear();
  await sees("both have left", (left, right) => left.status === "free" && right.status === "free");
  expect(await gateway.stop()).toBe(0);

  const { site: described } = await loadSite(gateway.file);
  const clock = systemClock("assumed");
  await using store = await openStore({ file: gateway.db, quotaMB: 64, keepMs: 1e9, clock, log: noLog });
  const lived: string[] = [];
  for await (const { event } of store.events({}))
    if (event.asset !== undefined && event.kind.startsWith("bay.")) lived.push(`${event.asset} ${event.kind} ${event.state}`);
  const { told: again } = await replay(store, Object.values(described.assets));
  expect(again.map(({ asset, kind, state }) => `${asset} ${kind} ${state}`)).toEqual(lived);
  const alarm = (asset: string, state: string) => `${asset} bay.illegal-occupation ${state}`;
  expect(lived).toEqual([
    alarm("left", "raised"),
    alarm("right", "raised"),
    alarm("left", "cleared"),
    alarm("right", "cleared"),
    alarm("right", "raised"),
    alarm("right", "cleared"),
  ]);
});

interface View {
  readonly status: unknown;
  readonly alarm: boolean;
}

function viewOf(id: string, assets: readonly AssetState[], alarms: readonly OpenAlarm[]): View {
  const status = assets.find(({ asset }) => asset === id)?.state["status"];
  return { status, alarm: alarms.some(({ asset }) => asset === id) };
}
