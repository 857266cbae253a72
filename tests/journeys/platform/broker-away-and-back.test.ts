/** The broker is killed and forgets everything: what the wires showed meanwhile arrives once, the present before the past. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { monotonic } from "../../../src/kit/clock.ts";
import { Broker, brokerKinds } from "../../support/broker/brokers.ts";
import { Witness } from "../../support/broker/witness.ts";
import { CountingSite, counter, loop } from "../../support/running/counting-site.ts";
import { Gateway, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { proofOf, proved, rowsOf, told } from "../../support/running/proof.ts";

const COUNTERS = [1, 2, 3];
const BAY = 9;
/** So many further values in each reply that what was missed is more than one message, and takes seconds under its cap. */
const NOISE = 60;
const BYTES_PER_SECOND = 16_000;
const AWAY_READS = 40;

describe.each(brokerKinds)("%s", (kind) => {
  it("loses nothing, tells nothing twice, and speaks of now before it speaks of then", { timeout: 120_000 }, async () => {
    await using folder = await temporary("away");
    await using site = await CountingSite.open();
    await using broker = await Broker.open(kind, folder.path);
    await using witness = await Witness.open(broker.url);
    const held = join(folder.path, "platform.sqlite");
    await using _platform = await startPlatform(broker.url, held, "--ack-after", "500ms");
    await using gateway = new Gateway(folder.path);
    const devices = Object.fromEntries(COUNTERS.map((unit) => [`counter-${unit}`, counter(unit, "100ms", NOISE)]));
    await gateway.configure(broker.url, {
      sync: { live: { every: "200ms" }, history: { bytesPerSecond: BYTES_PER_SECOND } },
      buses: site.buses,
      devices: { ...devices, loop: loop(BAY) },
      assets: { bay: { kind: "parking-bay", occupancy: "loop.present", debounce: "200ms" } },
    });
    await gateway.start();
    const status = async () => {
      const [row] = await rowsOf(held, "SELECT body FROM current WHERE topic = 'assets/bay'");
      return row && JSON.parse(String(row["body"])).state.status;
    };
    const shown = () => Math.min(...COUNTERS.map((unit) => site.shown.get(unit) ?? 0));
    await until(async () => (await told(held, "counter-1", "n")).length >= 10, 15_000, "the day begins");
    await until(async () => (await status()) === "free", 15_000, "the bay is free");

    await broker.kill();
    const before = shown();
    site.occupied.add(BAY);
    await until(() => shown() >= before + AWAY_READS, 15_000, "the site goes on");
    expect((await gateway.status()).sync.connected).toBe(false);
    await broker.start();
    const back = monotonic();
    await until(async () => (await status()) === "occupied", 10_000, "the car is known of");
    site.occupied.delete(BAY);
    await until(async () => (await status()) === "free", 10_000, "the car has left");
    const anew = async () => (await told(held, "counter-1", "n")).some(({ live, mono }) => live && mono > back);
    await until(anew, 15_000, "the present arrives again");
    await site.hold(...COUNTERS);
    await proved(gateway, 20_000);

    expect(await proofOf(gateway.db, held, [...Object.keys(devices), "loop"])).toMatchObject({ gaps: 0, duplicates: [] });
    expect(witness.contradictions).toEqual([]);
    for (const unit of COUNTERS) {
      const rows = await told(held, `counter-${unit}`, "n");
      expect(rows.map(({ value }) => value)).toEqual(Array.from({ length: site.shown.get(unit) ?? 0 }, (_, i) => i + 1));
      expect(rows.map(({ mono }) => mono)).toEqual(rows.map(({ mono }) => mono).sort((a, b) => a - b));
      const live = rows.filter((row) => row.live);
      expect(live.map(({ arrived }) => arrived)).toEqual(live.map(({ arrived }) => arrived).sort((a, b) => a - b));
      const missed = rows.filter((row) => !row.live && row.mono < back);
      const last = Math.max(...missed.map(({ arrived }) => arrived));
      expect(missed.length).toBeGreaterThanOrEqual(AWAY_READS / 2);
      expect(live.some(({ mono, arrived }) => mono > back && arrived < last)).toBe(true);
    }
    const { stored, delivered, acknowledged } = await proofOf(gateway.db, held, []);
    expect([delivered, acknowledged]).toEqual([stored, stored]);
    expect(await gateway.stop()).toBe(0);
  });
});
