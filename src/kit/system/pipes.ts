/** Makes sure that a child that was just spawned has its pipes: without a free descriptor it has none. */
import type { ChildProcess } from "node:child_process";

/**
 * When no descriptor is free, spawn returns a child without pipes and emits `error` a turn later (Node, ChildProcess.spawn). Code that uses a
 * pipe first would throw before it listens for that `error`, which would then end the process.
 */
export function withPipes<C extends ChildProcess>(child: C): C {
  const pipe: ChildProcess["stdout"] | undefined = child.stdout;
  if (pipe !== undefined) return child;
  child.once("error", () => undefined);
  throw new Error("no descriptor left for its pipes");
}
