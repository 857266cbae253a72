/** Hosts of the simulated site's network, each a loopback port that takes connections and hangs up. */
import * as z from "zod";
import { monotonic } from "../../../src/kit/clock.ts";
import { freePort } from "../../free-port.ts";
import { SocketLine } from "../socket-line.ts";
import { layoutOn, siteWire, type Twin } from "./wire.ts";

export const net = siteWire({
  spec: z.strictObject({ net: z.literal("loopback") }).describe("The network; it stands in no configuration."),

  found: async () => ({ host: "127.0.0.1", port: await freePort() }),

  async open(_spec, { bus, devices, faults, log }) {
    const hosts = devices.map((device) => {
      const line = new SocketLine((socket) => {
        socket.destroy();
        const at = monotonic();
        log.write({ k: "shown", device: device.id, point: "alive", value: true, from: at, to: at });
      }, layoutOn("net", device).port);
      return { id: device.id, line };
    });
    for (const { line } of hosts) await line.plug();
    const isUp = (device: string) => faults.on(bus, device)?.kind !== "unplug";
    const all = (act: (line: SocketLine) => Promise<void>) =>
      Promise.all(hosts.map(({ line }) => act(line))).then(() => undefined);
    return {
      config: null,
      faults: ["unplug"],
      twins: new Map(hosts.map(({ id }) => [id, twinOf(() => isUp(id))])),
      plug: () => all((line) => line.plug()),
      unplug: () => all((line) => line.unplug()),
      [Symbol.asyncDispose]: () => all((line) => line[Symbol.asyncDispose]()),
    };
  },
});

const twinOf = (isUp: () => boolean): Twin => ({
  values: () => ({ alive: isUp() }),
  set() {
    throw new Error("a host is there or not: unplug its bus");
  },
});
