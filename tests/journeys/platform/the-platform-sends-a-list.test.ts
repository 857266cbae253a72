/** The reference platform sends a gateway its permits in every way there is, and what became of each is told on both sides. */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { connectAsync } from "mqtt";
import { expect, it } from "vitest";
import { Broker, brokerKinds } from "../../support/broker/brokers.ts";
import { hasOpenssl } from "../../support/broker/certificates.ts";
import { type Answer, FileHost } from "../../support/lists/file-host.ts";
import { Signer } from "../../support/lists/signer.ts";
import { Held } from "../../support/running/held.ts";
import { Gateway, startPlatform, temporary } from "../../support/running/processes.ts";

const HOUR = 3_600_000;
const FIRST = `k1 ${"0f".repeat(16)}\n`;
const SECOND = `k2 ${"f0".repeat(16)}\n`;
const MANY = 3000;
const PART = 100_000;

/** What the gateway says of itself, as it stands retained at the broker. */
async function reportedOf(url: string) {
  const client = await connectAsync(url, { protocolVersion: 5 });
  let lists: unknown;
  client.on("message", (_, payload) => {
    ({ lists } = JSON.parse(String(payload)) as { lists?: unknown });
  });
  await client.subscribeAsync("cippo/v1/gw-1/up/reported", { qos: 1 });
  const told = (expected: object) => expect.poll(() => lists, { timeout: 20_000, interval: 20 }).toEqual({ disabled: expected });
  return { told, [Symbol.asyncDispose]: () => client.endAsync(true) };
}

it.skipIf(!hasOpenssl)("a list whole, changed, revoked, fetched, under two keys, and forged", { timeout: 90_000 }, async () => {
  await using folder = await temporary("lists");
  const at = (name: string) => join(folder.path, name);
  FileHost.certificates(folder.path);
  await mkdir(at("keys/badges"), { recursive: true });
  for (const name of ["badge.key", "keys/badges/gw-1.key"]) await writeFile(at(name), FIRST, { mode: 0o600 });
  await using broker = await Broker.open(brokerKinds.at(-1) ?? "embedded", folder.path);
  await using city = await startPlatform(broker.url, at("city.sqlite"), "--ack-after", "200ms", "--keys", at("keys"));
  await using reported = await reportedOf(broker.url);
  const { told } = reported;
  await using gateway = new Gateway(folder.path);
  const trust = "trusted.json";
  await copyFile(at("keys/trusted.json"), at(trust));
  const credentials = { folder: folder.path, ca: "ca.crt", cert: "gw.crt", key: "gw.key", badgeKey: "badge.key", trust };
  await gateway.configure(broker.url, { credentials, sync: { report: { every: "300ms" } } });
  await gateway.start();

  const send = async (version: number, numbers: readonly string[], more: object = {}) => {
    const life = { from: Date.now() - HOUR, to: Date.now() + HOUR };
    const permits = numbers.map((number) => ({ number, ...life, ...("base" in more && { revoked: number.startsWith("no-") }) }));
    const asked = { do: "list", gateway: "gw-1", name: "disabled", version, permits, ...more };
    expect(await city.control.ask(asked)).toMatchObject({ ok: true, data: { sent: true } });
  };

  // Whole; then one permit more, and one taken away.
  await send(1, ["04A1", "no-04B2"]);
  await told({ version: 1, kid: "k1" });
  await send(2, ["04C3"], { base: 1 });
  await told({ version: 2, kid: "k1" });
  await send(3, ["no-04B2"], { base: 2 });
  await told({ version: 3, kid: "k1" });
  // A platform that missed one of them.
  await send(4, ["04D4"], { base: 2 });
  await told({ version: 3, kid: "k1", refused: { version: 4, code: "list.other-base", reason: expect.any(String) } });

  // Somebody else's key under the name of the platform's.
  await using forger = new Signer().trust("reference-platform", "lists/*");
  const forged = { v: 1, name: "disabled", version: 9, kid: "k1", issuedAt: Date.now(), maxAgeMs: HOUR, entries: [] };
  const body = forger.signed("reference-platform", "cippo/v1/gw-1/down/lists/disabled", forged);
  await city.control.ask({ do: "say", gateway: "gw-1", what: "lists/disabled", body });
  await told({ version: 3, kid: "k1", refused: { version: 9, code: "signature.wrong", reason: expect.any(String) } });
  const shown = await gateway.cippo("lists", "show");
  expect([shown.code, shown.stdout]).toEqual([1, expect.stringMatching(/disabled +3 +3 .*\n.*signature\.wrong: .*\n→ /)]);

  // By reference, from a host that knows this gateway by its certificate, which is killed half-way.
  await using files = await FileHost.open(folder.path);
  const entries = at("entries");
  const known: unknown[] = [];
  const give = async (upTo: number, ...[response, from, request]: Parameters<Answer>) => {
    const file = await readFile(entries);
    const socket = request.socket as TLSSocket;
    known.push([socket.authorized, socket.getPeerCertificate().subject.CN]);
    const range = from > 0 && { "content-range": `bytes ${from}-${file.length - 1}/${file.length}` };
    response.writeHead(from > 0 ? 206 : 200, { "content-length": file.length - from, ...range });
    response.write(file.subarray(from, upTo));
    if (upTo >= file.length) response.end();
  };
  files.answers = [(...of) => void give(PART, ...of), (...of) => void give(Number.POSITIVE_INFINITY, ...of)];
  const many = Array.from({ length: MANY }, (_, i) => `badge-${i}`);
  await send(5, many, { reference: { url: files.url, file: entries } });
  await told({ version: 3, kid: "k1", refused: expect.objectContaining({ version: 9 }), fetching: { version: 5 } });
  const half = async () => (await gateway.cippo("lists", "show")).stdout;
  await expect.poll(half, { timeout: 20_000 }).toContain(` 5 (${PART}/`);
  await gateway.kill();
  await gateway.start();
  await told({ version: 5, kid: "k1" });
  expect([files.asked, known]).toEqual([[0, PART], Array(2).fill([true, "gw"])]);

  // A new badge key: refused while the gateway does not have it, then either counts.
  await writeFile(at("keys/badges/gw-1.key"), FIRST + SECOND);
  await send(6, ["04A1"]);
  await told({ version: 5, kid: "k1", refused: { version: 6, code: "list.other-kid", reason: expect.any(String) } });
  await writeFile(at("badge.key"), FIRST + SECOND);
  await send(7, ["04A1"], { kid: "k1" });
  await told({ version: 7, kid: "k1" });
  await send(8, ["04A1", "04C3"]);
  await told({ version: 8, kid: "k2" });
  const last = await gateway.cippo("lists", "show");
  expect([last.code, last.stdout]).toEqual([0, expect.stringMatching(/disabled +8 +2 .*in force/)]);

  // The platform holds what became of each, once, though the gateway was killed between.
  await gateway.delivered();
  await using held = await Held.open(at("city.sqlite"));
  const versions = async (kind: string) => (await held.events(kind)).map(({ version, code, kid }) => [version, code ?? kid]);
  // Of refusals the first of each minute is an event, and of each run: `reported` says them all.
  const first = expect.arrayContaining([
    [4, "list.other-base"],
    [6, "list.other-kid"],
  ]);
  expect(await versions("list.refused")).toEqual(first);
  expect(await versions("list.accepted")).toEqual([
    [1, "k1"],
    [2, "k1"],
    [3, "k1"],
    [5, "k1"],
    [7, "k1"],
    [8, "k2"],
  ]);
});
