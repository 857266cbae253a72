/** A pseudo-terminal at a given path, joined by socat to a loopback line whenever a program opens it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { lstatSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Ends socat with the site, however that ends (util-linux). */
const WITH_PARENT = ["--pdeathsig", "TERM", "socat"];

export const socatExists = (): boolean => spawnSync("setpriv", [...WITH_PARENT, "-V"], { stdio: "ignore" }).status === 0;

const APPEAR_MS = 5000;

/** `wait-slave` keeps socat from the line until a program opens the terminal: nothing is sent into a port that nobody reads, as on a real UART. */
export class Pty implements AsyncDisposable {
  readonly path: string;
  readonly #port: number;
  #child: ChildProcess | undefined;
  #plugged = false;

  constructor(path: string, port: number) {
    this.path = path;
    this.#port = port;
  }

  /** Resolves when the path is there. After a program has closed the terminal a new one takes its place. */
  async plug(): Promise<void> {
    this.#plugged = true;
    this.#start();
    const until = performance.now() + APPEAR_MS;
    while (lstatSync(this.path, { throwIfNoEntry: false }) === undefined) {
      if (performance.now() > until) throw new Error(`socat made no ${this.path} within ${APPEAR_MS} ms`);
      await sleep(5);
    }
  }

  /** The terminal hangs up and the path is gone. */
  async unplug(): Promise<void> {
    this.#plugged = false;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM"); // socat removes its link
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unplug();
  }

  #start(): void {
    rmSync(this.path, { force: true }); // of a site that was killed
    const child = spawn(
      "setpriv",
      [...WITH_PARENT, `PTY,link=${this.path},raw,echo=0,wait-slave,pty-interval=0.02`, `TCP:127.0.0.1:${this.#port},nodelay`],
      { stdio: "ignore" },
    );
    child.on("error", () => undefined); // plug() tells that the path did not appear
    child.on("exit", () => {
      if (this.#plugged && this.#child === child) this.#start();
    });
    this.#child = child;
  }
}
