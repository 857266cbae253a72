/** Finds a loopback port that the kernel gives to nobody else, so that a killed server can return to it. */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const FIRST = 10_000;
const LAST = 65_535;
const TRIES = 100;

/** Ports that the kernel uses for no outgoing connection (ip(7), ip_local_port_range), and that are not well known. */
function range(): readonly [number, number] {
  const [first = "", last = ""] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/);
  if (Number(first) - FIRST > 1000) return [FIRST, Number(first) - 1];
  return LAST - Number(last) > 1000 ? [Number(last) + 1, LAST] : [FIRST, LAST];
}

export async function freePort(): Promise<number> {
  const [from, to] = range();
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = from + Math.floor(Math.random() * (to - from + 1));
    if (await isFree(port)) return port;
  }
  throw new Error(`no port is free between ${from} and ${to}`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
      .once("error", () => resolve(false))
      .listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
