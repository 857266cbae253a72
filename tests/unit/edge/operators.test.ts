/** Operators take alarms in charge and work on assets; both outlive a restart, and neither ends an alarm. */
import { expect, it } from "vitest";
import { replay } from "../../../src/edge/engine/past/replay.ts";
import { assetKind, held, shown, state } from "../../../src/edge/kinds/kind.ts";
import type { EdgeEvent } from "../../../src/model/index.ts";
import { FedEdge, NEVER_SILENT_MS } from "../../support/running/fed-edge.ts";
import { folder } from "./store/support.ts";

const alarm = (severity: "critical" | "high", words: string) => ({
  severity,
  raised: { it: `{name}: ${words}`, en: `{name}: ${words}` },
  cleared: { it: "{name}: a posto", en: "{name}: in order" },
  todo: { it: "Andare a vedere.", en: "Go and see." },
});

/** Its door is watched by two alarms, one of them critical. */
const cabinet = assetKind({
  kind: "cabinet",
  model: "Device",
  title: { it: "Armadio", en: "Cabinet" },
  version: 1,
  options: null as never,
  senses: ({ door }: { door: string }) => ({ door: state(door) }),
  shows: { status: { unit: "", kind: "word", meaning: "`open` or `shut`" } },
  alarms: { "cabinet.open": alarm("critical", "aperto"), "cabinet.cold": alarm("high", "freddo") },
  facts: {},
  lookBackMs: 0,
  says: (_, { sees: { door } }) => ({
    shows: { status: shown(door, (is) => (is ? "open" : "shut")) },
    claims: {
      "cabinet.open": door.known && door.value && held(door.since),
      "cabinet.cold": door.known && door.value && held(door.since),
    },
  }),
});

const HOUR = 3_600_000;
const assets = [
  {
    kind: cabinet,
    asset: {
      id: "hall",
      urn: "urn:hall",
      kind: "cabinet",
      name: { it: "Atrio", en: "Hall" },
      options: { door: "contact.open" },
      silentAfterMs: { door: NEVER_SILENT_MS },
    },
  },
];

/** A cabinet with its door contact. */
async function site(file: string, ahead = { ms: 0, synced: true }) {
  const device = { id: "contact", points: { open: { unit: "", kind: "state" as const } } };
  const at = await FedEdge.open({ file, device, assets, ahead });
  return {
    edge: at.edge,
    store: at.store,
    happened: at.happened,
    told: at.told.bind(at),
    wall: () => at.wall,
    command: at.command.bind(at),
    async door(value: boolean): Promise<void> {
      const from = at.happened.length;
      at.says({ point: "open", value });
      await at.told((e) => e.kind === "cabinet.open" && e.state === (value ? "raised" : "cleared"), from);
    },
    end: () => at[Symbol.asyncDispose](),
  };
}

const ofDoor = ({ kind, state }: EdgeEvent) => kind === "cabinet.open" && state === "raised";

it("takes an alarm in charge, which goes on standing and knows it after a restart", async () => {
  await using at = await folder();
  const first = await site(at.file);
  await first.door(true);
  const { id, since } = await first.told(ofDoor);
  expect(await first.command("hall", "event.acknowledge", { event: id, note: "ci vado", by: "Bianchi" })).toMatchObject({
    state: "succeeded",
  });
  const event = first.happened.find(({ state }) => state === "acknowledged");
  expect(event).toMatchObject({ id, since, kind: "cabinet.open", severity: "critical", asset: "hall", urn: "urn:hall" });
  expect(event).toMatchObject({ by: "Bianchi", note: "ci vado", text: { it: "Atrio: cabinet.open preso in carico da Bianchi" } });
  const open = () => first.edge.documents.alarms().open.map(({ kind, ackedBy }) => [kind, ackedBy]);
  expect(open()).toEqual([
    ["cabinet.open", "Bianchi"],
    ["cabinet.cold", undefined],
  ]);
  await first.end();
  const second = await site(at.file);
  await second.told(({ kind }) => kind === "epoch.opened");
  expect(second.edge.documents.alarms().open.find((one) => one.id === id)).toMatchObject({ ackedBy: "Bianchi" });
  await second.door(false);
  expect(second.edge.documents.alarms().open).toEqual([]);
  await second.end();
});

it("says so where nothing of this id stands at this device or asset, also when it has just ended", async () => {
  await using at = await folder();
  const { door, told, command, end } = await site(at.file);
  await door(true);
  const { id } = await told(ofDoor);
  const failed = { state: "failed", code: "command.event-not-open" };
  expect(await command("contact", "event.acknowledge", { event: id })).toMatchObject(failed);
  expect(await command("hall", "event.acknowledge", { event: "01X/1" })).toMatchObject({
    ...failed,
    told: { what: { it: "Per hall non c'è un allarme aperto 01X/1" } },
  });
  await door(false);
  expect(await command("hall", "event.acknowledge", { event: id })).toMatchObject(failed);
  expect(await command("hall", "event.acknowledge", {})).toMatchObject({ state: "refused", code: "command.out-of-range" });
  await end();
});

