/** What keeps the radio from listening, in the words of the protocol, read from the errors of D-Bus and BlueZ. */
import type { RadioState } from "./ble-protocol.ts";

/** What is missing, in the words of the protocol. */
export class Trouble extends Error {
  readonly state: RadioState;

  constructor(state: RadioState, reason: string) {
    super(reason);
    this.state = state;
  }
}

export const typeOf = (error: unknown): string => String((error as { readonly type?: unknown } | null)?.type ?? "");

/** D-Bus and BlueZ speak by error names; this is the one place that reads them. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Trouble) return error;
  const type = typeOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  if (/ServiceUnknown|NameHasNoOwner|Spawn\./.test(type)) return new Trouble("no-bluez", "bluetoothd does not run");
  if (/AccessDenied|NotAuthorized/.test(type)) return new Trouble("denied", reason);
  if (/UnknownObject|UnknownMethod/.test(type)) return new Trouble("no-adapter", reason);
  return new Trouble("failing", reason);
}
