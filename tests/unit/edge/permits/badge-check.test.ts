/** A badge is judged for each asset that listens; the verdict is told and heard again, the number is nowhere. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { replay } from "../../../../src/edge/engine/past/replay.ts";
import { BadgeCheck, noLists, type PermitVerdict } from "../../../../src/edge/permits/badge-check.ts";
import { EdgeRuntime, type EdgeRuntimeOptions } from "../../../../src/edge/runtime.ts";
import { TrustedKeys } from "../../../../src/edge/trust/trusted-keys.ts";
import { type Clock, monotonic } from "../../../../src/kit/clock.ts";
import { noLog } from "../../../../src/kit/log.ts";
import type { Device, DeviceInfo, EdgeEvent, Reading } from "../../../../src/model/index.ts";
import { DOWN, Signer } from "../../../support/lists/signer.ts";
import { folder, open } from "../store/support.ts";
import { gate } from "./gate.ts";

const HASH = "k1:c28a3eeb411ed67d99c130f5ac3b6d07";
const OTHER = "k1:00000000000000000000000000000001";
const HOUR = 3_600_000;
const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

async function site(
  file: string,
  verdict?: (list: string, shown: string, asset: string) => PermitVerdict,
  lists?: EdgeRuntimeOptions["lists"],
) {
  const ahead = { ms: 0, synced: true };
  const mono = () => monotonic() + ahead.ms;
  const wall = () => 1_764_000_000_000 + mono();
  const clock: Clock = { boot: "boot", mono, now: () => ({ mono: mono(), wall: wall(), synced: ahead.synced }) };
  const queue: Reading[][] = [];
  let wake = () => {};
  const device = async (): Promise<Device> => ({
    async *readings(_ticks, stop) {
      yield [];
      while (!stop.aborted) {
        const next = queue.shift();
        if (next !== undefined) yield next;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
            stop.addEventListener("abort", () => resolve(), { once: true });
          });
      }
    },
    async [Symbol.asyncDispose]() {},
  });
  const reader: DeviceInfo = {
    id: "reader",
    type: "test",
    points: { badge: { unit: "", kind: "credential" } },
    silentAfterMs: 1000 * HOUR,
    open: device,
  };
  const assetOf = (id: string, list: string) => ({
    kind: gate,
    asset: {
      id,
      urn: `urn:${id}`,
      kind: "gate",
      name: { it: id, en: id },
      options: { reader: "reader", list },
      silentAfterMs: { shown: 1000 * HOUR },
    },
  });
  const assets = [assetOf("north", "disabled"), assetOf("south", "resident")];
  const store = await open(file, { clock });
  const edge = new EdgeRuntime({
    gateway: "gw",
    store,
    devices: [reader],
    assets,
    commitMs: 10,
    clock,
    log: noLog,
    ...(verdict && { permits: { verdict } }),
    ...(lists && { lists }),
  });
  const stop = new AbortController();
  stops.push(stop);
  const happened: EdgeEvent[] = [];
  const waiting: (() => void)[] = [];
  edge.onEvent((event) => {
    happened.push(event);
    for (const each of waiting.splice(0)) each();
  });
  const running = edge.run(stop.signal);
  return {
    edge,
    store,
    assets,
    ahead,
    wall,
    shows(...values: readonly string[]): void {
      queue.push(values.map((value) => ({ point: "badge", value, quality: "good", mono: mono() })));
      wake();
    },
    async shown(count: number): Promise<readonly EdgeEvent[]> {
      for (;;) {
        const found = happened.filter(({ kind }) => kind === "badge.shown");
        if (found.length >= count) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    states: () => Object.fromEntries(edge.documents.assets().map(({ asset, state }) => [asset, state])),
    async end(): Promise<void> {
      stop.abort();
      await running;
      await store[Symbol.asyncDispose]();
    },
  };
}

it("is judged by the list of each asset that listens, and its number is in no file", async () => {
  await using at = await folder();
  const asked: string[] = [];
  const { shows, shown, states, store, assets, edge, wall, end } = await site(at.file, (list, hash, asset) => {
    asked.push(`${asset} ${list} ${hash}`);
    const isIn = list === "disabled" && hash === HASH;
    return {
      list,
      version: 7,
      verdict: isIn ? "valid" : "unknown",
      until: isIn ? wall() + HOUR : null,
      ...(isIn && { age: "stale" }),
    };
  });
  shows(HASH);
  const [north, south] = await shown(2);
  expect(asked).toEqual([`north disabled ${HASH}`, `south resident ${HASH}`]);
  expect(north).toMatchObject({
    asset: "north",
    urn: "urn:north",
    reader: "reader",
    permit: { list: "disabled", version: 7, verdict: "valid" },
    list: "stale",
    text: { it: "north: contrassegno valido" },
  });
  expect(south).toMatchObject({ asset: "south", permit: { list: "resident", verdict: "unknown" }, until: null });
  shows(OTHER);
  await shown(3);
  expect(states()).toEqual({ north: { status: "unknown", came: 2 }, south: { status: "unknown", came: 1 } });
  expect(edge.devices.status()).toMatchObject([{ points: [] }]);
  const { told: again } = await replay(store, assets);
  expect(again.map(({ asset, kind, state }) => [asset, kind, state])).toEqual([
    ["south", "gate.refused", "raised"],
    ["north", "gate.refused", "raised"],
  ]);
  await end();
  for (const name of await readdir(at.path)) {
    const bytes = await readFile(join(at.path, name));
    for (const hash of [HASH, OTHER].map((one) => one.slice(3)))
      for (const trace of [Buffer.from(hash), Buffer.from(hash, "hex")]) expect(bytes.includes(trace), name).toBe(false);
  }
});

it("is known after a restart, and ends by the time that passes", async () => {
  await using at = await folder();
  let until = 0;
  const judge = (list: string): PermitVerdict => ({ list, version: 1, verdict: "valid", until });
  const first = await site(at.file, judge);
  until = first.wall() + HOUR;
  first.shows(HASH);
  await first.shown(2);
  await first.end();
  const second = await site(at.file, judge);
  second.ahead.ms = HOUR / 2;
  second.shows(HASH);
  await second.shown(2);
  expect(second.states()["north"]).toEqual({ status: "valid", came: 2 });
  second.ahead.ms = 2 * HOUR;
  until += 1;
  second.shows(HASH);
  await second.shown(4);
  expect(second.states()["north"]).toEqual({ status: "over", came: 3 });
  await second.end();
});

it("says so where there is no list", async () => {
  await using at = await folder();
  const { shows, shown, states, end } = await site(at.file);
  shows(HASH);
  const [north] = await shown(2);
  expect(north).toMatchObject({
    permit: { version: null, verdict: "unknown" },
    text: { en: "north: badge read, there is no list to judge it by" },
  });
  expect(states()["north"]).toEqual({ status: "no list", came: 1 });
  await end();
});

it("is told once a second where a reader says the same again and again", () => {
  const asset = { id: "a", urn: "urn:a", kind: "gate", name: { it: "a", en: "a" }, options: null, silentAfterMs: {} };
  const check = new BadgeCheck(noLists, () => ({ mono: 0, wall: 0, synced: true }));
  const told = (mono: number) => [...check.verdicts([{ asset, list: "disabled" }], "reader", HASH, mono)].length;
  expect(Array.from({ length: 3000 }, (_, mono) => told(mono)).reduce((sum, n) => sum + n, 0)).toBe(3);
});

it("is valid by a signed list until a newer one revokes it, and by none after its key is another", async () => {
  await using at = await folder();
  await using signer = new Signer().trust("city", "lists/*");
  const keys = new TrustedKeys(signer.file);
  const badgeKeys = async () => ["k1", "k2"];
  const { edge, shows, shown, wall, end } = await site(at.file, undefined, {
    folder: join(at.path, "lists"),
    downTopic: DOWN,
    keys,
    badgeKeys,
  });
  await edge.lists?.load();
  const until = wall() + HOUR;
  const push = (version: number, kid: string, more = {}) => {
    const entry = { key: HASH.slice(3), from: 0, to: until, ...more };
    const list = signer.list({ name: "disabled", version, kid, issuedAt: wall(), entries: [entry] });
    return edge.lists?.receive("disabled", Buffer.from(JSON.stringify(list)));
  };
  const verdicts = async (count: number) =>
    (await shown(count)).filter(({ asset }) => asset === "north").map((event) => [event["permit"], event["until"]]);
  await push(1, "k1");
  shows(`${HASH} k2:ffffffffffffffffffffffffffffffff`);
  await shown(2);
  await push(2, "k1", { revoked: true });
  shows(HASH);
  await shown(3);
  await push(3, "k2");
  shows(HASH);
  expect(await verdicts(4)).toEqual([
    [{ list: "disabled", version: 1, verdict: "valid" }, until],
    [{ list: "disabled", version: 2, verdict: "revoked" }, null],
    [{ list: "disabled", version: 3, verdict: "unknown" }, null],
  ]);
  await end();
});
