/** Reads what the platform's database holds, with times on the machine's monotonic clock. */
import { Database } from "../../../hw-sim/platform/store/database.ts";
import type { Value } from "../../../src/model/index.ts";

export interface HeldReading {
  readonly epoch: string;
  readonly seq: number;
  readonly source: string;
  readonly name: string;
  readonly value: Value;
  readonly quality: string;
  readonly code: string | null;
  /** Kernel monotonic ms. */
  readonly at: number;
}

export interface HeldEvent {
  readonly epoch: string;
  readonly seq: number;
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly asset?: string;
  readonly device?: string;
  /** Of a command's event: its id. */
  readonly command?: string;
  readonly code?: string;
  readonly quality?: string;
  /** Kernel monotonic ms. */
  readonly instant: number;
  readonly [field: string]: unknown;
}

/** Whoever holds this may ask while the platform goes on writing. */
export class Held implements AsyncDisposable {
  readonly #db: Database;
  readonly #gateway: string;

  private constructor(db: Database, gateway: string) {
    this.#db = db;
    this.#gateway = gateway;
  }

  static async open(file: string, gateway = "gw-1"): Promise<Held> {
    return new Held(await Database.open(file, "readonly"), gateway);
  }

  /** In the order in which the gateway numbered them, epoch by epoch. */
  async readings(source?: string): Promise<readonly HeldReading[]> {
    const rows = await this.#db.all(
      `SELECT r.*, e.opened + r.mono AS instant FROM readings r JOIN epochs e USING (gateway, epoch)
       WHERE gateway = ? AND source = coalesce(?, source) ORDER BY e.n, r.seq`,
      this.#gateway,
      source ?? null,
    );
    return rows.map((row) => ({
      epoch: String(row["epoch"]),
      seq: Number(row["seq"]),
      source: String(row["source"]),
      name: String(row["name"]),
      value: JSON.parse(String(row["value"])) as Value,
      quality: String(row["quality"]),
      code: row["code"] === null ? null : String(row["code"]),
      at: Number(row["instant"]),
    }));
  }

  /** As `readings`; bodies as they were sent. */
  async events(kind?: string): Promise<readonly HeldEvent[]> {
    const rows = await this.#db.all(
      `SELECT v.epoch, v.body, e.opened + v.mono AS instant FROM events v JOIN epochs e USING (gateway, epoch)
       WHERE gateway = ? AND kind = coalesce(?, kind) ORDER BY e.n, v.seq`,
      this.#gateway,
      kind ?? null,
    );
    return rows.map((row) => ({
      ...(JSON.parse(String(row["body"])) as HeldEvent),
      epoch: String(row["epoch"]),
      instant: Number(row["instant"]),
    }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#db[Symbol.asyncDispose]();
  }
}
