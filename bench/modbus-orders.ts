/** How many values of each unit pass as plausible when the bytes of their registers are read in a wrong order. */
import type { Decode, RegisterPoint } from "../src/drivers/driver.ts";
import { ReadingJudge } from "../src/drivers/families/modbus/reading-judge.ts";
import { decodePoint, encodePoint } from "../src/drivers/families/modbus/registers.ts";

const VALUES = 10_000;
/** Between two polls of one point. */
const EVERY_MS = 10_000;

type Words = Pick<RegisterPoint, "words" | "bytes">;
const ORDERS: Readonly<Record<string, Words>> = {
  "1234": {},
  "3412": { words: "low-first" },
  "2143": { bytes: "low-first" },
  "4321": { words: "low-first", bytes: "low-first" },
};

interface Quantity {
  readonly unit: string;
  readonly from: number;
  readonly to: number;
  /** Of a counter: what is consumed in an hour while it is polled. */
  readonly perHour?: number;
  /** How documents give it as a whole number, and in how many bits. */
  readonly whole: readonly [decode: Decode, scale: number];
}

/** What meters, probes and drives of a building show while all is well. */
const QUANTITIES: readonly Quantity[] = [
  { unit: "V", from: 207, to: 253, whole: ["int32", 0.1] },
  { unit: "A", from: 0.1, to: 400, whole: ["int32", 0.001] },
  { unit: "W", from: 10, to: 200_000, whole: ["int32", 0.1] },
  { unit: "kW", from: 0.01, to: 200, whole: ["int32", 0.001] },
  { unit: "kW.h", from: 1, to: 3_000_000, perHour: 5, whole: ["uint32", 0.01] },
  { unit: "W.h", from: 1000, to: 3e9, perHour: 5000, whole: ["uint64", 1] },
  { unit: "Hz", from: 49.8, to: 50.2, whole: ["uint16", 0.01] },
  { unit: "Cel", from: -15, to: 90, whole: ["int16", 0.1] },
  { unit: "%", from: 0, to: 100, whole: ["uint16", 0.1] },
  { unit: "m3", from: 1, to: 200_000, perHour: 0.5, whole: ["uint32", 0.001] },
  { unit: "m3/h", from: 0.01, to: 60, whole: ["uint32", 0.001] },
  { unit: "bar", from: 0.2, to: 10, whole: ["uint16", 0.01] },
  { unit: "1", from: -1, to: 1, whole: ["int16", 0.001] },
];

/** The same values in each run (a step of the golden ratio covers any stretch evenly). */
const valueAt = ({ from, to }: Quantity, i: number): number => from + (to - from) * ((i * 0.618_033_988_749_895) % 1);

interface Share {
  readonly alone: number;
  readonly polled: number;
}

/** Which part of wrong values is believed: each by itself, and as polls of one point. */
function believed(quantity: Quantity, point: RegisterPoint, wrong: Words): Share {
  const { words: _words, bytes: _bytes, ...plain } = point;
  const misread = { ...plain, ...wrong };
  const bytesAt = (value: number): Uint8Array =>
    Uint8Array.from((encodePoint(value, point)?.registers ?? []).flatMap((word) => [word >> 8, word & 0xff]));
  const decode = (bytes: Uint8Array, as: RegisterPoint) => {
    const decoded = decodePoint(bytes, { address: 0 }, as);
    return "value" in decoded ? { value: decoded.value } : decoded;
  };
  const belief = new ReadingJudge();
  let [alone, polled, tried] = [0, 0, 0];
  for (let i = 0; i < VALUES; i++) {
    const bytes = bytesAt(valueAt(quantity, i));
    const read = decode(bytes, misread);
    const right = decode(bytes, point);
    if ("value" in read && "value" in right && read.value === right.value) continue;
    tried += 1;
    if ("value" in read) alone += 1;
    const { from, to, perHour } = quantity;
    // A counter goes on from somewhere; everything else is what it is.
    const next = perHour === undefined ? read : decode(bytesAt((from + to) / 3 + (i * perHour * EVERY_MS) / 3_600_000), misread);
    const { value = null, code } = { code: undefined, value: undefined, ...next };
    const reading = { point: "p", value, quality: code ? ("bad" as const) : ("good" as const), mono: i * EVERY_MS };
    if (belief.judge({ ...reading, ...(code && { code }) }, misread).quality === "good") polled += 1;
  }
  return { alone: tried === 0 ? 0 : alone / tried, polled: tried === 0 ? 0 : polled / tried };
}

const percent = (share: number): string => `${(share * 100).toFixed(share > 0 && share < 0.01 ? 2 : 1)} %`.padStart(8);

function row(quantity: Quantity, decode: Decode, scale: number): string {
  const { unit, perHour } = quantity;
  const kind = perHour === undefined ? "gauge" : "counter";
  const isOne = /16$/.test(decode);
  const cells = Object.entries(ORDERS).flatMap(([name, wrong]) => {
    if (name === "1234" || (isOne && name !== "2143")) return isOne && name !== "1234" ? ["–".padStart(19)] : [];
    const { alone, polled } = believed(quantity, { fc: 3, address: 0, decode, unit, kind, scale }, wrong);
    return [`${percent(alone)} → ${percent(polled)}`];
  });
  return `${unit.padEnd(6)} ${decode.padEnd(8)} ${String(scale === 1 ? "" : `× ${scale}`).padEnd(8)} ${cells.join("   ")}`;
}

console.log(
  `${VALUES} plausible values of each unit, sent as 1234 and read in each wrong order: believed alone → as polls of one point\n`,
);
console.log(
  `${"unit".padEnd(6)} ${"decode".padEnd(8)} ${"".padEnd(8)} ${["2143", "3412", "4321"].map((name) => name.padStart(19)).join("   ")}`,
);
for (const quantity of QUANTITIES) {
  console.log(row(quantity, "float32", 1));
  console.log(row(quantity, "float64", 1));
  console.log(row(quantity, ...quantity.whole));
}
