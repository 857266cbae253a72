/** A mosquitto beside the sensors that bridges to the centre and keeps what waits in its persistence file. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { freePort } from "../../hw-sim/free-port.ts";
import { systemProgram } from "../../hw-sim/system-program.ts";
import { brokerUrl } from "../way/processes/broker.ts";
import { readingOf, TOPIC } from "./centre.ts";
import { end, type Kind, listens, type Peer } from "./peer.ts";

/** Publishes that wait for their PUBACK at one time. */
const WINDOW = 50;

/** `autosave`: lines of its configuration that say when it writes its file. */
export const mosquittoBridge = (name: string, autosave: string, most?: number): Kind => ({
  name,
  ...(most !== undefined && { most }),
  async start(folder, centre) {
    const command = systemProgram("mosquitto");
    if (command === undefined) return { why: "apt install mosquitto" };
    const port = await freePort();
    const file = join(folder, "mosquitto.conf");
    writeFileSync(
      file,
      `listener ${port} 127.0.0.1
allow_anonymous true
user root
persistence true
persistence_location ${folder}/
${autosave}
max_queued_messages 0
max_inflight_messages 100
log_type none
connection centre
address 127.0.0.1:${centre}
topic ${TOPIC} out 1
cleansession false
restart_timeout 1
bridge_attempt_unsubscribe false
`,
    );
    const child = spawn(command, ["-c", file], { stdio: "ignore" });
    await listens(port, child);
    return {
      pid: child.pid ?? 0,
      async take(count) {
        const client = await connectAsync(brokerUrl(port), { protocolVersion: 5, reconnectPeriod: 0 });
        let next = 1;
        const publishing = async () => {
          while (next <= count) await client.publishAsync(TOPIC, readingOf(next++), { qos: 1 });
        };
        await Promise.all(Array.from({ length: WINDOW }, publishing));
        await client.endAsync(true);
      },
      kill: () => end(child, "SIGKILL"),
      [Symbol.asyncDispose]: () => end(child, "SIGTERM"),
    } satisfies Peer;
  },
});
