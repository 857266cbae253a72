/** Tries TCP connections to hosts, a bounded number at a time, and tells apart why one was not made. */
import { createConnection, isIP } from "node:net";
import { monotonic } from "../../../kit/clock.ts";
import { connected } from "../../../kit/system/connected.ts";
import { type HostLookup, hostLookup } from "../../../kit/system/host-lookup.ts";
import { systemReason } from "../../../kit/text/reasons.ts";
import type { Text } from "../../../model/index.ts";
import type { NetProbe, ProbeResult } from "../../driver.ts";
import { deadLinkTo } from "./own-link.ts";

/** What says something of the host. All else is this machine's own: no network, no descriptor, a rule of its firewall. */
const OF_THE_HOST: Readonly<Record<string, "refused" | "unreachable" | "timeout" | undefined>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "refused",
  EHOSTDOWN: "unreachable",
  EHOSTUNREACH: "unreachable",
  ETIMEDOUT: "timeout",
};

/** Connections tried at once; each ends within its own time-out, so that a host that is down holds up nobody for long. */
const CONNECTIONS = 32;

export function tcpProbe(names = hostLookup): NetProbe {
  const connections = new Slots(CONNECTIONS);
  return {
    async connect(host, port, timeoutMs, stop) {
      const address = isIP(host) === 0 ? await resolved(host, timeoutMs, names) : host;
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

/** Null: no answer in time, or none that is an address. */
async function resolved(host: string, timeoutMs: number, names: HostLookup): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, null);
  });
  const address = await Promise.race([names.address(host).catch(() => null), late]);
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
  const failed = not.why === "failed" ? OF_THE_HOST[not.error.code ?? ""] : "timeout";
  if (failed === undefined && not.why === "failed") return { failed: "not-tried", reason: systemReason(not.error), mono };
  if (failed === "refused") return { failed, mono };
  const link = await deadLinkTo(host);
  return link === null ? { failed: failed ?? "timeout", mono } : { failed: "not-tried", reason: unplugged(link), mono };
}

const unplugged = (link: string): Text => ({
  it: `${link} non ha segnale: cavo staccato o rete radio assente`,
  en: `${link} has no carrier: its cable is out, or its radio has no network`,
});
