/** Operators take alarms in charge and work on assets; both outlive a restart, and neither ends an alarm. */
import { afterEach, expect, it } from "vitest";
import { replay } from "../../../src/edge/engine/past/replay.ts";
import { assetKind, held, shown, state } from "../../../src/edge/kinds/kind.ts";
import { EdgeRuntime } from "../../../src/edge/runtime.ts";
import { type Clock, monotonic } from "../../../src/kit/clock.ts";
import { noLog } from "../../../src/kit/log.ts";
import type { Device, DeviceInfo, EdgeEvent, Reading } from "../../../src/model/index.ts";
import { folder, open } from "./store/support.ts";

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
const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

/** A cabinet with its door contact, its store in a file, and a clock that the test moves. */
async function site(file: string, ahead = { ms: 0, synced: true }) {
  const mono = () => monotonic() + ahead.ms;
  const clock: Clock = {
    boot: "boot",
    mono,
    now: () => ({ mono: mono(), wall: 1_764_000_000_000 + mono(), synced: ahead.synced }),
  };
  let say: (readings: readonly Reading[]) => void = () => {};
  const device = async (): Promise<Device> => ({
    async *readings(_ticks, stop) {
      while (!stop.aborted)
        yield await new Promise<readonly Reading[]>((resolve) => {
          say = resolve;
          stop.addEventListener("abort", () => resolve([]), { once: true });
        });
    },
    async [Symbol.asyncDispose]() {},
  });
  const contact: DeviceInfo = {
    id: "contact",
    type: "test",
    points: { open: { unit: "", kind: "state" } },
    silentAfterMs: 1000 * HOUR,
    open: device,
  };
  const asset = {
    id: "hall",
    urn: "urn:hall",
    kind: "cabinet",
    name: { it: "Atrio", en: "Hall" },
    options: { door: "contact.open" },
    silentAfterMs: { door: 1000 * HOUR },
  };
  const assets = [{ asset, kind: cabinet }];
  const store = await open(file, { clock });
  const edge = new EdgeRuntime({ gateway: "gw", store, devices: [contact], assets, commitMs: 10, clock, log: noLog });
  const stop = new AbortController();
  stops.push(stop);
  const happened: EdgeEvent[] = [];
  const waiting: (() => void)[] = [];
  edge.onEvent((event) => {
    happened.push(event);
    for (const wake of waiting.splice(0)) wake();
  });
  const running = edge.run(stop.signal);
  const told = async (is: (event: EdgeEvent) => boolean, from = 0): Promise<EdgeEvent> => {
    for (;;) {
      const found = happened.slice(from).find(is);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return {
    edge,
    store,
    assets,
    happened,
    told,
    wall: () => clock.now().wall,
    /** The door says what it is, at whatever moment its device listens. */
    async door(value: boolean): Promise<void> {
      const want = told((e) => e.kind === "cabinet.open" && e.state === (value ? "raised" : "cleared"), happened.length);
      const again = setInterval(() => say([{ point: "open", value, quality: "good", mono: mono() }]), 5);
      await want;
      clearInterval(again);
    },
    command: (target: string, action: string, args: Readonly<Record<string, string | number>>) =>
      edge.commands.submit(target, action, args, "rossi", stop.signal),
    async end(): Promise<void> {
      stop.abort();
      await running;
      await store[Symbol.asyncDispose]();
    },
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
  const { door, told, command, assets, store, wall, end } = await site(at.file);
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
