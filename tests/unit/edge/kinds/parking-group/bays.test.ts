/** A group counts its bays: free, occupied, closed and unknown, and says what that leaves in doubt. */
import { expect, it } from "vitest";
import type { SiteAsset } from "../../../../../src/edge/kinds/index.ts";
import { LivedSite } from "../../../../support/memory/lived-site.ts";
import { ANSWERS, bay, groupOf, shownOf } from "./sites.ts";

const presence = (site: LivedSite, id: string, value: boolean) =>
  site.reads(`${id}-sensor`, { point: "presence", value, quality: "good" });

async function opened(assets: readonly SiteAsset[], answers = {}): Promise<LivedSite> {
  const site = new LivedSite(assets, { ...ANSWERS, ...answers });
  await site.open();
  return site;
}

// Whether the group stands before its bays or after them in the file makes no difference.
it.each([
  ["after", [bay("a"), bay("b"), bay("c"), groupOf("a", "b", "c")]],
  ["before", [groupOf("a", "b", "c"), bay("a"), bay("b"), bay("c")]],
] as const)("counts bays that are written %s it", async (_, assets) => {
  const site = await opened(assets);
  expect(shownOf(site, "group")).toEqual({
    status: "unknown?",
    availableSpotNumber: "0?",
    occupiedSpotNumber: "0?",
    outOfServiceSlotNumber: "0?",
    unknownSpotNumber: 3,
    totalSpotNumber: 3,
  });
  presence(site, "a", false);
  presence(site, "b", true);
  expect(shownOf(site, "group")).toMatchObject({
    status: "spacesAvailable",
    availableSpotNumber: "1?",
    occupiedSpotNumber: "1?",
    unknownSpotNumber: 1,
  });
  presence(site, "c", true);
  expect(shownOf(site, "group")).toMatchObject({
    status: "spacesAvailable",
    availableSpotNumber: 1,
    occupiedSpotNumber: 2,
    unknownSpotNumber: 0,
  });
  presence(site, "a", true);
  expect(shownOf(site, "group")).toMatchObject({ status: "full", availableSpotNumber: 0, occupiedSpotNumber: 3 });
});

it("does not say that it is full while nobody sees one of its bays", async () => {
  const site = await opened([bay("a"), bay("b"), groupOf("a", "b")]);
  presence(site, "a", true);
  presence(site, "b", true);
  site.device("b-sensor", false);
  expect(shownOf(site, "group")).toMatchObject({ status: "unknown?", availableSpotNumber: "0?", unknownSpotNumber: 1 });
  site.device("b-sensor", true);
  presence(site, "b", true);
  expect(shownOf(site, "group")).toMatchObject({ status: "full", availableSpotNumber: 0, unknownSpotNumber: 0 });
});

it("counts a bay that a permit suspends as neither free nor taken", async () => {
  const suspended = new Set(["b"]);
  const listed = (_list: string, asset: string, wall: number) => ({ is: suspended.has(asset), from: wall, to: wall + 1000 });
  const site = await opened([bay("a"), bay("b"), groupOf("a", "b")], { listed });
  presence(site, "a", true);
  presence(site, "b", true);
  expect(shownOf(site, "group")).toMatchObject({
    status: "full",
    availableSpotNumber: 0,
    occupiedSpotNumber: 1,
    outOfServiceSlotNumber: 1,
    totalSpotNumber: 2,
  });
  suspended.add("a");
  site.wait(1001);
  expect(shownOf(site, "group")).toMatchObject({ status: "closed", occupiedSpotNumber: 0, outOfServiceSlotNumber: 2 });
});

it("is shown once a second at most, however many vehicles come and go, and at last as it is", async () => {
  const site = await opened([bay("a"), bay("b"), bay("c"), groupOf("a", "b", "c")]);
  for (const id of ["a", "b", "c"]) presence(site, id, false);
  site.wait(5000);
  const before = site.states.length;
  for (let i = 0; i < 40; i += 1) {
    presence(site, i % 2 === 0 ? "a" : "b", i % 4 < 2);
    site.wait(100);
  }
  site.wait(2000);
  const shown = site.states.slice(before).filter(({ state }) => state.asset === "group");
  expect(shown.length).toBeGreaterThan(2);
  for (const [i, { mono }] of shown.entries()) expect(mono - (shown[i - 1]?.mono ?? 0)).toBeGreaterThanOrEqual(1000);
  expect(shown.at(-1)?.state.state).toMatchObject(shownOf(site, "group"));
});

it("knows its bays again after a restart, without a word from any sensor", async () => {
  const site = await opened([bay("a"), bay("b"), groupOf("a", "b")]);
  presence(site, "a", true);
  presence(site, "b", false);
  site.commit();
  await site.open({ offMs: 3000 });
  expect(shownOf(site, "group")).toMatchObject({ status: "spacesAvailable", availableSpotNumber: 1, unknownSpotNumber: 0 });
  // Off for longer than a sensor may be silent: nobody knows.
  await site.open({ offMs: 700_000 });
  expect(shownOf(site, "group")).toMatchObject({ status: "unknown?", unknownSpotNumber: 2 });
});

/** What is told of the group, one line for each moment and attribute. */
const momentsOf = (site: LivedSite) =>
  site.records
    .filter(({ source }) => source === "group")
    .map(({ epoch, mono, name }) => `${epoch} ${Math.max(mono, site.openedAt(epoch))} ${name}`);

it.each([
  ["after", ["a", "b", "c", "d", "group"]],
  ["before", ["group", "a", "b", "c", "d"]],
] as const)("tells of one moment once, not once for each bay, written %s them", async (_, order) => {
  const site = await opened(order.map((id) => (id === "group" ? groupOf("a", "b", "c", "d") : bay(id))));
  for (const [i, id] of ["a", "b", "c", "d"].entries()) {
    site.wait(1000);
    presence(site, id, i % 2 === 0);
  }
  // All that is told is told again.
  site.wait(1_000_000);
  // Nobody sees them any more; nobody looked at them for long.
  site.device("a-sensor", false);
  site.commit();
  await site.open({ offMs: 700_000 });
  site.commit();
  const told = momentsOf(site);
  expect(told.length).toBeGreaterThan(20);
  expect(told.filter((one, i) => told.indexOf(one) !== i)).toEqual([]);
  expect(
    site.records.filter(({ epoch, source, name }) => epoch === "EPOCH002" && source === "a" && name === "status"),
  ).toHaveLength(1);
});
