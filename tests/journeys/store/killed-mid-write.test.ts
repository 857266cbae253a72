/** Gateways are killed two hundred times: what was told as durable is in the file, and numbers have no hole. */
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import * as read from "../../../hw-sim/platform/messages.ts";
import { Database } from "../../../hw-sim/platform/store/database.ts";
import { Broker } from "../../support/broker/brokers.ts";
import { Witness } from "../../support/broker/witness.ts";
import { CountingSite, counter, loop } from "../../support/running/counting-site.ts";
import { Gateway, Program, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { proofOf, proved, told } from "../../support/running/proof.ts";
import { type Durable, hashOf } from "../../support/running/restless-edge.ts";

const CRASH_LOOPS = 2;
const ROUNDS = 90;
const GATEWAY_ROUNDS = 20;
/** key = epoch's n · 2^35 + number. */
const NUMBERS = 2 ** 35;

interface Segment {
  readonly epoch: string;
  readonly stream: "readings" | "events";
  readonly from: number;
  readonly to: number;
  readonly body: Uint8Array;
}

interface Left {
  readonly epochs: readonly { readonly n: number; readonly id: string }[];
  readonly segments: readonly Segment[];
  /** epoch/stream → everything up to here is acknowledged. */
  readonly marks: ReadonlyMap<string, number>;
}

/** What a killed process left, read beside its WAL, which stays for the next one to recover. */
async function leftIn(file: string): Promise<Left> {
  await using db = await Database.open(file, "readonly");
  expect(await db.all("PRAGMA quick_check")).toEqual([{ quick_check: "ok" }]);
  const epochs = (await db.all("SELECT n, id FROM epochs ORDER BY n")).map(({ n, id }) => ({ n: Number(n), id: String(id) }));
  const nameOf = (n: number) => epochs.find((epoch) => epoch.n === n)?.id ?? "";
  const segments: Segment[] = [];
  for (const [stream, span] of [
    ["readings", "span"],
    ["events", "1 AS span"],
  ] as const)
    for (const row of await db.all(`SELECT key, ${span}, body FROM ${stream} ORDER BY key`)) {
      const n = Math.floor(Number(row["key"]) / NUMBERS);
      const from = Number(row["key"]) - n * NUMBERS;
      segments.push({
        epoch: nameOf(n),
        stream,
        from,
        to: from + Number(row["span"]) - 1,
        body: row["body"] as unknown as Buffer,
      });
    }
  const marks = (await db.all("SELECT n, stream, up_to FROM marks")).map(({ n, stream, up_to }): [string, number] => [
    `${nameOf(Number(n))}/${stream}`,
    Number(up_to),
  ]);
  return { epochs, segments, marks: new Map(marks) };
}

/** Every segment belongs to an epoch, follows its neighbour, and only what is acknowledged may be gone before the first. */
function gapless({ epochs, segments, marks }: Left): void {
  expect(new Set(epochs.map(({ id }) => id)).size).toBe(epochs.length);
  const next = new Map<string, number>();
  for (const { epoch, stream, from, to } of segments) {
    const line = `${epoch}/${stream}`;
    const expected = next.get(line);
    if (expected === undefined) expect(from - 1, `${line} begins`).toBeLessThanOrEqual(marks.get(line) ?? 0);
    else expect(from, `${line} goes on`).toBe(expected);
    next.set(line, to + 1);
  }
  expect(next.has("/readings") || next.has("/events")).toBe(false);
}

const nameOf = (segment: Pick<Segment, "epoch" | "stream" | "from">) => `${segment.epoch}/${segment.stream}/${segment.from}`;

/** Runs the gateway and kills it at a random moment: of its opening in one round of three (but the first), else of its work. Answers what it told. */
async function killedOnce(program: string, file: string, first: boolean): Promise<readonly Durable[]> {
  await using gateway = new Program(process.execPath, [program, file]);
  const sign = Math.random() < 1 / 3 && !first ? "begun" : "[";
  await gateway.line((line) => (line.startsWith(sign) ? true : undefined));
  await sleep(Math.random() * 150);
  expect(gateway.running, gateway.stderr).toBe(true);
  await gateway.kill("SIGKILL");
  // The last line may have been cut by the kill.
  return gateway.lines.flatMap((line) => (line.startsWith("[") && line.endsWith("]") ? [JSON.parse(line) as Durable] : []));
}

/** As the product is built: one file that loads quickly. */
async function bundled(folder: string): Promise<string> {
  await symlink(join(import.meta.dirname, "../../../node_modules"), join(folder, "node_modules"));
  const outfile = join(folder, "restless-edge.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "../../support/running/restless-edge.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    external: ["sqlite3"],
    banner: { js: "import { createRequire as cr } from 'node:module'; const require = cr(import.meta.url);" },
    logLevel: "warning",
  });
  return outfile;
}

