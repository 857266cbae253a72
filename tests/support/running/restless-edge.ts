/** A gateway on devices that never rest: prints every batch once it is durable, until it is killed. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { assetKinds } from "../../../src/edge/kinds/index.ts";
import { EdgeRuntime } from "../../../src/edge/runtime.ts";
import { openStore } from "../../../src/edge/store/open-store.ts";
import { monotonic, systemClock } from "../../../src/kit/clock.ts";
import { noLog } from "../../../src/kit/log.ts";
import type { DeviceInfo, PointSpec, Reading } from "../../../src/model/index.ts";

/** What is printed of one durable batch: epoch, stream, from, to, and a hash of the body. */
export type Durable = readonly [epoch: string, stream: "readings" | "events", from: number, to: number, hash: string];
export const hashOf = (body: Uint8Array): string => createHash("sha1").update(body).digest("base64url");

const POINTS: Readonly<Record<string, PointSpec>> = {
  level: { unit: "1", kind: "gauge" },
  passage: { unit: "1", kind: "increments" },
  present: { unit: "", kind: "state", report: { change: 1 } },
};

async function* readings(stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
  for (let i = 0; !stop.aborted; i += 1) {
    const common = { quality: "good", mono: monotonic() } as const;
    yield [
      { point: "level", value: Math.random(), ...common },
      { point: "passage", value: i % 3, ...common },
      // A car comes and goes: an event and a state of the rule now and then.
      { point: "present", value: i % 40 < 20, ...common },
    ];
    await sleep(1);
  }
}

async function run(file: string): Promise<void> {
  process.stdout.write("begun\n");
  const clock = systemClock("assumed");
  await using store = await openStore({
    file,
    quotaMB: 32,
    keepMs: 2000,
    clock,
    log: noLog,
    walBytes: 128 * 1024,
    ballastBytes: 64 * 1024,
    checkAfterMs: 3_600_000,
  });
  const device = (id: string): DeviceInfo => ({
    id,
    type: "test",
    points: POINTS,
    silentAfterMs: 60_000,
    open: async () => ({ readings: (_, stop) => readings(stop), [Symbol.asyncDispose]: async () => {} }),
  });
  const kind = assetKinds["parking-bay"];
  if (kind === undefined) throw new Error("no parking-bay");
  const options = kind.options.parse({
    occupancy: "a.present",
    reservedFor: "disabled",
    debounce: "0ms",
    permits: { grace: "1ms" },
  });
  const name = { it: "1", en: "1" };
  const asset = { id: "bay", urn: "urn:x", kind: "parking-bay", name, options, silentAfterMs: { occupancy: 60_000 } };
  const devices = [device("a"), device("b")];
  const edge = new EdgeRuntime({
    gateway: "gw",
    store,
    devices,
    assets: [{ asset, kind }],
    commitMs: 5,
    clock,
    log: noLog,
  });
  edge.outbox.onCommitted(({ segments }) => {
    for (const { epoch, stream, from, to, body } of segments) {
      const durable: Durable = [epoch, stream, from, to, hashOf(body)];
      process.stdout.write(`${JSON.stringify(durable)}\n`);
      // The platform is quick, or slow, or holds what came later.
      const lot = Math.random();
      if (lot < 0.5) edge.outbox.acknowledge([{ epoch, stream, upTo: to, held: [] }]);
      else if (lot < 0.6) edge.outbox.acknowledge([{ epoch, stream, upTo: 0, held: [[from, to]] }]);
    }
  });
  await edge.run(new AbortController().signal);
}

const [, program = "", file] = process.argv;
if (program.endsWith("restless-edge.mjs") && file !== undefined) await run(file);
