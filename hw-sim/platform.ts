/** The city's reference platform as a process, written to be read by integrators. */
import { parseArgs } from "node:util";
import * as z from "zod";
import { monotonic, systemClock } from "../src/kit/clock.ts";
import { jsonLog } from "../src/kit/log.ts";
import { optionValue, parseOrExit } from "./command-line.ts";
import { endWithParent } from "./end-with-parent.ts";
import { openPlatform } from "./platform/open.ts";

const HELP = `node dist/hw-sim/platform.js --broker URL --db FILE
  --prefix cippo/v1     topic root
  --ack-after 5s        acknowledge this long after the first record that is not yet acknowledged (or at 500)
  --keys FOLDER         sign lists and hash their numbers with the keys of this folder (docs/lists.md)
  --confirm ASSET       confirm the permit of this bay whenever it becomes occupied (repeatable)
  --confirm-early ASSET confirm it while the bay is free, before a vehicle comes (repeatable)
  --set TARGET=VALUE    set this writable point once, when its gateway is first online (repeatable)
`;

const needed = z.string({ error: "is needed" });
const seconds = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s)$/, { error: "expected a time such as 5s or 500ms" })
  .transform((text) => Number.parseFloat(text) * (text.endsWith("ms") ? 1 : 1000));
const pair = z
  .string()
  .regex(/^[^=]+=(true|false|-?\d+(\.\d+)?)$/, { error: "expected TARGET=VALUE, a value being true, false or a number" })
  .transform((text): [string, boolean | number] => [
    text.slice(0, text.indexOf("=")),
    JSON.parse(text.slice(text.indexOf("=") + 1)),
  ]);

const values = parseOrExit(HELP, () => {
  const { values } = parseArgs({
    options: {
      broker: { type: "string" },
      db: { type: "string" },
      prefix: { type: "string", default: "cippo/v1" },
      "ack-after": { type: "string", default: "5s" },
      keys: { type: "string" },
      confirm: { type: "string", multiple: true, default: [] },
      "confirm-early": { type: "string", multiple: true, default: [] },
      set: { type: "string", multiple: true, default: [] },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  return {
    prefix: values.prefix,
    keys: values.keys,
    confirm: values.confirm,
    confirmEarly: values["confirm-early"],
    broker: optionValue("broker", needed, values.broker),
    db: optionValue("db", needed, values.db),
    ackAfterMs: optionValue("ack-after", seconds, values["ack-after"]),
    set: values.set.map((word) => optionValue("set", pair, word)),
  };
});
if (values === null) {
  process.stdout.write(HELP);
  process.exit(0);
}

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
endWithParent(() => stop.abort());

const platform = await openPlatform({
  broker: values.broker,
  file: values.db,
  prefix: values.prefix,
  ackAfterMs: values.ackAfterMs,
  ...(values.keys !== undefined && { keys: values.keys }),
  confirm: values.confirm,
  confirmEarly: values.confirmEarly,
  set: values.set,
  mono: monotonic,
  wall: () => systemClock("assumed").now().wall,
  log: jsonLog("info"),
  stop: () => stop.abort(),
});
process.stdout.write(`${JSON.stringify({ ready: true, control: platform.control })}\n`);
if (!stop.signal.aborted) await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
await platform[Symbol.asyncDispose]();
process.exit(0);
