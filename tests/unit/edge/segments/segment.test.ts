/** Records and events go through their bodies and back; what is sent is the contract's, byte by byte where it matters. */
import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { bodyText } from "../../../../src/contract/message-body.ts";
import { decodeBody, encodeEvent, encodeReadings } from "../../../../src/edge/segments/segment.ts";
import { thin } from "../../../../src/edge/segments/thin.ts";
import type { EdgeEvent, ReadingRecord } from "../../../../src/model/index.ts";
import { contractBatch } from "../../../support/contract-batch.ts";
import fc from "../../../support/property.ts";

const epoch = { id: "01K00000000000000000000000", opened: 5000, cat: "9f3c01aa" };
const offset = 1_764_000_000_000 - 817_345;
const power = (value: ReadingRecord["value"], mono: number): ReadingRecord => ({
  source: "meter-hall",
  name: "power",
  unit: "W",
  value,
  quality: "good",
  mono,
});
const encode = (records: readonly ReadingRecord[], from = 1) => encodeReadings(epoch, { from, clock: "synced", offset, records });
const readingsOf = (body: Uint8Array) => {
  const decoded = decodeBody(body);
  if (decoded.stream !== "readings") throw new Error("not readings");
  return decoded;
};

describe("a readings batch", () => {
  it("is the contract's example", () => {
    const at = 817_345;
    const bad = { ...power(null, at + 1000), quality: "bad", code: "bus.timeout" } as const;
    const bay = { ...power("occupied", at + 300), source: "bay-014", name: "status", unit: "" };
    const records = [power(412.5, at), power(413.1, at + 250), bay, bad, power(413.0, at + 1250), power(412.9, at + 1500)];
    const row = encode(records, 1201);
    expect(JSON.parse(bodyText(row.body))).toEqual(contractBatch);
    expect(row).toMatchObject({ from: 1201, to: 1206, count: 6, mono: at, t0: 1_764_000_000_000, t1: 1_764_000_001_500 });
  });

  it("is plain JSON up to 512 bytes and zlib above: the first byte tells", () => {
    const short = encode([power(1, 6000)]).body;
    const long = encode(Array.from({ length: 100 }, (_, i) => power(i, 6000 + i))).body;
    expect(short[0]).toBe(0x7b);
    expect(long[0]).toBe(0x78);
    expect(JSON.parse(inflateSync(long).toString()).rows).toHaveLength(100);
  });

  it("never has a negative offset, whatever the order of arrival", () => {
    const decoded = readingsOf(encode([power(1, 6500), power(2, 6000), power(3, 7000)]).body);
    expect(decoded.records.map(({ mono }) => mono)).toEqual([1500, 1000, 2000]);
    expect(JSON.parse(bodyText(encode([power(1, 6500), power(2, 6000)]).body)).rows).toEqual([
      [500, 0, 1],
      [0, 0, 2],
    ]);
  });

  it("makes what is no number bad, and keeps large integers exact", () => {
    const rows = JSON.parse(
      bodyText(
        encode([Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, -(2 ** 53), 2 ** 53 - 1, 1e300].map((v) => power(v, 6000))).body,
      ),
    ).rows;
    const none = [0, 0, null, "bad", "value.not-a-number"];
    expect(rows).toEqual([
      none,
      none,
      [0, 0, "1152921504606846976"],
      [0, 0, "-9007199254740992"],
      [0, 0, 2 ** 53 - 1],
      expect.anything(),
    ]);
    expect(BigInt(rows[5][2])).toBe(BigInt(1e300));
  });

  it("sends no value with a bad quality", () => {
    const { records } = readingsOf(encode([{ ...power(7, 6000), quality: "bad", code: "bus.checksum" }]).body);
    expect(records[0]).toMatchObject({ value: null, quality: "bad", code: "bus.checksum" });
  });

  it("comes back as it went in (property)", () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }).map((v) => (v === 0 ? 0 : v)),
      fc.boolean(),
      fc.string({ unit: "grapheme" }),
    );
    const record = fc.record({
      source: fc.constantFrom("a", "b", 'quo"te', "è"),
      name: fc.constantFrom("p", "q\n"),
      unit: fc.constantFrom("W", ""),
      value,
      quality: fc.constant("good" as const),
      mono: fc.integer({ min: 5000, max: 1e9 }),
    });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 2 ** 34 }), (records, from) => {
        const { records: back } = readingsOf(encode(records, from).body);
        expect(back).toEqual(
          records.map((r, i) => ({ ...r, mono: r.mono - epoch.opened, wall: r.mono + offset, seq: from + i })),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe("an event", () => {
  it("travels as it is, alone in its message", () => {
    const event: EdgeEvent = {
      seq: 88,
      after: 1206,
      at: 1_764_000_000_000,
      since: 1_763_999_700_000,
      mono: 1_112_345,
      clock: "synced",
      id: `${epoch.id}/88`,
      kind: "bay.illegal-occupation",
      state: "raised",
      severity: "high",
      text: { it: "è", en: "x" },
    };
    const row = encodeEvent(epoch, event, true);
    expect(row).toMatchObject({ from: 88, to: 88, count: 1, mono: 1_117_345, t0: event.at, t1: event.at, urgent: true });
    expect(decodeBody(row.body)).toEqual({
      stream: "events",
      epoch: epoch.id,
      cat: epoch.cat,
      from: 88,
      to: 88,
      events: [event],
    });
  });
});

describe("thinning", () => {
  const batches = (records: readonly ReadingRecord[], size = 50) => {
    const rows = [];
    for (let at = 0; at < records.length; at += size) rows.push(encode(records.slice(at, at + size), at + 1));
    return rows.map(({ body }) => readingsOf(body));
  };
  const run = (records: readonly ReadingRecord[], kind: "gauge" | "counter" | "state") => {
    const row = thin(batches(records), epoch.opened, 1e9, () => kind);
    if (row === null) throw new Error("not thinned");
    return { row, json: JSON.parse(bodyText(row.body)), decoded: readingsOf(row.body) };
  };
  const each10s = (count: number) => Array.from({ length: count }, (_, i) => power(i, 65_000 + i * 10_000));

  it("gives mean, min and max of each minute of a gauge, under three of its numbers", () => {
    const { row, json, decoded } = run(each10s(12), "gauge");
    expect(row).toMatchObject({ from: 1, to: 12, count: 6 });
    expect(json).toMatchObject({ from: 1, to: 12, thinned: "1min", n: [3, 4, 5, 9, 10, 11] });
    expect(decoded.records.map(({ name, value, seq }) => [seq, name, value])).toEqual([
      [4, "power.mean", 2.5],
      [5, "power.min", 0],
      [6, "power.max", 5],
      [10, "power.mean", 8.5],
      [11, "power.min", 6],
      [12, "power.max", 11],
    ]);
  });

  it("leaves a minute of fewer than three readings raw", () => {
    const { decoded } = run(
      [power(1, 65_000), power(2, 66_000), power(3, 125_000), power(4, 126_000), power(5, 127_000)],
      "gauge",
    );
    expect(decoded.records.map(({ name, value }) => [name, value])).toEqual([
      ["power", 1],
      ["power", 2],
      ["power.mean", 4],
      ["power.min", 3],
      ["power.max", 5],
    ]);
  });

  it("keeps the last value of a counter, all changes of a state, and every change of quality", () => {
    expect(run(each10s(12), "counter").decoded.records.map(({ value }) => value)).toEqual([5, 11]);
    const states = [1, 1, 2, 2, 1].map((v, i) => power(v === 1, 65_000 + i));
    expect(run(states, "state").decoded.records.map(({ value, seq }) => [seq, value])).toEqual([
      [1, true],
      [3, false],
      [5, true],
    ]);
    const bad = { quality: "bad", code: "bus.timeout", value: null } as const;
    const mixed = each10s(6).map((r, i) => (i === 2 || i === 3 ? { ...r, ...bad } : r));
    expect(run(mixed, "gauge").decoded.records.map(({ seq, quality }) => [seq, quality])).toEqual([
      [1, "good"],
      [2, "good"],
      [3, "bad"],
      [5, "good"],
      [6, "good"],
    ]);
  });

  it("is refused where it would save little", () => {
    expect(thin(batches([power(1, 65_000)]), epoch.opened, 100, () => "gauge")).toBeNull();
  });
});
