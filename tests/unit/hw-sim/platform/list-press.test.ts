/** What the reference platform signs a gateway takes: whole, as a delta, by reference, under either badge key. */
import { generateKeyPairSync } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openIssuing } from "../../../../hw-sim/platform/issue-lists.ts";
import { ListPress, type Permit, signingKeyIn } from "../../../../hw-sim/platform/list-press.ts";
import { badgeKeysIn, hashed } from "../../../../src/drivers/families/frame/badge/badge-key.ts";
import { ListBox, NOW } from "../../../support/lists/list-box.ts";

const HOUR = 3_600_000;
const KEYS = [
  { kid: "k1", hex: "0f".repeat(16) },
  { kid: "k2", hex: "f0".repeat(16) },
];
const permit = (number: string, more: Partial<Permit> = {}): Permit => ({ number, from: NOW - HOUR, to: NOW + HOUR, ...more });
const issue = (version: number, permits: readonly Permit[], more = {}) => ({
  ...{ gateway: "gw", name: "disabled", version, permits, maxAgeMs: 24 * HOUR },
  ...more,
});
/** As the reader's driver gives it, from the gateway's own file. */
const shown = (number: string) =>
  hashed(Buffer.from(number), badgeKeysIn(Buffer.from(KEYS.map(({ kid, hex }) => `${kid} ${hex}\n`).join(""))));

async function pressed(box: ListBox): Promise<ListPress> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const press = new ListPress({ prefix: "cippo/v1", keyId: "reference", key: privateKey, wall: () => NOW });
  await writeFile(box.signer.file, JSON.stringify(press.trusted));
  press.knows("gw", KEYS.slice(0, 1));
  return press;
}

const verdict = ({ lists }: ListBox, number: string) => lists.verdict("disabled", shown(number), "bay-1").verdict;

it("whole, then changed by a delta, then whole again under the newer key", async () => {
  await using box = new ListBox();
  const press = await pressed(box);
  await box.send("disabled", press.list(issue(1, [permit("0a1b"), permit("città è ✓")])).document);
  expect([verdict(box, "0A1B"), verdict(box, "FFFF")]).toEqual(["valid", "unknown"]);
  const delta = press.list(issue(2, [permit("0a1b", { revoked: true })], { base: 1 }));
  expect(delta.topic).toBe("cippo/v1/gw/down/lists/disabled/delta");
  await box.send("disabled/delta", delta.document);
  expect(verdict(box, "0A1B")).toBe("revoked");
  press.knows("gw", KEYS);
  await box.send("disabled", press.list(issue(3, [permit("0A1B")], { kid: "k1" })).document);
  expect([verdict(box, "0A1B"), box.lists.status()]).toMatchObject(["valid", [{ kid: "k1" }]]);
  await box.send("disabled", press.list(issue(4, [permit("0A1B")])).document);
  expect([verdict(box, "0A1B"), box.lists.status()]).toMatchObject(["valid", [{ kid: "k2", version: 4 }]]);
});

it("by reference, with the file brought by hand", async () => {
  await using box = new ListBox();
  const press = await pressed(box);
  const many = Array.from({ length: 3000 }, (_, i) => permit(`badge-${i}`));
  expect(() => press.list(issue(1, many))).toThrow("too long");
  const { document, file } = press.reference(issue(1, many), "https://files.city.example/gw/disabled-1");
  const path = join(box.signer.folder, "by-hand");
  await writeFile(path, `${JSON.stringify(document)}\n${file.toString("utf8")}`);
  expect(await box.lists.import(path, { keep: true })).toMatchObject({ version: 1, entries: 3000 });
  expect(verdict(box, "BADGE-2999")).toBe("valid");
});

it("signs with one key, made once, that nobody else can read", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cippo-press-"));
  try {
    const file = join(folder, "sign.key");
    const made = await signingKeyIn(file);
    const again = await signingKeyIn(file);
    expect(again.export({ format: "pem", type: "pkcs8" })).toEqual(made.export({ format: "pem", type: "pkcs8" }));
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe("600");
    expect(await readFile(file, "utf8")).toContain("PRIVATE KEY");
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("is issued with the keys of a folder, retained but for a delta, its entries written for whoever serves them", async () => {
  await using box = new ListBox();
  const folder = join(box.signer.folder, "platform");
  const sent: [string, unknown, boolean][] = [];
  const publish = (...of: [string, unknown, boolean]) => sent.push(of) > 0;
  const issuing = await openIssuing({ folder, prefix: "cippo/v1", wall: () => NOW, publish });
  await copyFile(join(folder, "trusted.json"), box.signer.file);
  const wanted = { gateway: "gw", name: "disabled", version: 1, permits: [permit("0a1b")] };
  await expect(issuing(wanted)).rejects.toThrow("no badge key");
  await mkdir(join(folder, "badges"));
  await writeFile(join(folder, "badges", "gw.key"), `k1 ${KEYS[0]?.hex}\n`);
  await issuing(wanted);
  await issuing({ ...wanted, version: 2, base: 1, permits: [permit("0a1b", { revoked: true })] });
  for (const [topic, document] of sent) await box.send(topic.slice("cippo/v1/gw/down/lists/".length), document);
  expect([verdict(box, "0A1B"), sent.map(([, , retain]) => retain)]).toEqual(["revoked", [true, false]]);
  const file = join(folder, "entries");
  await issuing({ ...wanted, version: 3, reference: { url: "https://files.city.example/3", file } });
  expect(sent.at(-1)).toMatchObject([
    "cippo/v1/gw/down/lists/disabled",
    { url: "https://files.city.example/3", bytes: (await readFile(file)).length },
    true,
  ]);
});
