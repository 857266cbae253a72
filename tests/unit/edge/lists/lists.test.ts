/** A list counts when it is signed, whole and newer; whatever else comes is refused whole, and the former one goes on. */
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ListBox, NOW } from "../../../support/lists/list-box.ts";
import { DOWN, hashOf, type Signer } from "../../../support/lists/signer.ts";

const HOUR = 3_600_000;
/** The day after the signer's lists are issued. */
const STALE_AT = 1_764_000_000_000 + 24 * HOUR;
const [ANNA, BEPPE, CARLA] = ["anna", "beppe", "carla"].map(hashOf) as [string, string, string];
const shown = (hash: string, kid = "k1") => `${kid}:${hash}`;
const valid = (key: string, more = {}) => ({ key, from: NOW - HOUR, to: NOW + HOUR, ...more });
const disabled = (version: number, entries: readonly unknown[], more = {}) => ({
  name: "disabled",
  version,
  kid: "k1",
  entries,
  ...more,
});

async function boxWith(entries: readonly unknown[]): Promise<ListBox> {
  const box = new ListBox();
  await box.send("disabled", box.signer.list(disabled(5, entries)));
  return box;
}

it("says of a badge whether it is valid, expired, revoked or unknown, and until when", async () => {
  const old = { key: BEPPE, from: 0, to: NOW - 1 };
  await using box = await boxWith([
    valid(ANNA),
    old,
    valid(CARLA, { revoked: true }),
    valid(hashOf("dino"), { assets: ["bay-2"] }),
  ]);
  const of = (hash: string, asset = "bay-1") => box.lists.verdict("disabled", shown(hash), asset);
  expect(of(ANNA)).toEqual({ verdict: "valid", list: "disabled", version: 5, until: NOW + HOUR });
  expect(of(BEPPE).verdict).toBe("expired");
  expect(of(CARLA).verdict).toBe("revoked");
  expect([of(hashOf("dino")).verdict, of(hashOf("dino"), "bay-2").verdict]).toEqual(["unknown", "valid"]);
  expect(box.lists.verdict("disabled", shown(ANNA, "k2"), "bay-1").verdict).toBe("unknown");
  expect(box.lists.verdict("disabled", `${shown(BEPPE, "k2")} ${shown(ANNA)}`, "bay-1").verdict).toBe("valid");
});

it("says that there is no list, so that nobody takes a missing list for a missing badge", async () => {
  await using box = new ListBox();
  expect(box.lists.verdict("loading", shown(ANNA), "bay-1")).toEqual({
    verdict: "unknown",
    list: "loading",
    version: null,
    until: null,
  });
});

it("lets no badge expire by a clock that may be wrong", async () => {
  await using box = await boxWith([{ key: ANNA, from: 0, to: 1 }]);
  box.synced = false;
  expect(box.lists.verdict("disabled", shown(ANNA), "bay-1")).toMatchObject({ verdict: "valid", until: null });
});

