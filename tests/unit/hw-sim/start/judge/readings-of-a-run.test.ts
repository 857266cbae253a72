/** Two databases with known contents: stored, delivered, gaps and duplicates are counted apart. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Database } from "../../../../../hw-sim/platform/store/database.ts";
import { schema } from "../../../../../hw-sim/platform/store/schema.ts";
import * as from from "../../../../../hw-sim/start/judge/delivered.ts";
import { stored, streamKey } from "../../../../../hw-sim/start/judge/stored.ts";
import { tables } from "../../../../../src/edge/store/migrations/0001-tables.ts";

const E1 = "01KAAAAAAAAAAAAAAAAAAAAAAA";
const E2 = "01KBBBBBBBBBBBBBBBBBBBBBBB";
const EPOCH = 2 ** 35;
let folder: string;
let store: Database;
let platform: Database;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cippo-proof-"));
  store = await Database.open(join(folder, "store.db"), "writer");
  platform = await Database.open(join(folder, "platform.db"), "writer");
  await store.script(tables);
  await platform.script(schema);
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await platform[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const epoch = (n: number, id: string) => store.run("INSERT INTO epochs VALUES (?, ?, 'b', 100, 'start', 0)", n, id);
const segment = (n: number, first: number, span: number, count = span) =>
  store.run("INSERT INTO readings VALUES (?, ?, ?, 0, 0, 0, 1, 0, x'7b')", n * EPOCH + first, span, count);
const event = (n: number, seq: number) => store.run("INSERT INTO events VALUES (?, 0, 0, 1, 0, x'7b')", n * EPOCH + seq);
const mark = (n: number, stream: string, upTo: number, held = "[]") =>
  store.run("INSERT INTO marks VALUES (?, ?, ?, ?)", n, stream, upTo, held);

describe("what the gateway stored", () => {
  it("is counted by epoch and stream, up to the head that is asked for", async () => {
    await epoch(1, E1);
    await epoch(2, E2);
    await segment(1, 1, 10);
    await segment(1, 11, 20, 4);
    await segment(2, 1, 5);
    await segment(2, 6, 5);
    await event(2, 1);
    await mark(1, "readings", 10, "[[15,30]]");
    await mark(2, "readings", 3, "[[6,10]]");
    expect(await stored(store, new Map([[streamKey(E2, "readings"), 5]]))).toEqual([
      { epoch: E1, stream: "events", head: 0, stored: 0, acknowledged: 0 },
      // The thinned segment 11..30 is not held whole: nothing of it is proven.
      { epoch: E1, stream: "readings", head: 30, stored: 14, acknowledged: 10 },
      { epoch: E2, stream: "events", head: 1, stored: 1, acknowledged: 0 },
      { epoch: E2, stream: "readings", head: 5, stored: 5, acknowledged: 3 },
    ]);
  });
});

const row = (seq: number, source: string, mono: number, value = "1", id = E1) =>
  platform.run(
    "INSERT INTO readings VALUES ('g', ?, ?, ?, 'p', 'W', ?, 'good', NULL, ?, 0, 'synced', 1, ?)",
    id,
    seq,
    source,
    value,
    mono,
    100 + mono + seq,
  );
const held = (lo: number, hi: number, by = "record", id = E1) =>
  platform.run("INSERT INTO ranges VALUES ('g', ?, 'readings', ?, ?, ?)", id, by, lo, hi);
const happened = (seq: number, kind: string, state: string, id: string, body: object = {}) =>
  platform.run(
    "INSERT INTO events VALUES ('g', ?, ?, ?, ?, ?, 'high', 'bay', NULL, 5, 9, 9, 'synced', ?, 1, 0)",
    ...[E1, seq, id, kind, state, JSON.stringify({ seq, id, ...body })],
  );

describe("what the platform holds", () => {
  beforeEach(() => platform.run("INSERT INTO epochs VALUES ('g', ?, 1, 'b', 'start', 100)", E1));

  it("has gaps where a number is neither held nor in the ledger", async () => {
    for (const seq of [1, 2, 5]) await row(seq, "m", seq);
    await held(1, 2);
    await held(5, 5);
    await held(3, 3, "ledger");
    const known = [{ epoch: E1, stream: "readings" as const, head: 7 }];
    expect(await from.delivered(platform, "g", known, new Map())).toEqual([
      { epoch: E1, stream: "readings", rows: 3, gaps: [[4, 4], [6, 7]] }, // biome-ignore format: ranges
    ]);
  });

  it("counts rows that the gateway's store never had", async () => {
    await row(1, "m", 1, "1", E2);
    await held(1, 1, "record", E2);
    expect(await from.delivered(platform, "g", [], new Map())).toEqual([{ epoch: E2, stream: "readings", rows: 1, gaps: [] }]);
  });

  it("finds the same happening under two numbers", async () => {
    await row(1, "meter", 10);
    await row(2, "meter", 10, "2");
    await row(3, "bay", 10, '"a"');
    await row(4, "bay", 10, '"b"');
    await row(5, "bay", 11, '"b"');
    await happened(1, "bay.illegal-occupation", "raised", "E1/1");
    await happened(2, "bay.illegal-occupation", "raised", "E1/2", { text: "other words" });
    await happened(3, "bay.illegal-occupation", "updated", "E1/1", { quality: "uncertain" });
    await happened(4, "bay.illegal-occupation", "updated", "E1/1", { quality: "good" });
    expect(await from.duplicates(platform, "g", new Set(["meter"]))).toEqual([
      { what: "meter.p at 110.0", times: 2 },
      { what: "bay.illegal-occupation bay raised since 5.0", times: 2 },
    ]);
  });

  it("tells how late live rows of devices came", async () => {
    for (let seq = 1; seq <= 100; seq += 1) await row(seq, "meter", 10 * seq);
    await row(101, "bay", 0);
    expect(await from.latency(platform, "g", new Set(["meter"]))).toEqual({ p50: 51, p99: 100 });
  });
});
