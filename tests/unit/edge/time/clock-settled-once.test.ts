/** The time server is lost and found over restarts, kills and reboots: each record ends with one right time or bounds. */
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Ingest as Platform } from "../../../../hw-sim/platform/ingest.ts";
import { Database } from "../../../../hw-sim/platform/store/database.ts";
import { schema } from "../../../../hw-sim/platform/store/schema.ts";
import { Alarms } from "../../../../src/edge/alarms.ts";
import { CommitBuffer } from "../../../../src/edge/commit/commit-buffer.ts";
import { Ingest } from "../../../../src/edge/ingest.ts";
import { assetKinds } from "../../../../src/edge/kinds/index.ts";
import { lastLook, saveStop, tellOpening } from "../../../../src/edge/opening.ts";
import { noLists } from "../../../../src/edge/permits/badge-check.ts";
import { openStore } from "../../../../src/edge/store/open-store.ts";
import type { Store } from "../../../../src/edge/store/store.ts";
import { contactBefore } from "../../../../src/edge/time/unsynced-stretches.ts";
import type { Clock } from "../../../../src/kit/clock.ts";
import { HeldClock } from "../../../../src/kit/held-clock.ts";
import { noLog } from "../../../../src/kit/log.ts";
import type { DeviceInfo, Range, Reading } from "../../../../src/model/index.ts";
import { eventExtras } from "../../../../src/sync/contract/up.ts";
import fc from "../../../support/property.ts";

const BEGUN = 1_764_000_000_000;
/** What a time server itself may be wrong by. */
const JITTER_MS = 40;
const SLACK_MS = 2 * JITTER_MS + 5;
const MINUTE = 60_000;

interface Boot {
  readonly id: string;
  readonly at: number;
  /** How fast its crystal runs: at most 90 of the 100 ppm that the contract grants. */
  readonly rate: number;
}

/** True time, and what a machine with a drifting crystal and an unreliable time server makes of it. */
class World {
  now = BEGUN;
  contact = false;
  readonly boots = new Map<string, Boot>();
  #boot: Boot;
  #system = 0;
  #samples = 0;

  constructor(ppm: number) {
    this.#boot = this.boot(ppm);
  }

