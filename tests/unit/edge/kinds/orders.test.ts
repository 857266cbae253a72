/** What a kind wants other things to be goes out as orders, once each, over restarts, and again until it succeeded. */
import { expect, it } from "vitest";
import { deviceInfo, loadDriver } from "../../../../src/drivers/index.ts";
import { openWires } from "../../../../src/drivers/wires.ts";
import { stateKeyOf } from "../../../../src/edge/engine/asset/asset-key.ts";
import type { SavedAsset } from "../../../../src/edge/engine/asset/saved.ts";
import { assetKind, type Output, state, want } from "../../../../src/edge/kinds/kind.ts";
import { EdgeRuntime } from "../../../../src/edge/runtime.ts";
import { type Clock, monotonic } from "../../../../src/kit/clock.ts";
import { noLog } from "../../../../src/kit/log.ts";
import type { EdgeEvent } from "../../../../src/model/index.ts";
import { MemoryStore } from "../../../support/memory/memory-store.ts";
import { type Coils, coils } from "../../../support/running/coils.ts";
import { until } from "../../../support/running/processes.ts";

const clock: Clock = { boot: "boot", mono: monotonic, now: () => ({ mono: monotonic(), wall: Date.now(), synced: true }) };
const WAIT_MS = 20_000;

/** A lamp over a door that is to burn while the door is open. */
const lamp = assetKind({
  kind: "lamp",
  model: "Device",
  title: { it: "Lampada", en: "Lamp" },
  version: 1,
  options: null as never,
  senses: ({ door }: { door: string; lamp: Output<boolean> }) => ({ door: state(door) }),
  shows: { isOpen: { unit: "", kind: "state", meaning: "the door" } },
  alarms: {},
  facts: null,
  lookBackMs: 0,
  says: (_, { o, sees: { door } }) => ({
    shows: { isOpen: door.known ? door.value : "unknown" },
    claims: {},
    ...(door.known && { wants: [want(o.lamp, door.value)] }),
  }),
});

async function open(slave: Coils, store: MemoryStore, target = "relay.lamp") {
  const stop = new AbortController();
  const wires = openWires({ plant: slave.bus as never }, noLog);
  const driver = await loadDriver("modbus-points");
  if (driver === undefined) throw new Error("no driver");
  const device = (id: string, unit: number, points: object) => ({
    ...deviceInfo(id, driver, driver.options.parse({ unit, every: "100ms", points }), "plant", wires),
    silentAfterMs: 1000,
  });
  const options = { door: "contact.door", lamp: target };
  const asset = {
    id: "entry",
    urn: "urn:entry",
    kind: "lamp",
    name: { it: "e", en: "e" },
    options,
    silentAfterMs: { door: 60_000 },
  };
  const runtime = new EdgeRuntime({
    gateway: "gw",
    store,
    devices: [
      device("contact", 1, { door: { fc: 2, address: 1, decode: "bool" } }),
      device("relay", 2, { lamp: { coil: 5, writable: true } }),
    ],
    assets: [{ asset, kind: lamp }],
    commitMs: 10,
    clock,
    log: noLog,
  });
  const running = runtime.run(stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await wires[Symbol.asyncDispose]();
    },
  };
}

const steps = (store: MemoryStore) =>
  store.happened().flatMap(({ kind }: EdgeEvent) => (kind.startsWith("command.") ? [kind.slice("command.".length)] : []));
const ordered = (store: MemoryStore) => (store.saved.get(stateKeyOf("entry")) as SavedAsset | undefined)?.o;

