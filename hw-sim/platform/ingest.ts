/** Stores one message of a gateway: rows and the ranges they fill in one transaction. */

import { has, size, within } from "../../src/kit/range-set.ts";
import * as read from "./messages.ts";
import type { Database, Transaction } from "./store/database.ts";
import { endOf, isOlder, openedEpoch, repeats, understand } from "./store/effects.ts";
import { type Change, Holdings, type StreamName } from "./store/holdings.ts";

/** A message as MQTT gave it: `path` is the topic behind `{prefix}/{gateway}/up/`. `arrived`: kernel monotonic ms. */
export interface Message {
  readonly gateway: string;
  readonly path: string;
  readonly payload: Uint8Array;
  readonly retained: boolean;
}

export type Json = Readonly<Record<string, unknown>>;

/** The outcome of a message, told after the commit. */
export interface Taken {
  /** Streams that grew, with how many numbers: they want an acknowledgement. */
  readonly grown: readonly (StreamName & { readonly fresh: number })[];
  /** A `reported` wants its answer at once. */
  readonly reported?: ReturnType<typeof read.reportedBody.parse>;
  /** Commands that ended: by their direct answer, or by their event, which is the record where the answer was lost. */
  readonly results?: readonly ReturnType<typeof read.resultBody.parse>[];
  /** The state of an asset that became current. */
  readonly asset?: { readonly asset: string; readonly body: Json };
  readonly online?: boolean;
}

const NOTHING: Taken = { grown: [] };

export class Ingest {
  readonly #db: Database;
  readonly #mono: () => number;
  readonly holdings: Holdings;

  private constructor(db: Database, holdings: Holdings, mono: () => number) {
    this.#db = db;
    this.holdings = holdings;
    this.#mono = mono;
  }

  static async open(db: Database, mono: () => number): Promise<Ingest> {
    return new Ingest(db, await Holdings.load(db), mono);
  }

  /** Rejects only when the database fails: then the message must not be acknowledged. What is malformed is counted, with its reason. */
  async take(message: Message): Promise<Taken> {
    try {
      return await this.#route(message);
    } catch (error) {
      await this.#db.transaction((tx) => this.#malformed(tx, `${message.gateway}/up/${message.path}`, error));
      return NOTHING;
    }
  }

  async #malformed(tx: Transaction, topic: string, error: unknown): Promise<void> {
    if (!(error instanceof read.Malformed)) throw error;
    await tx.run(
      "INSERT INTO malformed VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE SET count = count + 1, last = excluded.last",
      ...[topic, error.message.slice(0, 200), this.#mono()],
    );
  }

