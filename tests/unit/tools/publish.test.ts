/** A release on a static web server: whole or not there, signed by a known key, with an index. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasUpdateTools, UpdateBox } from "../../support/systemd/update-box.ts";

const PUBLISH = join(import.meta.dirname, "../../../tools/release/publish.mjs");
let box: UpdateBox;
const web = () => box.path("web");

function publish(folder: string): { readonly status: number | null; readonly out: string } {
  const signers = box.path("usr/local/lib/cippo/allowed_signers");
  const { status, stdout, stderr } = spawnSync(process.execPath, [PUBLISH, folder, web(), "--signers", signers], {
    encoding: "utf8",
  });
  return { status, out: stdout + stderr };
}

describe.skipIf(!hasUpdateTools)("publish", () => {
  beforeEach(() => {
    box = new UpdateBox();
  });
  afterEach(() => box[Symbol.dispose]());

  it("lays releases side by side, newest first in the index, and again changes nothing", () => {
    const [first, second] = [box.release({ seq: 1 }).folder, box.release({ seq: 2 }).folder];
    expect(publish(second).status).toBe(0);
    const entry = JSON.parse(publish(first).out);
    expect(entry).toMatchObject({ seq: 1, version: "0.1.0", arch: process.arch, folder: `1-${process.arch}` });
    expect(publish(first)).toEqual({ status: 0, out: `${JSON.stringify(entry)}\n` });
    const { releases } = JSON.parse(readFileSync(join(web(), "index.json"), "utf8"));
    expect(releases.map(({ seq }: { readonly seq: number }) => seq)).toEqual([2, 1]);
    expect(readdirSync(join(web(), `2-${process.arch}`)).sort()).toEqual([
      "SHA256SUMS",
      "app.tar.gz",
      "node.tar.gz",
      "release",
      "release.sig",
    ]);
  });

  it.each<[string, () => string, string]>([
    ["a stranger's", () => box.release({ seq: 2, key: "stranger" }).folder, "is not signed by a key"],
    [
      "one that was changed after it was signed",
      () => {
        const { folder } = box.release({ seq: 2 });
        writeFileSync(join(folder, "app.tar.gz"), "other");
        return folder;
      },
      "app.tar.gz is not the one that was signed",
    ],
    ["a folder that is none", () => box.path("etc"), "lacks release"],
  ])("refuses %s, and nothing lies there", (_, folder, why) => {
    const { status, out } = publish(folder());
    expect([status, out]).toEqual([2, expect.stringContaining(why)]);
    expect(spawnSync("ls", [web()]).stdout.toString()).toBe("");
  });

  it("never replaces a release by another of the same seq", () => {
    publish(box.release({ seq: 2 }).folder);
    const { status, out } = publish(box.release({ seq: 2, product: "another" }).folder);
    expect([status, out]).toEqual([2, expect.stringContaining("give the new one a higher seq")]);
  });
});
