/** The uplink remembers: outages with their beginning and length, a platform that is silent, bounded however a link flaps. */
import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/kit/clock.ts";
import type { EventDraft } from "../../../src/model/index.ts";
import { Uplink } from "../../../src/sync/uplink.ts";
import { RawBroker } from "../../support/broker/raw-broker.ts";
import { MemoryOutbox } from "../../support/memory/memory-outbox.ts";
import { eventually, harness, ROOT } from "../../support/memory/sync-harness.ts";

const WALL = 1_764_000_000_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

function opened({ saved, boot = "b" }: { readonly saved?: unknown; readonly boot?: string } = {}) {
  let at = 1_000_000;
  const clock: Clock = { boot, mono: () => at, now: () => ({ mono: at, wall: WALL + at, synced: true }) };
  const events: EventDraft[] = [];
  const kept: unknown[] = [];
  const uplink = new Uplink({
    clock,
    tellAfterMs: 10 * SECOND,
    silentMs: 5 * MINUTE,
    raise: (draft) => events.push(draft),
    saved,
    save: (value) => kept.push(value),
  });
  /** Time passes, looked at each second. */
  const pass = (ms: number, waits = false): void => {
    for (const end = at + ms; at < end; ) {
      at = Math.min(end, at + SECOND);
      uplink.look(waits);
    }
  };
  const told = () => events.map(({ kind }) => kind);
  return { uplink, events, kept, pass, told, now: () => at };
}

describe("an outage", () => {
  it("is told when it has lasted ten seconds, and its end with its length", () => {
    const at = opened();
    at.uplink.up();
    at.pass(MINUTE);
    const began = at.now();
    at.uplink.lost("sync.unreachable");
    at.pass(9 * SECOND);
    expect(at.told()).toEqual([]);
    at.pass(3 * MINUTE + 51 * SECOND);
    expect(at.events).toMatchObject([{ kind: "uplink.down", sinceMono: began, extra: { code: "sync.unreachable" } }]);
    expect(at.uplink.status()).toMatchObject({ state: "down", since: WALL + began, forMs: 4 * MINUTE });
    at.uplink.up();
    expect(at.events[1]).toMatchObject({
      kind: "uplink.up",
      sinceWall: WALL + began,
      text: {
        it: "Collegamento con il broker ristabilito dopo 4 minuti",
        en: "The link to the broker is back after 4 minutes",
      },
      extra: { durationMs: 4 * MINUTE, outages: 1, downMs: 4 * MINUTE, code: "sync.unreachable" },
    });
    expect(at.uplink.status()).toMatchObject({ state: "up", outages: 1, downMs: 4 * MINUTE, last: { durationMs: 4 * MINUTE } });
  });

  it("too short to be told is summed up in the next, or once the link has settled", () => {
    const at = opened();
    at.uplink.up();
    for (let i = 0; i < 3; i += 1) {
      at.uplink.lost("sync.unreachable");
      at.pass(3 * SECOND);
      at.uplink.up();
      at.pass(5 * SECOND);
    }
    expect(at.told()).toEqual([]);
    at.pass(2 * MINUTE);
    expect(at.events).toMatchObject([{ kind: "uplink.up", extra: { outages: 3, downMs: 9 * SECOND } }]);
  });

  it("of a link that flaps for a day makes a few hundred events at most, and none of its time is forgotten", () => {
    const at = opened();
    at.uplink.up();
    let outages = 0;
    for (const end = at.now() + 24 * 60 * MINUTE; at.now() < end; outages += 1) {
      at.uplink.lost("sync.unreachable");
      at.pass(15 * SECOND);
      at.uplink.up();
      at.pass(5 * SECOND);
    }
    expect(at.events.length).toBeLessThan(320);
    at.pass(15 * MINUTE);
    const sums = at.events.filter(({ kind }) => kind === "uplink.up").map(({ extra }) => Number(extra?.["outages"]));
    expect(sums.reduce((sum, n) => sum + n, 0)).toBe(outages);
    expect(at.uplink.status()).toMatchObject({ outages, downMs: outages * 15 * SECOND });
  });

  it("that was told and not over when the gateway stopped ends in the next run", () => {
    const before = opened();
    before.uplink.up();
    before.uplink.lost("sync.unreachable");
    before.pass(20 * SECOND);
    const after = opened({ saved: before.kept.at(-1) });
    after.pass(MINUTE);
    after.uplink.up();
    expect(after.told()).toEqual(["uplink.up"]);
    expect(after.events[0]?.extra).toMatchObject({ durationMs: MINUTE });
    expect(after.kept).toEqual([null]);
    // Another boot: its clock says nothing here, the wall clock does.
    const rebooted = opened({ saved: { since: WALL + 1_000_000 - 5 * MINUTE, mono: 7, boot: "other" } });
    rebooted.uplink.up();
    expect(rebooted.events[0]?.extra).toMatchObject({ durationMs: 5 * MINUTE });
  });

  it("is none when the first link needs a moment", () => {
    const at = opened();
    expect(at.uplink.status()).toMatchObject({ state: "starting", outages: 0 });
    at.pass(5 * SECOND);
    at.uplink.up();
    at.pass(10 * MINUTE);
    expect(at.told()).toEqual([]);
    expect(at.uplink.status()).toMatchObject({ state: "up", outages: 0 });
  });
});

