/** Tells systemd that the gateway is ready, how it is and that it stops, and feeds its watchdog (sd_notify(3)). */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { monotonic } from "../clock.ts";
import type { Log } from "../log.ts";
import { pause } from "../loop/pause.ts";
import type { Watchdog } from "../loop/watchdog.ts";
import { Mutex } from "../mutex.ts";
import { withPipes } from "./pipes.ts";

/** systemd's own tool. It waits until the manager has read the message, which cannot attribute one whose sender is gone. */
const TOOL = "systemd-notify";
const ANSWER_MS = 6000;
/** One line of `systemctl status`; the manager takes more, people do not. */
const STATUS_CHARS = 300;
/** Without a watchdog the status line is told this often. */
const STATUS_MS = 60_000;

type Environment = Record<string, string | undefined>;

export interface ServiceManager extends AsyncDisposable {
  /** Tells that the start is over. */
  ready(status: string): Promise<void>;
  /** Tells that the end has begun. */
  stopping(): Promise<void>;
  /** Until `stop`: tells the status, and feeds the watchdog while no loop is overdue. */
  run(watchdog: Watchdog, status: () => string, stop: AbortSignal): Promise<void>;
}

export interface ServiceManagerOptions {
  readonly log: Log;
  readonly env?: Environment;
  readonly pid?: number;
  readonly tool?: string;
}

/** Does nothing where no manager asks to be told. Removes NOTIFY_SOCKET from `env`, so that no child speaks for us. */
export function serviceManager(options: ServiceManagerOptions): ServiceManager {
  const { log, env = process.env, pid = process.pid, tool = TOOL } = options;
  const socket = env["NOTIFY_SOCKET"];
  const watchdogMs = watchdogPeriodOf(env, pid);
  delete env["NOTIFY_SOCKET"];
  const messenger = socket === undefined ? null : new Messenger(tool, { PATH: env["PATH"], NOTIFY_SOCKET: socket });
  let deaf = false;
  const tell = async (...assignments: readonly string[]): Promise<void> => {
    const failed = (await messenger?.send(assignments)) ?? null;
    if (failed !== null && !deaf) log.error("systemd.notify-failed", { tool, cause: failed });
    deaf = failed !== null;
  };
  return {
    ready: (status) => tell("READY=1", statusOf(status)),
    stopping: () => tell("STOPPING=1", statusOf("stopping")),
    async run(watchdog, status, stop) {
      if (messenger === null) return;
      let withheld = "";
      while (!stop.aborted) {
        const began = monotonic();
        const overdue = watchdog.overdue().join(", ");
        if (overdue !== "" && overdue !== withheld) log.error("systemd.watchdog-withheld", { overdue });
        if (overdue === "" && withheld !== "") log.info("systemd.watchdog-fed-again", { overdue: withheld });
        withheld = overdue;
        if (overdue !== "") await tell(statusOf(`stands still: ${overdue}`));
        else await tell(...(watchdogMs === null ? [] : ["WATCHDOG=1"]), statusOf(status()));
        await pause(Math.max(0, (watchdogMs ?? STATUS_MS) - (monotonic() - began)), stop);
      }
    },
    [Symbol.asyncDispose]: async () => messenger?.close(),
  };
}

/** Half of WATCHDOG_USEC in ms, as sd_watchdog_enabled(3) recommends; null: no watchdog, or not for this process. */
function watchdogPeriodOf(env: Environment, pid: number): number | null {
  const usec = Number(env["WATCHDOG_USEC"]);
  const watched = env["WATCHDOG_PID"];
  if (!(usec > 0) || (watched !== undefined && Number(watched) !== pid)) return null;
  return Math.floor(usec / 2000);
}

const statusOf = (text: string): string => `STATUS=${text.replaceAll(/\s+/g, " ").trim().slice(0, STATUS_CHARS)}`;

/**
 * Node has no AF_UNIX datagram socket, and starting a process out of this large one holds the event loop for tens of milliseconds.
 * So one small shell is started once; each line to it is a message, its parts between tabs, and it answers with the tool's exit code
 * (docs/decisions/0007-the-unit.md has the figures).
 */
const SHELL = 'set -f; IFS="\t"; while read -r message; do "$0" $message; echo $?; done';

class Messenger {
  readonly #tool: string;
  readonly #env: Environment;
  #shell: ChildProcessByStdio<Writable, Readable, null> | null = null;
  readonly #mutex = new Mutex();
  #settle: (failed: Error | null) => void = () => undefined;

  constructor(tool: string, env: Environment) {
    this.#tool = tool;
    this.#env = env;
  }

  /** Never rejects; one message at a time. */
  send(assignments: readonly string[]): Promise<Error | null> {
    return this.#mutex.run(() => this.#send(`${assignments.join("\t")}\n`));
  }

  async close(): Promise<void> {
    await this.#mutex.run(async () => {
      this.#shell?.stdin.end();
      this.#shell = null;
    });
  }

  async #send(message: string): Promise<Error | null> {
    let shell: ChildProcessByStdio<Writable, Readable, null>;
    try {
      shell = this.#shell ??= this.#start();
    } catch (cause) {
      return cause instanceof Error ? cause : new Error(String(cause));
    }
    let timer: NodeJS.Timeout | undefined;
    const failed = await new Promise<Error | null>((resolve) => {
      this.#settle = resolve;
      timer = setTimeout(() => this.#lost(shell, new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
      shell.stdin.write(message);
    });
    clearTimeout(timer);
    return failed;
  }

  #start(): ChildProcessByStdio<Writable, Readable, null> {
    const shell = withPipes(spawn("/bin/sh", ["-c", SHELL, this.#tool], { env: this.#env, stdio: ["pipe", "pipe", "ignore"] }));
    shell.stdout.on("data", (answer) => {
      const code = String(answer).trim();
      this.#settle(code === "0" ? null : new Error(`exit code ${code}`));
    });
    shell.stdin.on("error", (error) => this.#lost(shell, error));
    shell.on("error", (error) => this.#lost(shell, error));
    shell.on("exit", () => this.#lost(shell, new Error("the messenger ended")));
    return shell;
  }

  /** The next message starts another one. */
  #lost(shell: ChildProcessByStdio<Writable, Readable, null>, failed: Error): void {
    if (this.#shell !== shell) return;
    this.#shell = null;
    shell.kill("SIGKILL");
    this.#settle(failed);
  }
}
