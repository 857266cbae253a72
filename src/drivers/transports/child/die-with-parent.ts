/** The command that starts a helper so that it does not outlive us. */
import { existsSync } from "node:fs";

/** Asks the kernel to end a child with its parent, even when that is killed (util-linux, prctl PR_SET_PDEATHSIG). */
const SETPRIV = "/usr/bin/setpriv";

/**
 * An orphan would hold its line, or go on scanning. Where systemd started us it ends whatever is left of us, and setpriv, which always
 * calls capset(2), is not allowed in our sandbox (docs/decisions/0007-the-unit.md).
 */
export function dieWithParent(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): readonly [command: string, args: string[]] {
  const byItself = env["SYSTEMD_EXEC_PID"] === String(process.pid);
  return byItself || !existsSync(SETPRIV) ? [command, [...args]] : [SETPRIV, ["--pdeathsig", "KILL", "--", command, ...args]];
}
