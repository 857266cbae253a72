/** A badge is shown: neither its number nor its hash is found in any file, line, screen or message. */
import { createHmac } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { connect } from "mqtt";
import { expect, it } from "vitest";
import { broker, Gateway, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { Site } from "../../support/running/site.ts";

const SCENARIO = {
  buses: { "reader-uart": { serial: "tcp", baud: 9600 }, "bay-uart": { serial: "tcp", baud: 9600 } },
  devices: {
    reader: { type: "rdm6300", bus: "reader-uart" },
    bay: { type: "a02yyuw", bus: "bay-uart", occupiedBelow: "1200mm" },
  },
  assets: {
    "bay-1": {
      kind: "parking-bay",
      reservedFor: "disabled",
      occupancy: "bay.presence",
      debounce: "1s",
      permits: { reader: "reader", list: "disabled", grace: "2s" },
    },
  },
};
const BADGES = ["62E3086CED", "0415C0FFEE"];
const KEY = "000102030405060708090a0b0c0d0e0f";
const WELL_MS = 20_000;

/** Ways in which a number could lie somewhere: as it is written, as it was sent, as bytes either way round, as a hash. */
function tracesOf(badge: string): readonly Buffer[] {
  const bytes = Buffer.from(badge, "hex");
  const hash = createHmac("sha256", Buffer.from(KEY, "hex")).update(badge).digest().subarray(0, 16);
  const texts = [
    badge,
    badge.toLowerCase(),
    String(bytes.readUInt32BE(1)),
    hash.toString("hex"),
    hash.toString("base64url").slice(0, 20),
  ];
  return [...texts.map((text) => Buffer.from(text)), bytes, Buffer.from(bytes).reverse(), hash];
}

it("a badge leaves no trace", { timeout: 180_000 }, async () => {
  await using folder = await temporary("badge");
  await using city = await broker();
  await using platform = await startPlatform(city.url, join(folder.path, "city.sqlite"), "--ack-after", "200ms");
  const heard: Buffer[] = [];
  const subscriber = connect(city.url, { protocolVersion: 5 });
  subscriber.on("message", (topic, payload) => {
    const bytes = Buffer.from(payload);
    heard.push(Buffer.from(topic), bytes[0] === 0x78 ? inflateSync(bytes) : bytes);
  });
  await subscriber.subscribeAsync("#", { qos: 1 });
  await using site = await Site.open(folder.path, SCENARIO);
  await using gateway = new Gateway(folder.path);
  const credentials = join(folder.path, "badge.key");
  await writeFile(credentials, `# since 2026\nk1 ${KEY}\n`);
  await gateway.configure(city.url, { ...site.ready.site, credentials: { folder: folder.path, badgeKey: "badge.key" } });
  const program = await gateway.start({ LOG_LEVEL: "debug" });
  const reader = async () => (await gateway.status()).devices.find(({ id }) => id === "reader");
  await until(async () => (await reader())?.state === "up", WELL_MS, "the reader's line is open");
  await site.ask({ do: "set", device: "bay", point: "distance", value: 640 });
  for (const value of BADGES) await site.ask({ do: "set", device: "reader", point: "badge", value });
  await until(
    async () => {
      const wire = (await reader())?.wire;
      return wire !== undefined && "frames" in wire && wire.frames === BADGES.length;
    },
    WELL_MS,
    "both badges were read",
  );
  // Nobody has pushed a list: the bay is told that a badge was read and could not be judged, and accuses nobody.
  await until(
    async () => (await gateway.cippo("events")).stdout.includes("badge.shown"),
    WELL_MS,
    "what the list says of the badge, and with it a commit",
  );
  await gateway.delivered();

  expect(await reader()).toMatchObject({ state: "up", points: [], wire: { strayBytes: 0 } });
  const outputs: Buffer[] = [];
  for (const words of [
    ["status"],
    ["devices"],
    ["read", "reader"],
    ["history", "--last", "1h"],
    ["events"],
    ["status", "--json"],
  ]) {
    const { stdout, stderr } = await gateway.cippo(...words);
    outputs.push(Buffer.from(stdout), Buffer.from(stderr));
  }
  expect(await gateway.stop()).toBe(0);
  outputs.push(Buffer.from(program.lines.join("\n")), Buffer.from(program.stderr));
  const files = (await readdir(folder.path)).filter((name) => name.startsWith("cippo.sqlite") || name.startsWith("city.sqlite"));
  expect(files).toContain("cippo.sqlite");
  for (const name of files) outputs.push(await readFile(join(folder.path, name)));
  await subscriber.endAsync();
  expect(heard.length).toBeGreaterThan(4);
  expect(platform.program.running).toBe(true);
  const all = Buffer.concat([...outputs, ...heard]);
  for (const badge of BADGES)
    for (const trace of tracesOf(badge)) expect(all.includes(trace), `${badge} as ${trace.toString("hex")}`).toBe(false);
});