it("calls nobody urgently while an asset is worked on, and tells what is critical again at the end", async () => {
  await using at = await folder();
  const ahead = { ms: 0, synced: true };
  const { door, told, command, edge, store, happened, wall, end } = await site(at.file, ahead);
  const until = wall() + HOUR;
  expect(await command("hall", "asset.maintenance", { until })).toMatchObject({ state: "succeeded" });
  expect(edge.documents.assets()[0]?.maintenance).toEqual({ until, by: "rossi" });
  await door(true);
  await door(false);
  await door(true);
  ahead.ms += HOUR;
  const again = await told(({ state }) => state === "updated");
  expect(again).toMatchObject({ kind: "cabinet.open", text: { en: "Hall: cabinet.open still stands after the maintenance" } });
  const ofHall = happened.filter(({ asset }) => asset === "hall");
  expect(ofHall.map(({ kind, state, ...e }) => [kind, state, e["maintenance"]])).toEqual([
    ["asset.maintenance-begun", "noted", true],
    ["cabinet.open", "raised", true],
    ["cabinet.cold", "raised", true],
    ["cabinet.open", "cleared", true],
    ["cabinet.cold", "cleared", true],
    ["cabinet.open", "raised", true],
    ["cabinet.cold", "raised", true],
    ["asset.maintenance-ended", "noted", undefined],
    ["cabinet.open", "updated", undefined],
  ]);
  expect((await store.urgentPending()).map(({ state }) => state)).toEqual(["updated"]);
  await end();
  expect(edge.documents.assets()[0]?.maintenance).toBeUndefined();
});

it("ends a maintenance that is over while no gateway ran, before anything else is told", async () => {
  await using at = await folder();
  const first = await site(at.file);
  const until = first.wall() + HOUR;
  await first.command("hall", "asset.maintenance", { until });
  await first.door(true);
  await first.end();
  const soon = await site(at.file, { ms: HOUR / 2, synced: true });
  await soon.told(({ kind }) => kind === "epoch.opened");
  expect(soon.edge.documents.assets()[0]?.maintenance).toEqual({ until, by: "rossi" });
  await soon.end();
  const later = await site(at.file, { ms: HOUR, synced: true });
  await later.told(({ state }) => state === "updated");
  expect(later.happened.filter((event) => event["maintenance"] === true)).toEqual([]);
  await later.end();
});

it("lasts twelve hours of running time at most, and ends when it is told to", async () => {
  await using at = await folder();
  const { command, edge, told, wall, end } = await site(at.file);
  const of = () => edge.documents.assets()[0]?.maintenance;
  expect(await command("hall", "asset.maintenance", { until: wall() + 13 * HOUR })).toMatchObject({
    state: "failed",
    code: "command.maintenance-too-long",
  });
  expect(of()).toBeUndefined();
  await command("hall", "asset.maintenance", { until: wall() + 12 * HOUR });
  expect(of()).toBeDefined();
  expect(await command("hall", "asset.maintenance", { until: wall() })).toMatchObject({ state: "succeeded" });
  await told(({ kind }) => kind === "asset.maintenance-ended");
  expect(of()).toBeUndefined();
  await end();
});

it("lasts as long as it was meant to where the right time is not known, and then only at the wish of who is there", async () => {
  await using at = await folder();
  const ahead = { ms: 0, synced: false };
  const { command, edge, told, wall, end } = await site(at.file, ahead);
  expect(await command("hall", "asset.maintenance", { until: wall() + HOUR })).toMatchObject({ state: "succeeded" });
  expect(edge.documents.assets()[0]?.maintenance).toEqual({ by: "rossi" });
  ahead.ms += HOUR;
  await told(({ kind }) => kind === "asset.maintenance-ended");
  expect(edge.targets.find(({ action }) => action === "asset.maintenance")?.safe).toBe(false);
  await end();
});

it("is heard by no kind: the stored past says the same again", async () => {
  await using at = await folder();
  const { door, told, command, store, wall, end } = await site(at.file);
  await door(true);
  const { id } = await told(ofDoor);
  await command("hall", "event.acknowledge", { event: id });
  await command("hall", "asset.maintenance", { until: wall() + HOUR });
  await door(false);
  const { told: again } = await replay(store, assets);
  await end();
  expect(again.map(({ kind, state }) => [kind, state])).toEqual([
    ["cabinet.open", "raised"],
    ["cabinet.cold", "raised"],
    ["cabinet.open", "cleared"],
    ["cabinet.cold", "cleared"],
  ]);
});
