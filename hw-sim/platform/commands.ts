/** Sends each command with its own id until the gateway has answered or it has expired; sent twice, it acts once. */
import * as z from "zod";
import { uuidv7 } from "../../src/kit/uuid-v7.ts";
import type { Args } from "../../src/model/index.ts";
import type { Database } from "./store/database.ts";

export interface Wish {
  readonly gateway: string;
  readonly target: string;
  readonly action: string;
  readonly args: Args;
  /** Lifetime; the contract allows at most 24 h. */
  readonly forMs?: number;
}

export interface Answer {
  readonly id: string;
  readonly state: string;
  readonly code?: string | undefined;
  readonly value?: unknown;
}

export interface CommandLine {
  readonly db: Database;
  /** Epoch ms: commands are the one place where the platform's wall clock matters. */
  wall(): number;
  /** `prefix/{gateway}/down/commands` and its response topic; false when not connected. */
  publish(gateway: string, command: object, id: string): boolean;
}

const LIFETIME_MS = 60_000;
const body = z.looseObject({ gateway: z.string() });

export class Commands {
  readonly #line: CommandLine;
  readonly #waiting = new Map<string, (answer: Answer) => void>();

  constructor(line: CommandLine) {
    this.#line = line;
  }

  /** Durable before it leaves: a platform that forgot what it ordered could not tell a late answer from a stranger's. */
  async send({ gateway, target, action, args, forMs = LIFETIME_MS }: Wish): Promise<string> {
    const now = this.#line.wall();
    const id = uuidv7(now);
    const command = {
      v: 1,
      id,
      gateway,
      target,
      action,
      args,
      issuedAt: now,
      expiresAt: now + forMs,
      issuer: "reference-platform",
    };
    await this.#line.db.transaction((tx) =>
      tx.run(
        "INSERT INTO commands (id, gateway, body, expires) VALUES (?, ?, ?, ?)",
        ...[id, gateway, JSON.stringify(command), now + forMs],
      ),
    );
    this.#line.publish(gateway, command, id);
    return id;
  }

  /** Resolves with the answer, or with null after `ms`. */
  answer(id: string, ms: number): Promise<Answer | null> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        resolve(null);
      }, ms);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  /** Everything that has no answer yet, again: the broker may have forgotten it. */
  async resend(): Promise<void> {
    const open = await this.#line.db.all("SELECT id, body FROM commands WHERE state IS NULL AND expires > ?", this.#line.wall());
    for (const row of open) {
      const command = body.parse(JSON.parse(String(row["body"])));
      this.#line.publish(command.gateway, command, String(row["id"]));
    }
  }

  /** A command ends once but is reported twice, by its answer and by its event: the first report is kept. */
  async answered(answer: Answer): Promise<void> {
    await this.#line.db.transaction((tx) =>
      tx.run(
        "UPDATE commands SET state = ?, result = ? WHERE id = ? AND state IS NULL",
        ...[answer.state, JSON.stringify(answer), answer.id],
      ),
    );
    this.#waiting.get(answer.id)?.(answer);
    this.#waiting.delete(answer.id);
  }
}
