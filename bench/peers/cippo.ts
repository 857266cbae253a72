/** Cippo in the comparison: the product's own gateway, store and sync, with as many readings a commit as a busy second has. */

import { openWire, type Wire } from "../way/measures.ts";
import { brokerUrl } from "../way/processes/broker.ts";
import { Child, type Usage } from "../way/processes/child.ts";
import type { Feeding, Opening } from "../way/processes/gateway.ts";
import type { Outcome } from "./run.ts";
import { settled } from "./run.ts";

const PER_COMMIT = 100;

export async function cippoRun(program: string, folder: string, centre: number, count: number): Promise<Outcome> {
  const opening: Opening = { id: "gw-peer", folder, broker: brokerUrl(centre), assets: false };
  let takeUs = 0;
  {
    await using gateway = new Child(program, "gateway");
    await gateway.ask("open", opening);
    const before = await gateway.ask<Usage>("usage");
    await gateway.ask("feed", { readings: PER_COMMIT, commits: count / PER_COMMIT, paceMs: 0 } satisfies Feeding);
    takeUs = (await gateway.ask<Usage>("usage")).cpuUs - before.cpuUs;
    await gateway.kill();
  }
  await using gateway = new Child(program, "gateway");
  await gateway.ask("open", opening);
  const before = await gateway.ask<Usage>("usage");
  await using wire: Wire = await openWire(program, centre, 250);
  const begun = performance.now();
  const arrived = async () => (await wire.received()).readings;
  const { last, value } = await settled(arrived, count);
  const after = await gateway.ask<Usage>("usage");
  const { repeats } = await wire.received();
  await gateway.ask("close");
  return {
    taken: count,
    lost: count - value,
    repeats,
    takeUs: takeUs / count,
    drainUs: (after.cpuUs - before.cpuUs) / count,
    perSecond: (value * 1000) / Math.max(1, last - begun),
  };
}
