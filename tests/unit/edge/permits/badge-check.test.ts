/** A badge is judged for each asset that listens; the verdict is told and heard again, the number is nowhere. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { replay } from "../../../../src/edge/engine/past/replay.ts";
import { BadgeCheck, noLists } from "../../../../src/edge/permits/badge-check.ts";
import { TrustedKeys } from "../../../../src/edge/trust/trusted-keys.ts";
import { DOWN, Signer } from "../../../support/lists/signer.ts";
import { FedEdge, NEVER_SILENT_MS } from "../../../support/running/fed-edge.ts";
import { folder } from "../store/support.ts";
import { gate } from "./gate.ts";

const HASH = "k1:c28a3eeb411ed67d99c130f5ac3b6d07";
const OTHER = "k1:00000000000000000000000000000001";
const HOUR = 3_600_000;

const assetOf = (id: string, list: string) => ({
  kind: gate,
  asset: {
    id,
    urn: `urn:${id}`,
    kind: "gate",
    name: { it: id, en: id },
    options: { reader: "reader", list },
    silentAfterMs: { shown: NEVER_SILENT_MS },
  },
});
const assets = [assetOf("north", "disabled"), assetOf("south", "resident")];

/** Two gates with one reader, each with a list of its own. Lists lie apart from the database, so that this can be searched. */
async function site(file: string, signer: Signer | null) {
  const lists = signer && {
    folder: join(signer.folder, "lists"),
    downTopic: DOWN,
    keys: new TrustedKeys(signer.file),
    badgeKeys: async () => ["k1", "k2"],
    fetch: { idleMs: 20_000, wholeMs: 60_000 },
  };
  const device = { id: "reader", points: { badge: { unit: "", kind: "credential" as const } } };
  const edge = await FedEdge.open({ file, device, assets, ...(lists && { lists }) });
  return {
    edge,
    shows: (...values: readonly string[]) => edge.says(...values.map((value) => ({ point: "badge", value }))),
    shown: (count: number) => edge.toldOf("badge.shown", count),
    /** A list of one entry. */
    push: (name: string, version: number, entry: object, more: object = {}) => {
      const entries = [{ key: HASH.slice(3), from: 0, to: edge.wall + HOUR, ...entry }];
      const list = signer?.list({ name, version, kid: "k1", issuedAt: edge.wall, entries, ...more });
      return edge.edge.lists?.receive(name, Buffer.from(JSON.stringify(list)));
    },
  };
}

const city = () => new Signer().trust("city", "lists/*");

it("is judged by the list of each asset that listens, and its number is in no file of the database", async () => {
  await using at = await folder();
  await using signer = city();
  const { edge, shows, shown, push } = await site(at.file, signer);
  await push("disabled", 7, {}, { issuedAt: edge.wall - HOUR, maxAgeMs: HOUR - 1 });
  await push("resident", 3, { key: "0".repeat(32) });
  shows(HASH);
  const [north, south] = await shown(2);
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
  expect(edge.states).toEqual({ north: { status: "unknown", came: 2 }, south: { status: "unknown", came: 1 } });
  expect(edge.edge.devices.status()).toMatchObject([{ points: [] }]);
  const { told: again } = await replay(edge.store, assets);
  expect(again.map(({ asset, kind, state }) => [asset, kind, state])).toEqual([
    ["south", "gate.refused", "raised"],
    ["north", "gate.refused", "raised"],
  ]);
  await edge[Symbol.asyncDispose]();
  for (const name of await readdir(at.path)) {
    const bytes = await readFile(join(at.path, name));
    for (const hash of [HASH, OTHER].map((one) => one.slice(3)))
      for (const trace of [Buffer.from(hash), Buffer.from(hash, "hex")]) expect(bytes.includes(trace), name).toBe(false);
  }
});

it("is known after a restart, and ends by the time that passes", async () => {
  await using at = await folder();
  await using signer = city();
  const first = await site(at.file, signer);
  await first.push("disabled", 1, {});
  first.shows(HASH);
  await first.shown(2);
  await first.edge[Symbol.asyncDispose]();
  const second = await site(at.file, signer);
  second.edge.ahead.ms = HOUR / 2;
  second.shows(HASH);
  await second.shown(2);
  expect(second.edge.states["north"]).toEqual({ status: "valid", came: 2 });
  second.edge.ahead.ms = 2 * HOUR;
  await second.push("resident", 1, {});
  await second.edge.toldOf("list.accepted", 1);
  expect(second.edge.states["north"]).toEqual({ status: "over", came: 2 });
  await second.edge[Symbol.asyncDispose]();
});

it("says so where there is no list", async () => {
  await using at = await folder();
  const { edge, shows, shown } = await site(at.file, null);
  shows(HASH);
  const [north] = await shown(2);
  expect(north).toMatchObject({
    permit: { version: null, verdict: "unknown" },
    text: { en: "north: badge read, there is no list to judge it by" },
  });
  expect(edge.states["north"]).toEqual({ status: "no list", came: 1 });
  await edge[Symbol.asyncDispose]();
});

it("is told once a second where a reader says the same again and again", () => {
  const asset = { id: "a", urn: "urn:a", kind: "gate", name: { it: "a", en: "a" }, options: null, silentAfterMs: {} };
  const check = new BadgeCheck(noLists, () => ({ mono: 0, wall: 0, synced: true }));
  const told = (mono: number) => [...check.verdicts([{ asset, list: "disabled" }], "reader", HASH, mono)].length;
  expect(Array.from({ length: 3000 }, (_, mono) => told(mono)).reduce((sum, n) => sum + n, 0)).toBe(3);
});

it("is valid by a signed list until a newer one revokes it, and by none after its key is another", async () => {
  await using at = await folder();
  await using signer = city();
  const { edge, shows, shown, push } = await site(at.file, signer);
  const until = edge.wall + HOUR;
  const verdicts = async (count: number) =>
    (await shown(count)).filter(({ asset }) => asset === "north").map((event) => [event["permit"], event["until"]]);
  await push("disabled", 1, { to: until });
  shows(`${HASH} k2:ffffffffffffffffffffffffffffffff`);
  await shown(2);
  await push("disabled", 2, { to: until, revoked: true });
  shows(HASH);
  await shown(3);
  await push("disabled", 3, { to: until }, { kid: "k2" });
  shows(HASH);
  expect(await verdicts(4)).toEqual([
    [{ list: "disabled", version: 1, verdict: "valid" }, until],
    [{ list: "disabled", version: 2, verdict: "revoked" }, null],
    [{ list: "disabled", version: 3, verdict: "unknown" }, null],
  ]);
  await edge[Symbol.asyncDispose]();
});
