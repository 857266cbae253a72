/** Errors that are kept for long go in; that they keep nothing of where they were made comes out. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { EdgeError } from "../../../src/kit/errors.ts";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

class Port {
  readonly bytes = new Uint8Array(1000);

  plain(): Error {
    return new Error("EIO");
  }

  fail(): EdgeError {
    return new EdgeError("port.lost", { port: "x" });
  }
}

it.each([
  ["an error", (port: Port) => port.fail(), true],
  ["the cause of one", (port: Port) => new EdgeError("port.lost", { port: "x" }, port.plain()), true],
  // What is shown is shown by this: V8 does keep it.
  ["a plain error", (port: Port) => port.plain(), false],
])("%s keeps nothing of where it was made", async (_, make, isFree) => {
  const kept: unknown[] = [];
  const ports = (() => {
    const port = new Port();
    kept.push(make(port));
    return new WeakRef(port);
  })();
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(ports.deref() === undefined).toBe(isFree);
  expect(kept).toHaveLength(1);
});
