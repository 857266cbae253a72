/** A listener that throws takes nothing from the others, and one that left hears nothing. */
import { expect, it } from "vitest";
import { EdgeError } from "../../../../src/kit/errors.ts";
import { type Fields, noLog } from "../../../../src/kit/log.ts";
import { Listeners } from "../../../../src/kit/loop/listeners.ts";

it("tells all of them in their order, names in the log the one that throws, and lets them go", () => {
  const logged: (readonly [string, Fields | undefined])[] = [];
  const listeners = new Listeners<number>("numbers", { ...noLog, error: (event, fields) => void logged.push([event, fields]) });
  const heard: string[] = [];
  listeners.add((n) => heard.push(`first ${n}`));
  const leave = listeners.add(() => {
    throw new EdgeError("store.full", { file: "x" });
  });
  listeners.add((n) => heard.push(`last ${n}`));
  listeners.tell(1);
  leave();
  listeners.tell(2);
  expect(heard).toEqual(["first 1", "last 1", "first 2", "last 2"]);
  expect(logged).toEqual([["listener.failed", expect.objectContaining({ listener: "numbers", code: "store.full", file: "x" })]]);
});
