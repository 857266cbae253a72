/** Commits, stores in folders of their own, and a clock that is moved by hand, for the tests of the store. */
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { encodeEvent, encodeReadings, type InEpoch } from "../../../../src/edge/segments/segment.ts";
import { openStore } from "../../../../src/edge/store/open-store.ts";
import type { Commit, Store } from "../../../../src/edge/store/store.ts";
import type { StoreOptions } from "../../../../src/edge/store/store-options.ts";
import { type Fields, type Log, noLog } from "../../../../src/kit/log.ts";
import type { EdgeEvent, ReadingRecord } from "../../../../src/model/index.ts";

export const OFFSET = 1_764_000_000_000;
export const nothing: Commit = { readings: [], events: [], states: {}, marks: [], inbox: [], shed: [], sentUrgent: [] };

/** Monotonic ms, moved by hand. */
export class HandClock {
  boot = "boot-a";
  at = 1000;
  mono = (): number => this.at;
}

export async function folder(): Promise<{ readonly path: string; readonly file: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "cippo-store-"));
  return { path, file: join(path, "cippo.sqlite"), [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export const ROOT = join(import.meta.dirname, "../../../..");

/** Bundles a program, which may import this file as "./support.ts", into one file in that folder. */
export async function programIn(folder: string, contents: string): Promise<string> {
  const outfile = join(folder, "program.mjs");
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "esm",
    packages: "external",
    logLevel: "warning",
  });
  return outfile;
}

export const open = (file: string, options: Partial<StoreOptions> = {}): Promise<Store> =>
  openStore({
    file,
    quotaMB: 16,
    keepMs: 3_600_000,
    clock: new HandClock(),
    log: noLog,
    lockWaitMs: 50,
    walBytes: 256 * 1024,
    ballastBytes: 0,
    ...options,
  });

export const inEpoch = (store: Store): InEpoch => ({ id: store.epoch.id, opened: store.epoch.opened, cat: "9f3c01aa" });

/** Records `from`..`to`, `stepMs` apart; the value of each is its number. */
export function records(store: Store, from: number, to: number, stepMs = 10): readonly ReadingRecord[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ({
    source: "meter-hall",
    name: "power",
    unit: "W",
    value: from + i,
    quality: "good",
    mono: store.epoch.opened + (from + i) * stepMs,
  }));
}

export const readings = (store: Store, from: number, to: number, stepMs = 10): Commit => ({
  ...nothing,
  readings: [
    encodeReadings(inEpoch(store), { from, clock: "synced", offset: OFFSET, records: records(store, from, to, stepMs) }),
  ],
});

export const event = (store: Store, seq: number, more: Partial<EdgeEvent> = {}): EdgeEvent => ({
  seq,
  after: 0,
  at: OFFSET + seq,
  since: OFFSET + seq,
  mono: seq,
  clock: "synced",
  id: `${store.epoch.id}/${seq}`,
  kind: "test.happened",
  state: "noted",
  severity: "info",
  text: { it: "Prova", en: "Test" },
  ...more,
});

export const events = (store: Store, from: number, to = from, urgent = false): Commit => ({
  ...nothing,
  events: Array.from({ length: to - from + 1 }, (_, i) => encodeEvent(inEpoch(store), event(store, from + i), urgent)),
});

export const headOf = (store: Store, stream: "readings" | "events"): number =>
  store.streams().find((line) => line.epoch === store.epoch.id && line.stream === stream)?.head ?? -1;

/** The log as a list, and a promise for the first of a name. */
export class Heard implements Log {
  readonly all: { readonly event: string; readonly fields: Fields }[] = [];
  #wake: () => void = () => {};
  debug = (name: string, fields: Fields = {}): void => this.#hear(name, fields);
  info = this.debug;
  warn = this.debug;
  error = this.debug;

  async until(name: string): Promise<Fields> {
    for (;;) {
      const found = this.all.find(({ event: heard }) => heard === name);
      if (found) return found.fields;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #hear(name: string, fields: Fields): void {
    this.all.push({ event: name, fields });
    this.#wake();
  }
}
