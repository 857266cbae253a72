/** Every type of column, commanded through the whole host: written once at most, never late, the end always told. */
import { describe, expect, it } from "vitest";
import { deviceInfo } from "../../../../src/drivers/index.ts";
import { openWires } from "../../../../src/drivers/wires.ts";
import { EdgeRuntime } from "../../../../src/edge/runtime.ts";
import { type Clock, monotonic } from "../../../../src/kit/clock.ts";
import { noLog } from "../../../../src/kit/log.ts";
import type { CommandResult } from "../../../../src/model/index.ts";
import { MemoryStore } from "../../../support/memory/memory-store.ts";
import { until } from "../../../support/running/processes.ts";
import {
  COLUMNS,
  type ColumnSlave,
  type ColumnType,
  columnSlave,
  controlOf,
} from "../../drivers/families/column/simulated-column.ts";

const clock: Clock = { boot: "boot", mono: monotonic, now: () => ({ mono: monotonic(), wall: Date.now(), synced: true }) };
const WAIT_MS = 30_000;
const ID = "01929b5e-0000-7000-8000-000000000001";
const END = /command\.(succeeded|failed|expired|refused|unknown)/;

/** One run of a gateway in front of the column. */
async function run(slave: ColumnSlave, store: MemoryStore) {
  const stop = new AbortController();
  const wires = openWires({ plant: slave.bus }, noLog);
  const devices = [deviceInfo("column", slave.driver, slave.options, "plant", wires)];
  const runtime = new EdgeRuntime({ gateway: "gw", store, devices, assets: [], commitMs: 10, clock, log: noLog });
  const results: CommandResult[] = [];
  runtime.commands.onResult((result) => results.push(result));
  const before = slave.connections();
  const running = runtime.run(stop.signal);
  const isUp = () => store.happened().some(({ kind }) => kind === "epoch.opened") && slave.connections() > before;
  await until(isUp, WAIT_MS, "the column asked");
  const send = (more: object = {}) => {
    const now = Date.now();
    const limit = { target: "column.limit", action: "set", args: { value: 10 } };
    const body = { v: 1, id: ID, gateway: "gw", issuer: "test", issuedAt: now, expiresAt: now + 60_000, ...limit, ...more };
    return runtime.commands.receive({ body, retained: false, origin: "local" }, stop.signal);
  };
  return {
    send,
    results,
    steps: () => store.happened().flatMap(({ kind }) => (kind.startsWith("command.") ? [kind] : [])),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running.catch(() => undefined);
      await wires[Symbol.asyncDispose]();
    },
  };
}

const column = (type: string) => columnSlave(type, { every: "200ms", control: controlOf(type, { impact: "low" }) });
const limitsIn = ({ writes }: ColumnSlave, { at }: ColumnType) => writes.filter((address) => address === at).length;

describe.each([
  ["obeys", "succeeded", "succeeded"],
  ["late", "succeeded", "unknown"],
  ["silent", "succeeded", "unknown"],
  ["refuses", "failed", "failed"],
  ["restarts", "unknown", "unknown"],
] as const)("a column that %s", (manner, whereRead, whereNot) => {
  it.concurrent.each(COLUMNS)("$type: one write, one end, and the same answer to the same id", async (of) => {
    await using slave = await column(of.type);
    await using gateway = await run(slave, new MemoryStore(monotonic()));
    slave.manner = manner;
    await gateway.send();
    await until(() => gateway.steps().some((kind) => END.test(kind)), WAIT_MS, "an end");
    const end = of.isRead ? whereRead : whereNot;
    expect(gateway.steps()).toEqual(["command.accepted", "command.executing", `command.${end}`]);
    expect(limitsIn(slave, of)).toBe(1);
    await gateway.send();
    await until(() => gateway.results.length > 1, WAIT_MS, "the same answer");
    expect(gateway.results.map(({ state }) => state)).toEqual([end, end]);
  });
});

it.concurrent.each(COLUMNS)("$type: a command whose time was over before it came is not sent, and told", async (of) => {
  await using slave = await column(of.type);
  await using gateway = await run(slave, new MemoryStore(monotonic()));
  await gateway.send({ issuedAt: Date.now() - 20_000, expiresAt: Date.now() - 10_000 });
  await until(() => gateway.results.length > 0, WAIT_MS, "an answer");
  expect(gateway.results[0]).toMatchObject({ state: "expired", code: "command.expired" });
  expect(limitsIn(slave, of)).toBe(0);
});

it.concurrent.each(COLUMNS)(
  "$type: a gateway that is killed after the write does not write again, and says that it does not know",
  async (of) => {
    await using slave = await column(of.type);
    const store = new MemoryStore(monotonic());
    const after = new MemoryStore(monotonic());
    {
      await using gateway = await run(slave, store);
      slave.manner = "silent";
      await gateway.send();
      await until(() => limitsIn(slave, of) === 1, WAIT_MS, "the write");
      // From here on nothing becomes durable, as after a kill: what the next start finds is what there was.
      store.failing = "store.unwritable";
      for (const [key, value] of store.saved) after.saved.set(key, structuredClone(value));
      for (const [id, row] of store.inbox) after.inbox.set(id, structuredClone(row));
      expect(gateway.steps()).toEqual(["command.accepted", "command.executing"]);
    }
    slave.manner = "obeys";
    await using gateway = await run(slave, after);
    await until(() => gateway.steps().some((kind) => END.test(kind)), WAIT_MS, "an end");
    await gateway.send();
    await until(() => gateway.results.length > 0, WAIT_MS, "the same answer");
    expect(gateway.steps()).toEqual(["command.unknown"]);
    expect(gateway.results.at(-1)).toMatchObject({ state: "unknown", code: "command.interrupted" });
    expect(limitsIn(slave, of)).toBe(1);
  },
);
