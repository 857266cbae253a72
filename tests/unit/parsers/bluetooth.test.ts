/** BTHome packets and lines of the Bluetooth child as random streams: no exception, and always the next whole one. */
import { ok } from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { type BleMessage, messageSchema, parseLine } from "../../../src/drivers/ble-child/ble-protocol.ts";
import { bthome } from "../../../src/drivers/devices/bthome.ts";
import { carried, type Objects } from "../../../src/drivers/families/ble/bthome-objects.ts";
import { EdgeError } from "../../../src/kit/errors.ts";
import { LineSplitter } from "../../../src/kit/text/line-splitter.ts";
import { type Dice, each } from "../../support/memory/dice.ts";

const MINUTES_MS = 20 * 60_000;

describe("BTHome", () => {
  const layout = bthome.layout(bthome.options.parse({ mac: "A4:C1:38:00:00:01" }));
  if (!("objects" in layout)) throw new Error("bthome advertises");
  const objects: Objects = new Map(layout.objects.map((object) => [object.id, object]));
  const known = [...objects.keys()];

  it("objects", { timeout: MINUTES_MS }, () => {
    const key = Buffer.alloc(16, 7);
    each((dice) => {
      const likely = Array.from({ length: dice.below(6) }, () => [known[dice.below(known.length)] ?? 0, ...dice.bytes(4)]);
      const data = Buffer.from([dice.pick(0x40, 0x41, 0x44, dice.below(256)), ...likely.flat()]);
      try {
        const { values } = carried(data, objects, "A4:C1:38:00:00:01", dice.pick(key, undefined));
        ok(values.size < data.length);
        for (const value of values.values()) ok(!Number.isNaN(value));
      } catch (error) {
        ok(error instanceof EdgeError && (error.code === "frame.invalid" || error.code === "ble.key"), String(error));
      }
    });
  });
});

describe("lines of the Bluetooth child", () => {
  const MOST = 200;
  const wordOf = (dice: Dice): BleMessage => ({ v: 1, is: "state", state: dice.pick("scanning", "off"), heard: dice.below(1e6) });

  it("every word comes out, in order; a line too long ends it", { timeout: MINUTES_MS }, () => {
    each((dice) => {
      const lines = new LineSplitter(MOST);
      const sent: BleMessage[] = [];
      let text = "";
      for (let i = 1 + dice.below(6); i > 0; i--) {
        const word = wordOf(dice);
        const json = JSON.stringify(word);
        const garbage = dice.pick(
          "",
          json.slice(0, dice.below(json.length)),
          json.slice(1),
          dice.bytes(60).toString("latin1"),
          "{}",
          "null",
          "[1]",
        );
        text += `${garbage}\n${json}\n`;
        sent.push(word);
      }
      const found = dice.pieces(text).flatMap((piece) => lines.push(piece));
      expect(found.map((line) => parseLine(messageSchema, line ?? "too long")).filter((word) => word !== null)).toEqual(sent);
      const flood = dice.pieces("x".repeat(MOST + 1)).flatMap((piece) => lines.push(piece));
      expect(flood).toEqual([null]);
    });
  });
});