  #route(message: Message): Promise<Taken> {
    const [first = "", second = ""] = message.path.split("/");
    switch (first) {
      case "readings":
        return this.#readings(message, true);
      case "events":
        return this.#events(message, true);
      case "history":
        if (second === "readings") return this.#readings(message, false);
        if (second === "events") return this.#events(message, false);
        throw new read.Malformed("unknown topic");
      case "urgent":
        return this.#urgent(message);
      case "results":
        return Promise.resolve({ grown: [], results: [read.check(read.resultBody, read.open(message.payload))] });
      case "state":
      case "catalog":
      case "alarms":
      case "reported":
      case "assets":
        return this.#retained(message, first);
      default:
        throw new read.Malformed("unknown topic");
    }
  }

  async #readings({ gateway, payload }: Message, live: boolean): Promise<Taken> {
    const batches = read.unjoin(read.open(payload)).map(read.readings);
    return this.#insert(async (tx, change) => {
      for (const batch of batches) {
        const name: StreamName = { gateway, epoch: batch.epoch, stream: "readings" };
        const held = change.held(name, "record");
        const known = size(within(held, batch.range));
        await repeats(tx, name, known);
        // A thinned batch stands for its whole range; beside rows that are already here it would tell things twice.
        if (batch.thinned && known > 0) continue;
        const rows = known === 0 ? batch.rows : batch.rows.filter((row) => !has(held, row.seq));
        await tx.run(
          `INSERT INTO readings SELECT ?, ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
             value ->> 7, value ->> 8, ?, ?, ? FROM json_each(?)`,
          gateway,
          batch.epoch,
          batch.clock,
          live ? 1 : 0,
          this.#mono(),
          JSON.stringify(
            rows.map((r) => [r.seq, r.source, r.name, r.unit, JSON.stringify(r.value), r.quality, r.code, r.mono, r.wall]),
          ),
        );
        change.add(name, "record", batch.range);
      }
    });
  }

  async #events({ gateway, payload }: Message, live: boolean): Promise<Taken> {
    const batches = read.unjoin(read.open(payload)).map(read.events);
    const results: read.Result[] = [];
    const taken = await this.#insert(async (tx, change) => {
      for (const batch of batches) {
        const name: StreamName = { gateway, epoch: batch.epoch, stream: "events" };
        const held = change.held(name, "record");
        const fresh = batch.events.filter((event) => !has(held, event.seq));
        await repeats(tx, name, batch.events.length - fresh.length);
        for (const event of fresh) {
          results.push(...endOf(event));
          await this.#event(tx, name, event, live);
          // Its number counts as held: asking for it again would bring the same bytes.
          await understand(tx, change, name, event).catch((error: unknown) =>
            this.#malformed(tx, `${gateway}/${event.kind}`, error),
          );
        }
        change.add(name, "record", batch.range);
      }
    });
    return { ...taken, results };
  }

  async #event(tx: Transaction, { gateway, epoch }: StreamName, event: read.Event, live: boolean): Promise<void> {
    const { seq, id, kind, state, severity, asset = null, device = null, since, at, mono, clock } = event;
    await tx.run(
      "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...[gateway, epoch, seq, id, kind, state, severity, asset, device, since, at, mono, clock, JSON.stringify(event)],
      ...[live ? 1 : 0, this.#mono()],
    );
  }

  async #urgent({ gateway, payload }: Message): Promise<Taken> {
    const event = read.urgent(read.open(payload));
    const { epoch, seq, id, kind } = event;
    const late = event["late"] === true ? 1 : 0;
    await this.#db.transaction((tx) =>
      tx.run(
        "INSERT INTO urgent VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        ...[gateway, epoch, seq, id, kind, late, JSON.stringify(event), this.#mono()],
      ),
    );
    return NOTHING;
  }

  /** The newest of each retained topic; an older (n, seq) never changes the current state of an asset. */
  async #retained({ gateway, path, payload }: Message, kind: string): Promise<Taken> {
    if (payload.length === 0) {
      await this.#db.transaction((tx) => tx.run("DELETE FROM current WHERE gateway = ? AND topic = ?", gateway, path));
      return NOTHING;
    }
    const body = read.open(payload);
    const state = kind === "state" ? read.check(read.stateBody, body) : null;
    const asset = kind === "assets" ? read.check(read.assetBody, body) : null;
    const reported = kind === "reported" ? read.check(read.reportedBody, body) : null;
    const epoch = asset?.epoch ?? state?.epoch ?? null;
    const seq = asset?.seq ?? null;
    const current = await this.#db.transaction(async (tx) => {
      if (state?.n !== undefined) await openedEpoch(tx, gateway, { epoch: state.epoch, n: state.n, boot: state.boot ?? null });
      if (asset && (await isOlder(tx, gateway, path, asset))) return false;
      await tx.run(
        "INSERT OR REPLACE INTO current VALUES (?, ?, ?, ?, ?, ?)",
        gateway,
        path,
        epoch,
        seq,
        JSON.stringify(body),
        this.#mono(),
      );
      return true;
    });
    return {
      grown: [],
      ...(reported && { reported }),
      ...(state && { online: state.online }),
      ...(asset && current && { asset: { asset: path.slice("assets/".length), body } }),
    };
  }

  async #insert(work: (tx: Transaction, change: Change) => Promise<void>): Promise<Taken> {
    let grown: Taken["grown"] = [];
    await this.#db.transaction(
      async (tx) => {
        const change = this.holdings.begin();
        await work(tx, change);
        await change.write(tx);
        return change;
      },
      (change) => {
        grown = change.apply();
      },
    );
    return { grown };
  }
}
