/** How errors count, and that kept ones hold no reference to where they were made. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { codes } from "../../../src/kit/codes.ts";
import { EdgeError } from "../../../src/kit/errors.ts";
import { systemReason } from "../../../src/kit/text/reasons.ts";

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

it.each([
  [1, "Configuration refused: 1 problem in a.yaml", "Configurazione rifiutata: 1 problema in a.yaml"],
  [2, "Configuration refused: 2 problems in a.yaml", "Configurazione rifiutata: 2 problemi in a.yaml"],
])("%i of what went wrong has its noun", (count, en, italian) => {
  const error = new EdgeError("config.invalid", { count, file: "a.yaml" });
  expect([error.what("en"), error.what("it")]).toEqual([en, italian]);
});

it("a reason of several lines, as commands and libraries give them, is one line of the sentence, and not a page of it", () => {
  const given = `Command failed: x --version\n\n  first: no such thing  \r\nsecond\n${"third ".repeat(2000)}`;
  const error = new EdgeError("gpio.unavailable", { reason: given });
  expect([error.what("en"), error.what("it")]).toEqual([
    "No GPIO access: first: no such thing",
    "Nessun accesso GPIO: first: no such thing",
  ]);
  expect(new EdgeError("internal", { message: "x".repeat(5000) }).what("en").length).toBeLessThan(600);
});

it("what a code's sentences need is checked where it is thrown", () => {
  // @ts-expect-error: its sentence names a bus too.
  const lacking = new EdgeError("bus.timeout", { device: "meter" });
  expect(lacking.what("en")).toBe("No answer from meter on bus ?");
  // @ts-expect-error: a code with placeholders needs a context.
  expect(new EdgeError("port.missing").what("en")).toBe("Port ? does not exist");
  // What is said beside them is free.
  expect(new EdgeError("port.missing", { port: "/dev/ttyUSB0", tried: 3 }).what("en")).toBe("Port /dev/ttyUSB0 does not exist");
});

it("what may be missing leaves nothing behind", () => {
  const hints = [{}, { command: "status " }].map((more) => new EdgeError("cli.usage", { reason: "x", ...more }).hint("en"));
  expect(hints).toEqual(["`cippo --help`.", "`cippo status --help`."]);
});

it("more can be known of an error on its way up", () => {
  const cause = new Error("EIO");
  const error = new EdgeError("store.corrupt", { file: "" }, cause).with({ file: "cippo.sqlite" });
  expect([error.what("en"), error.cause]).toEqual(["Database cippo.sqlite was damaged and is in quarantine", cause]);
});

it.each(Object.entries(codes))("%s says in Italian what it says in English", (_, { what, hint }) => {
  const names = (text: string) => [...new Set([...text.matchAll(/\{(\w+)/g)].map(([, name]) => name))].sort();
  expect(names(what.it + hint.it)).toEqual(names(what.en + hint.en));
});

it("a phrase fills a place in the reader's language; the log has the English", () => {
  const error = new EdgeError("bus.unreachable", { bus: "hall", reason: { it: "connessione chiusa", en: "connection closed" } });
  expect(error.what("it")).toBe("Bus hall non raggiungibile: connessione chiusa");
  expect(error.message).toBe("bus.unreachable Bus hall cannot be reached: connection closed");
});

it.each([
  [Object.assign(new Error("ENOENT: no such file or directory, open '/x'"), { code: "ENOENT" }), "ENOENT (non esiste)"],
  [Object.assign(new Error("odd"), { code: "ERR_OSSL_PEM" }), "ERR_OSSL_PEM"],
  [new Error("odd\nand more"), "odd"],
  ["EADDRINUSE", "EADDRINUSE (già in uso)"],
])("why the system refused something: %s", (error, expected) => expect(systemReason(error).it).toBe(expected));
