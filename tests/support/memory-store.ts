/** Commits go in; the decoded records and events of those that were let through come out. A store whose disk fails when told to. */

import type { Commit, Store } from "../../src/edge/parts.ts";
import { type DecodedRecord, decodeBody } from "../../src/edge/segment.ts";
import { EdgeError } from "../../src/kit/errors.ts";
import type { EdgeEvent, EpochInfo } from "../../src/model.ts";

export class MemoryStore implements Store {
  readonly epoch: EpochInfo;
  readonly formerEnd: Store["formerEnd"] = null;
  readonly saved = new Map<string, unknown>();
  readonly inbox: Store["inbox"] = new Map();
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
    if (this.failing !== null) throw new EdgeError(this.failing, { reason: "test" });
    this.commits.push(commit);
    for (const [key, value] of Object.entries(commit.states)) this.saved.set(key, value);
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
  heads = () => ({ readings: 0, events: 0 });
  knows = () => true;
  read = async () => [];
  urgentPending = async () => [];
  async *history() {}
  async *events() {}
  tend = async () => {
    this.tends += 1;
    if (this.tendFails) throw new EdgeError("store.unwritable", {});
    return { checkpointed: false, deleted: 0, shed: [] };
  };
  size = () => ({ bytes: 0, quotaBytes: 0, unacknowledged: 0 });
  async [Symbol.asyncDispose]() {}
}
