/** Does what an operator asks of a device or an asset as a whole: takes an alarm in charge, begins or ends a maintenance. */
import { EdgeError, toldOf } from "../../kit/errors.ts";
import type { Args, DeviceInfo, EventDraft, Outcome, Text } from "../../model/index.ts";
import type { Alarms } from "../alarms.ts";
import { clipped } from "../commands/envelope.ts";
import { placeOf } from "../engine/claims.ts";
import type { SiteAsset } from "../kinds/index.ts";
import type { Maintenance } from "./maintenance.ts";
import type { OperatorAction } from "./operator-actions.ts";

/** A note is for people who read it beside the event. */
const NOTE_CHARACTERS = 200;

export interface OperatorHost {
  readonly alarms: Pick<Alarms, "acknowledge">;
  readonly maintenance: Pick<Maintenance, "begin">;
  naming(target: string): Pick<EventDraft, "extra"> & { readonly name: Text };
}

export interface Operated {
  readonly target: string;
  readonly action: OperatorAction;
  readonly args: Args;
  /** Who sent the command. */
  readonly issuer: string;
}

/** Its effects join the commit under way. */
export function operate(host: OperatorHost, { target, action, args, issuer }: Operated, mono: number): Outcome {
  if (action === "asset.maintenance")
    return host.maintenance.begin(target, Number(args["until"]), clipped(issuer), mono)
      ? { state: "succeeded" }
      : failed(new EdgeError("command.maintenance-too-long"));
  const event = String(args["event"]);
  const by = clipped(String(args["by"] ?? issuer));
  const note = args["note"] === undefined ? {} : { note: clipped(String(args["note"]), NOTE_CHARACTERS) };
  const { name, extra } = host.naming(target);
  const text = (kind: string): Text => ({
    it: `${name.it}: ${kind} preso in carico da ${by}`,
    en: `${name.en}: ${kind} acknowledged by ${by}`,
  });
  const isOpen = host.alarms.acknowledge(target, event, { by, text, extra: { ...extra, ...note } }, mono);
  return isOpen ? { state: "succeeded" } : failed(new EdgeError("command.event-not-open", { target, event: clipped(event) }));
}

const failed = (error: EdgeError): Outcome => ({ state: "failed", code: error.code, told: toldOf(error) });

/** What people call a device or an asset, and what its events carry. */
export function namingOf(devices: readonly DeviceInfo[], assets: readonly SiteAsset[]): OperatorHost["naming"] {
  const known = new Map<string, ReturnType<OperatorHost["naming"]>>();
  for (const { id, place } of devices) known.set(id, { name: { it: id, en: id }, ...(place && { extra: { place } }) });
  for (const { asset } of assets) known.set(asset.id, { name: asset.name, extra: placeOf(asset) });
  return (target) => known.get(target) ?? { name: { it: target, en: target } };
}
