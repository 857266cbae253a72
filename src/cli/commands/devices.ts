/** Nothing goes in; the site's devices, the types that exist, or everything that can be commanded comes out. */
import type { CommandTarget } from "../../model.ts";
import { socketOf } from "../asked.ts";
import { ask } from "../client.ts";
import { type Globals, shownAge, shownProblem, shownValue, shownWire, type Terminal } from "../terminal.ts";

export interface DevicesOptions extends Globals {
  readonly types?: boolean;
  readonly commands?: boolean;
}

export async function devices(options: DevicesOptions, terminal: Terminal): Promise<number> {
  if (options.types) return types(terminal);
  const socket = await socketOf(options);
  if (options.commands) return commands(await ask(socket, { do: "commands" }), terminal);
  const { devices } = await ask(socket, { do: "status" });
  if (terminal.json) terminal.document(devices);
  else {
    const { say } = terminal;
    const rows = devices.flatMap((d) => [
      [
        d.id,
        d.type,
        d.bus ?? "",
        say(d.state),
        "",
        "",
        "",
        shownAge(d.ageMs, say),
        shownWire(d.wire, say),
        shownProblem(d.problem, terminal),
      ],
      ...d.points.map((p) => [
        "",
        "",
        "",
        p.last ? say("last") : "",
        p.point,
        shownValue(p.value),
        p.unit,
        shownAge(p.ageMs, say),
        "",
        p.code ?? "",
      ]),
    ]);
    terminal.table(["device", "type", "bus", "state", "point", "value", "unit", "age", "wire", "why"], rows);
  }
  return devices.some(({ state }) => state === "down") ? 1 : 0;
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

function commands(targets: readonly CommandTarget[], terminal: Terminal): number {
  if (terminal.json) terminal.document(targets);
  else
    terminal.table(
      ["target", "action", "args", "impact"],
      targets.map((t) => [t.target, t.action, argsText(t, terminal), t.impact]),
    );
  return 0;
}

function argsText({ args, limits }: CommandTarget, { say }: Terminal): string {
  const shown = Object.entries(args).map(([name, { type, required, min = limits?.min, max = limits?.max }]) => {
    const range = min === undefined && max === undefined ? "" : ` ${min ?? ""}..${max ?? ""}`;
    return `${name}=<${type}${range}>${required ? ` (${say("required")})` : ""}`;
  });
  return shown.join(" ");
}
