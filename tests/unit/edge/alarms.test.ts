/** What stands open is saved alarm by alarm, and taken over from releases that kept all in one row. */
import { expect, it } from "vitest";
import { Alarms } from "../../../src/edge/alarms.ts";
import type { EventDraft, OpenAlarm } from "../../../src/model/index.ts";

function site(saved = new Map<string, unknown>()) {
  const written: [string, unknown][] = [];
  const told: EventDraft[] = [];
  let listed: readonly OpenAlarm[] = [];
  let seq = 0;
  const alarms = new Alarms(
    {
      raise(draft: EventDraft, mono: number) {
        seq += 1;
        told.push(draft);
        const { id = `E/${seq}`, ...rest } = draft;
        return { ...rest, id, seq, after: 0, at: mono, since: draft.sinceWall ?? mono, mono, clock: "synced" as const };
      },
      save: (key, value) => void written.push([key, value]),
      openAlarms: (list) => {
        listed = list;
      },
      wall: (mono) => ({ wall: mono, synced: true }),
    },
    saved,
  );
  return { alarms, written, told, listed: () => listed.map(({ id }) => id) };
}

const draft = (kind: string) => ({ kind, severity: "high" as const, asset: "bay", text: { it: "", en: "" } });

it("writes only the alarm that changes", () => {
  const { alarms, written, listed } = site();
  alarms.raise("bay", "one", draft("one"), 1);
  alarms.raise("bay", "two", draft("two"), 2);
  alarms.clear("bay", "one", draft("one"), 3);
  expect(written.map(([key, value]) => [key, (value as OpenAlarm | null)?.id ?? null])).toEqual([
    ["alarm/bay|one", "E/1"],
    ["alarm/bay|two", "E/2"],
    ["alarm/bay|one", null],
  ]);
  expect(listed()).toEqual(["E/2"]);
  const again = site(new Map(written));
  expect(again.listed()).toEqual(["E/2"]);
  expect(again.written).toEqual([]);
});

it("takes over what an earlier release kept in one row, once", () => {
  const alarm: OpenAlarm = { id: "E0/7", kind: "one", severity: "high", since: 5, asset: "bay" };
  const { alarms, written, listed } = site(new Map([["alarms", { "bay|one": alarm }]]));
  expect(listed()).toEqual(["E0/7"]);
  expect(alarms.isOpen("bay", "one")).toBe(true);
  expect(written).toEqual([
    ["alarm/bay|one", alarm],
    ["alarms", null],
  ]);
});

it("stays urgent to its end, after a restart too and whoever ends it", () => {
  const first = site();
  first.alarms.raise("bay", "one", { ...draft("one"), urgent: true }, 1);
  first.alarms.raise("bay", "two", draft("two"), 1);
  const { alarms, told } = site(new Map(first.written));
  alarms.update("bay", "one", draft("one"), 2);
  alarms.removeAllBut(new Set(), 3);
  expect(told.map(({ kind, state, urgent }) => [kind, state, urgent])).toEqual([
    ["one", "updated", true],
    ["one", "cleared", true],
    ["two", "cleared", undefined],
  ]);
});
