/** What the service manager told this process goes in; READY, STATUS, WATCHDOG and STOPPING messages go back to it (sd_notify(3)), fed by the pulse of the loops. */
import { execFile } from "node:child_process";
import { monotonic } from "./clock.ts";
import type { Log } from "./log.ts";
import { pause } from "./loop.ts";
import type { Pulse } from "./pulse.ts";

/** Node has no AF_UNIX datagram socket: systemd's own tool sends, which also waits until the manager has read it (docs/decisions/0007-the-unit.md). */
const TOOL = "systemd-notify";
const SEND_MS = 5000;
/** One line of `systemctl status`; the manager takes more, people do not. */
const STATUS_CHARS = 300;
/** Without a watchdog the status line is told this often. */
const STATUS_MS = 60_000;

type Environment = Record<string, string | undefined>;

export interface ServiceManager {
  /** Tells that the start is over. */
  ready(status: string): Promise<void>;
  /** Tells that the end has begun. */
  stopping(): Promise<void>;
  /** Until `stop`: tells the status, and feeds the watchdog while no loop is overdue. */
  run(pulse: Pulse, status: () => string, stop: AbortSignal): Promise<void>;
}

export interface ServiceManagerOptions {
  readonly log: Log;
  readonly env?: Environment;
  readonly pid?: number;
  readonly tool?: string;
}

/** Where nothing has started us that wants to be told, telling does nothing. NOTIFY_SOCKET is taken out of `env`: no child may speak for us. */
export function serviceManager({
  log,
  env = process.env,
  pid = process.pid,
  tool = TOOL,
}: ServiceManagerOptions): ServiceManager {
  const socket = env["NOTIFY_SOCKET"];
  const everyMs = watchdogMs(env, pid);
  delete env["NOTIFY_SOCKET"];
  let deaf = false;
  const tell = async (...assignments: readonly string[]): Promise<void> => {
    if (socket === undefined) return;
    const failed = await send(tool, assignments, { PATH: env["PATH"], NOTIFY_SOCKET: socket });
    if (failed !== null && !deaf) log.error("systemd.notify-failed", { tool, cause: failed });
    deaf = failed !== null;
  };
  return {
    ready: (status) => tell("READY=1", statusOf(status)),
    stopping: () => tell("STOPPING=1", statusOf("stopping")),
    async run(pulse, status, stop) {
      if (socket === undefined) return;
      let withheld = "";
      while (!stop.aborted) {
        const began = monotonic();
        const overdue = pulse.overdue().join(", ");
        if (overdue !== "" && overdue !== withheld) log.error("systemd.watchdog-withheld", { overdue });
        if (overdue === "" && withheld !== "") log.info("systemd.watchdog-fed-again", { overdue: withheld });
        withheld = overdue;
        if (overdue === "") await tell(...(everyMs === null ? [] : ["WATCHDOG=1"]), statusOf(status()));
        else await tell(statusOf(`stands still: ${overdue}`));
        await pause(Math.max(0, (everyMs ?? STATUS_MS) - (monotonic() - began)), stop);
      }
    },
  };
}

/** Half of WATCHDOG_USEC, as sd_watchdog_enabled(3) recommends; null: no watchdog, or not for this process. */
function watchdogMs(env: Environment, pid: number): number | null {
  const usec = Number(env["WATCHDOG_USEC"]);
  const meant = env["WATCHDOG_PID"];
  if (!(usec > 0) || (meant !== undefined && Number(meant) !== pid)) return null;
  return Math.floor(usec / 2000);
}

const statusOf = (text: string): string => `STATUS=${text.replaceAll(/\s+/g, " ").trim().slice(0, STATUS_CHARS)}`;

function send(tool: string, assignments: readonly string[], env: Environment): Promise<Error | null> {
  return new Promise((resolve) => {
    execFile(tool, [...assignments], { env, timeout: SEND_MS, killSignal: "SIGKILL" }, (error) => resolve(error));
  });
}
