/** The small parts of a connection, each alone: packet borders, sizes, and the waits between two connections. */

import { generate } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import { EdgeError } from "../../../src/kit/errors.ts";
import { FrameFilter } from "../../../src/mqtt/frame-guard.ts";
import { packetSize } from "../../../src/mqtt/link.ts";
import { LinkError, type LinkFacts } from "../../../src/mqtt/link-error.ts";
import { reconnectWait } from "../../../src/mqtt/reconnect.ts";
import fc from "../../support/property.ts";

describe("frame guard", () => {
  const message = (qos: 0 | 1, size: number, messageId: number): Buffer =>
    generate(
      { cmd: "publish", topic: `t/${messageId}`, payload: Buffer.alloc(size, 0xff), qos, messageId, retain: false, dup: false },
      { protocolVersion: 5 },
    );
  const LIMIT = 1000;

  it("passes on every packet but a message that is too large, however they are cut", () => {
    const one = fc.oneof(
      fc.record({ qos: fc.constantFrom(0 as const, 1 as const), size: fc.nat(700) }),
      fc.record({ qos: fc.constant(1 as const), size: fc.integer({ min: 1100, max: 3000 }) }),
    );
    const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), cuts, (messages, cuts) => {
        const skipped: unknown[] = [];
        const filter = new FrameFilter(LIMIT, ({ topic }, packetId) => skipped.push([topic, packetId]));
        const packets = messages.map(({ qos, size }, i) => ({ qos, size, bytes: message(qos, size, i + 1) }));
        const bytes = Buffer.concat(packets.map((packet) => packet.bytes));
        const passed: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; i += 1) {
          const size = cuts[i % cuts.length] ?? 1;
          passed.push(filter.take(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(Buffer.concat(passed)).toEqual(
          Buffer.concat(packets.filter(({ size }) => size < LIMIT).map((packet) => packet.bytes)),
        );
        expect(skipped).toEqual(packets.flatMap(({ size }, i) => (size < LIMIT ? [] : [[`t/${i + 1}`, i + 1]])));
      }),
    );
  });

  it.each([
    ["a length of five bytes", [0x30, 0xff, 0xff, 0xff, 0xff, 0x01], /malformed/],
    ["too large a packet that is no message", [0xd0, 0xff, 0x7f], /limit 1000/],
    ["too large a message that would not come again", [0x30, 0xff, 0x7f], /limit 1000/],
    [
      "a message that ends within its topic",
      [0x32, 0xe9, 0x07, 0xff, 0xff, ...Array.from({ length: 999 }, () => 0x61)],
      /within its topic/,
    ],
  ])("refuses %s", (_, bytes, reason) => {
    expect(() => new FrameFilter(LIMIT, () => undefined).take(Buffer.from(bytes))).toThrow(reason);
  });
});

describe("waits between links (CT-U7)", () => {
  const wait = reconnectWait({ firstMs: 60_000, maxMs: 300_000 }, () => 0.999);
  const error = (facts: LinkFacts) => new LinkError(new EdgeError("sync.unreachable", { broker: "here", reason: "gone" }), facts);
  it("spreads over the whole first minute, then to five", () => {
    expect([1, 2, 3, 4, 20].map((n) => Math.round(wait(n, error({})) / 1000))).toEqual([60, 120, 240, 300, 300]);
    expect(reconnectWait({ firstMs: 60_000, maxMs: 300_000 }, () => 0)(5, error({}))).toBe(0);
  });
  it("is quick once when the link failed here, and slow when somebody else has our name", () => {
    expect(wait(1, error({ local: true }))).toBeLessThan(2000);
    expect(wait(2, error({ local: true }))).toBeGreaterThan(60_000);
    expect(reconnectWait({ firstMs: 1, maxMs: 300_000 }, () => 0)(1, error({ reasonCode: 0x8e }))).toBe(150_000);
  });
  it("keeps 500 gateways from coming back together (B10)", () => {
    const spread = reconnectWait({ firstMs: 60_000, maxMs: 300_000 });
    const busiest = new Map<number, number>();
    for (let i = 0; i < 500; i += 1) {
      const second = Math.floor(spread(1, error({})) / 1000);
      busiest.set(second, (busiest.get(second) ?? 0) + 1);
    }
    expect(busiest.size).toBeGreaterThan(50);
    expect(Math.max(...busiest.values())).toBeLessThan(30);
  });
});

it("never takes a packet for smaller than it is", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 60, unit: "grapheme" }),
      fc.nat(20_000),
      fc.nat(40),
      (topic, payload, correlation) => {
        const properties = correlation > 0 ? { correlationData: Buffer.alloc(correlation) } : {};
        const packet = {
          cmd: "publish" as const,
          topic,
          payload: Buffer.alloc(payload),
          qos: 1 as const,
          retain: false,
          dup: false,
        };
        const size = generate({ ...packet, messageId: 1, properties }, { protocolVersion: 5 }).length;
        expect(packetSize(topic, payload, correlation)).toBeGreaterThanOrEqual(size);
        expect(packetSize(topic, payload, correlation)).toBeLessThanOrEqual(size + 8);
      },
    ),
    { numRuns: 200 },
  );
});
