/** Modbus frames as random streams: no exception, bounded memory, always the next whole one. */
import { equal, ok } from "node:assert/strict";
import { describe, it } from "vitest";
import { MbapPort } from "../../../src/drivers/transports/modbus/framing/mbap-port.ts";
import { classify, crc16, crcHolds, expectedOf, findReply } from "../../../src/drivers/transports/modbus/framing/modbus-frame.ts";
import { RtuPort } from "../../../src/drivers/transports/modbus/framing/rtu-port.ts";
import type { ByteWire } from "../../../src/drivers/transports/serial/byte-wire.ts";
import { type Dice, each, INPUTS } from "../../support/memory/dice.ts";

const MINUTES_MS = 20 * 60_000;

describe("Modbus", () => {
  const wire = { isOpen: true, write: () => undefined, close: () => Promise.resolve() } as unknown as ByteWire;
  const withCrc = (bytes: readonly number[]): Buffer => {
    const crc = crc16(Uint8Array.from(bytes));
    return Buffer.from([...bytes, crc & 0xff, crc >> 8]);
  };
  const word = (n: number): readonly number[] => [n >> 8, n & 0xff];
  /** Of another unit than `besides`: a frame of the same unit that fits the question is the reply. */
  const requestOf = (dice: Dice, fc: number, besides = 0): Buffer =>
    withCrc([
      1 + ((besides + dice.below(246)) % 247),
      fc,
      ...word(dice.below(65536)),
      ...word(fc <= 4 ? 1 + dice.below(20) : dice.below(65536)),
    ]);
  const replyTo = (request: Buffer, dice: Dice): Buffer => {
    const { unit, fc, length } = expectedOf(request);
    if (fc > 4) return withCrc([...request.subarray(0, 6)]);
    const data = Array.from({ length: length - 5 }, () => dice.below(256));
    return withCrc([unit, fc, data.length, ...data]);
  };
  /** Anything that may be on a line beside the reply that was asked for. */
  const noise = (dice: Dice, reply: Buffer): Buffer => {
    const foreign = requestOf(dice, dice.pick(1, 3, 4, 6), reply[0]);
    return dice.pick(dice.spoiled(reply).subarray(0, reply.length - 1), dice.bytes(40), foreign, replyTo(foreign, dice));
  };

  it("RTU: gives the reply or nothing, and the next reply after anything", { timeout: MINUTES_MS }, () => {
    let chance = 0;
    each((dice) => {
      const port = new RtuPort(wire);
      const given: Buffer[] = [];
      port.on("data", (frame: Buffer) => given.push(frame));
      let mono = 1000;
      for (const fc of [dice.pick(1, 2, 3, 4, 5, 6), 3]) {
        const request = requestOf(dice, fc);
        const reply = replyTo(request, dice);
        given.length = 0;
        port.write(request);
        const parts = Array.from({ length: dice.below(4) }, () => noise(dice, reply));
        for (const piece of dice.pieces(Buffer.concat([...parts, reply, ...(fc > 4 ? [reply] : [])])))
          port.received(piece, mono++);
        equal(given.length, 1);
        // A spoiled reply, joined by bytes that follow it, passes 16 bits of CRC by chance: no receiver can tell.
        if (!given[0]?.equals(reply)) chance += 1;
        ok(given[0] && crcHolds(given[0], 0, given[0].length));
        for (const piece of dice.pieces(dice.bytes(40))) port.received(piece, mono++);
        if (dice.below(100) === 0) for (let i = 0; i < 30; i++) port.received(dice.bytes(200), mono++);
        const { frames, garbage } = port.settle();
        ok(frames * 5 + garbage <= 1024 + 256, "more is held than its cap");
        mono += 1000;
      }
    });
    ok(chance <= 3 + INPUTS / 20_000, `${chance} spoiled replies passed`);
    if (INPUTS > 100_000) console.log(`RTU: ${chance} of ${INPUTS} passed the CRC by chance`);
  });

  it("TCP: gives the reply or nothing, and what is out of step stays without a reply", { timeout: MINUTES_MS }, () => {
    each((dice) => {
      const port = new MbapPort(wire, dice.below(65536));
      const given: Buffer[] = [];
      port.on("data", (frame: Buffer) => given.push(frame));
      const adu = (transaction: number, frame: Buffer) =>
        Buffer.concat([Buffer.from([...word(transaction & 0xffff), 0, 0, ...word(frame.length - 2)]), frame.subarray(0, -2)]);
      const request = requestOf(dice, dice.pick(1, 2, 3, 4, 5, 6));
      const reply = replyTo(request, dice);
      port.write(request);
      const good = adu(port.transaction, reply);
      const others = Array.from({ length: dice.below(4) }, () => {
        // A late reply fits the question in all but its transaction.
        if (dice.below(3) === 0) return adu(port.transaction - 1 - dice.below(3), replyTo(request, dice));
        const other = requestOf(dice, 3, request[0]);
        return adu(dice.pick(port.transaction, port.transaction - 1, port.transaction + 1), replyTo(other, dice));
      });
      const torn = dice.below(3) === 0;
      const stream = Buffer.concat([...others, ...(torn ? [dice.spoiled(good)] : []), good]);
      for (const piece of dice.pieces(stream)) port.received(piece, 1);
      for (const frame of given) if (!torn) ok(frame.equals(reply));
      ok(given.length <= 1);
      // A whole stream always has its reply. One that lost its step may swallow it; what then calls itself usable gives the next.
      ok(torn || given.length === 1);
      if (!port.broken && !port.halfway) {
        port.settle();
        given.length = 0;
        port.write(request);
        for (const piece of dice.pieces(adu(port.transaction, reply))) port.received(piece, 1);
        ok(given[0]?.equals(reply));
      }
      for (let i = 0; i < 3; i++) port.received(dice.bytes(300), 1);
      ok(port.settle().garbage <= 3 * 300 + stream.length);
    });
  });

  it("frames in anything", { timeout: MINUTES_MS }, () => {
    each((dice) => {
      const request = requestOf(dice, dice.pick(1, 2, 3, 4, 5, 6, 15, 16));
      const bytes = Buffer.concat([dice.bytes(60), dice.spoiled(replyTo(request, dice)), dice.bytes(60)]);
      const found = findReply(bytes, expectedOf(request));
      if (found.kind === "reply") ok(found.at + found.length <= bytes.length);
      const { frames, garbage } = classify(bytes);
      equal(
        frames.reduce((sum, { length }) => sum + length, garbage),
        bytes.length,
      );
    });
  });
});
