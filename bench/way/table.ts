/** Prints figures as rows: each beside the limit that the same run measured, their ratio, and the target. */
import type { Backlog, Commits, Paced } from "./measures.ts";
import type { Footprint } from "./product.ts";

export interface Row {
  readonly what: string;
  readonly figure: number | null;
  readonly unit: string;
  /** What the same run measured without Cippo. */
  readonly limit?: { readonly name: string; readonly figure: number | null };
  /** `times`: of the limit. */
  readonly target?: { readonly atMost?: number; readonly atLeast?: number; readonly times?: number };
}

export interface Results {
  readonly footprint: {
    readonly bareStartMs: number;
    readonly startMs: number;
    readonly bare: Footprint;
    readonly idle: Footprint;
    readonly polled: Footprint;
    readonly polledBare: Footprint;
  };
  readonly commits: Readonly<Record<string, Commits>>;
  readonly ready: Readonly<Record<"single" | "joined", { readonly cpuUs: number; readonly perSecond: number }>>;
  readonly backlog: Backlog;
  readonly paced: readonly Paced[];
}

export function rowsOf({ footprint, commits, ready, backlog, paced }: Results): readonly Row[] {
  const node = { name: "bare Node", figure: footprint.bare.rssMB };
  return [
    {
      what: "start, CPU until ready",
      figure: footprint.startMs,
      unit: "ms",
      limit: { name: "bare Node", figure: footprint.bareStartMs },
      target: { atMost: 300 },
    },
    { what: "memory, idle, no devices", figure: footprint.idle.rssMB, unit: "MB RSS", limit: node, target: { atMost: 60 } },
    { what: "memory, 40 devices at 10 s", figure: footprint.polled.rssMB, unit: "MB RSS", limit: node },
    ...deviceRows(footprint),
    ...Object.entries(commits).flatMap(([size, cost]) => commitRows(size, cost)),
    ...backlogRows(backlog, ready, footprint.idle),
    ...paced.flatMap(({ name, deviceKB, dirtiedKB, gigabytesADay }): Row[] => [
      {
        what: `paced at 1 s: ${name}`,
        figure: deviceKB ?? dirtiedKB,
        unit: deviceKB === null ? "KB a commit (dirtied)" : "KB a commit",
        ...(name.includes("fsync") ? {} : { target: { atMost: 9.2 } }),
      },
      {
        what: `  a day: ${name}`,
        figure: gigabytesADay,
        unit: "GB",
        ...(name.includes("fsync") ? {} : { target: { atMost: 0.8 } }),
      },
    ]),
  ];
}

export const deviceRows = ({ polled, polledBare }: Pick<Results["footprint"], "polled" | "polledBare">): readonly Row[] => [
  {
    what: "CPU, 40 devices at 10 s",
    figure: polled.cpuPercent,
    unit: "%",
    limit: { name: "bare modbus-serial, the same polling", figure: polledBare.cpuPercent },
    target: { times: 1.5 },
  },
];

function commitRows(size: string, { way, append, insert, bodyBytes, wireBytes }: Commits): readonly Row[] {
  const at = `${size} a commit`;
  return [
    {
      what: `CPU decoded → acknowledged, ${at}`,
      figure: way.cpuUs,
      unit: "µs a reading",
      limit: { name: "one raw packed INSERT", figure: insert.cpuUs },
      ...(size === "100" && { target: { atMost: 12 } }),
    },
    {
      what: `  write, ${at}`,
      figure: way.device ?? way.dirtied,
      unit: way.device === null ? "B a reading (dirtied)" : "B a reading",
      limit: { name: "append + fdatasync", figure: append.device ?? append.dirtied },
      ...(size === "100" && { target: { atMost: 100 } }),
    },
    { what: `  raw INSERT writes, ${at}`, figure: insert.device ?? insert.dirtied, unit: "B a reading" },
    { what: `  append + fdatasync, CPU, ${at}`, figure: append.cpuUs, unit: "µs a reading" },
    {
      what: `  on the wire, ${size} a message`,
      figure: wireBytes,
      unit: "B a reading",
      limit: { name: "body alone", figure: bodyBytes },
      ...(size === "100" && { target: { atMost: 10 } }),
    },
  ];
}

function backlogRows(
  { readings, before, withBacklog, product, drain }: Backlog,
  ready: Results["ready"],
  idle: Footprint,
): readonly Row[] {
  const of = `${readings.toLocaleString("en")} readings`;
  return [
    {
      what: `drain of ${of}, in order, acknowledged`,
      figure: drain.perSecond,
      unit: "readings/s",
      limit: { name: "mqtt.js, ready bytes", figure: ready.joined.perSecond },
      target: { atLeast: 100_000 },
    },
    {
      what: "  CPU of it",
      figure: drain.cpuUs,
      unit: "µs a reading",
      limit: { name: "mqtt.js, ready bytes", figure: ready.joined.cpuUs },
    },
    { what: "  mqtt.js alone, 100 readings a message", figure: ready.single.cpuUs, unit: "µs a reading" },
    { what: "  on the wire, joined", figure: drain.bytesPerReading, unit: "B a reading" },
    { what: "memory after the drain", figure: drain.rssMB, unit: "MB RSS" },
    {
      what: `memory with ${of} stored in this run`,
      figure: withBacklog - before,
      unit: "MB more",
      target: { atMost: 10 },
    },
    {
      what: `memory of the product opened on ${of}`,
      figure: product.rssMB - idle.rssMB,
      unit: "MB more",
      target: { atMost: 10 },
    },
  ];
}

export function printTable(rows: readonly Row[]): void {
  const cells = rows.map((row) => [row.what, shown(row.figure), row.unit, ...limitOf(row), targetOf(row)]);
  const all = [["", "figure", "", "limit", "", "×", "target"], ...cells];
  const widths = all[0]?.map((_, i) => Math.max(...all.map((line) => line[i]?.length ?? 0))) ?? [];
  const right = new Set([1, 3, 5]);
  for (const line of all)
    process.stdout.write(
      `${line
        .map((cell, i) => (right.has(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join("  ")
        .trimEnd()}\n`,
    );
}

function limitOf({ figure, limit }: Row): readonly string[] {
  if (limit === undefined) return ["", "", ""];
  const ratio = figure === null || !limit.figure ? "" : (figure / limit.figure).toFixed(2);
  return [shown(limit.figure), limit.name, ratio];
}

function targetOf({ figure, limit, target }: Row): string {
  if (target === undefined || figure === null) return "";
  const { atMost, atLeast, times } = target;
  if (times !== undefined) return `≤ ${times} × ${figure <= times * (limit?.figure ?? 0) ? "met" : "MISSED"}`;
  const met = figure <= (atMost ?? figure) && figure >= (atLeast ?? figure);
  return `${atMost === undefined ? `≥ ${shown(atLeast ?? 0)}` : `≤ ${shown(atMost)}`} ${met ? "met" : "MISSED"}`;
}

function shown(figure: number | null): string {
  if (figure === null) return "–";
  return figure >= 1000 ? Math.round(figure).toLocaleString("en") : String(Number(figure.toPrecision(3)));
}
