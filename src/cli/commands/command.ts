/** A target, an action and arguments go in; how the command ended comes out. Exit 1 unless it succeeded. */
import { userInfo } from "node:os";
import { codes } from "../../kit/codes.ts";
import { isCode } from "../../kit/errors.ts";
import { argsOf, socketOf } from "../asked.ts";
import { ask } from "../client.ts";
import { type Globals, shownValue, type Terminal } from "../terminal.ts";

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
  else {
    const value = result.value === undefined ? "" : ` = ${shownValue(result.value, terminal.lang)}`;
    terminal.line(`${target} ${action}: ${result.state}${value}${result.code ? `  ${result.code}` : ""}`);
    if (result.detail) terminal.line(result.detail);
    if (result.code && isCode(result.code)) terminal.line(`→ ${codes[result.code].hint[terminal.lang]}`);
  }
  return result.state === "succeeded" ? 0 : 1;
}
