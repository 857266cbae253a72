/** Cuts the power of a gateway that writes, again and again, and compares its card with all that it had told. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { monotonic } from "../../src/kit/clock.ts";
import { size } from "../../src/kit/range-set.ts";
import { Database } from "../platform/store/database.ts";
import { delivered, duplicates } from "../start/judge/delivered.ts";
import { stored } from "../start/judge/stored.ts";
import { expect, type Table } from "../table.ts";
import { allThere, leftIn } from "./card.ts";
import { makeChip } from "./gpio.ts";
import { type Rig, until } from "./rig.ts";

const GATEWAY = "vm-1";
const DB = "/var/lib/cippo/cippo.sqlite";
/** How much arrives before the power is cut, and how much longer it runs at most. */
const FRESH = 20;
const MORE_MS = 3000;
const READY_MS = 120_000;
const COPY_MS = 60_000;
/** Something to write: a door that moves every 40 ms, a meter that turns. */
const WRITING =
  "systemd-run --quiet --collect --unit writing python3 /opt/cippo/guest/edges.py 1000000 40 1000000 chardev-door 4 5";
const HOLD = "/etc/systemd/system/cippo.service.d/hold.conf";

/** The gateway of the machine is running, its chip is made. */
export async function powerCutCases(rig: Rig, table: Table, cuts: number): Promise<void> {
  // After each boot the gateway's service is held back until /run/let exists, so that the card can be looked at before the gateway opens its store.
  await rig.machine.run(
    `printf '[Unit]\\nConditionPathExists=/run/let\\n' >${HOLD} && systemctl daemon-reload && touch /run/let && sync`,
  );
  for (let cut = 1; cut <= cuts; cut += 1) {
    const survived = await table.is(`power cut ${cut} of ${cuts}, in mid-write`, async () => {
      await rig.machine.run(WRITING);
      const before = await held(rig);
      await until(
        async () => ((await held(rig)) > before + FRESH ? true : undefined),
        READY_MS,
        () => "nothing arrives",
      );
      await sleep(Math.random() * MORE_MS);
      await rig.machine.cut();
      const began = monotonic();
      await rig.boot();
      // Before the gateway may open it: the store as the cut left it, with a write-ahead log that is not yet copied into the database.
      const file = await cardCopy(rig, cut);
      const left = await leftIn(file);
      const told = await allThere(rig.platformDb, left);
      await makeChip(rig);
      await rig.machine.run("touch /run/let && systemctl start cippo", READY_MS);
      return `${told} told, all on the card and the same; ${left.records.size} there, no hole; back after ${Math.round((monotonic() - began) / 1000)} s`;
    });
    if (!survived) return;
  }
  await table.is("power cut: in the end all is delivered, once, without a hole", async () => {
    await rig.machine.run("systemctl stop writing || true");
    await sleep(1000);
    await rig.delivered(120_000);
    await rig.machine.run("systemctl stop cippo", 30_000);
    const file = await cardCopy(rig, cuts + 1);
    await allThere(rig.platformDb, await leftIn(file));
    await using store = await Database.open(file, "readonly");
    await using platform = await Database.open(rig.platformDb, "readonly");
    const kept = await stored(store, new Map());
    const arrived = await delivered(platform, GATEWAY, kept, new Map());
    const twice = await duplicates(platform, GATEWAY, new Set(["sysfs-door", "chardev-door", "chardev-meter", "bay"]));
    const sum = <T>(list: readonly T[], of: (one: T) => number) => list.reduce((total, one) => total + of(one), 0);
    const [rows, records] = [sum(arrived, (one) => one.rows), sum(kept, (one) => one.stored)];
    const gaps = sum(arrived, (one) => size(one.gaps));
    expect(gaps === 0 && twice.length === 0, `${gaps} numbers missing, ${twice.length} told twice: ${twice[0]?.what ?? ""}`);
    expect(rows >= records, `${records} on the card, ${rows} at the platform`);
    const epochs = new Set(kept.map(({ epoch }) => epoch)).size;
    return `${rows} at the platform of ${epochs} epochs, 0 missing, 0 twice`;
  });
  await table.is("power cut: the gateway comes back by itself", async () => {
    await rig.machine.run(`rm ${HOLD} && sync`);
    await rig.machine.cut();
    await rig.boot();
    const began = monotonic();
    const { uptimeMs } = await until(
      () => rig.machine.status(),
      READY_MS,
      () => "no answer",
    );
    return `answers ${Math.round((monotonic() - began) / 1000)} s after the first service, up for ${Math.round(uptimeMs / 1000)} s`;
  });
}

/** Numbers that the platform holds. */
async function held(rig: Rig): Promise<number> {
  await using db = await Database.open(rig.platformDb, "readonly");
  return Number((await db.all("SELECT sum(hi - lo + 1) AS n FROM ranges"))[0]?.["n"] ?? 0);
}

/** The store and its write-ahead log; a gateway that ended softly leaves none. */
async function cardCopy(rig: Rig, cut: number): Promise<string> {
  const file = join(rig.folder, `card-${cut}.sqlite`);
  for (const suffix of ["", "-wal"]) {
    const bytes = await rig.machine.fetch(`${DB}${suffix}`, COPY_MS);
    if (bytes !== null) await writeFile(`${file}${suffix}`, bytes);
  }
  return file;
}
