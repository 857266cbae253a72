/** What signed lists cost a gateway: one site with and without them in one run, and an update while it is in use. */
import { execFile } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { ask } from "../src/cli/socket/admin-client.ts";
import { signedBytes } from "../src/contract/signed-bytes.ts";
import { EntryTable } from "../src/edge/lists/entry-table.ts";
import { openBays } from "./lists/bays.ts";
import { openDisk } from "./way/disk.ts";
import { type Footprint, PRODUCT, product } from "./way/product.ts";

const NAMES = ["disabled", "loading", "resident", "payments", "suspensions"] as const;
const ENTRIES = 20_000;
const MANY = 100_000;
const TARGET = { microseconds: 1000, siteMB: 25, manyMB: 20, stallMs: 50 };
const YEAR = 31_536_000_000;
const KEY_ID = "city";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const plan = values.quick ? { rounds: 2, seconds: 10 } : { rounds: 7, seconds: 60 };
const { publicKey, privateKey } = generateKeyPairSync("ed25519");

/** A list as the platform signs it, its entries behind it, a line each. */
function listOf(name: string, version: number, count: number): string {
  const entry = (i: number) => ({
    key: createHash("sha256").update(`${name} ${i}`).digest("hex").slice(0, 32),
    // Few entries of a city concern one gateway's bays.
    ...(name === "suspensions" && { assets: [i < 20 ? `bay-${i}` : `elsewhere-${i % 500}`] }),
    from: Date.now() - YEAR,
    to: Date.now() + YEAR,
  });
  const lines = Array.from({ length: count }, (_, i) => `${JSON.stringify(entry(i))}\n`).join("");
  const isHashed = name !== "suspensions";
  const envelope = {
    ...{ v: 1, name, version, ...(isHashed && { kid: "2026" }), issuedAt: Date.now() - 1000, maxAgeMs: YEAR, keyId: KEY_ID },
    ...{ sha256: createHash("sha256").update(lines).digest("hex"), bytes: Buffer.byteLength(lines) },
  };
  const bytes = signedBytes(`cippo/v1/gw-bench/down/lists/${name}`, envelope);
  const signature = sign(null, bytes ?? Buffer.alloc(0), privateKey).toString("base64");
  return `${JSON.stringify({ ...envelope, signature })}\n${lines}`;
}

const lists = NAMES.map((name) => ({ name, text: listOf(name, 1, ENTRIES) }));
const larger = listOf("resident", 2, MANY);

interface Run {
  readonly withLists: boolean;
  readonly seconds: number;
  /** What is done while it runs. */
  readonly meanwhile?: (folder: string) => Promise<unknown>;
}

async function run({ withLists, seconds, meanwhile }: Run): Promise<Footprint> {
  using disk = openDisk(96);
  await using bays = await openBays();
  const { folder } = disk;
  const key = publicKey.export({ format: "der", type: "spki" }).toString("base64");
  writeFileSync(join(folder, "keys.json"), JSON.stringify({ keys: [{ id: KEY_ID, key, may: ["lists/*"] }] }));
  writeFileSync(join(folder, "badge.key"), `2026 ${"0f".repeat(16)}\n`);
  mkdirSync(join(folder, "lists"));
  if (withLists) for (const { name, text } of lists) writeFileSync(join(folder, "lists", `${name}.list`), text);
  const credentials = `credentials: { folder: ${folder}, trust: keys.json, badgeKey: badge.key }\n`;
  const settled = () => meanwhile?.(folder);
  return await product(folder, { file: join(folder, "cippo.sqlite"), seconds, buses: credentials + bays.site, settled });
}

interface Waits {
  /** The longest wait for an answer, ms: what the machine itself makes everybody wait for is in both. */
  readonly before: number;
  readonly meanwhile: number;
}

/** Puts a list of 100,000 entries in the place of one of 20,000, and asks for something else all the while. */
async function update(folder: string): Promise<Waits> {
  const [file, socket] = [join(folder, "resident.list"), join(folder, "cippo.sock")];
  writeFileSync(file, larger);
  const before = await longestWait(socket, sleep(3000));
  const importing = promisify(execFile)(process.execPath, [PRODUCT, "lists", "import", file, "--socket", socket]);
  return { before, meanwhile: await longestWait(socket, importing) };
}

async function longestWait(socket: string, work: Promise<unknown>): Promise<number> {
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  let longest = 0;
  while (!isOver) {
    const begun = performance.now();
    await ask(socket, { do: "commands" });
    longest = Math.max(longest, performance.now() - begun);
    await sleep(5);
  }
  await over;
  return longest;
}

/** Of each of many keys, half of them unknown. */
function lookUp(): number {
  const key = (i: number) => createHash("sha256").update(`${i}`).digest("hex").slice(0, 32);
  const table = new EntryTable(MANY);
  for (let i = 0; i < MANY; i += 1) table.add({ key: key(i), assets: null, from: 0, to: YEAR, revoked: false });
  const keys = Array.from({ length: 20_000 }, (_, i) => key(i * 10));
  const begun = performance.now();
  let found = 0;
  for (const one of keys) found += [...table.find(one)].length;
  const took = ((performance.now() - begun) * 1000) / keys.length;
  if (found !== MANY / 10) throw new Error(`${found} were found`);
  return took;
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const middle = (all: readonly number[]): number => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
const judged = (value: number, most: number): string => `target ≤ ${most}: ${value <= most ? "yes" : "NO"}`;

say(
  `${cpus()[0]?.model.trim() ?? "?"}, Node ${process.version}: 200 bays, 20 groups, ${NAMES.length} lists of ${ENTRIES} entries`,
);
const starts: Record<"bare" | "listed", number[]> = { bare: [], listed: [] };
for (let round = 0; round < plan.rounds; round += 1) {
  starts.bare.push((await run({ withLists: false, seconds: 0.1 })).startMs);
  starts.listed.push((await run({ withLists: true, seconds: 0.1 })).startMs);
}
const [bare, listed] = await Promise.all([
  run({ withLists: false, seconds: plan.seconds }),
  run({ withLists: true, seconds: plan.seconds }),
]);
let waits: Waits = { before: Number.NaN, meanwhile: Number.NaN };
const updated = await run({
  withLists: true,
  seconds: plan.seconds,
  meanwhile: async (folder) => {
    waits = await update(folder);
  },
});
const more = listed.rssMB - bare.rssMB;
const grown = updated.rssMB - listed.rssMB;
say(`start, CPU until ready: ${middle(starts.bare).toFixed(0)} ms without, ${middle(starts.listed).toFixed(0)} ms with lists`);
say(`CPU: ${bare.cpuPercent.toFixed(2)} % without, ${listed.cpuPercent.toFixed(2)} % with lists`);
say(`memory: ${bare.rssMB.toFixed(1)} MB without, ${more.toFixed(1)} MB more with lists, ${judged(more, TARGET.siteMB)}`);
say(`an update to ${MANY} entries in use: ${grown.toFixed(1)} MB more, ${judged(grown, TARGET.manyMB)}`);
const stall = judged(waits.meanwhile - waits.before, TARGET.stallMs);
say(
  `  longest wait for an answer: ${waits.before.toFixed(0)} ms before, ${waits.meanwhile.toFixed(0)} ms meanwhile; more, ${stall}`,
);
const took = lookUp();
say(`a look-up among ${MANY}: ${took.toFixed(1)} µs, ${judged(took, TARGET.microseconds)}`);
