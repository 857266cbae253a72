/** Thousands of refused commands meet a small quota full of undelivered readings: nothing is lost without a name. */
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { CommitBuffer } from "../../../../../src/edge/commit/commit-buffer.ts";
import { decodeBody } from "../../../../../src/edge/segments/segment.ts";
import type { Store } from "../../../../../src/edge/store/store.ts";
import { monotonic, systemClock } from "../../../../../src/kit/clock.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import type { EventDraft, Range, Stream } from "../../../../../src/model/index.ts";
import { folder, open } from "../support.ts";

const ALL = Number.MAX_SAFE_INTEGER;

const refused = (id: string, text: string): EventDraft => ({
  kind: "command.refused",
  state: "noted",
  severity: "low",
  text: { it: text, en: text },
  extra: { command: id, target: "nobody.x", action: "set", origin: "platform" },
});

async function opened(file: string, quotaMB: number) {
  const clock = systemClock("assumed");
  const store = await open(file, { clock, quotaMB, keepMs: 3_600_000 });
  const window = new CommitBuffer({ store, clock, log: noLog, commitMs: 20, cat: "cat" });
  const stop = new AbortController();
  const run = window.run(stop.signal);
  let produced = 0;
  return {
    store,
    window,
    numbers: () => produced,
    /** Readings that nobody delivers, until so much of the quota is used. */
    async fillTo(share: number) {
      while (store.size().bytes < share * quotaMB * 2 ** 20) {
        for (let i = 0; i < 100; i += 1) {
          produced += 1;
          const value = randomBytes(30).toString("base64");
          window.add({ source: "reader", name: "frame", unit: "", value, quality: "good", mono: monotonic() });
        }
        await window.flush();
        for (const one of (await store.tend(clock.mono(), { bytes: 0, refusals: 0, shed: [] })).shed) window.shed(one);
      }
    },
    refuse(id: string, text: string) {
      const running = store.running(clock.mono());
      window.inbox({ id, received: running, expires: running + 60_000, state: "refused", body: { detail: text } });
      window.raise(refused(id, text));
    },
    async stop() {
      stop.abort();
      await run;
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Numbers that are stored, and those that the ledger in the same file names as lost. */
async function accounted(store: Store): Promise<Record<Stream, { readonly stored: Set<number>; readonly named: Range[] }>> {
  const of = { events: { stored: new Set<number>(), named: [] as Range[] }, readings: { stored: new Set<number>(), named: [] as Range[] } }; // biome-ignore format: pairs
  for (const stream of ["events", "readings"] as const) {
    for (let from = 1; ; ) {
      const segments = await store.read(store.epoch.id, stream, from, ALL, 2 ** 20);
      for (const segment of segments) {
        for (let seq = segment.from; seq <= segment.to; seq += 1) of[stream].stored.add(seq);
        const decoded = decodeBody(segment.body);
        if (decoded.stream !== "events") continue;
        for (const event of decoded.events)
          if (event.kind === "ledger.gap" && event["kept"] === 0)
            of[event["stream"] as Stream].named.push([Number(event["from"]), Number(event["to"])]);
      }
      const last = segments.at(-1);
      if (last === undefined) break;
      from = last.to + 1;
    }
  }
  return of;
}

/** Neither stored nor named. */
function missing({ stored, named }: { readonly stored: Set<number>; readonly named: readonly Range[] }, head: number): Range[] {
  const gone = new Set<number>();
  for (const [from, to] of named) for (let seq = from; seq <= to; seq += 1) gone.add(seq);
  const lost: number[] = [];
  for (let seq = 1; seq <= head; seq += 1) if (!stored.has(seq) && !gone.has(seq)) lost.push(seq);
  return spans(lost);
}

function spans(numbers: readonly number[]): Range[] {
  const runs: [number, number][] = [];
  for (const n of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs;
}

const head = (store: Store, stream: Stream) => store.streams().find((line) => line.stream === stream)?.head ?? 0;

describe("with a quota that is nearly full of undelivered readings", () => {
  it.each([
    ["8000 ordinary refusals in one go", 8000, 1, 40],
    ["300 with long texts in one go", 300, 1, 8000],
    ["6000 that come while the store writes", 100, 60, 200],
  ])("%s are stored or named, and cost no reading", { timeout: 120_000 }, async (_, count, times, length) => {
    await using at = await folder();
    const o = await opened(at.file, 1);
    await o.fillTo(0.9);
    const before = await accounted(o.store);
    for (let time = 0; time < times; time += 1) {
      for (let i = 0; i < count; i += 1) o.refuse(`c-${time}-${i}`, randomBytes(length / 2).toString("hex"));
      // Not waited for: the next ones come while these are written.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await o.window.flush();
    expect(o.window.writable).toBe(true);
    const after = await accounted(o.store);
    expect(missing(after.events, head(o.store, "events"))).toEqual([]);
    expect(head(o.store, "events")).toBeGreaterThanOrEqual(count * times);
    expect(missing(after.readings, o.numbers())).toEqual([]);
    expect(spans([...before.readings.stored].filter((seq) => !after.readings.stored.has(seq)))).toEqual([]);

    // The platform is back: its acknowledgement finds room, and then so does everything else.
    o.window.acknowledge([{ epoch: o.store.epoch.id, stream: "readings", upTo: o.numbers(), held: [] }]);
    await o.window.flush();
    expect(o.store.streams().find(({ stream }) => stream === "readings")?.upTo).toBe(o.numbers());
    await o.stop();
  });

  it("readings that go on coming are shed with a name, however often the file is full", { timeout: 120_000 }, async () => {
    await using at = await folder();
    const o = await opened(at.file, 1);
    await o.fillTo(0.9);
    for (let round = 0; round < 40; round += 1) {
      for (let i = 0; i < 200; i += 1) o.refuse(`r-${round}-${i}`, "x".repeat(300));
      for (let i = 0; i < 1000; i += 1)
        o.window.add({ source: "m", name: "text", unit: "", value: randomBytes(60).toString("base64"), quality: "good", mono: monotonic() }); // biome-ignore format: one record
      await o.window.flush();
      expect(o.window.writable).toBe(true);
    }
    const after = await accounted(o.store);
    expect(missing(after.events, head(o.store, "events"))).toEqual([]);
    expect(missing(after.readings, head(o.store, "readings"))).toEqual([]);
    expect(o.store.size().bytes).toBeLessThanOrEqual(2 ** 20);
    await o.stop();
  });
});
