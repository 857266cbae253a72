/** Makes sure that a child that was just spawned has its pipes: without a free descriptor it has none. */
import type { ChildProcess } from "node:child_process";

/**
 * Without a descriptor left spawn gives a child that has no pipes, and says why by `error` alone, a turn later (Node, ChildProcess.spawn).
 * Whoever reached for a pipe first would throw before listening, and the unheard `error` would end the process.
 */
export function withPipes<C extends ChildProcess>(child: C): C {
  const pipe: ChildProcess["stdout"] | undefined = child.stdout;
  if (pipe !== undefined) return child;
  child.once("error", () => undefined);
  throw new Error("no descriptor left for its pipes");
}