type Wrong = (signer: Signer) => readonly [list: string, document: unknown];
const refusals: Readonly<Record<string, readonly [code: string, wrong: Wrong]>> = {
  "no JSON": ["list.malformed", () => ["disabled", "{"]],
  "no envelope": ["list.malformed", () => ["disabled", { v: 1 }]],
  "an entry of another form": ["list.malformed", (s) => ["disabled", s.list(disabled(6, [{ key: 7 }]))]],
  "without a signature": ["signature.missing", () => ["disabled", { v: 1, issuedAt: NOW, maxAgeMs: 1, ...disabled(6, []) }]],
  "signed with an unknown key": ["signature.unknown-key", (s) => ["disabled", { ...s.list(disabled(6, [])), keyId: "nobody" }]],
  "signed with a key for something else": ["signature.not-allowed", (s) => ["disabled", s.list(disabled(6, []), "parking")]],
  "signed with the key of another name": [
    "signature.wrong",
    (s) => ["disabled", { ...s.list(disabled(6, []), "parking"), keyId: "city" }],
  ],
  "changed after it was signed": ["signature.wrong", (s) => ["disabled", { ...s.list(disabled(6, [])), version: 7 }]],
  "with a signature that is none": ["signature.wrong", (s) => ["disabled", { ...s.list(disabled(6, [])), signature: "AAAA" }]],
  "signed for another gateway": [
    "signature.wrong",
    (s) => [
      "disabled",
      s.signed("city", "cippo/v1/other/down/lists/disabled", { v: 1, issuedAt: NOW, maxAgeMs: 1, ...disabled(6, []) }),
    ],
  ],
  "signed for another topic": [
    "signature.wrong",
    (s) => ["disabled", s.signed("city", `${DOWN}/lists/loading`, { v: 1, issuedAt: NOW, maxAgeMs: 1, ...disabled(6, []) })],
  ],
  "under another name": ["list.other-topic", (s) => ["loading", s.list(disabled(6, []))]],
  "of the same version": ["list.same-version", (s) => ["disabled", s.list(disabled(5, [valid(BEPPE)]))]],
  "of an older version": ["list.older", (s) => ["disabled", s.list(disabled(4, []))]],
  "of the future": ["list.from-future", (s) => ["disabled", s.list(disabled(6, [], { issuedAt: NOW + HOUR }))]],
  "hashed with a key that is not here": ["list.other-kid", (s) => ["disabled", s.list(disabled(6, [], { kid: "k9" }))]],
  "a delta of another version": ["list.other-base", (s) => ["disabled/delta", s.list(disabled(7, [], { base: 6 }))]],
  "a delta as a whole list": ["list.other-topic", (s) => ["disabled", s.list(disabled(6, [], { base: 5 }))]],
  "a delta that names another key": [
    "list.other-kid",
    (s) => ["disabled/delta", s.list(disabled(6, [], { base: 5, kid: "k2" }))],
  ],
  "too many entries of one key": [
    "list.malformed",
    (s) => [
      "disabled",
      s.list(
        disabled(
          6,
          Array.from({ length: 65 }, () => valid(ANNA)),
        ),
      ),
    ],
  ],
};

it.each(Object.entries(refusals))("refuses one whole that is %s", async (_, [code, wrong]) => {
  await using box = await boxWith([valid(ANNA)]);
  const former = await readFile(join(box.folder, "disabled.list"), "utf8");
  box.events.length = 0;
  const [list, document] = wrong(box.signer);
  await box.send(list, document);
  const [name = ""] = list.split("/");
  expect(box.told).toEqual([`list.refused ${code}`]);
  expect(box.lists.reported()).toMatchObject({ disabled: { version: 5 }, [name]: { refused: { code } } });
  expect(box.lists.verdict("disabled", shown(ANNA), "bay-1").verdict).toBe("valid");
  expect(await readFile(join(box.folder, "disabled.list"), "utf8")).toBe(former);
});

it("takes the same list again for nothing new, also after deltas, and a refused one for no news", async () => {
  await using box = await boxWith([valid(ANNA)]);
  const whole = box.signer.list(disabled(8, [valid(ANNA)]));
  await box.send("disabled", whole);
  await box.send("disabled/delta", box.signer.list(disabled(9, [valid(BEPPE)], { base: 8 })));
  box.events.length = 0;
  await box.send("disabled", whole);
  expect(box.told).toEqual([]);
  const old = box.signer.list(disabled(1, []));
  for (let i = 0; i < 3; i += 1) {
    await box.send("disabled", old);
    box.wall += HOUR;
  }
  expect(box.told).toEqual(["list.refused list.older"]);
});

it("changes only the keys that a delta names, and all of that outlives a restart", async () => {
  await using box = await boxWith([valid(ANNA), valid(BEPPE), valid(BEPPE, { assets: ["bay-2"] })]);
  const entries = [valid(BEPPE, { revoked: true }), valid(CARLA)];
  await box.send("disabled/delta", box.signer.list(disabled(6, entries, { base: 5 })));
  for (let run = 0; run < 2; run += 1) {
    const verdicts = [ANNA, BEPPE, CARLA].map((hash) => box.lists.verdict("disabled", shown(hash), "bay-2").verdict);
    expect(verdicts).toEqual(["valid", "revoked", "valid"]);
    expect(box.lists.status()).toMatchObject([{ name: "disabled", version: 6, kid: "k1", entries: 3 }]);
    await box.again();
    expect(box.told).toEqual([]);
  }
});

