/** Text cut anywhere gives the same lines, and a line without an end costs no memory. */
import { describe, expect, it } from "vitest";
import { LineSplitter } from "../../../../src/kit/text/line-splitter.ts";

const TEXT = "one\n\ntwo ärger\nthis one is far too long for anybody\nthree\nand this one has no end in here";
const LINES = ["one", "", "two ärger", null, "three", null];

describe("lines of text that comes in pieces", () => {
  it("are the same wherever it is cut", () => {
    for (let first = 0; first <= TEXT.length; first += 1)
      for (let second = first; second <= TEXT.length; second += 1) {
        const lines = new LineSplitter(12);
        const cut = [TEXT.slice(0, first), TEXT.slice(first, second), TEXT.slice(second)];
        expect(cut.flatMap((piece) => lines.push(piece))).toEqual(LINES);
      }
  });

  it("of one that never ends it is told once, and the next is whole again", () => {
    const lines = new LineSplitter(4);
    const told = Array.from({ length: 1000 }, () => lines.push("x".repeat(1000))).flat();
    expect([told, lines.push("\nok\n"), lines.push("\n")]).toEqual([[null], ["ok"], [""]]);
  });

  it("may be just as long as they may be", () => {
    const lines = new LineSplitter(4);
    expect([lines.push("abcd"), lines.push("\nabcde"), lines.push("\n")]).toEqual([[], ["abcd", null], []]);
  });
});
