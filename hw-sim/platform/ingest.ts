/** One up message goes in; when this resolves it is in the database (rows and the ranges they fill in one transaction) and what it means for others comes out. */
import type { Range } from "../../src/model.ts";
import type { Database, Transaction } from "./database.ts";
import { type Change, Holdings, type StreamName } from "./holdings.ts";
import * as read from "./messages.ts";
import { absent, add, has, none, size, within } from "./ranges.ts";

/** A message as MQTT gave it: `path` is the topic behind `{prefix}/{gateway}/up/`. `arrived`: kernel monotonic ms. */
export interface Message {
  readonly gateway: string;
  readonly path: string;
  readonly payload: Uint8Array;
  readonly retained: boolean;
}

export type Json = Readonly<Record<string, unknown>>;

/** What came of it, told after the commit. */
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
          // Its number is held all the same: asking for it again would bring the same words.
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

/** The end of a command, where the event tells of one. */
function endOf({ kind, command, code, value }: read.Event): readonly read.Result[] {
  const [, state] = /^command\.(succeeded|failed|expired|refused|unknown)$/.exec(kind) ?? [];
  if (state === undefined || typeof command !== "string") return [];
  return [{ id: command, state, ...(typeof code === "string" && { code }), ...(value !== undefined && { value }) }];
}

/** Events that say something about other records. */
async function understand(
  tx: Transaction,
  change: Change,
  { gateway, epoch: own }: StreamName,
  event: read.Event,
): Promise<void> {
  if (event.kind === "epoch.opened") {
    const { n, boot, cause, opened = null } = read.check(read.openedFields, event);
    await openedEpoch(tx, gateway, { epoch: own, n, boot, cause, opened });
  } else if (event.kind === "ledger.gap") {
    const lost = read.gap(event);
    if (lost.kept === 0) change.add({ gateway, epoch: lost.epoch, stream: lost.stream }, "ledger", lost.range);
  } else if (event.kind === "clock.corrected") {
    await settle(tx, gateway, read.check(read.correctedFields, event));
  } else if (event.kind === "clock.bounded") {
    await settle(tx, gateway, read.check(read.boundedFields, event));
  }
}

interface Settled {
  readonly epoch: string;
  readonly readings: Range | null;
  readonly events: Range | null;
  readonly offsetMs?: number;
  readonly boundMs?: number;
  readonly notBefore?: number;
  readonly notAfter?: number;
}

/** A number is settled once: what a backup that came back says again of it is not taken. */
async function settle(tx: Transaction, gateway: string, { epoch, offsetMs, boundMs, notBefore, notAfter, ...of }: Settled) {
  for (const stream of ["readings", "events"] as const) {
    const range = of[stream];
    if (range === null) continue;
    const name = [gateway, epoch, stream] as const;
    const known = await tx.all("SELECT lo, hi FROM settled WHERE gateway = ? AND epoch = ? AND stream = ? ORDER BY lo", ...name);
    const set = known.reduce((all, { lo, hi }) => add(all, [Number(lo), Number(hi)]), none);
    for (const [lo, hi] of absent(set, range))
      await tx.run(
        "INSERT INTO settled VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ...name,
        ...[lo, hi, offsetMs ?? null, boundMs ?? null, notBefore ?? null, notAfter ?? null],
      );
  }
}

interface Opened {
  readonly epoch: string;
  readonly n: number;
  readonly boot: string | null;
  readonly cause?: string;
  readonly opened?: number | null;
}

async function openedEpoch(
  tx: Transaction,
  gateway: string,
  { epoch, n, boot, cause = "", opened = null }: Opened,
): Promise<void> {
  await tx.run(
    `INSERT INTO epochs (gateway, epoch, n, boot, cause, opened) VALUES (?, ?, ?, ?, nullif(?, ''), ?)
     ON CONFLICT DO UPDATE SET n = excluded.n, boot = coalesce(excluded.boot, boot), cause = coalesce(excluded.cause, cause),
       opened = coalesce(excluded.opened, opened)`,
    ...[gateway, epoch, n, boot, cause, opened],
  );
}

async function repeats(tx: Transaction, { gateway, epoch, stream }: StreamName, count: number): Promise<void> {
  if (count === 0) return;
  await tx.run(
    "INSERT INTO repeats VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
    ...[gateway, epoch, stream, count],
  );
}

/**
 * The epoch named in `state` is the current one: every other is earlier, also one with a higher n (a backup that came back counts anew).
 * Among others n decides. An epoch that no `state` has named yet is current, so it is never older.
 */
async function isOlder(
  tx: Transaction,
  gateway: string,
  topic: string,
  next: { readonly epoch: string; readonly seq: number },
): Promise<boolean> {
  const [row] = await tx.all(
    `SELECT c.epoch, c.seq, was.n AS was, now.n AS now, s.epoch AS named FROM current c
     LEFT JOIN current s ON s.gateway = c.gateway AND s.topic = 'state'
     LEFT JOIN epochs was ON was.gateway = c.gateway AND was.epoch = c.epoch
     LEFT JOIN epochs now ON now.gateway = c.gateway AND now.epoch = ?
     WHERE c.gateway = ? AND c.topic = ?`,
    ...[next.epoch, gateway, topic],
  );
  if (!row) return false;
  if (row["epoch"] === next.epoch) return next.seq < Number(row["seq"]);
  if (row["now"] === null || row["now"] === undefined || row["named"] === next.epoch) return false;
  if (row["named"] === row["epoch"]) return true;
  return row["was"] === null ? true : Number(row["now"]) < Number(row["was"]);
}