it("goes out when what is wanted changes, in the commit that says why, and is not repeated", async () => {
  await using slave = await coils();
  const store = new MemoryStore(monotonic());
  await using _ = await open(slave, store);
  await until(() => slave.writes.length === 1 && steps(store).at(-1) === "succeeded", WAIT_MS, "the lamp told to be off");
  slave.inputs.add(1);
  await until(() => slave.writes.length === 2 && steps(store).at(-1) === "succeeded", WAIT_MS, "the lamp told to be on");
  expect(slave.writes).toEqual([
    { coil: 5, value: false },
    { coil: 5, value: true },
  ]);
  expect(steps(store)).toEqual(["accepted", "executing", "succeeded", "accepted", "executing", "succeeded"]);
  const reasons = store.commits.filter(({ inbox }) => inbox.some(({ state }) => state === "accepted"));
  expect(reasons).toHaveLength(2);
  for (const { states, inbox } of reasons) {
    const id = (states[stateKeyOf("entry")] as SavedAsset).o?.["relay.lamp"]?.id;
    expect(inbox.map((row) => row.id)).toContain(id);
    expect(id).toMatch(/^rule\/entry\/01EPOCH\w+\/\d+$/);
  }
  expect(ordered(store)).toEqual({ "relay.lamp": { value: true } });
});

it("goes out once, though the gateway ended between acceptance and effect", async () => {
  await using slave = await coils();
  const first = new MemoryStore(monotonic());
  first.inbox.set("rule/entry/01FORMER/7", {
    id: "rule/entry/01FORMER/7",
    received: 0,
    expires: 60_000,
    state: "accepted",
    body: {
      target: "relay.lamp",
      action: "set",
      args: { value: false },
      expiresAt: Date.now() + 60_000,
      issuer: "entry",
      origin: "rule",
    },
  });
  const wanted = { "relay.lamp": { value: false, id: "rule/entry/01FORMER/7" } };
  {
    await using _ = await open(slave, first);
    await until(() => steps(first).includes("succeeded"), WAIT_MS, "its own order");
  }
  const before = slave.writes.length;
  const saved = first.saved.get(stateKeyOf("entry")) as SavedAsset;
  const second = new MemoryStore(monotonic());
  second.saved.set(stateKeyOf("entry"), { ...saved, o: wanted });
  for (const [id, row] of first.inbox) if (id.includes("FORMER")) second.inbox.set(id, { ...row, state: "accepted" });
  await using _ = await open(slave, second);
  await until(() => steps(second).includes("succeeded"), WAIT_MS, "what was accepted before");
  expect(slave.writes.slice(before)).toEqual([{ coil: 5, value: false }]);
  expect(ordered(second)).toEqual({ "relay.lamp": { value: false } });
});

it("waits for a device that is down, and is ordered again as soon as it answers", async () => {
  await using slave = await coils("200ms");
  const store = new MemoryStore(monotonic());
  slave.dead.add(2);
  await using _ = await open(slave, store);
  await until(() => steps(store).includes("failed") || steps(store).includes("unknown"), WAIT_MS, "no answer");
  const isDown = () => store.happened().some(({ kind, device }) => kind === "device.down" && device === "relay");
  await until(isDown, WAIT_MS, "the relay is down");
  expect(ordered(store)?.["relay.lamp"]?.failed).toBe(1);
  slave.dead.clear();
  await until(() => steps(store).at(-1) === "succeeded", WAIT_MS, "ordered again");
  expect(slave.writes).toEqual([{ coil: 5, value: false }]);
  expect(ordered(store)).toEqual({ "relay.lamp": { value: false } });
});

it("that no target takes is refused with its code, and not asked for in a loop", async () => {
  await using slave = await coils();
  const store = new MemoryStore(monotonic());
  await using _ = await open(slave, store, "relay.horn");
  await until(() => steps(store).includes("refused"), WAIT_MS, "refused");
  slave.inputs.add(1);
  await until(() => steps(store).filter((step) => step === "refused").length === 2, WAIT_MS, "refused when it changes");
  const codes = store.happened().flatMap((event) => (event.kind === "command.refused" ? [event["code"]] : []));
  expect(codes).toEqual(["command.unknown-target", "command.unknown-target"]);
  expect(slave.writes).toEqual([]);
});
