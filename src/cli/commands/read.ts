/** The name of a device goes in; its points, read at this moment, come out. Exit 1 when one of them is bad. */
import { socketOf } from "../asked.ts";
import { ask } from "../client.ts";
import { type Globals, shownAge, shownValue, type Terminal } from "../terminal.ts";

export async function read(device: string, options: Globals, terminal: Terminal): Promise<number> {
  const points = await ask(await socketOf(options), { do: "read", device });
  const { say } = terminal;
  if (terminal.json) terminal.document(points);
  else
    terminal.table(
      ["point", "value", "unit", "quality", "age", "why"],
      points.map((p) => [p.point, shownValue(p.value), p.unit, say(p.quality), shownAge(p.ageMs, say), p.code ?? ""]),
    );
  return points.some(({ quality }) => quality === "bad") ? 1 : 0;
}
