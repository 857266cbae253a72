/** A camera that speaks VISCA over IP as Sony does, in datagrams, asked for its version alone; and what it answers. */
import { viscaUdpHealth } from "../families/camera/visca-datagrams.ts";

const options = { host: "10.20.0.41" };

export const viscaUdp = viscaUdpHealth({
  type: "visca-udp",
  title: { it: "Telecamera VISCA su IP (UDP): solo il suo stato", en: "VISCA over IP camera (UDP): its health only" },
  goldens: [
    {
      name: "its version",
      rx: "01 11 00 0A 00 00 00 01 90 50 00 20 04 67 01 02 02 FF",
      options,
      expect: { alive: true, model: "0020-0467", firmware: "0102" },
      source: "constructed: Sony VISCA over IP, reply 0111, with CAM_VersionInq of the FCB technical manual",
    },
    {
      name: "a length that is not that of its payload",
      rx: "01 11 00 09 00 00 00 01 90 50 00 20 04 67 01 02 02 FF",
      options,
      expect: "refused",
      source: "constructed: the first golden with another length",
    },
  ],
});
