/** A path and a quota go in; the gateway's one durable place comes out: commits whole or not at all, reads in order, keeps its own house. */
import type { Clock } from "../../kit/clock.ts";
import { asEdgeError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import type { EdgeEvent, EpochInfo, Segment, Stream, StreamState } from "../../model.ts";
import type { Commit, InboxRow, Store, StoredRecord, Tended } from "../parts.ts";
import { COMMIT, prepare } from "./commit.ts";
import { makeFolder, openFile, WAL_BYTES } from "./file.ts";
import { type Loaded, load } from "./load.ts";
import { lockFor } from "./lock.ts";
import { nextEpoch } from "./next-epoch.ts";
import { type HistoryFilter, readHistory, readSegments, readUrgent } from "./read.ts";
import { readSidecar, writeSidecar } from "./sidecar.ts";
import type { Database } from "./sqlite.ts";
import { type Epoch, Standing } from "./standing.ts";
import { Turns } from "./turns.ts";

export interface StoreOptions {
  readonly file: string;
  readonly quotaMB: number;
  /** How long acknowledged history stays, in running time. */
  readonly keepMs: number;
  readonly clock: Pick<Clock, "mono" | "boot">;
  readonly log: Log;
  /** How long another gateway on the file, or a busy file, is waited for. */
  readonly lockWaitMs?: number;
  /** Size to which the WAL is grown before use. */
  readonly walBytes?: number;
}

const LOCK_WAIT_MS = 5000;

/** Errors: `store.locked`, `store.newer`, `store.unwritable`, `store.full`, `native.missing`. Damage is no error: it is set aside. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { file, quotaMB, lockWaitMs = LOCK_WAIT_MS, walBytes = WAL_BYTES } = options;
  await makeFolder(file);
  const lock = await lockFor(file, lockWaitMs);
  try {
    const sidecar = await readSidecar(file);
    const opened = await openFile({ file, quotaBytes: quotaMB * 2 ** 20, lockWaitMs, walBytes });
    const loaded = await load(opened.db);
    const epoch = nextEpoch(loaded, sidecar, opened.created ? "created" : "start", options.clock);
    return new SqliteStore(options, lock, opened.db, loaded, epoch);
  } catch (error) {
    await lock.close();
    throw error;
  }
}

class SqliteStore implements Store {
  readonly epoch: EpochInfo;
  readonly formerEnd: Store["formerEnd"];
  readonly saved: ReadonlyMap<string, unknown>;
  readonly inbox: ReadonlyMap<string, InboxRow>;
  readonly historyLost: boolean;
  readonly #o: StoreOptions;
  readonly #lock: Database;
  readonly #db: Database;
  readonly #turns = new Turns();
  readonly #epoch: Epoch;
  readonly #standing: Standing;
  #stored = false;

  constructor(options: StoreOptions, lock: Database, db: Database, loaded: Loaded, epoch: Epoch) {
    this.#o = options;
    this.#lock = lock;
    this.#db = db;
    this.#epoch = epoch;
    this.#standing = new Standing(loaded.lines, epoch);
    this.epoch = infoOf(epoch, loaded);
    this.formerEnd = loaded.formerEnd;
    this.saved = loaded.saved;
    this.inbox = loaded.inbox;
    this.historyLost = epoch.cause !== "start";
  }

  running(mono: number): number {
    return this.#epoch.ran0 + Math.max(0, mono - this.#epoch.opened);
  }

  commit(commit: Commit): Promise<void> {
    return this.#turns.take(async () => {
      const prepared = prepare(commit, this.#epoch, !this.#stored, this.#standing);
      await this.#db.run(COMMIT, prepared.values);
      prepared.apply();
      if (!this.#stored) {
        this.#stored = true;
        await this.#note();
      }
    });
  }

  streams(): readonly StreamState[] {
    return this.#standing.streams();
  }

  async read(epoch: string, stream: Stream, from: number, to: number, maxBytes: number): Promise<readonly Segment[]> {
    const line = this.#standing.line(epoch, stream);
    if (line === undefined || from > line.head) return [];
    return this.#turns.take(() => readSegments(this.#db, line.epoch, stream, [from, to], maxBytes, this.#o.clock.boot));
  }

  urgentPending(): Promise<readonly EdgeEvent[]> {
    return this.#turns.take(() => readUrgent(this.#db));
  }

  history(filter: HistoryFilter): AsyncIterable<StoredRecord> {
    const epochs = new Map(this.#standing.lines.map(({ epoch }) => [epoch.n, epoch]));
    return readHistory((sql, after, since) => this.#turns.take(() => this.#db.all(sql, [after, since])), epochs, filter);
  }

  tend(_mono: number): Promise<Tended> {
    return Promise.resolve({ checkpointed: false, deleted: 0, shed: [] });
  }

  size(): { readonly bytes: number; readonly quotaBytes: number; readonly unacknowledged: number } {
    return { bytes: 0, quotaBytes: this.#o.quotaMB * 2 ** 20, unacknowledged: this.#standing.unacknowledged() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turns.take(async () => {
      try {
        if (this.#stored) await this.#note();
      } finally {
        await this.#db.close().finally(() => this.#lock.close());
      }
    });
  }

  /** Beside the file: what it must hold at least, so that an older copy is recognised. Never fails a commit that is durable already. */
  async #note(): Promise<void> {
    const { n, id } = this.#epoch;
    const [readings, events] = [this.#standing.line(id, "readings")?.head ?? 0, this.#standing.line(id, "events")?.head ?? 0];
    await writeSidecar(this.#o.file, { n, epoch: id, readings, events, suspect: false }).catch((raw: unknown) => {
      const error = asEdgeError(raw);
      this.#o.log.warn("store.note-failed", { code: error.code, ...error.context });
    });
  }
}

function infoOf(epoch: Epoch, { newest, lines }: Loaded): EpochInfo {
  const { id, n, boot, opened, cause } = epoch;
  const head = (stream: Stream) => lines.find((line) => line.epoch === newest && line.stream === stream)?.head ?? 0;
  const former = newest && { epoch: newest.id, last: { events: head("events"), readings: head("readings") } };
  return { id, n, boot, opened, cause, former };
}