describe.concurrent("a process that is killed while it writes", () => {
  it("edge and store keep what they told, round after round on one file", { timeout: 240_000 }, async () => {
    await using folder = await temporary("killed");
    const program = await bundled(folder.path);
    const crashLoop = async (name: string): Promise<number> => {
      const file = join(folder.path, name, "cippo.sqlite");
      await mkdir(join(folder.path, name));
      const told = new Map<string, string>();
      let newest = 0;
      let windows = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const durable = await killedOnce(program, file, round === 0);
        const left = await leftIn(file);
        gapless(left);
        const held = new Map(left.segments.map((segment) => [nameOf(segment), `${segment.to} ${hashOf(segment.body)}`]));
        for (const [epoch, stream, from, to, hash] of durable) {
          const number = nameOf({ epoch, stream, from });
          expect(held.get(number), `${number} was told as durable`).toBe(`${to} ${hash}`);
          expect(told.has(number), `${number} is new`).toBe(false);
          told.set(number, `${to} ${hash}`);
        }
        // What former rounds told and is still here says the same.
        for (const [number, content] of held) if (told.has(number)) expect(told.get(number)).toBe(content);
        const n = left.epochs.at(-1)?.n ?? 0;
        expect(n - newest).toBe(n > newest ? 1 : 0);
        newest = n;
        windows += durable.length;
      }
      return windows;
    };
    const windows = await Promise.all(Array.from({ length: CRASH_LOOPS }, (_, i) => crashLoop(`loop-${i}`)));
    // Most rounds met the middle of the work, not its beginning.
    for (const of of windows) expect(of).toBeGreaterThan(ROUNDS);
  });

  it("a whole gateway keeps what it sent, and everything arrives once", { timeout: 240_000 }, async () => {
    await using folder = await temporary("killed");
    await using site = await CountingSite.open();
    await using broker = await Broker.open("embedded", folder.path);
    await using witness = await Witness.open(broker.url);
    const held = join(folder.path, "platform.sqlite");
    await using _platform = await startPlatform(broker.url, held, "--ack-after", "200ms");
    await using gateway = new Gateway(folder.path);
    await gateway.configure(broker.url, {
      sync: { live: { every: "100ms" } },
      store: { commit: "100ms" },
      buses: site.buses,
      devices: { counter: counter(1, "50ms"), loop: loop(9) },
      assets: { bay: { kind: "parking-bay", occupancy: "loop.present", debounce: "50ms" } },
    });
    for (let round = 0; round < GATEWAY_ROUNDS; round += 1) {
      await gateway.start();
      site.occupied[round % 2 === 0 ? "add" : "delete"](9);
      await sleep(Math.random() * 900);
      await gateway.kill();
      const heard = new Map(witness.records);
      const left = await leftIn(gateway.db);
      gapless(left);
      const stored = recordsOf(left);
      for (const [number, content] of heard) expect(stored.get(number), number).toBe(content);
    }
    await gateway.start();
    const last = site.shown.get(1) ?? 0;
    await until(() => (site.shown.get(1) ?? 0) > last + 5, 30_000, "it goes on");
    await site.hold(1);
    await proved(gateway, 60_000);

    expect(witness.contradictions).toEqual([]);
    const proof = await proofOf(gateway.db, held, ["counter", "loop"]);
    expect(proof).toMatchObject({ delivered: proof.stored, acknowledged: proof.stored, gaps: 0, duplicates: [] });
    const values = (await told(held, "counter", "n")).map(({ value }) => Number(value));
    const lost = values.map((value, i) => value - (values[i - 1] ?? 0) - 1).filter((count) => count !== 0);
    // A kill costs its commit window, two or three readings, and never more; a disk that stands still meanwhile makes it longer.
    expect(lost.length).toBeLessThanOrEqual(GATEWAY_ROUNDS);
    for (const count of lost) expect(count).toBeGreaterThan(0);
    expect(Math.max(0, ...lost)).toBeLessThanOrEqual(30);
    expect(values.at(-1)).toBe(site.shown.get(1));
    expect(await gateway.stop()).toBe(0);
  });
});

/** epoch/stream/number → what it says, in the words of the witness. */
function recordsOf({ segments }: Left): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (const { epoch, stream, body } of segments) {
    const batch = read.open(body);
    const content = stream === "readings" ? read.readings(batch).rows : read.events(batch).events;
    for (const record of content) records.set(`${epoch}/${stream}/${record.seq}`, JSON.stringify(record));
  }
  return records;
}
