/** Reads one device now; exit 1 when a point is bad or nothing came, and then the last values are shown as last. */

import { EdgeError } from "../../kit/errors.ts";
import { formatUnit, formatValue } from "../../kit/text/format-value.ts";
import type { PointStatus } from "../../model/index.ts";
import { socketOf } from "../arguments.ts";
import { type Globals, shownAge, shownQuality, type Terminal } from "../screen/terminal.ts";
import { ask } from "../socket/admin-client.ts";

export async function read(device: string, options: Globals, terminal: Terminal): Promise<number> {
  try {
    const points = await ask(await socketOf(options), { do: "read", device });
    show(points, terminal);
    return points.some(({ quality }) => quality === "bad") ? 1 : 0;
  } catch (error) {
    if (error instanceof EdgeError && Array.isArray(error.context["points"])) show(error.context["points"], terminal);
    throw error;
  }
}

function show(points: readonly PointStatus[], terminal: Terminal): void {
  const { say, lang } = terminal;
  if (terminal.json) terminal.document(points);
  else
    terminal.table(
      ["point", "value", "unit", "quality", "age", "why"],
      points.map((p) => [
        p.point,
        formatValue(p.value, lang, p.kind),
        formatUnit(p.unit),
        shownQuality(p, say),
        shownAge(p.ageMs, say),
        p.code ?? "",
      ]),
    );
}
