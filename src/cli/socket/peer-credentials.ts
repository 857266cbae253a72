/** Who is at the other end of a connection to the admin socket, as the kernel noted it when it connected. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

/** `name`: as /etc/passwd says it; absent for a user of whom it knows nothing. */
export interface Peer {
  readonly uid: number;
  readonly name?: string;
}

/** Asked of perl-base, which every Debian has (Essential: yes): Node has no getsockopt. SOL_SOCKET 1, SO_PEERCRED 17: pid, uid, gid (unix(7)). */
const ASK = 'open(S, "+<&=", 3) or exit 1; $c = getsockopt(S, 1, 17) or exit 1; print join " ", unpack "iII", $c';
const WITHIN_MS = 2000;
/** What stands for everybody whom a user namespace does not know (user_namespaces(7)). */
const OVERFLOW_UID = 65_534;

/** Null: it cannot be had here. Never throws. */
export async function peerOf(socket: Socket): Promise<Peer | null> {
  const [, uid] = /^-?\d+ (\d+) \d+$/.exec(await credentials(socket)) ?? [];
  if (uid === undefined || Number(uid) === OVERFLOW_UID) return null;
  const name = await nameOf(Number(uid));
  return { uid: Number(uid), ...(name !== undefined && { name }) };
}

/** The socket is the child's fourth descriptor: the first three would be made blocking, here too (libuv, uv_spawn). */
function credentials(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn("perl", ["-e", ASK], { stdio: ["ignore", "pipe", "ignore", socket], env: { PATH: process.env["PATH"] } });
    const timer = setTimeout(() => child.kill("SIGKILL"), WITHIN_MS);
    child.once("error", () => resolve(""));
    child.once("close", () => resolve(output));
    child.once("exit", () => clearTimeout(timer));
    child.stdout?.setEncoding("latin1").on("data", (text: string) => {
      output = (output + text).slice(0, 100);
    });
  });
}

async function nameOf(uid: number): Promise<string | undefined> {
  const passwd = await readFile("/etc/passwd", "utf8").catch(() => "");
  return passwd
    .split("\n")
    .map((line) => line.split(":"))
    .find(([, , id]) => Number(id) === uid && id !== "")?.[0];
}

/**
 * As it stands in events: `local:marco` is proved. What the command line says of itself is a claim and looks like one: it counts where the kernel
 * names nobody, and of root, who acts for somebody by sudo.
 */
export function issuerOf(peer: Peer | null, says?: string): string {
  const claim = says === undefined ? "" : ` (says ${says})`;
  if (peer === null) return `local${claim}`;
  const name = peer.name ?? `uid ${peer.uid}`;
  return peer.uid === 0 && says !== name ? `local:${name}${claim}` : `local:${name}`;
}
