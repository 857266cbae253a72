/** The whole consumer on one page: link, durable ingest, acknowledgement, and commands the other way. */
import * as z from "zod";
import type { Log } from "../../src/kit/log.ts";
import { Acknowledger } from "./acknowledge.ts";
import { Commands, type Wish } from "./commands.ts";
import { openControl } from "./control.ts";
import { Ingest, type Taken } from "./ingest.ts";
import { openIssuing } from "./issue-lists.ts";
import { type Link, openLink } from "./link.ts";
import { Operator, type OperatorOptions } from "./operator.ts";
import { count } from "./store/counts.ts";
import { Database } from "./store/database.ts";
import { schema } from "./store/schema.ts";

export interface PlatformOptions extends OperatorOptions {
  readonly broker: string;
  readonly file: string;
  readonly prefix: string;
  readonly ackAfterMs: number;
  /** Folder of the keys that lists are signed and hashed with; absent: it sends none. */
  readonly keys?: string;
  /** Kernel monotonic ms. */
  mono(): number;
  /** Epoch ms. */
  wall(): number;
  readonly log: Log;
  /** Asked to end over the control port. */
  stop(): void;
}

export interface Platform extends AsyncDisposable {
  readonly control: number;
  readonly db: Database;
}

/** The contract's: 5 s or 500 records, whichever is first. */
const ACK_AT_RECORDS = 500;
const ANSWER_MS = 30_000;

export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { prefix, log } = options;
  const db = await Database.open(options.file, "writer");
  // FULL: what was acknowledged must survive a power cut here too.
  await db.script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  await db.script(schema);
  const ingest = await Ingest.open(db, options.mono);

  let link: Link | null = null;
  const acknowledger = new Acknowledger(
    ingest.holdings,
    { afterMs: options.ackAfterMs, atRecords: ACK_AT_RECORDS },
    (gateway, acks) => {
      link?.publish(`${prefix}/${gateway}/down/ack`, { v: 1, at: options.wall(), acks });
    },
  );
  const commands = new Commands({
    db,
    wall: options.wall,
    publish: (gateway, command, id) =>
      link?.publish(`${prefix}/${gateway}/down/commands`, command, {
        responseTopic: `${prefix}/${gateway}/up/results`,
        correlationData: Buffer.from(id),
      }) ?? false,
  });
  const ask = async (wanted: Wish) => commands.answer(await commands.send(wanted), ANSWER_MS);
  const operator = new Operator(options, ask);

  async function after(gateway: string, taken: Taken): Promise<void> {
    acknowledger.grew(taken.grown);
    if (taken.reported) acknowledger.answer(gateway, taken.reported.streams);
    for (const result of taken.results ?? []) await commands.answered(result);
    if (taken.asset) operator.sees(gateway, taken.asset.asset, taken.asset.body);
    if (taken.online) operator.online(gateway);
  }

  link = openLink({
    broker: options.broker,
    prefix,
    clientId: "reference-platform",
    log,
    take: async (message) => after(message.gateway, await ingest.take(message)),
    connected: () => void commands.resend().catch((error: unknown) => log.error("platform.not-resent", { cause: error })),
  });

  const running = link;
  const { keys, wall } = options;
  const publish = (topic: string, document: unknown, retain: boolean) => running.publish(topic, document, undefined, retain);
  const issue = keys === undefined ? null : await openIssuing({ folder: keys, prefix, wall, publish });
  const control = await openControl(async (request) => {
    switch (request["do"]) {
      case "counts":
        return count(db, running.connected);
      case "command":
        return ask(wish.parse(request));
      case "say": {
        const { gateway, what, body, times } = saying.parse(request);
        for (let n = 0; n < times; n += 1) running.publish(`${prefix}/${gateway}/down/${what}`, body);
        return null;
      }
      case "list":
        if (issue === null) throw new Error("--keys says where the keys lie");
        return issue(request);
      case "stop":
        options.stop();
        return null;
      default:
        throw new Error("do: counts | command | list | say | stop");
    }
  });

  return {
    control: control.port,
    db,
    async [Symbol.asyncDispose]() {
      acknowledger[Symbol.dispose]();
      await control[Symbol.asyncDispose]();
      await running[Symbol.asyncDispose]();
      await db[Symbol.asyncDispose]();
    },
  };
}

/** Any message below a gateway's `down/`, however wrong: tests use it to play a faulty platform. */
const saying = z.object({
  gateway: z.string(),
  what: z.string(),
  body: z.unknown(),
  times: z.number().int().positive().default(1),
});

const wish = z.object({
  gateway: z.string(),
  target: z.string(),
  action: z.string(),
  args: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});