  boot(ppm: number): Boot {
    this.#boot = { id: `boot-${this.boots.size}`, at: this.now, rate: 1 + ppm / 1e6 };
    this.boots.set(this.#boot.id, this.#boot);
    this.contact = false;
    this.#system = 0;
    return this.#boot;
  }

  get clock(): Clock {
    return { boot: this.#boot.id, mono: () => this.#mono(), now: () => this.#now() };
  }

  lose(): void {
    if (this.contact) this.#system = this.#now().wall - this.#mono();
    this.contact = false;
  }

  step(ms: number): void {
    this.#system += ms;
  }

  trueAt(boot: string, mono: number): number {
    const { at, rate } = this.boots.get(boot) ?? this.#boot;
    return at + (mono - 5000) / rate;
  }

  #mono(): number {
    return 5000 + Math.floor((this.now - this.#boot.at) * this.#boot.rate);
  }

  #now() {
    const mono = this.#mono();
    this.#samples += 1;
    const wall = this.contact ? Math.round(this.now + JITTER_MS * Math.sin(this.#samples)) : mono + this.#system;
    return { mono, wall, synced: this.contact };
  }
}

const DEVICE: DeviceInfo = {
  id: "d",
  type: "test",
  points: {
    n: { unit: "1", kind: "counter" },
    note: { unit: "", kind: "text" },
    here: { unit: "", kind: "state" },
  },
  silentAfterMs: 60_000,
  open: () => Promise.reject(new Error("nobody opens it")),
};

const bayKind = assetKinds["parking-bay"];
function bay() {
  if (bayKind === undefined) throw new Error("no parking-bay");
  const options = bayKind.options.parse({
    occupancy: "d.here",
    reservedFor: "disabled",
    debounce: "0ms",
    permits: { grace: "1ms" },
  });
  const asset = { id: "bay", urn: "urn:x", kind: "parking-bay", name: { it: "1", en: "1" }, options, silentAfterMs: {} };
  return { asset, kind: bayKind };
}

/** One run of the gateway on its database: what EdgeRuntime joins, but for the devices, whose monotonic time cannot be that of this world. */
class Run {
  readonly store: Store;
  readonly alarms: Alarms;
  readonly window: CommitBuffer;
  readonly #clock: Clock;
  readonly #ingest: Ingest;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  private constructor(store: Store, source: Clock) {
    this.store = store;
    const clock = new HeldClock(source, contactBefore(store, lastLook(store), source.boot));
    this.#clock = clock;
    this.window = new CommitBuffer({ store, clock, log: noLog, commitMs: 0, cat: "cat" });
    this.alarms = new Alarms(this.window, store.saved);
    const assets = [bay()];
    const options = { store, devices: [DEVICE], assets, clock, log: noLog, permits: noLists, order: () => {} };
    this.#ingest = new Ingest(options, this.window, this.alarms);
    const now = clock.now();
    this.#ingest.opened(now.mono, tellOpening(this.window, store, now, "cat", this.#ingest));
    this.#ingest.rest();
    this.#running = this.window.run(this.#stop.signal);
  }

  static async open(file: string, clock: Clock): Promise<Run> {
    const limits = { quotaMB: 1, keepMs: 1e12, walBytes: 128 * 1024, ballastBytes: 0, checkAfterMs: 1e9 };
    return new Run(await openStore({ file, clock, log: noLog, ...limits }), clock);
  }

  /** Resolves when what was said is durable. */
  async say(readings: readonly Omit<Reading, "mono" | "quality">[]): Promise<void> {
    const mono = this.#clock.mono();
    this.#ingest.readings(
      DEVICE,
      readings.map((one) => ({ ...one, quality: "good", mono })),
    );
    this.#ingest.rest();
    await Promise.race([this.window.flush(), this.#running]);
  }

  /** As a soft stop, if `saved`. */
  async end(saved: boolean): Promise<void> {
    if (saved) saveStop(this.window, this.#clock);
    this.#stop.abort();
    await this.#running;
    await this.store[Symbol.asyncDispose]();
  }
}

type Step =
  /** The time server is lost for so long. */
  | { readonly do: "lose"; readonly ms: number }
  | { readonly do: "find" | "say" | "deliver" | "fill" | "restart" | "kill" }
  | { readonly do: "step"; readonly ms: number }
  | { readonly do: "reboot"; readonly ppm: number };

const ppm = fc.integer({ min: -90, max: 90 });
const often = <T extends Step>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    often(
      4,
      fc.constantFrom(30 * MINUTE, 120 * MINUTE, 9 * 1440 * MINUTE).map((ms) => ({ do: "lose", ms }) as const),
    ),
    often(
      4,
      fc.constantFrom("find", "say").map((what) => ({ do: what }) as const),
    ),
    often(
      2,
      fc.constantFrom("restart", "kill").map((what) => ({ do: what }) as const),
    ),
    often(
      1,
      fc.constantFrom("deliver", "fill").map((what) => ({ do: what }) as const),
    ),
    often(
      1,
      fc.integer({ min: -1e9, max: 1e9 }).map((ms) => ({ do: "step", ms }) as const),
    ),
    often(
      1,
      ppm.map((of) => ({ do: "reboot", ppm: of }) as const),
    ),
  ),
  { minLength: 4, maxLength: 16, size: "max" },
);

/** A life of one gateway, and all that the reference platform has of it. */
class Life {
  readonly #folder: string;
  readonly #world: World;
  readonly #db: Database;
  readonly #platform: Platform;
  readonly #opened = new Map<string, { readonly boot: string; readonly opened: number }>();
  #run: Run;
  #file: string;
  #readings = 0;
  #copies = 0;

  private constructor(folder: string, world: World, db: Database, platform: Platform, run: Run) {
    this.#folder = folder;
    this.#world = world;
    this.#db = db;
    this.#platform = platform;
    this.#run = run;
    this.#file = join(folder, "cippo.sqlite");
    this.#began();
  }

  static async begin(ppm: number): Promise<Life> {
    const folder = await mkdtemp(join(tmpdir(), "cippo-clock-"));
    const world = new World(ppm);
    const db = await Database.open(join(folder, "platform.sqlite"), "writer");
    await db.script(schema);
    const run = await Run.open(join(folder, "cippo.sqlite"), world.clock);
    return new Life(folder, world, db, await Platform.open(db, () => 0), run);
  }

  #began(): void {
    const { id, boot, opened } = this.#run.store.epoch;
    this.#opened.set(id, { boot, opened });
  }

  async live(step: Step): Promise<void> {
    switch (step.do) {
      case "find":
        this.#world.contact = true;
        return this.#say();
      case "lose":
        this.#world.lose();
        await this.#say();
        this.#world.now += step.ms;
        return this.#say();
      case "step":
        return this.#world.step(step.ms);
      case "say":
        return this.#say();
      case "fill":
        return this.#fill();
      case "deliver":
        return this.#deliver();
      case "restart":
        await this.#run.end(true);
        return this.#open();
      case "kill":
        return this.#kill();
      case "reboot":
        await this.#kill(() => this.#world.boot(step.ppm));
    }
  }

  async #say(): Promise<void> {
    this.#readings += 1;
    await this.#run.say([{ point: "n", value: this.#readings }]);
    await this.#run.say([{ point: "here", value: this.#readings % 3 !== 0 }]);
  }

  /** More than the quota takes; housekeeping has its turn in between. */
  async #fill(): Promise<void> {
    for (let i = 0; i < 8; i += 1) {
      const noise = () => Array.from({ length: 600 }, () => Math.random().toString(36).slice(2, 6)).join("");
      await this.#run.say(Array.from({ length: 60 }, () => ({ point: "note", value: noise() })));
      this.#world.now += 6000;
      await this.#say();
    }
  }

