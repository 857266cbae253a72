/** A parking bay's ultrasonic sensor on a TCP serial line, and a gateway's configuration that raises an alarm at each car. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { Cabinets } from "./cabinets.ts";

/** Further away than `occupiedBelow`, and nearer. */
const FREE_MM = 1953;
const CAR_MM = 500;
/** The sensor speaks by itself ten times a second. */
const FRAME_EVERY_MS = 100;

export const GATEWAY = "gw-alarm";

export interface Bay extends Disposable {
  readonly port: number;
  /** Writes the frame that changes the bay's state; the moment before its first byte, in `performance.now()` ms. */
  toggle(): number;
}

export async function openBay(): Promise<Bay> {
  const lines = new Set<Socket>();
  let distance = FREE_MM;
  const speak = (): void => {
    for (const line of lines) line.write(frame(distance));
  };
  const server = createServer((line) => {
    lines.add(line.setNoDelay(true));
    line.on("error", () => line.destroy()).on("close", () => lines.delete(line));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const timer = setInterval(speak, FRAME_EVERY_MS);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    toggle() {
      distance = distance === FREE_MM ? CAR_MM : FREE_MM;
      const at = performance.now();
      speak();
      return at;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      server.close();
      for (const line of lines) line.destroy();
    },
  };
}

/** DFRobot SEN0311: FF, distance in mm high byte first, low byte of the sum. */
function frame(mm: number): Uint8Array {
  const [high, low] = [mm >> 8, mm & 0xff];
  return Uint8Array.of(0xff, high, low, (0xff + high + low) & 0xff);
}

/** Neither debounce nor grace: the claim falls due with the frame, and what is measured is the gateway's own way. */
export const gatewayConfig = (folder: string, broker: string, port: number, cabinets: Cabinets["config"]): string =>
  `gateway: { id: ${GATEWAY}, site: { id: it-bench }, clock: assumed, socket: ${join(folder, "cippo.sock")} }
store: { file: ${join(folder, "cippo.sqlite")}, quotaMB: 4096 }
sync: { broker: "${broker}", reconnect: { first: 100ms, max: 300ms } }
buses:
  bay: { serial: "tcp://127.0.0.1:${port}" }
${cabinets.buses}
devices:
  bay-1-sensor: { type: a02yyuw, bus: bay, occupiedBelow: 1200mm }
${cabinets.devices}
assets:
  bay-1: { kind: parking-bay, name: { it: Stallo 1, en: Bay 1 }, reservedFor: disabled, occupancy: bay-1-sensor.presence, debounce: 0s, permits: { grace: 0s } }
${cabinets.assets}
`;
