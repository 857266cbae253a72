/** The Bluetooth child: orders on standard input, what the radio hears on standard output (docs/decisions/0008). */
import { setTimeout as sleep } from "node:timers/promises";
import { doubling } from "../../kit/loop/backoff.ts";
import { LineSplitter } from "../../kit/text/line-splitter.ts";
import {
  type AdvertMatch,
  type BleMessageBody,
  commandSchema,
  LINE_MAX,
  PROTOCOL,
  parseLine,
  type RadioState,
  type ReadCommand,
} from "./ble-protocol.ts";
import { Session } from "./session.ts";
import { Trouble, troubleOf } from "./trouble.ts";

const SIGN_OF_LIFE_MS = 2000;
const AGAIN = { firstMs: 500, maxMs: 10_000 };
const LET_GO_MS = 700;

const [adapter] = process.argv.slice(2);
if (adapter === undefined) {
  process.stderr.write("usage: cippo-ble ADAPTER (started by the gateway)\n");
  process.exit(2);
}

let state: RadioState = "starting";
let reason: string | undefined;
let heard = 0;
let wanted: ReadonlySet<string> = new Set();
let matches: readonly AdvertMatch[] = [];
let session: Session | null = null;

const say = (message: BleMessageBody): void => {
  process.stdout.write(`${JSON.stringify({ v: PROTOCOL, ...message })}\n`);
};
const sayState = (): void => say({ is: "state", state, ...(reason !== undefined && { reason }), heard });

function enter(to: RadioState, why?: string): void {
  if (state === to && reason === why) return;
  state = to;
  reason = why;
  sayState();
}

function carryOut(line: string): void {
  const order = parseLine(commandSchema, line);
  switch (order?.do) {
    case "want":
      wanted = new Set(order.macs);
      matches = order.matches;
      session?.want(wanted, matches);
      break;
    case "read":
      if (session) session.read(order);
      else refuse(order);
      break;
    case "reset":
      if (order.what === "connection") session?.end("recycle");
      else void session?.powerCycle();
  }
}

const refuse = ({ id }: ReadCommand): void => say({ is: "failed", id, step: "radio", reason: reason ?? state });

/** The gateway holds our standard input: when it is gone, so are we. */
async function leave(): Promise<void> {
  await Promise.race([session?.letGo(), sleep(LET_GO_MS)]);
  process.exit(0);
}

const lines = new LineSplitter(LINE_MAX);
process.stdin
  .setEncoding("utf8")
  .on("data", (text: string) => {
    for (const line of lines.push(text)) {
      // What follows a line without an end has no beginning.
      if (line === null) process.exit(2);
      carryOut(line);
    }
  })
  .on("end", leave)
  .on("error", leave);
process.stdout.on("error", () => process.exit(0));
process.on("SIGTERM", leave);
// dbus-next throws from its own timers and promises when a connection breaks: the session ends, the process stays.
process.on("uncaughtException", (error) => session?.end(new Trouble("failing", error.message)));
process.on("unhandledRejection", (error) => session?.end(troubleOf(error)));

sayState();
setInterval(sayState, SIGN_OF_LIFE_MS);

for (let failures = 0; ; ) {
  const begun = performance.now();
  try {
    const heardOne = () => {
      heard += 1;
    };
    using open = await Session.open(adapter, { say, state: enter, heardOne });
    session = open;
    open.want(wanted, matches);
    await open.run();
  } catch (error) {
    const trouble = troubleOf(error);
    enter(trouble.state, trouble.message);
  }
  session = null;
  failures = performance.now() - begun > AGAIN.maxMs ? 0 : failures + 1;
  await sleep(doubling(AGAIN.firstMs, AGAIN.maxMs)(failures + 1));
}
