/** Whether the platform has signed what it commands, where an action is of high impact (CT-C4). */
import { asEdgeError, toldOf } from "../../kit/errors.ts";
import type { CommandTarget } from "../../model/index.ts";
import { type Refusal, refused } from "./refusal.ts";

/** Throws `signature.*` where a document is not signed by a key that may sign this action. */
export type CheckSignature = (document: Readonly<Record<string, unknown>>, action: string) => Promise<void>;

/** `check` undefined: no key is trusted here. */
export async function unsigned(
  body: unknown,
  { action, impact }: Pick<CommandTarget, "action" | "impact">,
  check: CheckSignature | undefined,
): Promise<Refusal | null> {
  if (impact !== "high") return null;
  const document = body as Readonly<Record<string, unknown>>;
  if (check === undefined || document["signature"] === undefined) return refused("command.unsigned");
  try {
    await check(document, `commands/${action}`);
    return null;
  } catch (raw) {
    const error = asEdgeError(raw);
    return { state: "refused", code: error.code, told: toldOf(error) };
  }
}
