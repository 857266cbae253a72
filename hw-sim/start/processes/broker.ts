/** A broker to talk to: embedded, mosquitto, or somebody's; one started here can be killed and return. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { monotonic } from "../../../src/kit/clock.ts";
import { freePort } from "../../free-port.ts";
import { systemProgram } from "../../system-program.ts";
import { ask } from "../ask.ts";
import { Told } from "../failure.ts";
import type { Period } from "../judge/readings.ts";
import { Child } from "./child.ts";
import { program } from "./program.ts";

export interface Broker extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
  readonly pid: number | null;
  /** Killed, and back on the same port after `ms`; null when the broker is somebody else's. */
  readonly away: ((ms: number, stop: AbortSignal) => Promise<void>) | null;
  /** When no client could reach it. */
  readonly outages: readonly Period[];
}

type Start = (port: number) => Child;

export async function openBroker(wish: string, dir: string): Promise<Broker> {
  if (wish === "embedded") return own(wish, await freePort(), embedded);
  if (wish === "mosquitto") {
    const command = systemProgram("mosquitto");
    if (command === undefined)
      throw new Told({
        it: "mosquitto non è installato: `apt install mosquitto`",
        en: "mosquitto is not installed: `apt install mosquitto`",
      });
    const port = await freePort();
    const file = join(dir, "mosquitto.conf");
    await writeFile(file, `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n`);
    return own(wish, port, () => mosquitto(command, file));
  }
  return {
    url: wish,
    name: new URL(wish).host,
    pid: null,
    away: null,
    outages: [],
    [Symbol.asyncDispose]: async () => undefined,
  };
}

const embedded: Start = (port) =>
  new Child({
    name: "broker",
    command: process.execPath,
    args: [program("broker.js"), "--port", String(port)],
    isReady: (line) => line["ready"] === true,
  });

function mosquitto(command: string, file: string): Child {
  return new Child({ name: "mosquitto", command, args: ["-c", file], isReady: () => false, readyWithinMs: 1e9 });
}

async function own(name: string, port: number, start: Start): Promise<Broker> {
  let child = start(port);
  const outages: Period[] = [];
  const opened = async () => {
    if (name === "embedded") await child.ready;
    else await listening(child, port);
  };
  await opened();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    name,
    get pid() {
      return child.pid;
    },
    outages,
    async away(ms, stop) {
      const from = monotonic();
      await child.kill();
      await sleep(ms, undefined, { signal: stop }).catch(() => undefined);
      if (!stop.aborted) {
        child = start(port);
        await opened();
      }
      outages.push([from, monotonic()]);
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** mosquitto says nothing on standard output: it is there when its port takes connections. */
async function listening(child: Child, port: number): Promise<void> {
  for (let i = 0; i < 100; i += 1) {
    const refused = await ask({ port }, {}, 50).catch((error: NodeJS.ErrnoException) => error.code === "ECONNREFUSED");
    if (refused !== true) return;
    if (!child.running) throw child.failure(child.ending);
    await sleep(50);
  }
  throw child.failure({ it: "mosquitto non accetta connessioni", en: "mosquitto does not listen" });
}
