/** What an opening says of the time that nobody looked, by how the last run ended and by the clock of this one. */
import { describe, expect, it } from "vitest";
import { lastLook, saveStop, tellOpening, timeOff } from "../../../src/edge/opening.ts";
import type { Store } from "../../../src/edge/store/store.ts";
import { type Clock, monotonic } from "../../../src/kit/clock.ts";
import type { EpochInfo, EventDraft, Now } from "../../../src/model/index.ts";
import { MemoryStore } from "../../support/memory/memory-store.ts";

type End = NonNullable<Store["formerEnd"]>;
const epoch: EpochInfo = { id: "E2", n: 2, boot: "b", opened: 5000, cause: "start", former: null };
const end: End = { boot: "b", mono: 3000, wall: 100_000, synced: true };
const now: Now = { mono: 5010, wall: 160_000, synced: true };

describe("the time off", () => {
  it.each([
    ["of a first run is not known", null, now, { offMs: null, shiftMs: 0 }],
    ["in one boot is monotonic time", end, now, { offMs: 2000, shiftMs: 0 }],
    ["over a reboot is wall time, and old moments are moved", { ...end, boot: "a" }, now, { offMs: 60_000, shiftMs: 2000 }],
    ["is not known where one clock was wrong", { ...end, boot: "a", synced: false }, now, { offMs: null, shiftMs: 2000 }],
    ["nor where the other is", { ...end, boot: "a" }, { ...now, synced: false }, { offMs: null, shiftMs: 2000 }],
    ["is never less than nothing", { ...end, boot: "a", wall: 170_000 }, now, { offMs: 0, shiftMs: 2000 }],
  ] as const)("%s", (_, ended, at, wanted) => expect(timeOff(ended, epoch, at)).toEqual(wanted));
});

describe("the last look", () => {
  const stopped = (of: Partial<End>) => new Map([["stopped", { ...end, mono: 4000, ...of }]]);
  it.each([
    ["is the last record after a kill", new Map(), 3000],
    ["is the soft stop, which saw what was worth no row", stopped({}), 4000],
    ["is the last record where the stop is that of a run before", stopped({ mono: 2000 }), 3000],
    ["is the last record where the stop was in another boot", stopped({ boot: "a" }), 3000],
  ])("%s", (_, saved, mono) => expect(lastLook({ formerEnd: end, saved })?.mono).toBe(mono));

  it("is found where a soft stop left it", () => {
    const saved = new Map<string, unknown>();
    const clock: Clock = { boot: "b", mono: monotonic, now: () => ({ ...now, mono: 4500 }) };
    saveStop({ save: (key, value) => saved.set(key, value) }, clock);
    expect(lastLook({ formerEnd: end, saved })).toEqual({ boot: "b", mono: 4500, wall: now.wall, synced: true });
  });
});

describe("the first words of an epoch", () => {
  function told(store: MemoryStore, catalog = "new") {
    const drafts: EventDraft[] = [];
    const sink = {
      raise: (draft: EventDraft, mono: number) => drafts.push({ ...draft, sinceMono: mono }),
      save: (key: string, value: unknown) => store.saved.set(key, value),
      onClock: () => {},
      lateOff: () => null,
      stretch: null,
    };
    const off = tellOpening(sink, store, now, catalog, { restate: () => {}, clock: () => {} });
    return { drafts, off };
  }

  it("are the epoch with its time off, and a catalog that changed; all at one moment", () => {
    const { drafts, off } = told(new MemoryStore(5000));
    expect(drafts.map(({ kind, sinceMono }) => [kind, sinceMono])).toEqual([
      ["epoch.opened", 5010],
      ["catalog.changed", 5010],
    ]);
    expect(drafts[0]?.extra).toMatchObject({ cause: "created", former: null, ...off });
    expect(drafts[1]?.extra).toEqual({ hash: "new", previous: null });
  });

  it("do not tell of a catalog twice", () => {
    const store = new MemoryStore(5000);
    told(store);
    expect(told(store).drafts.map(({ kind }) => kind)).toEqual(["epoch.opened"]);
  });

  it("are alarming where the file had to be salvaged", () => {
    const store = new MemoryStore(5000);
    Object.assign(store, { epoch: { ...store.epoch, cause: "salvaged" } });
    expect(told(store).drafts[1]).toMatchObject({
      kind: "store.salvaged",
      severity: "critical",
      text: {
        it: "La base dati edge.db era danneggiata ed è in quarantena",
        en: "Database edge.db was damaged and is in quarantine",
      },
    });
  });
});
