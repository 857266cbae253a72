/** Tries TCP connections to hosts, a bounded number at a time, and tells apart why one was not made. */
import { lookup } from "node:dns/promises";
import { createConnection, isIP } from "node:net";
import { monotonic } from "../../../kit/clock.ts";
import { connected } from "../../../kit/system/connected.ts";
import type { NetProbe, ProbeResult } from "../../driver.ts";

/** Connections tried at once; each ends within its own time-out, so that a host that is down holds up nobody for long. */
const CONNECTIONS = 32;
/** A name server that is down holds one of Node's few threads for each question: others need them. */
const LOOKUPS = 2;

export function tcpProbe(): NetProbe {
  const connections = new Slots(CONNECTIONS);
  const lookups = new Slots(LOOKUPS);
  return {
    async connect(host, port, timeoutMs, stop) {
      const address = isIP(host) === 0 ? await resolved(host, lookups, timeoutMs) : host;
      if (address === null) return { failed: "unknown-host", mono: monotonic() };
      await connections.take();
      try {
        return await tried(address, port, timeoutMs, stop);
      } finally {
        connections.give();
      }
    },
  };
}

/** A place among a few, in the order asked for. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(free: number) {
    this.#free = free;
  }

  take(): Promise<void> {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#free -= 1;
    return Promise.resolve();
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}

/** Null: no answer in time, or none that is an address. A question that hangs keeps its place until it ends. */
async function resolved(host: string, lookups: Slots, timeoutMs: number): Promise<string | null> {
  const asked = lookups.take().then(() => lookup(host).finally(() => lookups.give()));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, null);
  });
  const answer = asked.then(
    ({ address }) => address,
    () => null,
  );
  const address = await Promise.race([answer, late]);
  clearTimeout(timer);
  return address;
}

async function tried(host: string, port: number, timeoutMs: number, stop: AbortSignal): Promise<ProbeResult> {
  const from = performance.now();
  const socket = createConnection({ host, port, noDelay: true });
  const not = await connected(socket, { timeoutMs, stop });
  const mono = monotonic();
  socket.destroy();
  if (not === null) return { answerMs: performance.now() - from, mono };
  if (not.why !== "failed") return { failed: "timeout", mono };
  const { code } = not.error;
  if (code === "ECONNREFUSED" || code === "ECONNRESET") return { failed: "refused", mono };
  return { failed: code === "ETIMEDOUT" ? "timeout" : "unreachable", mono };
}
