/** A store in memory that keeps the decoded records and events of each commit, and fails when told to. */

import { type DecodedRecord, decodeBody } from "../../../src/edge/segments/segment.ts";
import type { Commit, InboxRow, Store } from "../../../src/edge/store/store.ts";
import { EdgeError } from "../../../src/kit/errors.ts";
import type { EdgeEvent, EpochInfo } from "../../../src/model/index.ts";

export class MemoryStore implements Store {
  readonly file = "edge.db";
  readonly epoch: EpochInfo;
  readonly formerEnd: Store["formerEnd"] = null;
  readonly saved = new Map<string, unknown>();
  readonly inbox = new Map<string, InboxRow>();
  readonly historyLost = false;
  readonly lost: Store["lost"] = [];
  readonly broken = null;
  unstored = async () => {};
  readonly reserveBytes = 2 ** 20;
  readonly commits: Commit[] = [];
  /** While set, each commit fails with this code. */
  failing: "store.unwritable" | "store.full" | "store.corrupt" | null = null;
  /** Content that no disk would take. */
  refuses: (commit: Commit) => boolean = () => false;
  attempts = 0;
  tendDue = false;
  tends = 0;
  tendFails = false;
  /** The next commit is durable and said to have failed. */
  lies = false;
  #lied = false;

  constructor(opened = 0) {
    this.epoch = { id: "01EPOCHEPOCHEPOCHEPOCHEPO0", n: 1, boot: "boot", opened, cause: "created", former: null };
  }

  running(mono: number): number {
    return mono - this.epoch.opened;
  }

  async commit(commit: Commit): Promise<void> {
    this.attempts += 1;
    await Promise.resolve();
    if (this.refuses(commit)) throw new EdgeError("store.binding", { reason: "test" });
    if (this.failing !== null) throw new EdgeError(this.failing, { file: "memory", reason: "test" });
    const heads = this.heads();
    // Only then: a store may serve a second run under the same name.
    if (
      this.#lied &&
      [...commit.readings, ...commit.events].some((row) => row.from <= ("urgent" in row ? heads.events : heads.readings))
    )
      throw new EdgeError("store.binding", { reason: "there already" });
    this.commits.push(commit);
    for (const [key, value] of Object.entries(commit.states)) this.saved.set(key, value);
    for (const row of commit.inbox) this.inbox.set(row.id, row);
    if (!this.lies) return;
    this.lies = false;
    this.#lied = true;
    throw new EdgeError("store.unwritable", { reason: "test" });
  }

  records(): readonly DecodedRecord[] {
    return this.commits.flatMap(({ readings }) =>
      readings.flatMap(({ body }) => {
        const decoded = decodeBody(body);
        return decoded.stream === "readings" ? decoded.records : [];
      }),
    );
  }

  happened(): readonly EdgeEvent[] {
    return this.commits.flatMap(({ events }) =>
      events.flatMap(({ body }) => {
        const decoded = decodeBody(body);
        return decoded.stream === "events" ? decoded.events : [];
      }),
    );
  }

  streams = () => [];
  heads = () => ({
    readings: Math.max(0, ...this.commits.flatMap(({ readings }) => readings.map(({ to }) => to))),
    events: Math.max(0, ...this.commits.flatMap(({ events }) => events.map(({ to }) => to))),
  });
  knows = () => true;
  read = async () => [];
  urgentPending = async () => [];
  async *history() {}
  async *events() {}
  tend = async () => {
    this.tends += 1;
    if (this.tendFails) throw new EdgeError("store.unwritable", { reason: "test" });
    return { checkpointed: false, forgotten: [], deleted: 0, shed: [] };
  };
  size = () => ({ bytes: 0, quotaBytes: 0, unacknowledged: 0 });
  async [Symbol.asyncDispose]() {}
}
