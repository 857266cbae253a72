/** Ends this process when the one that started it is gone. */
import { fstatSync } from "node:fs";

/** A Node parent gives a socket; a terminal, a file or /dev/null hold nothing and are left alone. */
export function endWithParent(end: () => void): void {
  if (!fstatSync(0).isSocket()) return;
  process.stdin.on("end", end).on("error", end).resume();
}
