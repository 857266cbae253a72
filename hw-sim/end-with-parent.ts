/** The process that started this one holds its standard input: when that is gone, `end` is called, so that nothing of a demonstration outlives it. */
import { fstatSync } from "node:fs";

/** A Node parent gives a socket; a terminal, a file or /dev/null hold nothing and are left alone. */
export function endWithParent(end: () => void): void {
  if (!fstatSync(0).isSocket()) return;
  process.stdin.on("end", end).on("error", end).resume();
}
