/** A process of the demonstration that ends by itself says so, with its last lines, in the reader's language. */
import { expect, it } from "vitest";
import { Told } from "../../../../../hw-sim/start/failure.ts";
import { Child } from "../../../../../hw-sim/start/processes/child.ts";

it("names what it ended with", async () => {
  await using child = new Child({
    name: "site",
    command: process.execPath,
    args: ["-e", 'console.error("ttyUSB0"); process.exitCode = 3'],
    isReady: () => false,
  });
  const failed = await child.ready.catch((error: unknown) => error);
  if (!(failed instanceof Told)) throw failed;
  expect(failed.text).toEqual({ it: "site è terminato con 3\n  site: ttyUSB0", en: "site ended with 3\n  site: ttyUSB0" });
});
