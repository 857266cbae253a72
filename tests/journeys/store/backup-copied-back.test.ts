/** Yesterday's database is copied back: no number ever means two things, and everything arrives. */
import { copyFile, cp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Broker } from "../../support/broker/brokers.ts";
import { Witness } from "../../support/broker/witness.ts";
import { CountingSite, counter, loop } from "../../support/running/counting-site.ts";
import { Gateway, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { proved, rowsOf, told } from "../../support/running/proof.ts";

const BAY = 9;
/** Of the gateway's folder, what belongs to the database. */
const database = async (folder: string, ends: readonly string[]) =>
  (await readdir(folder)).filter((file) => ends.some((end) => file === `cippo.sqlite${end}`));

interface Case {
  readonly name: string;
  /** Taken while the gateway runs, or after it has stopped. */
  readonly hot: boolean;
  readonly ends: readonly string[];
  readonly cause: string;
}

const CASES: readonly Case[] = [
  { name: "the file alone", hot: false, ends: [""], cause: "restored" },
  { name: "the file and all that lies beside it", hot: false, ends: ["", "-wal", "-shm", ".head"], cause: "start" },
  { name: "the file and its WAL, copied while it ran", hot: true, ends: ["", "-wal"], cause: "restored" },
  // All that was written still lay in the WAL: what came back is an empty database.
  { name: "the file without its WAL, copied while it ran", hot: true, ends: [""], cause: "restored" },
];

describe.each(CASES)("$name", ({ hot, ends, cause }) => {
  it("means nothing twice", { timeout: 120_000 }, async () => {
    await using folder = await temporary("backup");
    await using site = await CountingSite.open();
    await using broker = await Broker.open("embedded", folder.path);
    await using witness = await Witness.open(broker.url);
    const held = join(folder.path, "platform.sqlite");
    await using _platform = await startPlatform(broker.url, held, "--ack-after", "200ms");
    await using gateway = new Gateway(folder.path);
    await gateway.configure(broker.url, {
      sync: { live: { every: "100ms" } },
      buses: site.buses,
      devices: { counter: counter(1, "50ms"), loop: loop(BAY) },
      assets: { bay: { kind: "parking-bay", occupancy: "loop.present", debounce: "100ms" } },
    });
    const back = join(folder.path, "backup");
    const take = async () => {
      for (const file of await database(folder.path, ends)) await cp(join(folder.path, file), join(back, file));
    };
    const day = async (): Promise<string> => {
      await gateway.start();
      const last = site.shown.get(1) ?? 0;
      const newest = async () => Math.max(0, ...(await told(held, "counter", "n")).map(({ value }) => Number(value)));
      await until(async () => (await newest()) >= last + 5, 15_000, "readings arrive");
      return (await gateway.status()).epoch.id;
    };
    const stay = async (status: "free" | "occupied") => {
      if (status === "occupied") site.occupied.add(BAY);
      else site.occupied.delete(BAY);
      await until(
        async () => {
          const [row] = await rowsOf(held, "SELECT body FROM current WHERE topic = 'assets/bay'");
          return row && JSON.parse(String(row["body"])).state.status === status;
        },
        15_000,
        `the bay is shown ${status}`,
      );
    };

    const yesterday = await day();
    if (hot) await take();
    await stay("occupied");
    expect(await gateway.stop()).toBe(0);
    if (!hot) await take();
    const morning = await day();
    expect(await gateway.stop()).toBe(0);
    const evening = await day();
    await gateway.kill();
    for (const file of await database(folder.path, ["", "-wal", "-shm", ...ends])) await rm(join(folder.path, file));
    for (const file of await readdir(back)) await copyFile(join(back, file), join(folder.path, file));

    const after = await day();
    const { epoch } = await gateway.status();
    expect(new Set([yesterday, morning, evening, after]).size).toBe(4);
    // Of what ran since the copy was made, the note beside the database tells, unless it came back with it.
    expect(epoch).toMatchObject({ cause, former: { epoch: cause === "restored" ? evening : yesterday } });
    await stay("free");
    await stay("occupied");
    await site.hold(1);
    await proved(gateway);
    const [opened] = await rowsOf(held, "SELECT body FROM events WHERE epoch = ? AND kind = 'epoch.opened'", after);
    expect(JSON.parse(String(opened?.["body"]))).toMatchObject({ cause });

    expect(witness.contradictions).toEqual([]);
    // What arrived once arrived under one number, although the file has forgotten today.
    const rows = [...(await told(held, "counter", "n"))].sort((a, b) => a.mono - b.mono);
    const values = rows.map(({ value }) => Number(value));
    expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
    expect(values.at(-1)).toBe(site.shown.get(1));
    const twice = "SELECT epoch, stream, lo, count(*) AS c FROM ranges GROUP BY epoch, stream, by HAVING c > 1";
    expect(await rowsOf(held, twice)).toEqual([]);
    expect(await gateway.stop()).toBe(0);
  });
});
