/** Asks a broker whether it is there and speaks MQTT, before anybody else is blamed for its silence. */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { EdgeError } from "../../../src/kit/errors.ts";
import { systemReason } from "../../../src/kit/text/reasons.ts";
import type { Text } from "../../../src/model/index.ts";

const WITHIN_MS = 5000;
const PORTS: Readonly<Record<string, number>> = { "mqtt:": 1883, "mqtts:": 8883 };
/** MQTT 5 CONNECT: clean start, keep-alive 10 s, no properties, an empty client id. */
const CONNECT = Buffer.from([0x10, 13, 0, 4, ...Buffer.from("MQTT"), 5, 2, 0, 10, 0, 0, 0]);
const CONNACK = 0x20;
/** Of a CONNACK: type, length, flags, reason code. */
const ANSWER = 4;
/** Reason codes of a broker that knows no MQTT 5, in the words of either version. */
const OLD: readonly number[] = [0x84, 1];

const NO_MQTT: Text = { it: "non parla MQTT", en: "it does not speak MQTT" };
const NO_ANSWER: Text = { it: `nessuna risposta in ${WITHIN_MS / 1000} s`, en: `no answer in ${WITHIN_MS / 1000} s` };
const CLOSED: Text = { it: "ha chiuso la connessione", en: "it closed the connection" };

/** null: it answers; otherwise what it did instead. */
export async function brokerFault(broker: string): Promise<EdgeError | null> {
  const { protocol, hostname, port } = new URL(broker);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const to = { host, port: Number(port) || (PORTS[protocol] ?? 1883) };
  // Certificates are the gateway's concern; here it only matters whether somebody answers.
  const socket = protocol === "mqtts:" ? connectTls({ ...to, rejectUnauthorized: false }) : connectTcp(to);
  try {
    const answer = await answerOf(socket, protocol === "mqtts:" ? "secureConnect" : "connect");
    if (!(answer instanceof Uint8Array)) return new EdgeError("sync.unreachable", { broker, reason: answer });
    if (answer[0] !== CONNACK) return new EdgeError("sync.unreachable", { broker, reason: NO_MQTT });
    // It answers: whether it lets the gateway in is not checked here.
    const old = OLD.includes(answer[ANSWER - 1] ?? 0);
    return old ? new EdgeError("sync.protocol-version", { broker, mqtt: 5, versionKey: "sync.mqtt" }) : null;
  } finally {
    socket.destroy();
  }
}

/** What it answers, or why it does not. */
function answerOf(socket: Socket, opened: string): Promise<Buffer | Text> {
  return new Promise((resolve) => {
    let got: Buffer = Buffer.alloc(0);
    socket.setTimeout(WITHIN_MS, () => resolve(NO_ANSWER));
    socket.once(opened, () => socket.write(CONNECT));
    socket.on("data", (bytes: Buffer) => {
      got = Buffer.concat([got, bytes]);
      if (got[0] !== CONNACK || got.length >= ANSWER) resolve(got);
    });
    socket.once("error", (error) => resolve(systemReason(error))).once("close", () => resolve(CLOSED));
  });
}
