/** Notices that whoever started this process is gone without a word, so that a demonstration does not outlive it. */
import { readFileSync } from "node:fs";

const LOOK_EVERY_MS = 500;
/** npm starts a shell, which starts us. */
const UP = 3;

/** `cippo simulate` holds a channel to us; npm does not, so it is found among our ancestors and watched. */
export function whenParentIsGone(gone: () => void): void {
  if (process.channel) {
    process.once("disconnect", gone);
    process.channel.unref();
  }
  const npm = ancestors().find((pid) => /^npm\b/.test(cmdline(pid)));
  if (npm === undefined) return;
  const timer = setInterval(() => {
    if (/^npm\b/.test(cmdline(npm))) return;
    clearInterval(timer);
    gone();
  }, LOOK_EVERY_MS).unref();
}

function ancestors(): readonly number[] {
  const found: number[] = [];
  for (let pid = process.ppid; pid > 1 && found.length < UP; pid = parentOf(pid)) found.push(pid);
  return found;
}

/** Fields of /proc/PID/stat after the name, which may hold anything but ends at the last bracket. */
const parentOf = (pid: number): number => Number(read(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ")[1] ?? 0);

const cmdline = (pid: number): string => read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
