/** Serial ports unplugged a hundred times, missing, denied or taken: one device is down, and nothing is left behind. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { getEventListeners, once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { open as openFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { busSchema, type ModbusSpec, type SerialSpec } from "../../../../../src/drivers/buses.ts";
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { ModbusLine } from "../../../../../src/drivers/transports/modbus/modbus-line.ts";
import { serialLine } from "../../../../../src/drivers/transports/serial/serial-port.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { Collector } from "../../../../../src/edge/devices/collector.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import { Watchdog } from "../../../../../src/kit/loop/watchdog.ts";
import { codeOf } from "../../support.ts";

const ROUNDS = 100;
const socat = spawnSync("socat", ["-V"]).status === 0;

let folder: string;
const children = new Set<ChildProcess>();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cippo-ports-"));
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  rmSync(folder, { recursive: true, force: true });
});

/** An adapter called `name`, with the far end of its cable beside it; pulled out by ending it. */
async function plugged(name: string): Promise<() => Promise<void>> {
  const near = join(folder, name);
  const far = `${near}.far`;
  const child = spawn("socat", [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`], { stdio: "ignore" });
  children.add(child);
  await expect.poll(() => existsSync(near) && existsSync(far), { interval: 5 }).toBe(true);
  return async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
    children.delete(child);
    for (const link of [near, far]) rmSync(link, { force: true });
  };
}

type Held = "descriptors" | "listeners" | "waiting" | "handles";
/** What a process can leave behind. */
const held = (stop: AbortSignal): Readonly<Record<Held, number>> => ({
  descriptors: readdirSync("/proc/self/fd").length,
  listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  waiting: getEventListeners(stop, "abort").length,
  handles: process.getActiveResourcesInfo().filter((kind) => kind !== "Timeout" && kind !== "Immediate").length,
});

describe.runIf(socat)("unplugged and plugged in a hundred times (skipped without socat)", () => {
  it("a sensor's port and a Modbus line leave no descriptor, listener or handle behind", { timeout: 120_000 }, async () => {
    const stop = new AbortController();
    const near = (name: string) => join(folder, name);
    const sensor = serialLine("uart", busSchema.parse({ serial: near("uart") }) as SerialSpec);
    const hall = busSchema.parse({ modbus: "rtu", port: near("hall"), baud: 19200, timeout: "20s" }) as ModbusSpec;
    await using line = new ModbusLine("hall", hall, noLog);
    let before: Readonly<Record<Held, number>> | null = null;
    for (let round = 0; round < ROUNDS; round += 1) {
      const out = await Promise.all([plugged("uart"), plugged("hall")]);
      const port = await sensor.open(stop.signal);
      const reading = codeOf(port.chunks(stop.signal)[Symbol.asyncIterator]().next());
      const asked = codeOf(line.request({ unit: round + 1, fc: 3, address: round, quantity: 1, priority: "poll" }, stop.signal));
      {
        // The request is on the wire when the adapter goes, and it is this round's: none of a former one comes before it.
        await using far = await openFile(near("hall.far"), "r");
        const request = Buffer.alloc(8);
        for (let got = 0; got < 8; ) got += (await far.read(request, got, 8 - got)).bytesRead;
        expect(request.readUInt16BE(2)).toBe(round);
      }
      await Promise.all(out.map((pull) => pull()));
      expect([await reading, await asked]).toEqual(["port.lost", "port.lost"]);
      await port[Symbol.asyncDispose]();
      before ??= held(stop.signal);
    }
    const more = () => Object.entries(held(stop.signal)).filter(([what, count]) => count > (before?.[what as Held] ?? 0));
    await expect.poll(more).toEqual([]);
  });
});

describe.runIf(socat)("ports that cannot be had at the start (skipped without socat)", () => {
  it("are devices down, each with its reason; the other one is up, and so are they once they are there", {
    timeout: 60_000,
  }, async () => {
    const [missing, busy, good] = ["missing", "busy", "good"].map((name) => join(folder, name)) as [string, string, string];
    await plugged("busy");
    await plugged("good");
    const somebody = await serialLine("b", busSchema.parse({ serial: busy }) as SerialSpec).open(new AbortController().signal);
    await using wires = openWires(
      Object.fromEntries([missing, busy, good].map((path) => [path, busSchema.parse({ serial: path, baud: 9600 })])),
      noLog,
    );
    const stop = new AbortController();
    const driver = await loadDriver("a02yyuw");
    const collectors = new Map(
      [missing, busy, good].map((path) => {
        const info = deviceInfo(path, driver, driver.options.parse({}), path, wires);
        const host = {
          readings: () => undefined,
          badge: () => undefined,
          remember: () => undefined,
          silence: () => undefined,
          durable: () => Promise.resolve(),
          log: noLog,
          watchdog: new Watchdog(),
        };
        return [path, new Collector(info, host, false)] as const;
      }),
    );
    const running = [...collectors.values()].map((collector) => collector.run(stop.signal));
    const of = (path: string) => collectors.get(path)?.status();
    // Each is a sensor that speaks by itself from when it is plugged in.
    const cables = [await openFile(`${busy}.far`, "r+"), await openFile(`${good}.far`, "r+")];
    const speaking = setInterval(() => {
      for (const far of cables) void far.write(Buffer.from([0xff, 0x02, 0xbc, 0xbd])).catch(() => undefined);
    }, 100);
    try {
      const poll = (look: () => unknown) => expect.poll(look);
      await poll(() => of(good)?.state).toBe("up");
      await poll(() => [of(missing)?.problem?.code, of(busy)?.problem?.code]).toEqual(["port.missing", "port.busy"]);
      expect(of(good)?.points[0]).toMatchObject({ value: 700, quality: "good" });
      await poll(() => of(good)?.points[0]?.ageMs).toBeLessThan(1000);
      await plugged("missing");
      cables.push(await openFile(`${missing}.far`, "r+"));
      await somebody[Symbol.asyncDispose]();
      await poll(() => [of(missing)?.state, of(busy)?.state, of(good)?.state]).toEqual(["up", "up", "up"]);
    } finally {
      clearInterval(speaking);
      stop.abort();
      await Promise.all(running);
      for (const far of cables) await far.close();
    }
  });
});
