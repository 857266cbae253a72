/** A pan and tilt head that speaks Pelco-D, asked where it looks and never moved; and what it answers. */
import { askedHead } from "../families/camera/asked-head.ts";
import { headOptions } from "../families/camera/head-options.ts";
import { panIn, panQuery } from "../families/camera/pelco-messages.ts";
import { withReport } from "../families/options.ts";

// 2400, 4800 or 9600 8N1: FF, address, two command bytes, two of data, and the sum of all but the first. Its check passes one wrong frame in 256, and
// where it looks is nobody's affair here: that it answers is all that is taken.
export const pelcoD = askedHead({
  type: "pelco-d",
  title: { it: "Testa Pelco-D: solo se risponde", en: "Pelco-D head: only whether it answers" },
  baud: 2400,
  options: headOptions(255),
  points: (o) => withReport({ alive: { unit: "", kind: "state", report: { atLeastMs: 15 * 60_000 } } }, o.report),
  ask: panQuery,
  understand: (bytes, address) => ({ answers: panIn(bytes, address) !== null, values: {} }),
  frame: (address) => ({
    framing: "fixed",
    header: [0xff],
    fields: [
      { name: "address", decode: "uint8", oneOf: [address] },
      { name: "first", decode: "uint8" },
      { name: "answer", decode: "uint8", oneOf: [0x59] },
      { name: "pan", decode: "uint16" },
    ],
    check: "sum8-body",
  }),
  goldens: [
    {
      name: "it looks to 180°",
      tx: "FF 01 00 51 00 00 52",
      rx: "FF 01 00 59 46 50 F0",
      expect: { alive: true },
      source: "Pelco-D, query pan and its answer: manuals of DVDO and Minrray",
    },
    {
      name: "its own question, as a converter echoes it",
      rx: "FF 01 00 51 00 00 52",
      expect: "refused",
      source: "Pelco-D, query pan",
    },
    {
      name: "another head of the same line",
      rx: "FF 02 00 59 46 50 F1",
      expect: "refused",
      source: "constructed: the first golden of address 2, sum by hand: 02 + 59 + 46 + 50 = F1",
    },
    {
      name: "a wrong sum",
      rx: "FF 01 00 59 46 50 F1",
      expect: "refused",
      source: "constructed: the first golden, its sum one higher",
    },
  ],
});