it("leaves out a delta that a power cut halved, and takes it when it comes again", async () => {
  await using box = await boxWith([valid(ANNA)]);
  const delta = box.signer.list(disabled(6, [valid(BEPPE)], { base: 5 }));
  await appendFile(join(box.folder, "disabled.list"), JSON.stringify(delta).slice(0, 100));
  await box.again();
  expect(box.lists.reported()).toEqual({ disabled: { version: 5, kid: "k1" } });
  await box.send("disabled/delta", delta);
  await box.again();
  expect(box.lists.reported()).toEqual({ disabled: { version: 6, kid: "k1" } });
});

it("lets a list that lies on a damaged card count no more, and says so", async () => {
  await using box = await boxWith([valid(ANNA)]);
  const path = join(box.folder, "disabled.list");
  await writeFile(path, (await readFile(path, "utf8")).replace(ANNA, CARLA));
  await box.again();
  expect(box.told).toEqual(["list.refused signature.wrong"]);
  expect(box.lists.verdict("disabled", shown(CARLA), "bay-1").version).toBeNull();
});

it("lets what a key has signed count no more after a start when the key is taken away", async () => {
  await using box = await boxWith([valid(ANNA)]);
  box.signer.distrust();
  await box.again();
  expect(box.told).toEqual(["list.refused signature.unknown-key"]);
});

it("says once that a list is older than its sender allows, and when a newer one comes", async () => {
  await using box = await boxWith([valid(ANNA, { to: NOW + 1000 * HOUR })]);
  box.wall += 25 * HOUR;
  box.events.length = 0;
  box.lists.look();
  box.lists.look();
  expect(box.told).toEqual(["list.stale raised"]);
  expect(box.lists.verdict("disabled", shown(ANNA), "bay-1")).toMatchObject({ verdict: "valid", age: "stale" });
  await box.send("disabled", box.signer.list(disabled(6, [], { issuedAt: box.wall })));
  expect(box.told).toEqual(["list.stale raised", "list.accepted", "list.stale cleared"]);
});

it("tells of each asset when it is named, only when that changes, and nothing at a restart", async () => {
  await using box = new ListBox();
  const suspend = (version: number, ...assets: readonly string[]) =>
    box.signer.list({ name: "suspensions", version, entries: [{ key: "permit-7", assets, from: NOW, to: NOW + HOUR }] });
  await box.send("suspensions", suspend(1, "bay-1", "elsewhere"));
  expect(box.news).toEqual([
    { list: "suspensions", version: 1, staleAt: STALE_AT },
    { list: "suspensions", version: 1, asset: "bay-1", spans: [[NOW, NOW + HOUR]] },
  ]);
  box.news.length = 0;
  await box.send("suspensions", suspend(2, "bay-1", "bay-2"));
  expect(box.news.map(({ asset }) => asset)).toEqual([undefined, "bay-2"]);
  await box.again();
  expect(box.told).toEqual([]);
});

it("tells the days that a list makes holidays", async () => {
  await using box = new ListBox();
  const holidays = (version: number, ...keys: readonly string[]) =>
    box.signer.list({ name: "holidays", version, entries: keys.map((key) => ({ key, from: 0, to: NOW })) });
  await box.send("holidays", holidays(1, "12-07", "2026-07-04"));
  expect(box.news).toEqual([{ list: "holidays", version: 1, staleAt: STALE_AT, days: ["12-07", "2026-07-04"] }]);
  await box.send("holidays", holidays(2, "13-07"));
  expect(box.told).toEqual(["list.accepted", "list.refused list.malformed"]);
});
