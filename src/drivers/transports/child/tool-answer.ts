/** Runs a command that answers and ends, within a time, and returns what it printed. */
import { execFile } from "node:child_process";
import { basename } from "node:path";
import { firstLine } from "../../../kit/text/first-line.ts";
import { verbatim } from "../../../kit/text/reasons.ts";
import type { Text } from "../../../model/index.ts";

/** It ended badly, could not be started, or (`late`) was ended by us. */
export type Refused = Error & {
  readonly code?: unknown;
  readonly signal?: unknown;
  readonly stderr?: string;
  readonly late: boolean;
};

/** Why a command gave no answer, in one line: its own complaint, where it made one. */
export function reasonOf(command: string, { code, signal, stderr = "" }: Refused): Text {
  const tool = basename(command);
  const complaint = firstLine(stderr.replaceAll(command, tool));
  if (complaint !== "") return verbatim(complaint);
  return typeof code === "string"
    ? verbatim(`${tool}: ${code}`)
    : { it: `${tool} è terminato con ${signal ?? code}`, en: `${tool} ended with ${signal ?? code}` };
}

/**
 * Not `execFile`'s own `timeout`: where this process stood still for longer than that, it throws away the answer that lies in the pipe and
 * takes the empty rest for a success, since the command had ended well. Killed hard: told to end, one that hangs does not hear it, and
 * gpiomon 1 ends as if all were well.
 */
export function toolAnswer(command: string, args: readonly string[], withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let late = false;
    const child = execFile(command, [...args], (error, stdout, stderr) => {
      clearTimeout(timer);
      if (error || late) reject(Object.assign(error ?? new Error(`${command} was late`), { stderr, late }));
      else resolve(stdout);
    });
    const overdue = () => {
      late = child.exitCode === null && child.signalCode === null;
      child.kill("SIGKILL");
      // What it has started may hold the pipes open.
      setImmediate(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      });
    };
    const timer = setTimeout(() => setImmediate(overdue), withinMs);
  });
}
