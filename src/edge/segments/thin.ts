/** Thins neighbouring batches to a record a minute, where that saves enough (CT-R4). */
import { encodeBody } from "../../contract/message-body.ts";
import type { ReadingRecord } from "../../model/index.ts";
import type { SegmentRow } from "../store/store.ts";
import { type DecodedReadings, type DecodedRecord, Points, valueAndQuality } from "./segment.ts";

/** What a point is decides what may be left out of it. */
export type KindOf = (source: string, name: string) => "gauge" | "counter" | "state" | undefined;

const MINUTE = 60_000;
/** A window of fewer readings stays raw: mean, min and max need three numbers. */
const FEWEST = 3;
/** What saves less than this share is left as it is. */
const WORTH = 0.7;

interface Kept {
  readonly seq: number;
  readonly mono: number;
  readonly record: ReadingRecord;
}

/** The batches follow one another without a gap, in one epoch, under one clock and catalog; none is thinned yet. */
export function thin(batches: readonly DecodedReadings[], opened: number, bytes: number, kindOf: KindOf): SegmentRow | null {
  const [first, last] = [batches[0], batches.at(-1)];
  if (first === undefined || last === undefined) return null;
  const kept = [...byPoint(batches).values()].flatMap((records) => thinPoint(records, kindOf)).sort((a, b) => a.seq - b.seq);
  const from = first.from;
  const monos = batches.flatMap(({ records }) => records.map(({ mono }) => mono));
  const mono0 = monos.reduce((a, b) => Math.min(a, b));
  const newest = monos.reduce((a, b) => Math.max(a, b));
  const points = new Points();
  const rows = kept.map(({ mono, record }) => `[${mono - mono0},${points.index(record)},${valueAndQuality(record)}]`);
  const t0 = mono0 + first.offset;
  const body = encodeBody(
    `{"v":1,"epoch":"${first.epoch}","cat":"${first.cat}","from":${from},"to":${last.to},"mono0":${mono0},"t0":${t0},` +
      `"clock":"${first.clock}","thinned":"1min","points":[${points.text}],` +
      `"n":[${kept.map(({ seq }) => seq - from).join()}],"rows":[${rows.join()}]}`,
  );
  if (body.length > bytes * WORTH) return null;
  return {
    from,
    to: last.to,
    count: kept.length,
    mono: opened + mono0,
    t0,
    t1: newest + first.offset,
    clock: first.clock,
    body,
  };
}

function byPoint(batches: readonly DecodedReadings[]): ReadonlyMap<string, DecodedRecord[]> {
  const points = new Map<string, DecodedRecord[]>();
  for (const record of batches.flatMap(({ records }) => records)) {
    const key = JSON.stringify([record.source, record.name, record.unit]);
    const records = points.get(key);
    if (records === undefined) points.set(key, [record]);
    else records.push(record);
  }
  return points;
}

/** Runs of good numbers are thinned; of all else, and of each change of quality, the changes stay. */
function thinPoint(records: readonly DecodedRecord[], kindOf: KindOf): readonly Kept[] {
  const kept: Kept[] = [];
  let window: DecodedRecord[] = [];
  let before: DecodedRecord | null = null;
  const close = () => {
    const [first] = window;
    if (first !== undefined) kept.push(...(kindOf(first.source, first.name) === "counter" ? lastOf(window) : meanOf(window)));
    window = [];
  };
  for (const record of records) {
    if (isNumber(record) && kindOf(record.source, record.name) !== "state") {
      if (window[0] !== undefined && minute(window[0]) !== minute(record)) close();
      window.push(record);
    } else {
      close();
      if (before === null || before.value !== record.value || before.quality !== record.quality || before.code !== record.code)
        kept.push(as(record, record));
    }
    before = record;
  }
  close();
  return kept;
}

const isNumber = (record: DecodedRecord): boolean => record.quality === "good" && typeof record.value === "number";
const minute = ({ mono }: DecodedRecord): number => Math.floor(mono / MINUTE);
const as = ({ seq, mono }: DecodedRecord, record: ReadingRecord): Kept => ({ seq, mono, record });
const lastOf = (window: readonly DecodedRecord[]): readonly Kept[] => window.slice(-1).map((record) => as(record, record));

/** The three take the last three numbers of the window and the time of its last reading. */
function meanOf(window: readonly DecodedRecord[]): readonly Kept[] {
  const [a, b, last] = window.slice(-FEWEST);
  if (a === undefined || b === undefined || last === undefined) return window.map((record) => as(record, record));
  const values = window.map(({ value }) => Number(value));
  const mean = Number((values.reduce((sum, value) => sum + value, 0) / values.length).toPrecision(12));
  const named = (name: string, value: number) => ({ ...last, name: `${last.name}.${name}`, value });
  return [
    { seq: a.seq, mono: last.mono, record: named("mean", mean) },
    { seq: b.seq, mono: last.mono, record: named("min", Math.min(...values)) },
    { seq: last.seq, mono: last.mono, record: named("max", Math.max(...values)) },
  ];
}
