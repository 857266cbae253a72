/** A command to a charger becomes an order to its column, which is written once. */
import { expect, it } from "vitest";
import { deviceInfo } from "../../../../src/drivers/index.ts";
import { openWires } from "../../../../src/drivers/wires.ts";
import { charger } from "../../../../src/edge/kinds/charger/index.ts";
import { EdgeRuntime } from "../../../../src/edge/runtime.ts";
import { type Clock, monotonic } from "../../../../src/kit/clock.ts";
import { noLog } from "../../../../src/kit/log.ts";
import type { CommandResult } from "../../../../src/model/index.ts";
import { MemoryStore } from "../../../support/memory/memory-store.ts";
import { until } from "../../../support/running/processes.ts";
import { columnSlave } from "../../drivers/families/column/simulated-column.ts";

const clock: Clock = { boot: "boot", mono: monotonic, now: () => ({ mono: monotonic(), wall: Date.now(), synced: true }) };
const WAIT_MS = 20_000;
const LIMIT = 261;

async function open() {
  const slave = await columnSlave("heidelberg-energy-control", { every: "200ms", control: { most: 16, impact: "low" } });
  const stop = new AbortController();
  const wires = openWires({ plant: slave.bus }, noLog);
  const store = new MemoryStore(monotonic());
  const options = charger.options.parse({
    device: "column",
    sockets: [{ type: "Type2" }],
    limit: "column.limit",
    most: 16,
    zeroPauses: true,
  });
  const asset = { id: "piazza", urn: "urn:piazza", kind: "charger", name: { it: "P", en: "P" }, options, silentAfterMs: {} };
  const runtime = new EdgeRuntime({
    gateway: "gw",
    store,
    devices: [deviceInfo("column", slave.driver, slave.options, "plant", wires)],
    assets: [{ asset, kind: charger }],
    commitMs: 10,
    clock,
    log: noLog,
  });
  const results: CommandResult[] = [];
  runtime.commands.onResult((result) => results.push(result));
  const running = runtime.run(stop.signal);
  const isUp = () => store.happened().some(({ kind }) => kind === "epoch.opened") && slave.connections() > 0;
  await until(isUp, WAIT_MS, "the column asked");
  const send = (id: string, more: object) => {
    const now = Date.now();
    const body = { v: 1, id, gateway: "gw", issuer: "test", issuedAt: now, expiresAt: now + 60_000, args: {}, ...more };
    return runtime.commands.receive({ body, retained: false, origin: "local" }, stop.signal);
  };
  return {
    slave,
    send,
    results,
    steps: () => store.happened().flatMap(({ kind }) => (kind.startsWith("command.") ? [kind] : [])),
    limits: () => slave.writes.filter((at) => at === LIMIT).length,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await wires[Symbol.asyncDispose]();
      await slave[Symbol.asyncDispose]();
    },
  };
}

it("a pause of the asset goes out as an order to its device, once", async () => {
  await using site = await open();
  await site.send("01929b5e-0000-7000-8000-000000000003", { target: "piazza", action: "charger.pause" });
  await until(() => site.limits() === 1 && site.steps().at(-1) === "command.succeeded", WAIT_MS, "the order carried out");
  expect(site.slave.unit().get("limit")).toBe(0);
  await site.send("01929b5e-0000-7000-8000-000000000004", { target: "piazza", action: "charger.pause" });
  await until(() => site.results.length >= 2, WAIT_MS, "both answers");
  expect(site.limits()).toBe(1);
});
