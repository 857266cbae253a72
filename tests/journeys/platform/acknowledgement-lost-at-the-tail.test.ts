/** The broker dies after acknowledging the last readings: no later number shows the gap, and yet they arrive. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Broker, brokerKinds } from "../../support/broker/brokers.ts";
import { CountingSite, counter } from "../../support/running/counting-site.ts";
import { Gateway, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { proofOf, proved, told } from "../../support/running/proof.ts";

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

/** The last number that the site showed is stored, everything has its PUBACK, and some of it no proof. */
const sentUnproved = (gateway: Gateway, site: CountingSite) =>
  until(
    async () => {
      const { devices, streams, store } = await gateway.status();
      const seen = devices[0]?.points[0]?.value === site.shown.get(1) && store.waiting === 0;
      const sent = streams.every(({ sentUpTo, head }) => sentUpTo === head);
      return seen && sent && streams.some(({ upTo, head }) => upTo < head) && streams;
    },
    15_000,
    "all is sent and not proved",
  );

describe.each(brokerKinds)("%s", (kind) => {
  it("is found by what the gateway reports, and sent again", { timeout: 120_000 }, async () => {
    await using folder = await temporary("tail");
    await using site = await CountingSite.open();
    await using broker = await Broker.open(kind, folder.path);
    const held = join(folder.path, "platform.sqlite");
    await using first = await startPlatform(broker.url, held, "--ack-after", "200ms");
    await using gateway = new Gateway(folder.path);
    await gateway.configure(broker.url, {
      sync: { live: { every: "100ms" } },
      buses: site.buses,
      devices: { counter: counter(1, "50ms") },
    });
    await gateway.start();
    await until(async () => (await told(held, "counter", "n")).length >= 5, 15_000, "the day begins");

    // The broker keeps the session of a platform that died, and acknowledges on its behalf.
    await first.program.kill("SIGKILL");
    const before = site.shown.get(1) ?? 0;
    await until(() => (site.shown.get(1) ?? 0) >= before + 10, 15_000, "the site goes on");
    site.held = true;
    const streams = await sentUnproved(gateway, site);
    await broker.kill();
    expect((await told(held, "counter", "n")).length).toBeLessThan(site.shown.get(1) ?? 0);

    await broker.start();
    await using _second = await startPlatform(broker.url, held, "--ack-after", "200ms");
    await proved(gateway);
    expect((await told(held, "counter", "n")).map(({ value }) => value)).toEqual(upTo(site.shown.get(1) ?? 0));
    // Nothing new was said meanwhile that could have shown the hole.
    expect((await gateway.status()).streams.map(({ head }) => head)).toEqual(streams.map(({ head }) => head));
    const proof = await proofOf(gateway.db, held, ["counter"]);
    expect(proof).toMatchObject({ delivered: proof.stored, acknowledged: proof.stored, gaps: 0, duplicates: [] });
    expect(await gateway.stop()).toBe(0);
  });
});
