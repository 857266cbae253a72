/** Why a command is not carried out, or null where nothing speaks against it (CT-C3, CT-C5). */
import { type Code, EdgeError, type Given, toldOf } from "../../kit/errors.ts";
import type { Args, CommandState, CommandTarget, Now, Origin, Told } from "../../model/index.ts";
import { argumentText } from "./argument-text.ts";
import { clipped, type Envelope } from "./envelope.ts";

/** No command lives longer (CT-C3). */
export const LIFETIME_MAX_MS = 86_400_000;
/** A sender's clock may be ahead by this much. */
const FUTURE_MS = 60_000;

export interface Refusal {
  readonly state: Extract<CommandState, "refused" | "expired" | "unknown">;
  readonly code: string;
  readonly told: Told;
}

export interface Arrival {
  /** This gateway. */
  readonly gateway: string;
  /** Undefined: there is none of this name and action. */
  readonly target: CommandTarget | undefined;
  readonly retained: boolean;
  readonly origin: Origin;
  readonly now: Now;
  /** Wall time before which this database knows no commands; null: it knows all. */
  readonly knowsFrom: number | null;
}

export function refusalOf(command: Envelope, { gateway, target, retained, origin, now, knowsFrom }: Arrival): Refusal | null {
  if (command.gateway !== gateway) return refused("command.wrong-gateway", { gateway: clipped(command.gateway) });
  if (retained) return refused("command.retained");
  if (target === undefined) return unknownTarget(command);
  const wrong = wrongArgument(command.args, target);
  if (wrong !== null)
    return refused("command.out-of-range", { name: clipped(wrong), target: command.target, figures: argumentText(target) });
  if (command.expiresAt - command.issuedAt > LIFETIME_MAX_MS || (now.synced && command.issuedAt > now.wall + FUTURE_MS))
    return refused("command.lifetime");
  if (now.synced && command.expiresAt <= now.wall) return { ...refused("command.expired"), state: "expired" };
  if (!now.synced && !target.safe && origin === "platform") return refused("command.clock-unsynced");
  if (knowsFrom !== null && origin === "platform" && command.issuedAt < knowsFrom)
    return { ...refused("command.history-lost"), state: "unknown" };
  return null;
}

const unknownTarget = ({ target, action }: Envelope): Refusal =>
  refused("command.unknown-target", { target: clipped(target), action: clipped(action) });

export function refused<C extends Code>(code: C, ...given: Given<C>): Refusal {
  const error = new EdgeError(code, ...given);
  return { state: "refused", code: error.code, told: toldOf(error) };
}

/** The name of the first argument that the target does not allow. */
function wrongArgument(args: Args, target: CommandTarget): string | null {
  for (const name of Object.keys(args)) if (!Object.hasOwn(target.args, name)) return name;
  for (const [name, spec] of Object.entries(target.args)) {
    const value = args[name];
    if (value === undefined) {
      if (spec.required) return name;
      continue;
    }
    if (typeof value !== spec.type) return name;
    if (value === 0 && spec.orZero === true) continue;
    if (
      typeof value === "number" &&
      !(value >= (spec.min ?? Number.NEGATIVE_INFINITY) && value <= (spec.max ?? Number.POSITIVE_INFINITY))
    )
      return name;
  }
  return null;
}
