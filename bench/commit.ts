/** What encoding and committing readings costs, in CPU, bytes and reading back, beside one raw packed insert. */

import { readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeEvent, encodeReadings } from "../src/edge/segments/segment.ts";
import { openDatabase } from "../src/edge/store/database/sqlite.ts";
import { openStore } from "../src/edge/store/open-store.ts";
import type { Commit } from "../src/edge/store/store.ts";
import { monotonic } from "../src/kit/clock.ts";
import { noLog } from "../src/kit/log.ts";
import type { EdgeEvent, ReadingRecord } from "../src/model/index.ts";

interface Cost {
  readonly cpu: number;
  readonly bytes: number;
  readonly device: number;
}

const nothing: Commit = { readings: [], events: [], states: {}, marks: [], inbox: [], shed: [], sentUrgent: [] };

/** Bytes that the device under `folder` has written since boot; exact only where nothing else writes to it (CIPPO_BENCH_DIR on a disk of its own). */
function deviceBytes(folder: string): number {
  const { dev } = statSync(folder);
  // Linux's encoding of major and minor in dev_t (sysmacros.h).
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  const found = readFileSync(`/sys/dev/block/${major}:${minor}/stat`, "utf8").trim().split(/\s+/);
  return Number(found[6] ?? 0) * 512;
}

/** Bytes that this process dirtied, page by page. */
const dirtied = (): number => Number(/^write_bytes: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1] ?? 0);

/** Per call, after a warm-up of a tenth. */
async function cost(folder: string, times: number, work: (i: number) => Promise<unknown> | unknown): Promise<Cost> {
  for (let i = 0; i < times / 10; i += 1) await work(i);
  const [cpu, bytes, device] = [process.cpuUsage(), dirtied(), deviceBytes(folder)];
  for (let i = 0; i < times; i += 1) await work(times / 10 + i);
  const used = process.cpuUsage(cpu);
  return {
    cpu: (used.user + used.system) / times,
    bytes: (dirtied() - bytes) / times,
    device: (deviceBytes(folder) - device) / times,
  };
}

/** Forty meters of five points, a tenth of a second apart; values with a few digits, like meters have. */
function meters(count: number, from: number, opened: number): readonly ReadingRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const point = (from + i) % 200;
    return {
      source: `meter-${point % 40}`,
      name: ["power", "energy", "voltage", "current", "frequency"][point % 5] ?? "",
      unit: ["W", "kW.h", "V", "A", "Hz"][point % 5] ?? "",
      value: Math.round((100 * (point + 1) + Math.sin(from + i) * 50) * 10) / 10,
      quality: "good",
      mono: opened + from + i * 10,
    };
  });
}

async function rawInsert(folder: string, body: Uint8Array, times: number): Promise<Cost> {
  const db = await openDatabase(join(folder, "raw.sqlite"), "create");
  await db.script(`PRAGMA page_size = 512; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
    CREATE TABLE t (key INTEGER PRIMARY KEY, body BLOB)`);
  const found = await cost(folder, times, (i) => db.run("INSERT INTO t VALUES (?, ?)", [i + 1, body]));
  await db.close();
  return found;
}

async function measure(size: number, times: number): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(process.env["CIPPO_BENCH_DIR"] ?? tmpdir(), "cippo-bench-"));
  const clock = { mono: monotonic, boot: "bench" };
  try {
    await using store = await openStore({ file: join(folder, "cippo.sqlite"), quotaMB: 512, keepMs: 1e9, clock, log: noLog });
    const epoch = { id: store.epoch.id, opened: store.epoch.opened, cat: "9f3c01aa" };
    let next = 1;
    let written = 0;
    const encode = () => {
      const records = meters(size, next, epoch.opened);
      return encodeReadings(epoch, { from: next, clock: "synced", offset: 1_764_000_000_000, records });
    };
    const encoding = await cost(folder, times, encode);
    const { body } = encode();
    const commit = async (more: () => Partial<Commit>) => {
      const row = encode();
      next += size;
      written += 1;
      if (written % 500 === 0) await store.tend(monotonic());
      await store.commit({ ...nothing, readings: [row], ...more() });
    };
    const plain = await cost(folder, times, () => commit(() => ({})));
    let seq = 0;
    const full = await cost(folder, times, () =>
      commit(() => ({
        events: [encodeEvent(epoch, exampleEvent(++seq, epoch.id), false)],
        states: { [`rule/a${seq % 9}`]: state(seq), [`rule/b${seq % 9}`]: state(seq), [`rule/c${seq % 9}`]: state(seq) },
        marks: [{ epoch: epoch.id, stream: "readings", upTo: next - 1, held: [] }],
      })),
    );
    const raw = await rawInsert(folder, body, times);
    const begun = performance.now();
    let read = 0;
    for (let at = 1; at < next; ) {
      const segments = await store.read(epoch.id, "readings", at, next, 128 * 1024);
      for (const segment of segments) read += segment.count;
      at = (segments.at(-1)?.to ?? next) + 1;
    }
    const us = (found: Cost) => (found.cpu / size).toFixed(2);
    const kb = (found: Cost) => `${(found.bytes / 1024).toFixed(1)} / ${(found.device / 1024).toFixed(1)}`;
    return {
      "readings per commit": String(size),
      "body, bytes per reading": (body.length / size).toFixed(1),
      "CPU µs per reading: encode": us(encoding),
      plain: us(plain),
      full: us(full),
      "raw insert": us(raw),
      "KB per commit, dirtied / device: plain": kb(plain),
      "full ": kb(full),
      "raw insert ": kb(raw),
      "read, M readings/s": (read / (performance.now() - begun) / 1000).toFixed(1),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const state = (i: number) => ({
  phase: "occupied",
  since: 1_764_000_000 + i,
  due: { grace: 5_000_000 + i },
  note: "x".repeat(120),
});

const exampleEvent = (seq: number, epoch: string): EdgeEvent => ({
  seq,
  after: 0,
  at: 1_764_000_000_000,
  since: 1_763_999_700_000,
  mono: 1_112_345,
  clock: "synced",
  id: `${epoch}/${seq}`,
  kind: "bay.illegal-occupation",
  state: "raised",
  severity: "high",
  asset: "bay-014",
  text: { it: "Stallo disabili 14 occupato senza contrassegno", en: "Disabled bay 14 occupied without a badge" },
});

const rows: Record<string, string>[] = [];
for (const [size, times] of [
  [10, 1000],
  [100, 1000],
  [1000, 200],
] as const)
  rows.push(await measure(size, times));
console.table(Object.fromEntries(Object.keys(rows[0] ?? {}).map((name) => [name, rows.map((row) => row[name])])));
