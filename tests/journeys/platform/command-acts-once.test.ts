/** Commands twice, late, wrong, and around kills of the gateway: one write at most for an id, and always an answer. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EdgeEvent } from "../../../src/model/index.ts";
import { Operator } from "../../support/broker/operator.ts";
import { type Coils, coils } from "../../support/running/coils.ts";
import { Held } from "../../support/running/held.ts";
import {
  ask,
  broker,
  type Control,
  Gateway,
  list,
  Opened,
  startPlatform,
  temporary,
  until,
} from "../../support/running/processes.ts";

const BUSY = { timeout: 60_000 };

/** Every coil is a point of its own: one target waits for nobody but itself. */
const device = (points: object) => ({ type: "modbus-points", bus: "plant", unit: 1, every: "500ms", points });

interface World extends AsyncDisposable {
  readonly slave: Coils;
  readonly gateway: Gateway;
  readonly operator: Operator;
  readonly platform: Control;
  readonly held: () => Promise<Held>;
}

async function world(points: object, more: { readonly devices?: object; readonly assets?: object } = {}): Promise<World> {
  const open = new Opened();
  try {
    const folder = open.use(await temporary("once"));
    const city = open.use(await broker());
    const file = join(folder.path, "city.sqlite");
    const { control: platform } = open.use(await startPlatform(city.url, file, "--ack-after", "200ms"));
    const operator = open.use(await Operator.open(city.url, "gw-1"));
    const slave = open.use(await coils());
    const gateway = open.use(new Gateway(folder.path));
    await gateway.configure(city.url, {
      buses: { plant: slave.bus },
      devices: { relay: device(points), ...more.devices },
      assets: more.assets ?? {},
    });
    const held = async () => Held.open(file);
    return { slave, gateway, operator, platform, held, [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() };
  } catch (error) {
    await open[Symbol.asyncDispose]();
    throw error;
  }
}

const online = (gateway: Gateway) => until(async () => (await gateway.status()).sync.connected, 15_000, "online");

/** The durable steps of a command's life so far, as the box itself tells them. */
async function life(gateway: Gateway, id: string): Promise<readonly { readonly state: string; readonly code: unknown }[]> {
  const found = await list<EdgeEvent>(gateway.socket, { do: "events", limit: 1000 });
  const its = found.filter(({ command }) => command === id);
  return its.map(({ kind, code }) => ({ state: kind.replace("command.", ""), code }));
}
const steps = async (gateway: Gateway, id: string) => (await life(gateway, id)).map(({ state }) => state);
/** The event is the record: an answer to a command that a start ends goes out only if the broker is there by then (contract, `results`). */
const ended = (gateway: Gateway, id: string) =>
  until(
    async () => (await life(gateway, id)).find(({ state }) => /^(succeeded|unknown)$/.test(state)),
    15_000,
    `the end of ${id}`,
  );

describe("a command acts once", () => {
  it("though the gateway is killed at each step of its life", BUSY, async () => {
    await using w = await world(Object.fromEntries([1, 2, 3, 4, 5, 6].map((coil) => [`c${coil}`, { coil, writable: true }])));
    const { slave, gateway, operator } = w;
    const writes = (coil: number) => slave.writes.filter((write) => write.coil === coil).length;
    const reached = (id: string, step: string) => until(async () => (await steps(gateway, id)).includes(step), 15_000, step);
    const ids: string[] = [];
    await gateway.start();
    await online(gateway);

    // 1. It has arrived in the machine and is not durable.
    gateway.program?.child.kill("SIGSTOP");
    ids[1] = await operator.send("relay.c1", true);
    await gateway.kill();
    await gateway.start();
    expect(await ended(gateway, ids[1])).toMatchObject({ state: "succeeded" });

    // 2. and 4. One has been written and waits for the answer; the next for the same target is accepted and waits for its turn.
    slave.mute.add("write");
    const written = new Promise<void>((resolve) => {
      slave.written = () => resolve();
    });
    ids[4] = await operator.send("relay.c4", true);
    await written;
    ids[2] = await operator.send("relay.c4", false);
    await reached(ids[2], "accepted");
    expect(await steps(gateway, ids[2])).toEqual(["accepted"]);
    await gateway.kill();
    slave.mute.clear();
    expect(writes(4)).toBe(1);
    await gateway.start();
    expect(await ended(gateway, ids[4])).toEqual({ state: "unknown", code: "command.interrupted" });
    expect(await ended(gateway, ids[2])).toMatchObject({ state: "succeeded" });
    expect(slave.writes.filter(({ coil }) => coil === 4)).toEqual([
      { coil: 4, value: true },
      { coil: 4, value: false },
    ]);

    // 3. It is executing and has not been written: a poll holds the line.
    slave.mute.add("read");
    await until(async () => ((await gateway.status()).devices[0]?.ageMs ?? 0) > 1000, 15_000, "a poll that waits");
    ids[3] = await operator.send("relay.c3", true);
    await reached(ids[3], "executing");
    await gateway.kill();
    expect(writes(3)).toBe(0);
    slave.mute.clear();
    await gateway.start();
    expect(await ended(gateway, ids[3])).toEqual({ state: "unknown", code: "command.interrupted" });

    // 5. The wire has answered and the result is not yet durable, or just is.
    const killed = new Promise<void>((resolve) => {
      slave.written = () => resolve(gateway.kill());
    });
    await online(gateway);
    ids[5] = await operator.send("relay.c5", true);
    await killed;
    slave.written = () => undefined;
    await gateway.start();

    // 6. The result is durable.
    await online(gateway);
    ids[6] = await operator.send("relay.c6", true);
    await reached(ids[6], "succeeded");
    await gateway.kill();
    await gateway.start();
    await online(gateway);

    // The sender, who may have heard nothing, asks again with the same ids: an answer to each, and no second effect.
    const before = slave.writes.length;
    const values = [0, 0, 0, 0, 1, 1, 1];
    for (const [i, id] of ids.entries()) {
      if (id === undefined) continue;
      const heard = operator.answers(id).length;
      await operator.send(i === 2 ? "relay.c4" : `relay.c${i}`, values[i] === 1, { id });
      expect((await operator.answer(id, heard)).state).toEqual(
        i === 5 ? expect.stringMatching(/^(succeeded|unknown)$/) : i === 3 || i === 4 ? "unknown" : "succeeded",
      );
    }
    expect(slave.writes.length).toBe(before);
    expect([1, 2, 3, 4, 5, 6].map(writes)).toEqual([1, 0, 0, 2, 1, 1]);

    // The record of each life is an event at each step, once, whatever was killed between.
    await using held = await w.held();
    await until(async () =>
      (await held.events()).some(({ command, kind }) => command === ids[6] && kind === "command.succeeded"),
    );
    for (const id of ids.filter((known) => known !== undefined)) {
      const kinds = (await held.events()).filter(({ command }) => command === id).map(({ kind }) => kind);
      expect(new Set(kinds).size).toBe(kinds.length);
      expect(kinds).toContain("command.accepted");
      expect(kinds.at(-1)).toMatch(/succeeded|unknown/);
    }
  });

  it("or not at all when it is wrong, and says why", BUSY, async () => {
    await using w = await world({
      pump: { coil: 1, writable: true },
      mains: { coil: 2, writable: true, impact: "high" },
      flow: { coil: 3 },
    });
    const { slave, gateway, operator } = w;
    const now = Date.now();
    const hour = 3_600_000;
    // It lay retained at the broker before the gateway came.
    const retained = { v: 1, id: "retained-1", gateway: "gw-1", target: "relay.pump", action: "set", args: { value: true } };
    await operator.raw(JSON.stringify({ ...retained, issuedAt: now, expiresAt: now + hour, issuer: "operator" }), true);
    await gateway.start();
    expect(await operator.answer("retained-1")).toMatchObject({ state: "refused", code: "command.retained" });
    await online(gateway);

    // What is no command at all has nobody to answer: it is an event.
    await using held = await w.held();
    for (const [i, payload] of ["{not json", '{"v":1,"id":7}'].entries()) {
      await operator.raw(payload);
      await until(async () => (await held.events("command.refused")).filter(({ code }) => code === "command.malformed")[i]);
    }
    const cases: readonly (readonly [string, string, Promise<string>])[] = [
      ["expired", "command.expired", operator.send("relay.pump", true, { issuedAt: now - hour, expiresAt: now - 1000 })],
      ["refused", "command.lifetime", operator.send("relay.pump", true, { expiresAt: now + 30 * hour })],
      ["refused", "command.lifetime", operator.send("relay.pump", true, { issuedAt: now + hour, expiresAt: now + 2 * hour })],
      ["refused", "command.wrong-gateway", operator.send("relay.pump", true, { gateway: "gw-2" })],
      ["refused", "command.unknown-target", operator.send("relay.fan", true)],
      ["refused", "command.unknown-target", operator.send("relay.flow", true)],
      ["refused", "command.unknown-target", operator.send("relay.pump", true, { action: "toggle" })],
      ["refused", "command.out-of-range", operator.send("relay.pump", 2)],
      ["refused", "command.out-of-range", operator.send("relay.pump", true, { args: { value: true, force: true } })],
      ["refused", "command.unsigned", operator.send("relay.mains", true)],
    ];
    for (const [state, code, sent] of cases) expect(await operator.answer(await sent)).toMatchObject({ state, code });
    expect(slave.writes).toEqual([]);

    // One id five times at once: one effect, and the same answer to whoever asks.
    const id = await operator.send("relay.pump", true);
    await Promise.all([1, 2, 3, 4].map(() => operator.send("relay.pump", true, { id })));
    expect(await operator.answer(id)).toMatchObject({ state: "succeeded" });
    // The id is spent: another wish under it is not carried out either.
    await operator.send("relay.pump", false, { id });
    await operator.answer(await operator.send("relay.fan", true));
    expect(slave.writes).toEqual([{ coil: 1, value: true }]);

    // A person at the box is authorised by the socket: the same path, without a signature.
    expect((await gateway.cippo("command", "relay.mains", "set", "value=true")).code).toBe(0);
    expect(slave.writes.at(-1)).toEqual({ coil: 2, value: true });
  });

  it("and what must not stay on goes off by itself, also after a kill", BUSY, async () => {
    await using w = await world({
      pump: { coil: 1, writable: true, limits: { maxOn: "2s" } },
      valve: { coil: 2, writable: true, limits: { minInterval: "1h" } },
    });
    const { slave, gateway, operator } = w;
    await gateway.start();
    await online(gateway);
    expect(await operator.answer(await operator.send("relay.pump", true))).toMatchObject({ state: "succeeded" });
    await until(() => !slave.on.has(1), 10_000, "off after maxOn");
    expect(await operator.answer(await operator.send("relay.valve", true))).toMatchObject({ state: "succeeded" });

    expect(await operator.answer(await operator.send("relay.pump", true))).toMatchObject({ state: "succeeded" });
    await gateway.kill();
    expect(slave.on.has(1)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await gateway.start();
    await until(() => !slave.on.has(1), 15_000, "off after the restart");
    expect(slave.writes.filter(({ coil }) => coil === 1).map(({ value }) => value)).toEqual([true, false, true, false]);
    // The shortest interval outlives the restart too, and never keeps anything on.
    await online(gateway);
    expect(await operator.answer(await operator.send("relay.valve", true))).toMatchObject({
      state: "refused",
      code: "command.too-soon",
    });
    expect(await operator.answer(await operator.send("relay.valve", false))).toMatchObject({ state: "succeeded" });

    await using held = await w.held();
    await gateway.delivered();
    expect((await held.events("command.limit-reached")).map(({ target }) => target)).toEqual(["relay.pump", "relay.pump"]);
  });

  it("and a badge confirmed by the platform or at the box clears the alarm", BUSY, async () => {
    await using w = await world(
      { pump: { coil: 1, writable: true } },
      {
        devices: {
          loop: { type: "modbus-points", bus: "plant", unit: 2, every: "200ms", points: { present: { fc: 2, address: 0 } } },
        },
        assets: {
          "bay-1": {
            kind: "parking-bay",
            reservedFor: "disabled",
            occupancy: "loop.present",
            debounce: "200ms",
            permits: { list: "disabled", grace: "300ms" },
          },
        },
      },
    );
    const { slave, gateway, platform } = w;
    await gateway.start();
    await online(gateway);
    const open = async () => (await gateway.status()).alarms.filter(({ kind }) => kind === "bay.illegal-occupation");
    const status = async () => (await gateway.status()).assets[0]?.state["status"];
    const ids: string[] = [];
    const ways: Readonly<Record<string, () => Promise<void>>> = {
      platform: async () => {
        const { data } = await platform.ask<{ data: unknown }>({
          do: "command",
          gateway: "gw-1",
          target: "bay-1",
          action: "permit.confirm",
          args: { until: Date.now() + 3_600_000 },
        });
        expect(data).toMatchObject({ state: "succeeded" });
      },
      box: async () => expect((await gateway.cippo("command", "bay-1", "permit.confirm", "until=+1h")).code).toBe(0),
    };
    for (const confirm of Object.values(ways)) {
      slave.inputs.add(0);
      ids.push((await until(async () => (await open())[0], 10_000, "the alarm")).id);
      await confirm();
      await until(async () => (await open()).length === 0, 10_000, "the alarm is cleared");
      expect(await ask(gateway.socket, { do: "status" })).toMatchObject({
        assets: [{ state: { status: "occupied", permit: "valid" } }],
      });
      slave.inputs.delete(0);
      await until(async () => (await status()) === "free", 10_000, "free");
    }
    await using held = await w.held();
    const told = async () =>
      (await held.events("bay.illegal-occupation")).map(({ id, state, reason }) => [ids.indexOf(id), state, reason]);
    await gateway.delivered();
    expect(await told()).toEqual([
      [0, "raised", undefined],
      [0, "cleared", "normal"],
      [1, "raised", undefined],
      [1, "cleared", "normal"],
    ]);
  });
});
