/** What a run knew of the time is there for the next one: exactly in the same boot, as bounds in another. */
import { expect, it } from "vitest";
import { replay } from "../../../../src/edge/engine/past/replay.ts";
import { parkingBay } from "../../../../src/edge/kinds/parking-bay/index.ts";
import { contactBefore, UnsyncedStretches } from "../../../../src/edge/time/unsynced-stretches.ts";
import type { EventDraft, Now, Restated } from "../../../../src/model/index.ts";
import { MemoryStore } from "../../../support/memory/memory-store.ts";

const WALL = 1_764_000_000_000;
const HOUR = 3_600_000;
const nobody = { raise: () => undefined, stretch: null };

/** The saved state of a run of boot `boot` that was last in contact at `contact`, as of `mono`. */
function lived(now: Now) {
  const store = new MemoryStore(1000);
  const sink = { ...nobody, save: (key: string, value: unknown) => void store.saved.set(key, value) };
  new UnsyncedStretches(sink, store, () => undefined).opened(now);
  return store;
}
const end = { boot: "boot", mono: 9000, wall: WALL + 9000, synced: true };

it("a run that was in contact until its end hands on its last record, one that held over its last contact", () => {
  const inContact = lived({ mono: 2000, wall: WALL + 2000, synced: true, heldMs: 0 });
  expect(contactBefore(inContact, end, "boot")).toEqual({ offset: WALL, mono: 9000 });
  const held = lived({ mono: 2000, wall: WALL + 2000, synced: true, heldMs: 500 });
  expect(contactBefore(held, end, "boot")).toEqual({ offset: WALL, mono: 1500 });
  expect(contactBefore(held, end, "another boot")).toBeNull();
  expect(contactBefore(inContact, { ...end, synced: false }, "boot")).toBeNull();
});

it("what the release before this one left is bounded, in whole epochs", () => {
  const store = new MemoryStore(5000);
  store.heads = () => ({ readings: 40, events: 0 });
  store.saved.set("clock", { epoch: "E1", synced: false, notBefore: WALL, unbounded: [{ epoch: "E0", notBefore: 0 }] });
  const raised: EventDraft[] = [];
  const restated: Restated[] = [];
  const sink = { ...nobody, raise: (draft: EventDraft) => raised.push(draft), save: () => undefined };
  const now = { mono: 6000, wall: WALL + HOUR, synced: true, heldMs: 0 };
  new UnsyncedStretches(sink, store, (of) => restated.push(of)).opened(now);
  expect(raised.map(({ kind, extra }) => [kind, extra?.["epoch"], extra?.["readings"], extra?.["events"]])).toEqual([
    ["clock.bounded", "E0", [1, 40], null],
    ["clock.bounded", "E1", [1, 40], null],
  ]);
  expect(raised[1]?.extra).toMatchObject({ notBefore: WALL, notAfter: WALL + HOUR - 1000 + 501 });
  expect(restated.map(({ epoch }) => epoch)).toEqual(["E0", "E1"]);
});

it("rules that are played again judge hours for as long after a loss as they did live", async () => {
  const trusted: [mono: number, synced: boolean][] = [];
  const kind: typeof parkingBay = {
    ...parkingBay,
    says(facts, cx) {
      trusted.push([cx.now.at, cx.now.synced]);
      return parkingBay.says(facts, cx);
    },
  };
  const options = parkingBay.options.parse({ occupancy: "d.here" });
  const asset = {
    id: "bay",
    urn: "u",
    kind: "parking-bay",
    name: { it: "", en: "" },
    options,
    silentAfterMs: { occupancy: HOUR },
  };
  const event = (seq: number, kindOf: string, mono: number, clock: "synced" | "unsynced", extra: object) => ({
    epoch: "E",
    n: 1,
    event: {
      ...{
        seq,
        after: 0,
        at: WALL + mono,
        since: WALL + mono,
        mono,
        clock,
        id: `E/${seq}`,
        kind: kindOf,
        state: "noted" as const,
      },
      severity: "info" as const,
      text: { it: "", en: "" },
      ...extra,
    },
  });
  const record = (seq: number, mono: number, clock: "synced" | "unsynced") => ({
    ...{ epoch: "E", n: 1, seq, source: "d", name: "here", unit: "", value: true, quality: "good" as const },
    ...{ mono: mono + 1000, wall: WALL + mono, clock },
  });
  const told = { raised: { state: "raised" as const, device: "d" }, cleared: { state: "cleared" as const, device: "d" } };
  const past = {
    async *history() {
      yield record(1, 10_000, "synced");
      yield record(2, 601_000_000, "unsynced");
    },
    async *events() {
      yield event(1, "epoch.opened", 0, "synced", { opened: 1000, offMs: null, shiftMs: 0 });
      yield event(2, "clock.lost", 5_000_000, "unsynced", { heldMs: 5_000_000 });
      yield event(3, "device.down", 599_000_000, "unsynced", { ...told.raised, after: 1 });
      yield event(4, "device.down", 601_100_000, "unsynced", { ...told.cleared, after: 2 });
    },
  };
  await replay(past, [{ asset, kind }]);
  const after = (mono: number) => trusted.filter(([at]) => at >= mono).map(([, synced]) => synced);
  expect(trusted.at(0)).toEqual([0, true]);
  expect(after(599_000_000)[0]).toBe(true);
  expect(after(601_000_000).length).toBeGreaterThan(0);
  expect(after(601_000_000).every((one) => !one)).toBe(true);
});
