/** Starts a slave of libmodbus or pymodbus, or says what is missing on this machine. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../hw-sim/free-port.ts";

export type Library = "libmodbus" | "pymodbus";
export type PeerWire = "tcp" | "rtu";

/** Debian's Python: another one has no access to Debian's packages. */
export const PYTHON = "/usr/bin/python3";
const READY_MS = 20_000;

const works = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: "ignore" }).status === 0;

const NEEDS: Readonly<Record<Library | "mbpoll" | "socat", readonly [packages: string, check: () => boolean]>> = {
  libmodbus: ["gcc pkg-config libmodbus-dev", () => works("pkg-config", "libmodbus") && works("gcc", "--version")],
  pymodbus: ["python3-pymodbus python3-serial-asyncio", () => works(PYTHON, "-c", "import pymodbus.server")],
  // It ends with 1 after its help, and not at all when it is not there.
  mbpoll: ["mbpoll", () => spawnSync("mbpoll", ["-h"], { stdio: "ignore" }).error === undefined],
  socat: ["socat", () => works("socat", "-V")],
};

/** Debian packages to install for these, or null when all are here. */
export function missing(...what: readonly (keyof typeof NEEDS)[]): string | null {
  const lacking = what.filter((name) => !NEEDS[name][1]()).map((name) => NEEDS[name][0]);
  return lacking.length === 0 ? null : `apt-get install ${lacking.join(" ")}`;
}

/** A folder for one run, gone with it. */
export class Scratch implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "cippo-peers-"));

  compile(source: string): string {
    const program = join(this.path, source.replace(/\.c$/, ""));
    const flags = execFileSync("pkg-config", ["--cflags", "--libs", "libmodbus"], { encoding: "utf8" }).trim().split(/\s+/);
    execFileSync("gcc", ["-O2", "-Wall", "-o", program, sourceOf(source), ...flags]);
    return program;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Beside this file's sources, also when it runs from dist/. */
export const sourceOf = (name: string): string =>
  join(import.meta.dirname.replace(/\/dist\/bench.*$|\/bench.*$/, ""), "bench/modbus", name);

export interface Slave extends AsyncDisposable {
  /** Where a master finds it, in the words of `buses:`. */
  readonly at:
    | { readonly modbus: "tcp"; readonly host: string; readonly port: number }
    | { readonly modbus: "rtu"; readonly port: string; readonly baud: number };
}

/** Over a pseudo-terminal it answers as `unit` alone, on TCP as every unit. */
export async function startSlave(
  library: Library,
  wire: PeerWire,
  scratch: Scratch,
  { unit = 1, baud = 9600 } = {},
): Promise<Slave> {
  const command = library === "libmodbus" ? [scratch.compile("libmodbus-slave.c")] : [PYTHON, sourceOf("pymodbus-slave.py")];
  if (wire === "tcp") {
    const port = await freePort();
    const child = start(command, ["tcp", String(port)]);
    await until(() => accepts(port), child);
    return { at: { modbus: "tcp", host: "127.0.0.1", port }, [Symbol.asyncDispose]: () => end(child) };
  }
  const cable = await pseudoTerminals(scratch);
  const child = start(command, ["rtu", cable.far, String(baud), String(unit)]);
  await until(() => holds(child, cable.far), child);
  return {
    at: { modbus: "rtu", port: cable.near, baud },
    async [Symbol.asyncDispose]() {
      await end(child);
      await cable[Symbol.asyncDispose]();
    },
  };
}

/** Two terminals joined by a cable. */
export async function pseudoTerminals(
  scratch: Scratch,
): Promise<{ readonly near: string; readonly far: string } & AsyncDisposable> {
  const [near, far] = [join(scratch.path, "near"), join(scratch.path, "far")];
  const child = start(
    ["socat"],
    [near, far].map((path) => `pty,raw,echo=0,link=${path}`),
  );
  const both = () => [near, far].every((path) => realpathSync(path).startsWith("/dev/pts/"));
  await until(
    () =>
      Promise.resolve()
        .then(both)
        .catch(() => false),
    child,
  );
  return { near, far, [Symbol.asyncDispose]: () => end(child) };
}

function start([command = "", ...first]: readonly string[], args: readonly string[]): ChildProcess {
  const child = spawn(command, [...first, ...args], { stdio: "ignore" });
  child.on("error", () => undefined);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function until(ready: () => Promise<boolean> | boolean, child: ChildProcess): Promise<void> {
  const last = performance.now() + READY_MS;
  while (!(await ready())) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(" ")} ended with ${child.exitCode}`);
    if (performance.now() > last) throw new Error(`${child.spawnargs.join(" ")} is not ready`);
    await sleep(20);
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

/** Whether the process has the terminal open: only then are its bytes not lost. */
function holds(child: ChildProcess, terminal: string): boolean {
  const [folder, device] = [`/proc/${child.pid}/fd`, realpathSync(terminal)];
  return readdirSync(folder).some((fd) => {
    try {
      return readlinkSync(join(folder, fd)) === device;
    } catch {
      return false; // closed meanwhile
    }
  });
}
