/** Keys that are named and not there refuse a list by their own code, and none is looked for outside the credentials. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Site } from "../../../src/config/index.ts";
import { listOptions } from "../../../src/gateway/list-options.ts";

const site = (credentials?: object) => ({ gateway: { id: "gw" }, sync: { prefix: "cippo/v1" }, credentials }) as unknown as Site;
const signed = { keyId: "city", signature: "x" };

it("names the badge keys of the site, or says which file is missing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cippo-options-"));
  try {
    await writeFile(join(folder, "badge.key"), `2026 ${"0f".repeat(16)}\n2027 ${"f0".repeat(16)}\n`);
    const of = (badgeKey: string) => listOptions(site({ folder, badgeKey }), "/data/cippo.sqlite");
    expect(await of("badge.key").badgeKeys()).toEqual(["2026", "2027"]);
    await expect(of("other.key").badgeKeys()).rejects.toMatchObject({
      code: "credentials.missing",
      context: { name: "other.key" },
    });
    expect(of("badge.key")).toMatchObject({ folder: "/data/lists", downTopic: "cippo/v1/gw/down" });
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("asks for no badge key where the site has none, and trusts nobody without a folder of credentials", async () => {
  const { badgeKeys, keys } = listOptions(site({ trust: "package.json" }), "/data/cippo.sqlite");
  expect(await badgeKeys()).toBeNull();
  await expect(keys.check("t", signed, "lists/disabled")).rejects.toMatchObject({ code: "signature.no-keys" });
});
