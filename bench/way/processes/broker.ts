/** Starts a broker in a process of its own: mosquitto where it is installed, else the embedded one. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { systemProgram } from "../../../hw-sim/system-program.ts";

export interface Broker extends AsyncDisposable {
  readonly name: string;
}

const LISTENING_MS = 10_000;
const EMBEDDED = fileURLToPath(new URL("../hw-sim/broker.js", import.meta.url));

export const brokerUrl = (port: number): string => `mqtt://127.0.0.1:${port}`;

export async function startBroker(port: number, folder: string): Promise<Broker> {
  const installed = systemProgram("mosquitto");
  const child = installed
    ? mosquitto(installed, port, folder)
    : spawn(process.execPath, [EMBEDDED, "--port", String(port)], { stdio: "ignore" });
  const kill = (): void => void child.kill();
  process.once("exit", kill);
  await listening(child, port);
  return {
    name: installed ? "mosquitto" : "aedes",
    async [Symbol.asyncDispose]() {
      process.off("exit", kill);
      const gone = once(child, "exit");
      if (child.kill("SIGTERM")) await gone;
    },
  };
}

function mosquitto(command: string, port: number, folder: string): ChildProcess {
  const file = join(folder, "mosquitto.conf");
  writeFileSync(
    file,
    `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_inflight_messages 100\nmax_queued_messages 0\nlog_type none\n`,
  );
  return spawn(command, ["-c", file], { stdio: "ignore" });
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  for (const latest = performance.now() + LISTENING_MS; performance.now() < latest && child.exitCode === null; await sleep(20)) {
    const socket = connect(port, "127.0.0.1");
    const reached = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (reached) return;
  }
  throw new Error(`no broker on port ${port}`);
}
