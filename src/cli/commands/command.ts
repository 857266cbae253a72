/** Sends a command to a device or an asset, or takes charge of what stands open there; exit 1 unless it succeeded. */

import { userInfo } from "node:os";
import { CodedError, isCode, toldOf } from "../../kit/errors.ts";
import { formatValue } from "../../kit/text/format-value.ts";
import { endWord, stateWord } from "../../kit/text/state-words.ts";
import type { CommandResult } from "../../model/index.ts";
import { argsOf, socketOf } from "../arguments.ts";
import type { Globals, Terminal } from "../screen/terminal.ts";
import { checkSource } from "../site-names.ts";
import { ask } from "../socket/admin-client.ts";
import { namesOf } from "./devices.ts";

/** Who asks, as far as this side knows: behind sudo stands a person. */
function saysWho(): { readonly says?: string } {
  const user = process.env["SUDO_USER"] ?? named();
  return user !== undefined && /^[a-z_][a-z0-9_.-]{0,31}$/i.test(user) ? { says: user } : {};
}

/** Absent for a user of whom the system knows no name. */
function named(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

export async function command(
  [target, action, words]: readonly [string, string, readonly string[]],
  options: Globals,
  terminal: Terminal,
): Promise<number> {
  const args = argsOf(words, terminal.say);
  const result = await ask(await socketOf(options), { do: "command", target, action, args, ...saysWho() });
  if (terminal.json) terminal.document(result);
  else show(result, terminal);
  return result.state === "succeeded" ? 0 : 1;
}

/** How it ended; the sentence and the next step of one that did not go well. */
function show({ target, action, state, value, code, told, detail }: CommandResult, { say, lang, lines }: Terminal): void {
  const now = value === undefined ? "" : `, ${say("nowIs")} ${formatValue(value, lang)}`;
  lines(`${target} ${action}: ${endWord(state, lang)}${now}${code ? `  ${code}` : ""}`);
  // A gateway of an earlier version says only its code, and the sentence in English.
  const known =
    code !== undefined && isCode(code)
      ? toldOf(new CodedError(code, { target, action, device: target, name: "value" }))
      : undefined;
  const what = told?.what[lang] ?? (lang === "en" ? detail : undefined) ?? known?.what[lang] ?? detail;
  const next = told?.next[lang] ?? known?.next[lang];
  if (what) lines(what);
  if (next) lines(`→ ${next}`);
}

export interface AcknowledgeOptions extends Globals {
  readonly note?: string;
}

/** Acknowledges every open alarm of the target; exit 1 also where there is none. */
export async function acknowledge(name: string, options: AcknowledgeOptions, terminal: Terminal): Promise<number> {
  const socket = await socketOf(options);
  const status = await ask(socket, { do: "status" });
  checkSource(namesOf(status), name);
  const open = status.alarms.filter(({ asset, device }) => (asset ?? device) === name);
  const results: CommandResult[] = [];
  for (const { id, kind } of open) {
    const args = { event: id, ...(options.note !== undefined && { note: options.note }) };
    const result = await ask(socket, { do: "command", target: name, action: "event.acknowledge", args, ...saysWho() });
    results.push(result);
    if (!terminal.json) terminal.line(`${kind}: ${wordOf(result, terminal)}`);
  }
  if (terminal.json) terminal.document(results);
  else if (open.length === 0) terminal.line(`${terminal.say("noAlarmOf")} ${name}`);
  return open.length > 0 && results.every(({ state }) => state === "succeeded") ? 0 : 1;
}

const wordOf = ({ state, told }: CommandResult, { lang }: Terminal): string =>
  state === "succeeded" ? stateWord("acknowledged", lang) : (told?.what[lang] ?? endWord(state, lang));
