/** Where the disk has too little room the database goes before every list, and nothing half is left. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ListUpload } from "../../../../src/edge/lists/list-upload.ts";
import { hasOpenssl } from "../../../support/broker/certificates.ts";
import { entryLines, fetchingFrom, PATIENCE } from "../../../support/lists/fetching.ts";
import { FileHost, whole } from "../../../support/lists/file-host.ts";
import { ListBox, NOW } from "../../../support/lists/list-box.ts";
import { hashOf, inLines } from "../../../support/lists/signer.ts";

const run = promisify(execFile);
const MIB = 2 ** 20;
const FILE = entryLines(3000);
const entry = (number: string, more = {}) => ({ key: hashOf(number), from: 0, to: NOW * 2, ...more });

const folder = mkdtempSync(join(tmpdir(), "cippo-file-host-"));
beforeAll(() => {
  if (hasOpenssl) FileHost.certificates(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A file system of 40 MiB of its own. */
class SmallDisk implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async at(path: string): Promise<SmallDisk> {
    await mkdir(path, { recursive: true });
    await run("mount", ["-t", "tmpfs", "-o", "size=40m", "cippo-test", path]);
    return new SmallDisk(path);
  }

  get #filler(): string {
    return join(this.#path, "filler");
  }

  async take(bytes: number): Promise<void> {
    await writeFile(this.#filler, Buffer.alloc(bytes));
  }

  /** Until not even a byte finds room. */
  async fillUp(): Promise<void> {
    for (let bytes = MIB; bytes >= 1; )
      await writeFile(this.#filler, Buffer.alloc(bytes), { flag: "a" }).catch(() => {
        bytes = Math.floor(bytes / 2);
      });
  }

  async free(): Promise<void> {
    await truncate(this.#filler, 0);
    await rm(this.#filler);
  }

  /** What lies there of the lists. */
  async names(): Promise<readonly string[]> {
    return (await readdir(this.#path)).filter((name) => name !== "filler");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", ["-l", this.#path]);
  }
}

it.skipIf(!hasOpenssl)(
  "asks for nothing that would take the room of the database, and fetches it when there is some",
  async ({ skip }) => {
    await fetchingFrom(folder, async ({ box, host, push }) => {
      await using disk = await SmallDisk.at(box.folder).catch(() => skip("cannot mount here"));
      host.answers = [whole(FILE)];
      await disk.take(8 * MIB - FILE.length / 2);
      await push(3, FILE);
      await expect.poll(() => box.told, PATIENCE).toEqual(["list.not-fetched raised list.not-stored"]);
      expect([host.asked, await disk.names()]).toEqual([[], ["disabled.fetch"]]);
      const { told } = box.lists.status()[0]?.fetching ?? {};
      expect([told?.what.en, told?.what.it]).toEqual([
        expect.stringMatching(/: 3\d MiB are free, and 32 of them are the database's$/),
        expect.stringMatching(/: ne sono liberi 3\d MiB, e 32 spettano al database$/),
      ]);
      await disk.free();
      await expect.poll(() => box.lists.status(), PATIENCE).toMatchObject([{ version: 3, entries: 3000 }]);
    });
  },
);

it.skipIf(!hasOpenssl)(
  "gives back what was fetched when the disk fills up meanwhile, and begins anew when there is room",
  async ({ skip }) => {
    await fetchingFrom(folder, async ({ box, host, push }) => {
      await using disk = await SmallDisk.at(box.folder).catch(() => skip("cannot mount here"));
      const held: ServerResponse[] = [];
      host.answers = [
        (response) => {
          response.writeHead(200, { "content-length": FILE.length });
          response.write(FILE.subarray(0, 100_000));
          held.push(response);
        },
        whole(FILE),
      ];
      await push(3, FILE);
      await expect.poll(() => box.lists.status()[0]?.fetching?.have, PATIENCE).toBe(100_000);
      await disk.fillUp();
      held[0]?.end(FILE.subarray(100_000));
      await expect.poll(() => box.told, PATIENCE).toEqual(["list.not-fetched raised list.not-stored"]);
      expect(box.lists.status()).toMatchObject([{ version: null, fetching: { version: 3, have: 0 } }]);
      const lies = await readFile(join(box.folder, "disabled.fetch"), "utf8");
      expect(lies.indexOf("\n")).toBe(lies.length - 1);
      await disk.free();
      await expect.poll(() => box.lists.status(), PATIENCE).toMatchObject([{ version: 3, entries: 3000 }]);
      expect([host.asked, await disk.names()]).toEqual([[0, 0], ["disabled.list"]]);
    });
  },
);

it("leaves with the broker what cannot be stored: whole, by reference or as a delta", async ({ skip }) => {
  await using box = new ListBox();
  await using disk = await SmallDisk.at(box.folder).catch(() => skip("cannot mount here"));
  const of = { name: "disabled", kid: "k1" };
  const sum = { bytes: 10, sha256: "0".repeat(64), url: "https://localhost:1/x" };
  const many = Array.from({ length: 200 }, (_, i) => entry(`${i}`, { revoked: true }));
  const sent: readonly (readonly [string, object])[] = [
    ["disabled", { ...of, version: 3, entries: many }],
    ["disabled", { ...of, version: 4, ...sum }],
    ["disabled/delta", { ...of, version: 3, base: 2, entries: many }],
  ];
  await box.send("disabled", box.signer.list({ ...of, version: 2, entries: [entry("1")] }));
  const before = await readFile(join(box.folder, "disabled.list"), "utf8");
  await disk.fillUp();
  for (const [topic, document] of sent)
    await expect(box.send(topic, box.signer.list({ ...document }))).rejects.toMatchObject({ code: "list.not-stored" });
  expect([await disk.names(), await readFile(join(box.folder, "disabled.list"), "utf8")]).toEqual([["disabled.list"], before]);
  expect([box.told, box.lists.status()]).toMatchObject([["list.accepted"], [{ version: 2, entries: 1 }]]);
  await disk.free();
  await box.send("disabled/delta", box.signer.list({ ...of, version: 3, base: 2, entries: many }));
  await box.again();
  expect(box.lists.verdict("disabled", `k1:${hashOf("1")}`, "bay-1").verdict).toBe("revoked");
});

it("refuses a file that is brought where there is no room for it, and leaves nothing of it behind", async ({ skip }) => {
  await using box = new ListBox();
  await using disk = await SmallDisk.at(box.folder).catch(() => skip("cannot mount here"));
  const text = Buffer.from(inLines(box.signer, { name: "disabled", version: 3, kid: "k1" }, [entry("1"), entry("2")]));
  const upload = new ListUpload(box.lists);
  const piece = (at: number, end: number) =>
    upload.take({ file: "f", at, base64: text.subarray(at, end).toString("base64"), isLast: end === text.length, keep: true });
  await piece(0, 100);
  expect(await disk.names()).toEqual(["brought"]);
  await disk.take(9 * MIB);
  await expect(piece(100, text.length)).rejects.toMatchObject({ code: "list.not-stored" });
  expect(await disk.names()).toEqual([]);
  await disk.free();
  await piece(0, 100);
  expect(await piece(100, text.length)).toMatchObject({ version: 3, entries: 2 });
});
