/** Arguments go in; the simulated site runs beside the product, as the process that `npm start` starts, and its exit code comes out. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EdgeError } from "../../kit/errors.ts";

export async function simulate(words: readonly string[]): Promise<number> {
  const file = fileURLToPath(new URL("hw-sim/start.js", import.meta.url));
  if (!existsSync(file)) throw new EdgeError("cli.no-simulator", { file });
  const child = spawn(process.execPath, [file, ...words], { stdio: "inherit" });
  // The terminal signals the whole group; a supervisor only us.
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on("SIGTERM", pass).on("SIGINT", () => undefined);
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}
