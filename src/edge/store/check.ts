/** A database in use goes in; what `quick_check` says of it comes out, read by a second process at low priority that delays no commit. */
import { spawn } from "node:child_process";
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
const DAMAGED = /^(SQLITE_CORRUPT|SQLITE_NOTADB)/;

/** Null: sound, or it could not be told (stopped, no memory for a second process). Otherwise what is damaged. */
export function quickCheck(file: string, stop: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["-e", CHECK, sqlitePath(), file], {
      stdio: ["ignore", "pipe", "ignore"],
      signal: stop,
      killSignal: "SIGKILL",
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.on("spawn", () => lower(child.pid));
    child.on("error", () => resolve(null));
    child.on("close", () =>
      resolve(said === "" || said === "ok" || (said.startsWith("SQLITE_") && !DAMAGED.test(said)) ? null : said),
    );
  });
}

function lower(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already.
  }
}