describe("a platform that is silent though the broker is there", () => {
  it("is told once after five minutes, and that it is back with how long it was", () => {
    const at = opened();
    at.uplink.up();
    at.pass(MINUTE, false);
    at.pass(4 * MINUTE + 59 * SECOND, true);
    expect(at.told()).toEqual([]);
    at.pass(20 * MINUTE, true);
    expect(at.told()).toEqual(["platform.silent"]);
    expect(at.uplink.status().platform).toMatchObject({ silent: true, heardAgoMs: null });
    at.uplink.heard();
    expect(at.told()).toEqual(["platform.silent", "platform.heard"]);
    expect(at.uplink.status().platform).toMatchObject({ silent: false, heardAgoMs: 0 });
  });

  it("is not so while it acknowledges, while nothing waits, or while there is no link", () => {
    const at = opened();
    at.uplink.up();
    for (let i = 0; i < 20; i += 1) {
      at.pass(MINUTE, true);
      at.uplink.heard();
    }
    at.pass(20 * MINUTE, false);
    at.uplink.lost("sync.unreachable");
    at.pass(20 * MINUTE, true);
    expect(at.told()).not.toContain("platform.silent");
  });
});

it("a broker that goes and comes, and a platform that says nothing, are in status and events", async () => {
  await using broker = await RawBroker.open();
  const times = { tellAfterMs: 50, platformSilentMs: 300 };
  await using h = harness(broker.url, times, new MemoryOutbox(), broker);
  await eventually(() => expect(h.sync.status().uplink.state).toBe("up"));
  const kinds = () => h.edge.raised.map(({ kind }) => kind);
  await broker.down();
  await eventually(() => expect(kinds()).toEqual(["uplink.down"]));
  expect(h.sync.status().uplink).toMatchObject({ state: "down", outages: 0 });
  await broker.up();
  await eventually(() => expect(kinds()).toEqual(["uplink.down", "uplink.up"]));
  expect(h.edge.raised[1]?.extra).toMatchObject({ outages: 1, code: "sync.unreachable" });
  h.edge.readings(5);
  await eventually(() => expect(kinds().at(-1)).toBe("platform.silent"));
  expect(h.sync.status().uplink.platform.silent).toBe(true);
  broker.send(`${ROOT}/down/ack`, { v: 1, acks: [{ epoch: "E2", stream: "readings", upTo: 5 }] });
  await eventually(() => expect(kinds().at(-1)).toBe("platform.heard"));
  expect(h.sync.status().uplink.platform.silent).toBe(false);
});
