/** Tries connections to hosts and asks them, a bounded number at a time, and tells apart why nothing came of it. */
import { createConnection, isIP, type Socket } from "node:net";
import { monotonic } from "../../../kit/clock.ts";
import { connected } from "../../../kit/system/connected.ts";
import { type HostLookup, hostLookup } from "../../../kit/system/host-lookup.ts";
import { systemReason } from "../../../kit/text/reasons.ts";
import type { Text } from "../../../model/index.ts";
import type { Asked, NetProbe, ProbeResult } from "../../driver.ts";
import { deadLinkTo } from "./own-link.ts";
import { askByDatagram, askOver, type Came } from "./question.ts";

/** What says something of the host. All else is this machine's own: no network, no descriptor, a rule of its firewall. */
const OF_THE_HOST: Readonly<Record<string, "refused" | "unreachable" | "timeout" | undefined>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "refused",
  EHOSTDOWN: "unreachable",
  EHOSTUNREACH: "unreachable",
  ETIMEDOUT: "timeout",
};

/** Tried at once; each ends within its own time-out, so that a host that is down holds up nobody for long. */
const AT_ONCE = 32;

type Failed = Exclude<ProbeResult, { readonly answerMs: number }>;
type Nowhere = Failed & { readonly failed: "unknown-host" };

export function netProbe(names = hostLookup): NetProbe {
  const places = new Slots(AT_ONCE);
  /** Each in its turn, with the address in place of a name. */
  async function inTurn<T>(host: string, timeoutMs: number, act: (address: string) => Promise<T>): Promise<T | Nowhere> {
    const address = isIP(host) === 0 ? await resolved(host, timeoutMs, names) : host;
    if (address === null) return { failed: "unknown-host", mono: monotonic() };
    await places.take();
    try {
      return await act(address);
    } finally {
      places.give();
    }
  }
  return {
    connect: (host, port, timeoutMs, stop) =>
      inTurn(host, timeoutMs, async (address) => {
        const tried = await connection(address, port, timeoutMs, stop);
        if ("failed" in tried) return tried;
        tried.socket.destroy();
        return { answerMs: tried.answerMs, mono: tried.mono };
      }),
    ask: (question, stop) =>
      inTurn(question.host, question.timeoutMs, async (address) => {
        if (question.by === "udp") return asked(address, await askByDatagram(address, question, stop));
        const tried = await connection(address, question.port, question.timeoutMs, stop);
        return "failed" in tried ? tried : asked(address, await askOver(tried.socket, question, stop));
      }),
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

interface Connection {
  readonly socket: Socket;
  readonly answerMs: number;
  readonly mono: number;
}

async function connection(host: string, port: number, timeoutMs: number, stop: AbortSignal): Promise<Connection | Failed> {
  const from = performance.now();
  const socket = createConnection({ host, port, noDelay: true });
  const not = await connected(socket, { timeoutMs, stop });
  const mono = monotonic();
  if (not === null) return { socket, answerMs: performance.now() - from, mono };
  return not.why === "failed" ? failedBy(host, not.error, mono) : unheard(host, "timeout", mono);
}

function asked(host: string, came: Came): Asked | Promise<Failed> {
  if ("error" in came) return failedBy(host, came.error, came.mono);
  return "failed" in came ? unheard(host, came.failed, came.mono) : came;
}

async function failedBy(host: string, error: NodeJS.ErrnoException, mono: number): Promise<Failed> {
  const failed = OF_THE_HOST[error.code ?? ""];
  if (failed === undefined) return { failed: "not-tried", reason: systemReason(error), mono };
  return failed === "refused" ? { failed, mono } : unheard(host, failed, mono);
}

/** It says something of the host only where our own link is up. */
async function unheard(host: string, failed: "timeout" | "unreachable", mono: number): Promise<Failed> {
  const link = await deadLinkTo(host);
  return link === null ? { failed, mono } : { failed: "not-tried", reason: unplugged(link), mono };
}

const unplugged = (link: string): Text => ({
  it: `${link} non ha segnale: cavo staccato o rete radio assente`,
  en: `${link} has no carrier: its cable is out, or its radio has no network`,
});
