/** Any device of the network that takes TCP connections when it works; and what the network says when it does not. */
import { tcpHealth } from "../families/net/tcp-health.ts";

const options = { host: "10.20.0.41", port: 554 };

export const tcpAlive = tcpHealth({
  type: "tcp-alive",
  title: { it: "Apparecchio di rete che accetta connessioni TCP", en: "Network device that takes TCP connections" },
  goldens: [
    {
      name: "a connection after 12.5 ms",
      rx: "answered after 12.5 ms",
      options,
      expect: { alive: true, "answer-time": 12.5 },
      source: "constructed: RFC 9293, 3.5: SYN, ACK received",
    },
    {
      name: "nobody listens on the port",
      rx: "refused",
      options,
      expect: { alive: false, "answer-time": null },
      source: "constructed: RFC 9293, 3.5.2: a reset answers the SYN (ECONNREFUSED)",
    },
    {
      name: "no answer within the time",
      rx: "timeout",
      options,
      expect: { alive: false, "answer-time": null },
      source: "constructed: nothing answers the SYN",
    },
    {
      name: "no way to the host",
      rx: "unreachable",
      options,
      expect: { alive: false, "answer-time": null },
      source: "constructed: RFC 792, destination unreachable (EHOSTUNREACH)",
    },
    {
      name: "a name that nobody knows says nothing of the device",
      rx: "unknown-host",
      options,
      expect: { alive: null, "answer-time": null },
      source: "constructed: RFC 1035, 4.1.1: name error",
    },
    {
      name: "a gateway that has no network itself knows nothing of the device",
      rx: "not-tried",
      options,
      expect: { alive: null, "answer-time": null },
      source: "constructed: connect(2), ENETUNREACH, EMFILE, EPERM",
    },
    { name: "another word", rx: "perhaps", options, expect: "refused", source: "constructed: not among the six results" },
  ],
});
