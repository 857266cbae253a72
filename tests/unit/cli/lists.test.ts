/** `cippo lists` brings a file to the gateway in pieces, and says in either language what came of it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { serveAdmin } from "../../../src/cli/socket/admin-server.ts";
import { ListUpload } from "../../../src/edge/lists/list-upload.ts";
import { noLog } from "../../../src/kit/log.ts";
import { ListBox, NOW } from "../../support/lists/list-box.ts";
import { hashOf, inLines } from "../../support/lists/signer.ts";

const CIPPO = join(import.meta.dirname, "../../../dist/cippo.js");
const entries = (count: number) => Array.from({ length: count }, (_, i) => ({ key: hashOf(`${i}`), from: 0, to: NOW * 2 }));

async function served(box: ListBox) {
  const stop = new AbortController();
  const socket = join(box.signer.folder, "s");
  const upload = new ListUpload(box.lists);
  const admin = {
    problems: () => [],
    lists: () => box.lists.status(),
    importList: (piece: Parameters<ListUpload["take"]>[0]) => upload.take(piece),
  };
  await serveAdmin(socket, admin as never, noLog, stop.signal);
  const ran = async (...words: readonly string[]) => {
    const child = spawn(process.execPath, [CIPPO, "lists", ...words, "--socket", socket], {
      env: { ...process.env, LC_ALL: "C" },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (output += String(piece)));
    const [code] = await once(child, "close");
    return { code, output };
  };
  return { ran, [Symbol.dispose]: () => stop.abort() };
}

it("checks, brings and shows a list of thousands, and refuses a damaged one", { timeout: 60_000 }, async () => {
  await using box = new ListBox();
  using gateway = await served(box);
  const file = join(box.signer.folder, "disabled.list");
  const good = inLines(box.signer, { name: "disabled", version: 3, kid: "k1" }, entries(3000));
  await writeFile(file, good);
  expect(await gateway.ran("check", file)).toMatchObject({
    code: 0,
    output: expect.stringContaining("The gateway would take it."),
  });
  expect(box.lists.status()).toEqual([]);
  expect(await gateway.ran("import", file, "--lang", "it")).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^disabled: versione 3, 3000 voci, .* È in vigore\.\n$/),
  });
  expect(await gateway.ran("show")).toMatchObject({ code: 0, output: expect.stringMatching(/disabled\s+3\s+3000/) });
  await writeFile(file, good.replace(hashOf("2999"), hashOf("x")).replace('"version":3', '"version":4'));
  expect(await gateway.ran("import", file, "--lang", "it")).toMatchObject({
    code: 1,
    output: expect.stringContaining("signature.wrong"),
  });
  expect(box.lists.status()).toMatchObject([{ version: 3, entries: 3000 }]);
});
