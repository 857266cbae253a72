/** What it costs to find badge numbers behind their hashes, by trying all that there can be: with the key, and without it. */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { hashed } from "../src/drivers/families/frame/badge/badge-key.ts";

/** How many numbers a badge can have, as bits: data sheets and ISO 14443-3, ISO 15693-3. */
const SPACES = [
  { what: "Wiegand-26: facility and card", bits: 24 },
  { what: "EM4100 as RDM6300 reads it, version byte known", bits: 32 },
  { what: "Mifare UID of four bytes", bits: 32 },
  { what: "EM4100, version byte unknown", bits: 40 },
  { what: "ISO 15693 UID, maker known", bits: 40 },
  { what: "UID of seven bytes, maker known", bits: 48 },
] as const;
const KEY_BITS = 128;
const MEASURED_MS = 2000;

const { rate: asked } = parseArgs({ options: { rate: { type: "string", default: "1e10" } } }).values;
const machines = Number(asked);

/** Hashes a second of one core, by the very function that readers use. */
function measured(): number {
  const key = { kid: "k1", secret: Buffer.alloc(16, 7) };
  const number = Buffer.from("62E3086CED");
  const bytes = Buffer.alloc(number.length);
  let count = 0;
  const begun = performance.now();
  let passed = 0;
  for (; passed < MEASURED_MS; passed = performance.now() - begun)
    for (let i = 0; i < 1000; i += 1, count += 1) {
      number.copy(bytes);
      hashed(bytes, [key]);
    }
  return (count / passed) * 1000;
}

const UNITS = [
  ["years", 31_557_600],
  ["days", 86_400],
  ["h", 3600],
  ["min", 60],
] as const;

function time(seconds: number): string {
  const [unit, size] = UNITS.find(([, least]) => seconds >= least) ?? ["s", 1];
  const figure = seconds / size;
  return `${figure >= 1e6 ? figure.toExponential(0) : Number(figure.toPrecision(2))} ${unit}`;
}

const one = measured();
const row = (...cells: readonly string[]) => `| ${cells.join(" | ")} |`;
console.log(
  `${Math.round(one / 1000)} thousand hashes a second on one core of ${cpus()[0]?.model ?? "?"}; --rate ${asked} is any other machine's.\n`,
);
console.log(row("what is searched", "numbers", "one core here", `at ${asked}/s`));
console.log("|---|---|---|---|");
for (const { what, bits } of SPACES)
  console.log(row(`with the key: ${what}`, `2^${bits}`, time(2 ** bits / one), time(2 ** bits / machines)));
console.log(row("without the key: the key itself", `2^${KEY_BITS}`, time(2 ** KEY_BITS / one), time(2 ** KEY_BITS / machines)));
