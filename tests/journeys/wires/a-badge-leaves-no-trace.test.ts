/** A badge is shown: its number and its hash are in no file, line, screen or message, and the number not in memory either. */
import { createHmac } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { connect } from "mqtt";
import { expect, it } from "vitest";
import { foundInMemory } from "../../support/machine/memory-search.ts";
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
// Neither these numbers nor this key stand anywhere in the product itself, as those of its goldens do.
const BADGES = ["7A91D30E52", "0415C0FFEE"];
const KEY = "9d1f0c52b7e84a6633d0f8215ac97e04";
const WELL_MS = 20_000;

const swapped = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();

/** Ways in which a number could lie somewhere in clear: as characters of one byte or two, and as bytes, either way round. */
function numberOf(badge: string): readonly Buffer[] {
  const bytes = Buffer.from(badge, "hex");
  const texts = [badge, badge.toLowerCase(), String(bytes.readUInt32BE(1)), String(bytes.readUIntBE(0, 5))];
  const wide = Buffer.alloc(8);
  wide.writeDoubleLE(bytes.readUIntBE(0, 5));
  return [
    ...texts.flatMap((text) => [Buffer.from(text), Buffer.from(text, "utf16le"), swapped(text)]),
    ...[bytes, Buffer.from(bytes).reverse(), wide, Buffer.from(wide).reverse()],
  ];
}

/** And its hash, as it could be stored or sent. */
function tracesOf(badge: string): readonly Buffer[] {
  const hash = createHmac("sha256", Buffer.from(KEY, "hex")).update(badge).digest().subarray(0, 16);
  return [...numberOf(badge), Buffer.from(hash.toString("hex")), Buffer.from(hash.toString("base64url").slice(0, 20)), hash];
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

  // Of all that is searched for, memory holds the key alone: the process needs it, and the search is seen to find what is there. What was freed may
  // lie about until something else takes its place; what is in use does not go away by waiting.
  const key = Buffer.from(KEY, "hex");
  const patterns = [key, ...BADGES.flatMap(numberOf)];
  const isKeyAlone = async () => {
    const found = await foundInMemory(program.child.pid ?? 0, patterns);
    return found.length === 1 && found[0] === key;
  };
  await until(isKeyAlone, WELL_MS, "the key, and no number, in the memory of the process");

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
