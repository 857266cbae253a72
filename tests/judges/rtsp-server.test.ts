/** Debian's RTSP server, which is not ours, is asked whether it lives: running, frozen, gone and back. */
import { spawnSync } from "node:child_process";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { freePort } from "../../hw-sim/free-port.ts";
import { deviceInfo, loadDriver } from "../../src/drivers/index.ts";
import { openWires } from "../../src/drivers/wires.ts";
import { noLog } from "../../src/kit/log.ts";
import { Program } from "../support/running/processes.ts";

const SERVER = "rtsp-server-perl";
const isThere = spawnSync(SERVER, ["--help"]).error === undefined;

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });

async function serving(port: number): Promise<Program> {
  const source = await freePort();
  const ports = ["--clientport", String(port), "--serverport", String(source), "--rtp_start_port", "20000"];
  const server = new Program(SERVER, [...ports, "--client_listen_address", "127.0.0.1", "--source_listen_address", "127.0.0.1"]);
  await expect.poll(() => isListening(port), { timeout: 30_000 }).toBe(true);
  return server;
}

describe.skipIf(!isThere)("Debian's RTSP server", () => {
  it("lives, is gone, hangs and lives again, each told apart", { timeout: 120_000 }, async () => {
    const port = await freePort();
    const driver = await loadDriver("rtsp-health");
    await using wires = openWires({}, noLog);
    const options = driver.options.parse({ host: "127.0.0.1", port, path: "/one", timeout: "20s" });
    const hasty = driver.options.parse({ host: "127.0.0.1", port, path: "/one", timeout: "200ms" });
    const look = async (how = options) => {
      const stop = new AbortController();
      await using device = await deviceInfo("cam", driver, how, "", wires).open(stop.signal);
      for await (const readings of device.readings({ next: async () => 0 }, stop.signal))
        return Object.fromEntries(readings.map(({ point, value, code }) => [point, code ?? value]));
      return {};
    };
    const first = await serving(port);
    expect(await look()).toMatchObject({ alive: true, authorised: true });
    first.child.kill("SIGSTOP");
    expect(await look(hasty)).toMatchObject({ alive: false, authorised: "net.timeout" });
    first.child.kill("SIGCONT");
    await first.kill();
    expect(await look()).toMatchObject({ alive: false, authorised: "net.refused" });
    await using second = await serving(port);
    expect(await look()).toMatchObject({ alive: true, authorised: true });
    expect(second.running).toBe(true);
  });
});
