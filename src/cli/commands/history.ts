/** Prints the stored values of a point, oldest first, as they are read; for people, for a spreadsheet or as JSON. */

import { EdgeError } from "../../kit/errors.ts";
import { formatMeasure, formatNumber, formatUnit, formatValue } from "../../kit/text/format-value.ts";
import { pluralise } from "../../kit/text/pluralise.ts";
import type { Text, Value } from "../../model/index.ts";
import { momentOf, now, socketOf } from "../arguments.ts";
import { csvLine } from "../screen/csv.ts";
import { plain } from "../screen/table.ts";
import { type Globals, shownTime, type Terminal } from "../screen/terminal.ts";
import { stream } from "../socket/admin-client.ts";
import type { HistoryRow } from "../socket/admin-protocol.ts";

export interface HistoryOptions extends Globals {
  readonly since: string;
  readonly until?: string;
  readonly csv?: boolean;
}

/** A fortnight of a point need not fit in memory: each row is written as it comes. */
export async function history(point: string, options: HistoryOptions, terminal: Terminal): Promise<number> {
  const { say } = terminal;
  const sinceMs = momentOf(options.since, say);
  const untilMs = options.until === undefined ? Number.POSITIVE_INFINITY : momentOf(options.until, say, "optUntil");
  if (untilMs < sinceMs)
    throw new EdgeError("cli.usage", { reason: `${say("endsBefore")} (--since ${options.since}, --until ${options.until})` });
  const print = writerOf({ point, sinceMs, untilMs }, options, terminal);
  // Not the end of the list: a clock that was corrected may have gone back.
  for await (const { item } of stream(await socketOf(options), { do: "history", point, sinceMs }))
    if (item.wall <= untilMs) print.row(item);
  print.end();
  return 0;
}

interface Wanted {
  readonly point: string;
  readonly sinceMs: number;
  readonly untilMs: number;
}
interface Writer {
  row(item: HistoryRow): void;
  end(): void;
}

function writerOf(wanted: Wanted, { csv }: HistoryOptions, terminal: Terminal): Writer {
  if (terminal.json) return asJson(terminal);
  return csv ? asCsv(terminal) : forPeople(wanted, terminal);
}

/** One array. */
function asJson({ line }: Terminal): Writer {
  let rows = 0;
  return {
    row(item) {
      line(`${rows === 0 ? "[" : ","}${JSON.stringify(item)}`);
      rows += 1;
    },
    end: () => line(rows === 0 ? "[]" : "]"),
  };
}

/** Numbers as the reader's spreadsheet takes them; words as the contract has them, since a formula compares them. */
const cellOf = (value: Value, lang: keyof Text): string =>
  value === null ? "" : typeof value === "number" ? formatNumber(value, lang) : String(value);

function asCsv({ line, lang, say }: Terminal): Writer {
  const record = (cells: readonly string[]) => line(csvLine(cells, lang));
  record((["time", "value", "unit", "quality", "code", "clockColumn"] as const).map((name) => say(name).toLowerCase()));
  return {
    row: ({ wall, value, unit, quality, code, clock }) =>
      record([shownTime(wall), cellOf(value, lang), unit, say(quality), code ?? "", say(clock)]),
    end: () => undefined,
  };
}

const TIME = 19;
const VALUE = 14;

/** A header, a line for each value, and what to look for first: the least and the greatest. */
function forPeople({ point, sinceMs, untilMs }: Wanted, { line, lang, say }: Terminal): Writer {
  let rows = 0;
  let least: HistoryRow | undefined;
  let most: HistoryRow | undefined;
  const shown = (item: HistoryRow) => plain(formatMeasure(item.value, item.unit, lang, item.kind));
  return {
    row(item) {
      if (rows === 0) line(`${say("time").padEnd(TIME)}  ${say("value").padStart(VALUE)}`);
      rows += 1;
      if (item.quality === "good" && typeof item.value === "number") {
        if (least === undefined || item.value < Number(least.value)) least = item;
        if (most === undefined || item.value > Number(most.value)) most = item;
      }
      const doubt = item.quality === "good" ? "" : `${say(item.quality)} ${item.code ?? ""}`.trim();
      const clock = item.clock === "synced" ? "" : say("unsynced");
      const value = `${plain(formatValue(item.value, lang, item.kind)).padStart(VALUE)} ${formatUnit(item.unit)}`;
      line([shownTime(item.wall), value.trimEnd(), doubt, clock].filter(Boolean).join("  "));
    },
    end() {
      const to = Number.isFinite(untilMs) ? untilMs : now();
      if (rows > 0) line("");
      line(`${point}: ${pluralise(rows, say("values"))}, ${say("from")} ${shownTime(sinceMs)} ${say("until")} ${shownTime(to)}`);
      for (const [phrase, item] of [
        ["minimum", least],
        ["maximum", most],
      ] as const)
        if (item) line(`${say(phrase)} ${shown(item)} ${say("at")} ${shownTime(item.wall)}`);
    },
  };
}
