/** Has the product check somebody's own configuration file, and puts this run's socket, database and broker into it. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import * as z from "zod";
import { loadDriver } from "../../src/drivers/index.ts";
import { CodedError, EdgeError, isCode } from "../../src/kit/errors.ts";
import type { Text } from "../../src/model/index.ts";
import { problem } from "./failure.ts";
import { program } from "./processes/program.ts";
import type { Places, Site } from "./site-config.ts";

const MAX_OUTPUT = 1 << 24;
const verdict = z.looseObject({ errors: z.number(), problems: z.array(problem) });
const refusal = z.looseObject({ error: z.looseObject({ code: z.string(), context: z.record(z.string(), z.unknown()) }) });

/** Throws what `cippo config check` finds, in `lang`: `config.invalid` with all `problems`, or `config.unreadable`. */
export async function checkOwn(file: string, lang: keyof Text, stop: AbortSignal): Promise<void> {
  const words = [program("../cippo.js"), "config", "check", "--json", "--lang", lang, file];
  const [failed, out, err] = await new Promise<readonly [boolean, string, string]>((resolve) => {
    execFile(process.execPath, words, { maxBuffer: MAX_OUTPUT, signal: stop }, (error, stdout, stderr) =>
      resolve([error !== null, stdout, stderr]),
    );
  });
  stop.throwIfAborted();
  if (!failed) return;
  const checked = verdict.safeParse(parsed(out)).data;
  if (checked) throw new EdgeError("config.invalid", { file, count: checked.errors, problems: checked.problems });
  const refused = refusal.safeParse(parsed(err)).data?.error;
  if (refused && isCode(refused.code)) throw new CodedError(refused.code, refused.context);
  throw new Error(`cippo config check ${file}: ${err || out}`);
}

const written = z.looseObject({
  gateway: z.looseObject({ id: z.string() }),
  devices: z.record(z.string(), z.looseObject({ type: z.string(), bus: z.string().default("") })).default({}),
});

/** A try-out must not touch what an installed service uses. The file has been checked before. */
export async function borrowed(file: string, { socket, store, broker }: Places) {
  const document = parseDocument(await readFile(file, "utf8"));
  document.setIn(["gateway", "socket"], socket);
  document.setIn(["store", "file"], store);
  document.setIn(["sync", "broker"], broker);
  const { gateway, devices } = written.parse(document.toJS());
  const known = await Promise.all(
    Object.entries(devices).map(async ([device, spec]) =>
      (await loadDriver(spec.type).then(
        () => true,
        () => false,
      ))
        ? [[device, spec] as const]
        : [],
    ),
  );
  const site: Site = { buses: {}, devices: Object.fromEntries(known.flat()), assets: {} };
  return { text: String(document), id: gateway.id, site };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
