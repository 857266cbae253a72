/** A camera head that speaks VISCA on a serial line, or over TCP, asked for its version alone; and what it answers. */
import { askedHead } from "../families/camera/asked-head.ts";
import { headOptions } from "../families/camera/head-options.ts";
import { VISCA_POINTS, versionInquiry, viscaUnderstood } from "../families/camera/visca-messages.ts";
import { withReport } from "../families/options.ts";

// Sony FCB technical manual: 9600 8N1, addresses 1 to 7, each message ends with FF.
export const visca = askedHead({
  type: "visca",
  title: { it: "Telecamera VISCA su linea seriale: solo il suo stato", en: "VISCA camera on a serial line: its health only" },
  baud: 9600,
  options: headOptions(7),
  points: (o) => withReport(VISCA_POINTS, o.report),
  ask: versionInquiry,
  understand: viscaUnderstood,
  frame: (address) => ({
    framing: "fixed",
    header: [(address + 8) << 4, 0x50],
    fields: [
      { name: "vendor", decode: "uint16" },
      { name: "model", decode: "uint16" },
      { name: "firmware", decode: "uint16" },
      { name: "sockets", decode: "uint8" },
    ],
    check: "none",
    tail: [0xff],
  }),
  goldens: [
    {
      name: "its version",
      rx: "90 50 00 20 04 67 01 02 02 FF",
      expect: { alive: true, model: "0020-0467", firmware: "0102" },
      source: "Sony FCB technical manual, CAM_VersionInq: vendor 0020 is Sony, model 0467 is EV7500; ROM version constructed",
    },
    {
      name: "it has just been switched on",
      rx: "90 38 FF",
      expect: { restarts: 1 },
      source: "Sony FCB technical manual, network change message",
    },
    {
      name: "it knows the question, and does not answer it",
      rx: "90 60 02 FF",
      expect: { alive: true },
      source: "Sony FCB technical manual, syntax error",
    },
    {
      name: "another camera of the same line",
      rx: "A0 50 00 20 04 67 01 02 02 FF",
      expect: "refused",
      source: "constructed: the first golden from address 2",
    },
    {
      name: "its own question, as a converter echoes it",
      rx: "81 09 00 02 FF",
      expect: "refused",
      source: "Sony FCB technical manual",
    },
  ],
});
