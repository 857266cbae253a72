/** Runs the simulated site as a process of its own, as `npm start` does, and ends with its exit code. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EdgeError } from "../../kit/errors.ts";
import type { Terminal } from "../screen/terminal.ts";

/** The language is given to it as every command has found it: by `--lang`, the environment or the configuration. */
export async function simulate(words: readonly string[], { lang }: Terminal): Promise<number> {
  const file = fileURLToPath(new URL("hw-sim/start.js", import.meta.url));
  if (!existsSync(file)) throw new EdgeError("cli.no-simulator", { file });
  // The channel carries nothing: by its end the demonstration learns that this process was killed.
  const child = spawn(process.execPath, [file, ...words, "--lang", lang], { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  child.channel?.unref();
  // The terminal signals the whole group; a supervisor only us.
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on("SIGTERM", pass).on("SIGINT", () => undefined);
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}
