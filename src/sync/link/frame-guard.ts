/** Bytes from a broker pass by; a packet that announces more than the limit ends the connection before its bytes fill the memory (mqtt.js collects a whole packet first). */
import type { Socket } from "node:net";

/** MQTT 5 § 2.1.4: the remaining length has at most four bytes. */
const LENGTH_BYTES = 4;

export function guardFrames(socket: Socket, maximumBytes: number): void {
  const judge = frameJudge(maximumBytes);
  socket.on("data", (chunk: Buffer) => {
    const wrong = judge(chunk);
    if (wrong !== null && !socket.destroyed) socket.destroy(Object.assign(new Error(wrong), { code: "EMSGSIZE" }));
  });
}

/** Follows packet borders through chunks cut anywhere; answers what is wrong, or null. */
export function frameJudge(maximumBytes: number): (chunk: Uint8Array) => string | null {
  let skip = 0;
  let inLength = false;
  let length = 0;
  let digits = 0;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (skip > 0) {
        const step = Math.min(skip, chunk.length - at);
        skip -= step;
        at += step;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (!inLength) {
        inLength = true;
        length = 0;
        digits = 0;
        continue;
      }
      length += (byte & 0x7f) * 128 ** digits;
      digits += 1;
      if (byte & 0x80) {
        if (digits >= LENGTH_BYTES) return "malformed remaining length";
        continue;
      }
      if (length > maximumBytes) return `packet of ${length} bytes, limit ${maximumBytes}`;
      inLength = false;
      skip = length;
    }
    return null;
  };
}