  /** What lies on the disk at this moment goes on elsewhere. */
  async #kill(then: () => void = () => {}): Promise<void> {
    this.#copies += 1;
    const folder = join(this.#folder, String(this.#copies));
    await mkdir(folder);
    const file = join(folder, "cippo.sqlite");
    for (const end of ["", "-wal", ".head"]) await copyFile(`${this.#file}${end}`, `${file}${end}`);
    await this.#run.end(false);
    this.#file = file;
    then();
    await this.#open();
  }

  async #open(): Promise<void> {
    this.#run = await Run.open(this.#file, this.#world.clock);
    this.#began();
    // A run that is killed before its first commit leaves nothing, and speaks of nothing.
    await this.#say();
  }

  async #deliver(): Promise<void> {
    const { store } = this.#run;
    for (const { epoch, stream, head } of [...store.streams()].reverse())
      for (let from = 1; from <= head; ) {
        const segments = await store.read(epoch, stream, from, head, 1e6);
        for (const { body } of segments)
          await this.#platform.take({ gateway: "gw", path: `history/${stream}`, payload: body, retained: false });
        from = (segments.at(-1)?.to ?? head) + 1;
      }
  }

  /** The time is known at last, and all that is stored arrives. */
  async settle(): Promise<void> {
    this.#world.contact = true;
    await this.#say();
    await this.#deliver();
  }

  async judge(): Promise<void> {
    expect(await this.#db.all("SELECT reason FROM malformed")).toEqual([]);
    const columns = "epoch, clock, mono, boundMs, notBefore, notAfter";
    // What rules say of a moment long past, when time leaps here, is stamped under the clock of the leap.
    const readings = await this.#db.all(`SELECT ${columns}, seq, true_wall AS at FROM timeline WHERE source = 'd'`);
    const events = await this.#db.all(`SELECT ${columns}, seq, true_at AS at FROM event_timeline WHERE asset IS NULL`);
    for (const row of [...readings, ...events]) this.#judgeOne(row);
    await this.#judgeOnce();
    this.#judgeOpen();
  }

  #judgeOne(row: Readonly<Record<string, string | number | null>>): void {
    const { boot = "", opened = 0 } = this.#opened.get(String(row["epoch"])) ?? {};
    const really = this.#world.trueAt(boot, opened + Number(row["mono"]));
    if (row["at"] === null) {
      expect(row["notAfter"], `neither a time nor bounds: ${JSON.stringify(row)}`).not.toBeNull();
      expect(really).toBeGreaterThanOrEqual(Number(row["notBefore"]) - SLACK_MS);
      expect(really).toBeLessThanOrEqual(Number(row["notAfter"]) + SLACK_MS);
      return;
    }
    const bound = row["clock"] === "synced" ? 500 : Number(row["boundMs"]);
    expect(Math.abs(Number(row["at"]) - really), JSON.stringify(row)).toBeLessThanOrEqual(bound + SLACK_MS);
  }

  /** No number is settled twice, and none that was right. */
  async #judgeOnce(): Promise<void> {
    for (const { kind, body } of await this.#db.all("SELECT kind, body FROM events WHERE kind LIKE 'clock.%'"))
      eventExtras[String(kind)]?.parse(JSON.parse(String(body)));
    const settlements = await this.#db.all("SELECT body FROM events WHERE kind IN ('clock.corrected', 'clock.bounded')");
    for (const stream of ["readings", "events"] as const) {
      const ranges = new Map<string, Range[]>();
      for (const { body } of settlements) {
        const settled = JSON.parse(String(body)) as Record<string, unknown>;
        const range = settled[stream] as Range | null;
        const epoch = String(settled["epoch"]);
        if (range !== null) ranges.set(epoch, [...(ranges.get(epoch) ?? []), range]);
      }
      for (const [epoch, list] of ranges) {
        list.sort(([a], [b]) => a - b);
        for (const [i, [from, to]] of list.entries()) {
          expect(from).toBeGreaterThan(list[i - 1]?.[1] ?? 0);
          const right = await this.#db.all(
            `SELECT seq FROM ${stream} WHERE epoch = ? AND seq BETWEEN ? AND ? AND clock = 'synced'`,
            ...[epoch, from, to],
          );
          expect(right).toEqual([]);
        }
      }
    }
  }

  #judgeOpen(): void {
    for (const { since, sinceEpoch } of this.#run.alarms.list()) {
      expect(sinceEpoch).toBeUndefined();
      expect(since).toBeGreaterThan(BEGUN - MINUTE);
    }
    for (const { at, since, clock } of this.#run.window.assets.values()) {
      expect(clock).toBe("synced");
      expect(Math.min(at, since)).toBeGreaterThan(BEGUN - MINUTE);
      expect(Math.max(at, since)).toBeLessThan(this.#world.now + MINUTE);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run.end(false);
    await this.#db[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const LIVES = Number(process.env["CIPPO_LIVES"] ?? 12);

it("each record has its right time within its bound, or is bounded, and nothing is corrected twice", {
  timeout: LIVES * 30_000,
}, async () => {
  const lived = fc.asyncProperty(ppm, steps, async (first, all) => {
    await using life = await Life.begin(first);
    await life.live({ do: "say" });
    for (const step of all) await life.live(step);
    await life.settle();
    await life.judge();
  });
  // Lost for nine days before anybody looked: the bounds of what came then must be as wide.
  const found: [number, readonly Step[]] = [
    0,
    [{ do: "reboot", ppm: 1 }, { do: "find" }, { do: "lose", ms: 777_600_000 }, { do: "reboot", ppm: 0 }, { do: "find" }],
  ];
  await fc.assert(lived, { numRuns: LIVES, examples: [found] });
});
