/** Ends a program that was started here, with all that it started itself, if this process is killed and cannot. */
import { spawn } from "node:child_process";

/** The guard reads our pipe: if it ends without the agreed word, we are gone. The program leads a process group of its own. */
const SCRIPT = 'read -r word; [ "$word" = over ] || kill -s KILL -- "-$1"';

/** The returned function calls it off: the program has ended. */
export function guardOrphans(pid: number): () => void {
  const watcher = spawn("sh", ["-c", SCRIPT, "sh", String(pid)], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  watcher.on("error", () => undefined);
  watcher.stdin.on("error", () => undefined);
  watcher.unref();
  return () => void watcher.stdin.end("over\n");
}
