/** The commands that operators give to whatever stands open or is worked on, whichever device or asset it is. */
import type { CommandSpec, CommandTarget } from "../../model/index.ts";

/** Of every device and every asset. It never ends an alarm, so it may come at any time. */
const ACKNOWLEDGE: CommandSpec = {
  args: { event: { type: "string", required: true }, note: { type: "string" }, by: { type: "string" } },
  impact: "low",
  safe: true,
};

/** Of every asset; `until` in epoch ms, so it needs the right time. */
const MAINTENANCE: CommandSpec = { args: { until: { type: "number", required: true } }, impact: "low", safe: false };

/** What these commands are called; no kind of asset has one of the same name. */
export type OperatorAction = "event.acknowledge" | "asset.maintenance";

export const isOperatorAction = (action: string): action is OperatorAction =>
  action === "event.acknowledge" || action === "asset.maintenance";

export function operatorTargets(devices: readonly string[], assets: readonly string[]): CommandTarget[] {
  return [
    ...[...devices, ...assets].map((target) => ({ target, action: "event.acknowledge", ...ACKNOWLEDGE })),
    ...assets.map((target) => ({ target, action: "asset.maintenance", ...MAINTENANCE })),
  ];
}
