/** A pay station on a real socket: each session is told once, however often it is repeated, and no plate is left in memory. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { busSchema } from "../../../../../src/drivers/buses.ts";
import { FrameStream } from "../../../../../src/drivers/families/frame/codec.ts";
import { codecOf } from "../../../../../src/drivers/families/frame/codecs.ts";
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import type { Reading } from "../../../../../src/model/index.ts";
import { never } from "../../support.ts";

const ROOT = join(import.meta.dirname, "../../../../..");

/** As a station writes it. */
function sentence(body: string): string {
  const sum = [...Buffer.from(body, "latin1")].reduce((all, byte) => all ^ byte, 0);
  return `$${body}*${sum.toString(16).padStart(2, "0").toUpperCase()}\r\n`;
}

async function station() {
  const lines: Socket[] = [];
  const server = createServer((socket) => lines.push(socket.on("error", () => undefined))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const spec = busSchema.parse({ serial: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const driver = await loadDriver("pay-line");
  const info = deviceInfo("till", driver, driver.options.parse({}), "uart", openWires({ uart: spec }, noLog));
  const device = await info.open(never);
  const batches = device.readings({ next: () => Promise.resolve(0) }, never)[Symbol.asyncIterator]();
  if (lines.length === 0) await once(server, "connection");
  return {
    write: (...bodies: readonly string[]) => lines[0]?.write(bodies.map(sentence).join("")),
    raw: (text: string) => lines[0]?.write(text),
    async next() {
      const readings: readonly Reading[] = (await batches.next()).value ?? [];
      return readings.map(({ point, value, code }) => [point, value, ...(code ? [code] : [])]);
    },
    async [Symbol.asyncDispose]() {
      for (const line of lines) line.destroy();
      server.close();
    },
  };
}

it("tells every session of one piece of the stream, and one that is repeated once", async () => {
  await using at = await station();
  at.write("PAY,A,0,0", "PAY,S,1,A1,0,600,50", "PAY,S,2,A2,60,600,50", "PAY,S,1,A1,0,600,50", "PAY,S,2,A2,60,600,50");
  expect(await at.next()).toEqual([
    ["fault", false],
    ["cash-box", false],
    ["session", "1 A1 0 600 50"],
    ["session", "2 A2 60 600 50"],
  ]);
  at.write("PAY,S,1,A1,0,900,75", "PAY,S,2,A2,0,0,0", "PAY,S,2,A2,0,0,0", "PAY,S,2,A2,0,300,25");
  expect(await at.next()).toEqual([
    ["session", "1 A1 0 900 75"],
    ["session", "2 A2 0 0 0"],
    ["session", "2 A2 0 300 25"],
  ]);
});

it("takes nothing of a sentence that is torn, changed or too long, and goes on after it", async () => {
  await using at = await station();
  const whole = sentence("PAY,S,1,A1,0,600,50");
  at.raw(whole.slice(0, 12));
  at.raw(`${whole.replace("600", "900")}${sentence("PAY,A,1")}`);
  expect(await at.next()).toEqual([["fault", true]]);
  at.raw(`$PAY,S,${"1".repeat(60)}${whole}`);
  expect(await at.next()).toEqual([["session", "1 A1 0 600 50"]]);
});

it.each(["PAY,S,,A1,0,60", "PAY,S,x1,A1,0,60", "PAY,S,1,A 1,0,60", "PAY,S,1,A1,2678400,1"])(
  "makes no session of %s",
  async (body) => {
    await using at = await station();
    at.write(body);
    expect(await at.next()).toEqual([["session", null, "value.out-of-range"]]);
  },
);

it("reads the sentences that its page shows", async () => {
  await using at = await station();
  const page = await readFile(join(ROOT, "docs/pay-stations.md"), "utf8");
  const shown = page.match(/^\$PAY,.*$/gm) ?? [];
  expect(shown).toHaveLength(3);
  at.raw(`${shown.join("\r\n")}\r\n`);
  expect(await at.next()).toEqual([
    ["fault", false],
    ["cash-box", false],
    ["session", "4711 A016 0 3600 150"],
    ["session", "4711 A016 0 0 0"],
  ]);
});

it("says of itself only what it knows", async () => {
  await using at = await station();
  at.write("PAY,A", "PAY,A,,1", "PAY,A,7,x", "PAY,Z,1,1", "PAY,A,1");
  expect(await at.next()).toEqual([
    ["cash-box", true],
    ["fault", true],
  ]);
});

it("leaves none of the bytes of a plate in what it was given", () => {
  const frame = {
    framing: "line",
    begin: "$PAY,",
    fields: [{ name: "plate", decode: "text", chars: [0, 16] }],
    check: "nmea",
    end: "\r\n",
  } as const;
  const bytes = Buffer.from(sentence("PAY,AB123CD"), "latin1");
  const [fields] = new FrameStream(codecOf(frame), true).push(bytes);
  expect(Buffer.from(fields?.["plate"] as Uint8Array).toString()).toBe("AB123CD");
  expect(bytes.every((byte) => byte === 0)).toBe(true);
});

it("sums as NMEA 0183 does", () => {
  const texts = ["heading", "true"].map((name) => ({ name, decode: "text", chars: [0, 12] }) as const);
  const stream = new FrameStream(codecOf({ framing: "line", begin: "$GPHDT,", fields: texts, check: "nmea", end: "\r\n" }));
  // Recorded on the ship Ronald H. Brown: NOAA PSL, ATOMIC 2020, gps02001420_raw.txt, first line.
  const [fields] = stream.push(Buffer.from("$GPHDT,74.20,T*34\r\n"));
  expect(Buffer.from(fields?.["heading"] as Uint8Array).toString()).toBe("74.20");
});
