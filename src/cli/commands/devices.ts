/** Lists the site's devices with their points, the device types, or everything that can be commanded. */

import { argumentText } from "../../edge/commands/argument-text.ts";
import { isOperatorAction } from "../../edge/operators/operator-actions.ts";
import { formatUnit, formatValue } from "../../kit/text/format-value.ts";
import { wrapped } from "../../kit/text/wrap.ts";
import type { CommandTarget, DeviceStatus, GatewayStatus, PointStatus } from "../../model/index.ts";
import { socketOf } from "../arguments.ts";
import { table } from "../screen/table.ts";
import { besides, type Globals, shownAge, shownProblem, shownQuality, shownWire, type Terminal } from "../screen/terminal.ts";
import { checkDevice } from "../site-names.ts";
import { ask } from "../socket/admin-client.ts";

export interface DevicesOptions extends Globals {
  readonly types?: boolean;
  readonly commands?: boolean;
}

/** Exit 1 when one of those shown is down or has a problem. */
export async function devices(names: readonly string[] = [], options: DevicesOptions, terminal: Terminal): Promise<number> {
  if (options.types) return types(terminal);
  const socket = await socketOf(options);
  if (options.commands) return commands(await ask(socket, { do: "commands" }), terminal);
  const picture = await ask(socket, { do: "status" });
  for (const name of names) checkDevice(namesOf(picture), name);
  const shown = picture.devices.filter(({ id }) => names.length === 0 || names.includes(id));
  if (terminal.json) terminal.document(shown);
  else if (shown.length === 0) terminal.line(terminal.say("none"));
  else for (const device of shown) show(device, terminal);
  return shown.every(({ state }) => state === "up" || state === "starting") ? 0 : 1;
}

export const namesOf = ({ devices, assets }: GatewayStatus) => ({
  devices: new Map(devices.map(({ id, points }) => [id, points.map(({ point }) => point)])),
  assets: new Map(assets.map(({ asset, state }) => [asset, Object.keys(state)])),
});

const INSET = "    ";

/** One line of its own, what is wrong with it, and its points below. */
function show(device: DeviceStatus, terminal: Terminal): void {
  const { say, line, columns } = terminal;
  const { id, type, bus, state, ageMs, wire, problem, points } = device;
  const width = (columns ?? Number.POSITIVE_INFINITY) - INSET.length;
  const where = bus === undefined ? type : `${type} (${bus})`;
  for (const text of wrapped(
    [id, where, say(state), shownAge(ageMs, say), shownWire(wire, say)].filter(Boolean).join("  "),
    width,
  ))
    line(text);
  const why = besides(shownProblem(problem, terminal), "devices");
  if (why !== "") for (const text of wrapped(why, width)) line(`${INSET}${text}`);
  if (points.length === 0) return;
  const rows = points.map((point) => rowOf(point, terminal));
  // Without its headings: they would be said again for each device.
  for (const text of table(["", "", "", "", ""], rows, width).slice(1)) line(`${INSET}${text}`);
}

function rowOf(point: PointStatus, { say, lang }: Terminal): readonly string[] {
  const { quality, code, last, unit, kind, value, ageMs } = point;
  const doubt = quality === "good" && !last ? "" : `${shownQuality(point, say)} ${code ?? ""}`.trim();
  return [point.point, formatValue(value, lang, kind), formatUnit(unit), shownAge(ageMs, say), doubt];
}

async function types(terminal: Terminal): Promise<number> {
  const { deviceTypes, loadDriver } = await import("../../drivers/index.ts");
  const drivers = await Promise.all(Object.keys(deviceTypes).map((type) => loadDriver(type)));
  if (terminal.json) terminal.document(drivers.map(({ type, wire, title }) => ({ type, wire, title })));
  else
    terminal.table(
      ["type", "wire", "title"],
      drivers.map(({ type, wire, title }) => [type, wire, title[terminal.lang]]),
    );
  return 0;
}

const IMPACT = { low: "lowImpact", high: "highImpact" } as const;

function commands(targets: readonly CommandTarget[], terminal: Terminal): number {
  if (terminal.json) terminal.document(targets);
  else {
    // What every device or asset can be told is one line, not one for each of them.
    const ofAll = new Map(targets.filter(({ action }) => isOperatorAction(action)).map((one) => [one.action, one]));
    const row = (target: string, t: CommandTarget) => [
      target,
      t.action,
      terminal.say(IMPACT[t.impact]),
      argumentText(t)[terminal.lang],
    ];
    terminal.table(
      ["target", "action", "impact", "args"],
      [
        ...targets.filter(({ action }) => !isOperatorAction(action)).map((t) => row(t.target, t)),
        ...[...ofAll].map(([action, t]) => row(terminal.say(action === "event.acknowledge" ? "eachOne" : "eachAsset"), t)),
      ],
    );
  }
  return 0;
}
