/** The event that tells of a step in a command's life, and the answer to its sender at the end. */
import { CodedError, type EdgeError, isCode, isText, toldOf } from "../../kit/errors.ts";
import { endWord } from "../../kit/text/state-words.ts";
import { hostEvent } from "../../model/host-events.ts";
import type { CommandResult, CommandState, EventDraft, Origin, Outcome, Told } from "../../model/index.ts";
import { clipped, type Envelope } from "./envelope.ts";

export function eventOf(command: Envelope, origin: Origin, state: CommandState, result: CommandResult | undefined): EventDraft {
  const { id, args } = command;
  const [target, action, issuer] = [clipped(command.target), clipped(command.action), clipped(command.issuer)];
  return {
    ...hostEvent(`command.${state}`),
    state: "noted",
    text: { it: `${action} ${target}: ${endWord(state, "it")}`, en: `${action} ${target}: ${state}` },
    extra: {
      command: id,
      target,
      action,
      origin,
      by: issuer,
      ...(state === "executing" && { args }),
      ...(result?.code !== undefined && { code: result.code }),
      ...(result?.value !== undefined && { value: result.value }),
    },
  };
}

/** How a command ended, and why where there is something to say. */
export interface Ending {
  readonly state: CommandState;
  readonly code?: string | undefined;
  readonly told?: Told;
  readonly value?: Outcome["value"];
}

/** `at`: epoch ms of now. */
export function resultOf(
  command: Pick<Envelope, "id" | "target" | "action">,
  { state, code, told, value }: Ending,
  at: number,
): CommandResult {
  const [id, target, action] = [command.id, clipped(command.target), clipped(command.action)];
  const reported =
    told ??
    (code !== undefined && isCode(code)
      ? toldOf(new CodedError(code, { target, action, device: target, name: "value" }))
      : undefined);
  return {
    id,
    target,
    action,
    state,
    ...(code !== undefined && { code }),
    ...(reported !== undefined && { detail: reported.what.en, told: reported }),
    ...(value !== undefined && { value }),
    at,
  };
}

/** As it stands in the event's own fields, which machines read. */
const reasonIn = ({ context: { reason } }: EdgeError): unknown => (isText(reason) ? reason.en : reason);

/** `id` undefined: nobody can be told. */
export function malformed(error: EdgeError, id: string | undefined): EventDraft {
  return {
    ...hostEvent("command.refused"),
    state: "noted",
    text: { it: error.what("it"), en: error.what("en") },
    extra: { code: error.code, reason: reasonIn(error), ...(id !== undefined && { command: id }) },
  };
}
