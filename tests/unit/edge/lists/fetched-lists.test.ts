/** A list whose entries lie elsewhere is fetched behind everything else, and comes into force whole or not at all. */
import { mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hasOpenssl } from "../../../support/broker/certificates.ts";
import { entryLines, type Fetching, fetchingFrom, PATIENCE } from "../../../support/lists/fetching.ts";
import { type Answer, FileHost, whole } from "../../../support/lists/file-host.ts";
import { type ListBox, NOW } from "../../../support/lists/list-box.ts";
import { hashOf } from "../../../support/lists/signer.ts";

const fetching = it.skipIf(!hasOpenssl);
const FILE = entryLines(3000);
const HALF = 100_000;

interface At extends Omit<Fetching, "push"> {
  push(version: number, more?: object): Promise<void>;
}

const folder = mkdtempSync(join(tmpdir(), "cippo-file-host-"));
beforeAll(() => {
  if (hasOpenssl) FileHost.certificates(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (run: (at: At) => Promise<void>): Promise<void> =>
  fetchingFrom(folder, ({ box, host, push }) => run({ box, host, push: (version, more) => push(version, FILE, more) }));

const verdict = ({ lists }: ListBox, number = "2999") => lists.verdict("disabled", `k1:${hashOf(number)}`, "bay-1").verdict;
const inForce = (box: ListBox, version: number) =>
  expect.poll(() => box.lists.status(), PATIENCE).toMatchObject([{ version, entries: 3000 }]);
const refused = (box: ListBox, code: string) => expect.poll(() => box.lists.status()[0]?.refused?.code, PATIENCE).toBe(code);

fetching("comes into force, outlives a restart, and is changed by a delta", async () => {
  await at(async ({ box, host, push }) => {
    const shown: unknown[] = [];
    host.answers = [
      (response, from, request) => {
        shown.push((request.socket as unknown as { authorized: boolean }).authorized);
        whole(FILE)(response, from, request);
      },
    ];
    await push(3);
    await inForce(box, 3);
    await push(3);
    expect([shown, verdict(box), box.told]).toEqual([[true], "valid", ["list.accepted"]]);
    await box.again();
    expect([verdict(box), await readdir(box.folder)]).toEqual(["valid", ["disabled.list"]]);
    const entry = { key: hashOf("2999"), from: 0, to: NOW * 2, revoked: true };
    await box.send("disabled/delta", box.signer.list({ name: "disabled", version: 4, base: 3, entries: [entry] }));
    expect(verdict(box)).toBe("revoked");
  });
});

fetching("is acknowledged when its envelope is durable, and told of while it is fetched", async () => {
  await at(async ({ box, host, push }) => {
    host.answers = [() => undefined];
    await push(3);
    expect(await readdir(box.folder)).toEqual(["disabled.fetch"]);
    expect(box.lists.status()).toMatchObject([{ version: null, fetching: { version: 3, have: 0, bytes: FILE.length } }]);
    expect(box.lists.reported()).toEqual({ disabled: { version: null, fetching: { version: 3 } } });
    // A restart; then the broker may have forgotten it.
    await box.lists.close();
    host.answers = [whole(FILE)];
    await box.again();
    await inForce(box, 3);
  });
});

const cut =
  (at: number): Answer =>
  (response, from) => {
    response.writeHead(from > 0 ? 206 : 200, {
      "content-range": `bytes ${from}-${FILE.length - 1}/${FILE.length}`,
      "content-length": FILE.length - from,
    });
    response.write(FILE.subarray(from, at), () => response.destroy());
  };

fetching("goes on where it was cut off, also after a restart", async () => {
  await at(async ({ box, host, push }) => {
    host.answers = [cut(HALF), cut(2 * HALF), () => undefined];
    await push(3);
    await expect.poll(() => host.asked.length, PATIENCE).toBe(3);
    const have = box.lists.status()[0]?.fetching?.have ?? 0;
    expect(box.lists.status()).toMatchObject([{ fetching: { code: "fetch.unreachable" } }]);
    await box.lists.close();
    host.answers = [whole(FILE)];
    await box.again();
    await inForce(box, 3);
    const [first, second = 0, third = 0, fourth] = host.asked;
    // What was on its way when the connection broke is lost with it.
    expect([first, second > 0, third > second, fourth]).toEqual([0, true, true, have]);
  });
});

fetching(
  "begins anew where the host knows no ranges, where the file has changed, and where a power cut spoilt what was there",
  async () => {
    const none: Answer = (response) => void response.writeHead(200, { "content-length": FILE.length }).end(FILE);
    const other = entryLines(3000).fill("x", 0, HALF);
    const half: Answer = (response) => {
      response.writeHead(200, { "content-length": FILE.length });
      response.write(other.subarray(0, HALF), () => response.destroy());
    };
    await at(async ({ box, host, push }) => {
      host.answers = [cut(HALF), none];
      await push(3);
      await inForce(box, 3);
      host.answers = [half, whole(FILE)];
      host.asked.length = 0;
      await push(4);
      await inForce(box, 4);
      expect(host.asked).toEqual([0, expect.any(Number), 0]);
      host.answers = [cut(HALF), () => undefined];
      await push(5);
      await expect.poll(() => host.asked.length, PATIENCE).toBe(5);
      await box.lists.close();
      const path = join(box.folder, "disabled.fetch");
      const { length } = await readFile(path);
      await truncate(path, length - 5000);
      await writeFile(path, Buffer.alloc(5000), { flag: "a" });
      host.answers = [whole(FILE)];
      await box.again();
      await inForce(box, 5);
    });
  },
);

const gives =
  (status: number, headers: Record<string, string | number> = {}, body: Buffer = FILE): Answer =>
  (response) =>
    void response.writeHead(status, headers).end(body);
const short = FILE.subarray(0, HALF);
const otherFile = Buffer.from(FILE.toString("latin1").replace(hashOf("3"), hashOf("x")));

fetching.each<readonly [string, string, Answer]>([
  ["fetch.other-length", "whose host says another length", gives(200, { "content-length": HALF }, short)],
  ["fetch.other-length", "of which more comes than was said", gives(200, {}, Buffer.concat([FILE, FILE]))],
  ["fetch.other-length", "of which a host has no such part", gives(416, {}, Buffer.alloc(0))],
  ["fetch.redirected", "whose host sends on to another", gives(302, { location: "https://localhost:1/" })],
  ["list.damaged", "whose entries are not those signed", gives(200, { "content-length": FILE.length }, otherFile)],
])("refuses with %s one %s, once, and keeps the former one", async (code, _, answer) => {
  await at(async ({ box, host, push }) => {
    await box.send(
      "disabled",
      box.signer.list({ name: "disabled", version: 2, kid: "k1", entries: [{ key: hashOf("2999"), from: 0, to: NOW * 2 }] }),
    );
    host.answers = [answer];
    await push(3);
    await refused(box, code);
    const asked = host.asked.length;
    await push(3);
    expect([host.asked.length, verdict(box)]).toEqual([asked, "valid"]);
    expect(box.told).toEqual(["list.accepted", `list.refused ${code}`]);
    await expect.poll(() => readdir(box.folder), PATIENCE).toEqual(["disabled.list"]);
  });
});

fetching.each<readonly [string, string, Answer]>([
  ["fetch.answered", "refuses", gives(403)],
  ["fetch.answered", "answers with something packed", gives(200, { "content-encoding": "gzip" })],
  [
    "fetch.answered",
    "gives another part",
    (response, from, request) => gives(206, { "content-range": `bytes 7-9/${FILE.length}` })(response, from, request),
  ],
  ["fetch.unreachable", "gives less than it says", gives(200, {}, short)],
  ["fetch.unreachable", "hangs up", (response) => void response.destroy()],
  ["fetch.unreachable", "speaks no HTTP", (response) => void response.socket?.end("hello\r\n")],
])("waits, with %s, for a host that %s, and says so once", async (code, _, answer) => {
  await at(async ({ box, host, push }) => {
    host.answers = [answer];
    await push(3);
    await expect.poll(() => box.told, PATIENCE).toEqual([`list.not-fetched raised ${code}`]);
    expect(box.lists.reported()).toEqual({ disabled: { version: null, fetching: { version: 3, code } } });
    host.answers = [whole(FILE)];
    await inForce(box, 3);
    await expect
      .poll(() => box.told, PATIENCE)
      .toEqual([`list.not-fetched raised ${code}`, "list.accepted", "list.not-fetched cleared"]);
  });
});

fetching("refuses an address that is none of HTTPS, and one that is missing", async () => {
  await at(async ({ box, push }) => {
    for (const url of ["http://localhost/x", "https://me:secret@localhost/x", "file:///etc/passwd", "x"]) {
      await push(3, { url });
      expect(box.lists.status()).toMatchObject([{ refused: { code: "fetch.bad-address" } }]);
    }
    await push(3, { url: undefined });
    expect(box.lists.status()).toMatchObject([{ refused: { code: "list.apart" } }]);
  });
});

fetching("gives up what is fetched for a newer list, and takes no older one in its place", async () => {
  await at(async ({ box, host, push }) => {
    host.answers = [() => undefined];
    await push(5);
    await push(4);
    expect(box.lists.status()).toMatchObject([{ refused: { code: "list.older", version: 4 }, fetching: { version: 5 } }]);
    await push(6);
    expect(box.lists.status()).toMatchObject([{ fetching: { version: 6 } }]);
    await box.send("disabled", box.signer.list({ name: "disabled", version: 7, kid: "k1", entries: [] }));
    expect(box.lists.status()).toEqual([expect.not.objectContaining({ fetching: expect.anything() })]);
    await expect.poll(() => readdir(box.folder), PATIENCE).toEqual(["disabled.list"]);
  });
});

fetching("lets nobody hold it for ever who sends nothing, or a byte now and then", async () => {
  await at(async ({ box, host, push }) => {
    Object.assign(box.fetch, { idleMs: 500, wholeMs: 1500 });
    const dripping: Answer = (response, from) => {
      response.writeHead(200, { "content-length": FILE.length });
      let at = from;
      const timer = setInterval(() => {
        response.write(FILE.subarray(at, at + 1));
        at += 1;
      }, 20);
      response.on("close", () => clearInterval(timer));
    };
    host.answers = [() => undefined, dripping, whole(FILE)];
    await push(3);
    await inForce(box, 3);
    expect(Math.max(...host.asked)).toBeGreaterThan(0);
  });
});
