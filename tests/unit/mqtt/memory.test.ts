/** Packets of many lengths through the bundled packet writer leave next to nothing in memory. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** Between two packets a busy process cuts other things from the pool that small buffers share. */
const WRITE = `
const { createRequire } = require("node:module");
require("./tools/mqtt-client.cjs");
const { writeToStream } = createRequire(require.resolve("./node_modules/mqtt/build/lib/client.js"))("mqtt-packet");
const sink = new (require("node:stream").Writable)({ write: (chunk, _, done) => done() });
const payload = Buffer.alloc(16000);
const held = () => { gc(); gc(); const { heapUsed, arrayBuffers } = process.memoryUsage(); return heapUsed + arrayBuffers; };
const publish = (length) => {
  const packet = { cmd: "publish", topic: "t", qos: 1, messageId: 1 + length, payload: payload.subarray(0, length), dup: false, retain: false };
  writeToStream(packet, sink, { protocolVersion: 5 });
  Buffer.from("x".repeat(3900));
};
const empty = held();
publish(0);
const first = held() - empty;
for (let length = 1; length <= 4000; length += 1) publish(length);
setImmediate(() => console.log(JSON.stringify({ first, after: held() - empty })));
`;

it("the packet writer keeps neither numbers beforehand nor a share of the pool for each length", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--eval", WRITE]);
  const { first, after } = JSON.parse(stdout);
  expect(first).toBeLessThan(1_000_000);
  expect(after).toBeLessThan(3_000_000);
});
