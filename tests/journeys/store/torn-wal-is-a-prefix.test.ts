/** Truncated, zeroed and garbled WALs open to a prefix of what was committed: whole windows, in order, none invented. */
import { copyFile, readFile, stat, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeBody } from "../../../src/edge/segments/segment.ts";
import type { Store } from "../../../src/edge/store/store.ts";
import { events, folder, open, readings } from "../../unit/edge/store/support.ts";

const ALL = Number.MAX_SAFE_INTEGER;
const WINDOWS = 60;
const PER_WINDOW = 20;
/** 3 × 3 × 40 torn files. */
const CUTS = 40;
const AT_ONCE = 8;

/** The same damage at each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Window i: a batch of readings, an event, and a state that says i. */
const commitWindow = (store: Store, i: number) =>
  store.commit({
    ...readings(store, (i - 1) * PER_WINDOW + 1, i * PER_WINDOW),
    events: events(store, i).events,
    states: { window: i },
    marks: [{ epoch: store.epoch.id, stream: "readings", upTo: (i - 1) * PER_WINDOW, held: [] }],
  });

interface Killed {
  readonly db: Buffer;
  readonly wal: Buffer;
  /** Bytes of the WAL in which frames were written. */
  readonly used: number;
  readonly epoch: string;
  /** Windows that the database itself holds, whatever happens to the WAL. */
  readonly copied: number;
}

/** What a power cut leaves: the files of a store that nobody closed. `checkpointAt`: window after which the WAL was copied into the database. */
async function killedAfter(windows: number, checkpointAt: number | null): Promise<Killed> {
  await using at = await folder();
  await using store = await open(at.file, { walBytes: 96 * 1024 });
  let copied = 0;
  for (let i = 1; i <= windows; i += 1) {
    await commitWindow(store, i);
    if (i === checkpointAt && (await store.tend(store.epoch.opened + 3_600_000)).checkpointed) copied = i;
  }
  await copyFile(at.file, `${at.file}.copy`);
  await copyFile(`${at.file}-wal`, `${at.file}.copy-wal`);
  const wal = await readFile(`${at.file}.copy-wal`);
  const used = wal.findLastIndex((byte) => byte !== 0) + 1;
  return { db: await readFile(`${at.file}.copy`), wal, used, epoch: store.epoch.id, copied };
}

const DAMAGE: Readonly<Record<string, (wal: Buffer, at: number, random: () => number) => Buffer>> = {
  truncated: (wal, at) => wal.subarray(0, at),
  zeroed: (wal, at, next) => Buffer.from(wal).fill(0, at, at + 1 + Math.floor(next() * 2048)),
  garbled: (wal, at, next) => {
    const torn = Buffer.from(wal);
    for (let i = at; i < Math.min(wal.length, at + 1 + Math.floor(next() * 64)); i += 1) torn[i] = Math.floor(next() * 256);
    return torn;
  },
};

/** The number of whole windows in the reopened store; fails when anything is not exactly a prefix. */
async function prefixOf(store: Store, epoch: string): Promise<number> {
  const window = Number(store.saved.get("window") ?? 0);
  const segments = await store.read(epoch, "readings", 1, ALL, ALL);
  expect(segments.map(({ from, to }) => [from, to])).toEqual(
    Array.from({ length: window }, (_, i) => [i * PER_WINDOW + 1, (i + 1) * PER_WINDOW]),
  );
  for (const { from, body } of segments) {
    const decoded = decodeBody(body);
    expect(decoded.stream === "readings" && decoded.records.map(({ value }) => value)).toEqual(
      Array.from({ length: PER_WINDOW }, (_, i) => from + i),
    );
  }
  expect((await store.read(epoch, "events", 1, ALL, ALL)).map(({ from }) => from)).toEqual(
    Array.from({ length: window }, (_, i) => i + 1),
  );
  const stream = store.streams().find((line) => line.epoch === epoch && line.stream === "readings");
  if (window > 0) expect(stream).toMatchObject({ head: window * PER_WINDOW, upTo: (window - 1) * PER_WINDOW });
  return window;
}

describe.each([
  ["never copied into the database", WINDOWS, null],
  ["copied half-way and begun anew", WINDOWS, WINDOWS / 2],
  ["just copied whole", WINDOWS, WINDOWS],
] as const)("a WAL %s", (_, windows, checkpointAt) => {
  let killed: Killed;
  let at: Awaited<ReturnType<typeof folder>>;
  beforeAll(async () => {
    killed = await killedAfter(windows, checkpointAt);
    at = await folder();
  });
  afterAll(() => at[Symbol.asyncDispose]());

  const reopen = async (name: string, wal: Buffer) => {
    const file = `${at.path}/${name}.sqlite`;
    await writeFile(file, killed.db);
    await writeFile(`${file}-wal`, wal);
    return open(file, { walBytes: 0 });
  };

  it("holds every window when it is whole", async () => {
    expect(killed.copied).toBe(checkpointAt ?? 0);
    await using store = await reopen("whole", killed.wal);
    expect(store.epoch).toMatchObject({ n: 2, cause: "start" });
    expect(await prefixOf(store, killed.epoch)).toBe(windows);
  });

  it.each(Object.entries(DAMAGE))(
    "%s anywhere is a prefix, and the store goes on",
    async (kind, damage) => {
      const next = random(kind.length * 7919 + windows + killed.copied);
      const found = new Set<number>();
      const torn = Array.from({ length: CUTS }, (_, i) =>
        damage(killed.wal, i === 0 ? 0 : Math.floor(next() * killed.used), next),
      );
      const one = async (wal: Buffer, i: number) => {
        await using store = await reopen(`${kind}-${i}`, wal);
        const window = await prefixOf(store, killed.epoch);
        expect(window).toBeGreaterThanOrEqual(killed.copied);
        found.add(window);
        expect(store.epoch.id).not.toBe(killed.epoch);
        await commitWindow(store, 1);
        expect(store.streams().find(({ epoch }) => epoch === store.epoch.id)?.head).toBe(PER_WINDOW);
      };
      for (let i = 0; i < CUTS; i += AT_ONCE) await Promise.all(torn.slice(i, i + AT_ONCE).map((wal, k) => one(wal, i + k)));
      if (killed.copied < windows) expect(found.size).toBeGreaterThan(5);
    },
    60_000,
  );
});

it("damage costs at most what came after it", async () => {
  const killed = await killedAfter(WINDOWS, null);
  await using at = await folder();
  let before = 0;
  for (const share of [0.2, 0.4, 0.6, 0.8, 1]) {
    const file = `${at.path}/${share}.sqlite`;
    await writeFile(file, killed.db);
    await writeFile(`${file}-wal`, killed.wal.subarray(0, Math.floor(killed.used * share)));
    expect((await stat(`${file}-wal`)).size).toBeGreaterThan(0);
    await using store = await open(file, { walBytes: 0 });
    const window = await prefixOf(store, killed.epoch);
    expect(window).toBeGreaterThanOrEqual(Math.floor(WINDOWS * share * 0.8));
    expect(window).toBeGreaterThanOrEqual(before);
    before = window;
  }
});
