/** Which events go first where there is no room for all, and which ones never go. */

/** 0: the first to go. 1: goes after the readings. 2: never goes, because it explains a loss or the time (contract, Time and Loss ledger). */
export type Worth = 0 | 1 | 2;

/** Commands of which nothing was done: whoever sends them decides how many there are, so they may push nothing else out. */
export const STATES_WITHOUT_EFFECT: readonly string[] = ["refused", "expired"];
export const isWithoutEffect = (state: string): boolean => STATES_WITHOUT_EFFECT.includes(state);

export function worthOf(kind: string): Worth {
  if (kind.startsWith("command.") && isWithoutEffect(kind.slice("command.".length))) return 0;
  return kind === "ledger.gap" || kind === "epoch.opened" || kind.startsWith("clock.") ? 2 : 1;
}
