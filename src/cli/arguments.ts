/** Reads words of the command line: the socket to ask, moments and command arguments, or an error of usage. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { systemClock } from "../kit/clock.ts";
import { EdgeError } from "../kit/errors.ts";
import { duration } from "../kit/text/quantities.ts";
import type { Args } from "../model/index.ts";
import type { Globals } from "./screen/terminal.ts";
import type { Phrase, Say } from "./screen/texts.ts";

const DEFAULT_CONFIG = "/etc/cippo/gateway.yaml";

/** The file that was named, or the default where it is there. */
export function configIn(file: string | undefined, say: Say): string {
  if (file === undefined && !existsSync(DEFAULT_CONFIG))
    throw new EdgeError("cli.usage", { reason: `${say("nameTheFile")} ${DEFAULT_CONFIG}` });
  return file ?? DEFAULT_CONFIG;
}

/** systemd names the folder it made for the service; a technician's shell does not know it. */
export const defaultSocket = (): string => `${process.env["RUNTIME_DIRECTORY"] ?? "/run/cippo"}/cippo.sock`;

/** --socket, then CIPPO_SOCKET, then what the configuration says, then the default. */
export async function socketOf({ socket, config }: Globals): Promise<string> {
  const given = socket ?? process.env["CIPPO_SOCKET"];
  if (given) return resolve(given);
  if (config === undefined) return defaultSocket();
  const { glance } = await import("../config/index.ts");
  return (await glance(config)).socket ?? defaultSocket();
}

export const now = (): number => systemClock("assumed").now().wall;

/** A day, or a time of it as it is shown here or in ISO 8601; without a zone it is this machine's. */
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?))?$/;

/** `2h` ago, or a date; epoch ms. */
export function momentOf(text: string, say: Say, expected: Phrase = "optSince"): number {
  const ago = duration().safeParse(text);
  // Before 1970 nothing was stored.
  if (ago.success) return Math.max(0, now() - ago.data);
  const [, day = "", time = "00:00"] = ISO.exec(text) ?? [];
  const at = Date.parse(`${day}T${time}`);
  // The 31st of February would be the 3rd of March.
  if (Number.isNaN(at) || new Date(`${day}T00:00Z`).toISOString().slice(0, day.length) !== day)
    throw new EdgeError("cli.usage", {
      reason: `${say("badValue")}: ${text} (${say(expected)}, ${say("dateForm")})`,
      ...nearMoment(text),
    });
  if (expected === "optSince" && at > now())
    throw new EdgeError("cli.usage", { reason: `${say("beginsLater")} (--since ${text})` });
  return Math.max(0, at);
}

/** `5m` could be minutes or months: minutes are written `min`. */
const nearMoment = (text: string) => (/^\d+m$/.test(text) ? { near: `${text}in` } : {});

/** `until=+2h` is a moment two hours ahead; true, vero, false, falso and numbers (1.5 or 1,5) are what they look like; all else is text. */
export function argsOf(words: readonly string[], say: Say): Args {
  const args = new Map<string, string | number | boolean>();
  for (const word of words) {
    const at = word.indexOf("=");
    // An argument that is given twice is ambiguous.
    if (at < 1 || args.has(word.slice(0, at)))
      throw new EdgeError("cli.usage", { reason: `${say("notKeyValue")} ${JSON.stringify(word)}` });
    args.set(word.slice(0, at), argument(word.slice(at + 1)));
  }
  return Object.fromEntries(args);
}

const TRUTH: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["vero", true],
  ["false", false],
  ["falso", false],
]);

function argument(text: string): string | number | boolean {
  const known = TRUTH.get(text);
  if (known !== undefined) return known;
  const ahead = text.startsWith("+") ? duration().safeParse(text.slice(1)) : undefined;
  if (ahead?.success) return now() + ahead.data;
  return /^-?\d+([.,]\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text.replace(",", ".")) : text;
}
