/** Sends the answer to each command once, after the PUBACK of that command. */
import * as z from "zod";
import type { Log } from "../../kit/log.ts";
import type { CommandResult } from "../../model/index.ts";
import type { Incoming } from "../../mqtt/link.ts";
import type { Topics } from "../topics.ts";
import type { Publisher } from "./publisher.ts";

/** Where answers go is remembered for this many commands; an older one is answered on `results`. */
const MOST_DESTINATIONS = 1000;
const MOST_CORRELATION_BYTES = 256;
/** Answers that may wait for a slow broker; a command beyond is answered by its event alone. */
const MOST_WAITING = 256;
/** The form of a command's id; anything else is not remembered. */
const named = z.looseObject({ id: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z/_.-]{0,127}$/) });

interface Destination {
  readonly topic: string;
  readonly correlation?: Uint8Array;
  /** Until its command is acknowledged to the broker, the answer waits here; null: it may go. */
  waiting: CommandResult[] | null;
}

export interface ResultPublisherOptions {
  readonly topics: Topics;
  readonly log: Log;
  /** Null: there is no link. */
  publisher(): Publisher | null;
}

export class ResultPublisher {
  readonly #o: ResultPublisherOptions;
  readonly #destinations = new Map<string, Destination>();
  /** Commands that have been answered: another answer belongs to a repeated command, and leaves when that one has come. */
  readonly #answered = new Set<string>();
  /** Commands whose answer was in flight when a link died: it is not sent again, since it may have been the reason. */
  readonly #suspected = new Set<string>();
  #waiting = 0;

  constructor(options: ResultPublisherOptions) {
    this.#o = options;
  }

  /** A command came. Call the returned function once its PUBACK has left: then the answer may go. */
  expect(body: unknown, { responseTopic, correlation }: Incoming): () => void {
    const id = named.safeParse(body).data?.id;
    if (id === undefined) return () => {};
    const { topics } = this.#o;
    const own = responseTopic !== undefined && topics.takesAnswers(responseTopic);
    const destination: Destination = {
      topic: own ? responseTopic : topics.up("results"),
      ...(correlation !== undefined && correlation.length <= MOST_CORRELATION_BYTES && { correlation: copied(correlation) }),
      waiting: [],
    };
    this.#answered.delete(id);
    this.#destinations.delete(id);
    this.#destinations.set(id, destination);
    bound(this.#destinations);
    return () => {
      const answers = destination.waiting ?? [];
      destination.waiting = null;
      for (const answer of answers) void this.give(answer);
    };
  }

  /** An answer is lost with its link: the command's event is what lasts. */
  async give(result: CommandResult): Promise<void> {
    if (this.#answered.has(result.id)) return;
    const destination = this.#destinations.get(result.id);
    if (destination?.waiting) {
      destination.waiting = [result];
      return;
    }
    this.#destinations.delete(result.id);
    this.#answered.add(result.id);
    bound(this.#answered);
    const publisher = this.#o.publisher();
    if (publisher === null || this.#waiting >= MOST_WAITING || this.#suspected.has(result.id)) return;
    this.#waiting += 1;
    await this.#send(publisher, result, destination ?? { topic: this.#o.topics.up("results") });
    this.#waiting -= 1;
  }

  async #send(
    publisher: Publisher,
    result: CommandResult,
    { topic, correlation }: Pick<Destination, "topic" | "correlation">,
  ): Promise<void> {
    let inFlight = false;
    const body = () => {
      inFlight = true;
      const { told: _, ...answer } = result;
      return JSON.stringify({ v: 1, ...answer });
    };
    try {
      const passing = topic !== this.#o.topics.up("results");
      await publisher.send("retained", topic, body, { passing, ...(correlation !== undefined && { correlation }) });
    } catch (error) {
      if (inFlight) this.#suspected.add(result.id);
      bound(this.#suspected);
      this.#o.log.debug("sync.undelivered", { topic, cause: error });
    }
  }
}

/** A copy: a view of a few bytes would keep the whole packet in memory. */
const copied = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);

/** Forgets the oldest beyond the limit. */
function bound(kept: Map<string, unknown> | Set<string>): void {
  const [oldest] = kept.keys();
  if (kept.size > MOST_DESTINATIONS && oldest !== undefined) kept.delete(oldest);
}
