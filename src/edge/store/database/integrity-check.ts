/** Runs `quick_check` on a database in use, in a second process at low priority that delays no commit. */
import { type ChildProcess, spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { sqlitePath } from "./sqlite.ts";

/** On the writer's connection the check blocked a commit for 0.8 s, in a process of its own at low priority for at most 39 ms (measured). */
const CHECK = `
const [path, file] = process.argv.slice(1);
const db = new (require(path).Database)(file, require(path).OPEN_READONLY);
db.all("PRAGMA quick_check(1)", (error, rows) => {
  process.stdout.write(error ? String(error.code) : String(rows[0].quick_check));
  db.close();
});`;
/** Where its priority cannot be lowered it runs for a fifth of the time. */
const RUN_MS = 20;
const REST_MS = 80;
const DAMAGED = /^(SQLITE_CORRUPT|SQLITE_NOTADB)/;

/** Null: sound, or it could not be told (stopped, no memory for a second process). Otherwise what is damaged. */
export function quickCheck(file: string, stop: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["-e", CHECK, sqlitePath(), file], {
      stdio: ["ignore", "pipe", "ignore"],
      signal: stop,
      killSignal: "SIGKILL",
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.on("spawn", () => {
      if (!lower(child.pid)) pace(child);
    });
    child.on("error", () => resolve(null));
    child.on("close", () =>
      resolve(output === "" || output === "ok" || (output.startsWith("SQLITE_") && !DAMAGED.test(output)) ? null : output),
    );
  });
}

/** False: not allowed. The unit's filter has no `setpriority`, which belongs to the calls that take resources away from others. */
function lower(pid: number | undefined): boolean {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
    return true;
  } catch (error) {
    const { code } = (error as { readonly info?: { readonly code?: string } }).info ?? {};
    return code === "ESRCH";
  }
}

/**
 * Halts it for most of the time, which bounds what it takes of the processor and of the card alike. Halted it holds a place in the WAL, no lock
 * that a commit would wait for. It ends with the service: systemd kills what is left of one, halted or not.
 */
function pace(child: ChildProcess): void {
  let halted = false;
  let timer: NodeJS.Timeout;
  const alternate = () => {
    halted = !halted;
    child.kill(halted ? "SIGSTOP" : "SIGCONT");
    timer = setTimeout(alternate, halted ? REST_MS : RUN_MS);
  };
  timer = setTimeout(alternate, RUN_MS);
  child.once("exit", () => clearTimeout(timer));
}
