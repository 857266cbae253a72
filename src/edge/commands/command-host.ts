/** What commands and limits need of the gateway around them: its time, its open commit, its devices. Types only. */
import type { EventDraft, Outcome } from "../../model/index.ts";

export interface CommandHost {
  mono(): number;
  /** Running time of the database, ms. */
  running(): number;
  raise(draft: EventDraft, mono?: number): void;
  save(key: string, value: unknown): void;
  /** Resolves when all that was recorded so far is durable. */
  flush(): Promise<void>;
  /** `latest`: kernel monotonic ms from which on it must not begin any more. */
  perform(target: string, value: number | boolean, stop: AbortSignal, latest?: number): Promise<Outcome>;
  /** One effect at a time on one target: of a command, or of a limit that switches off. */
  alone(target: string, work: () => Promise<void>): Promise<void>;
}
