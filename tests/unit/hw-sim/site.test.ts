/** A simulated site met as a gateway meets it: sockets, pseudo-terminals, tools, control port and log agree. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, open, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { afterEach, describe, expect, it } from "vitest";
import { startSite } from "../../../hw-sim/site/index.ts";
import { withCrc } from "../../../hw-sim/site/modbus/framing.ts";
import { socatExists } from "../../../hw-sim/site/pty.ts";
import { busSchema } from "../../../src/drivers/buses.ts";
import { deviceInfo, loadDriver } from "../../../src/drivers/index.ts";
import { openWires } from "../../../src/drivers/wires.ts";
import { noLog } from "../../../src/kit/log.ts";

const SCENARIO = `
seed: 3
buses:
  plant: { modbus: tcp }
  remote: { modbus: rtu-tcp }
  hall: { modbus: rtu }
  uart-1: { serial: tcp }
  uart-2: { serial: pty }
  pins: { gpio: gpiod }
devices:
  meter: { type: eastron-sdm120, bus: remote, unit: 2, every: 1s }
  three: { type: eastron-sdm630, bus: remote, unit: 1, every: 1s }
  kiosk: { type: eastron-sdm120, bus: hall, unit: 1, every: 1s }
  boiler: { type: modbus-points, bus: plant, unit: 3, every: 1s, points: { flow-temp: { fc: 3, address: 100, decode: int16, scale: 0.1, unit: Cel }, pump: { coil: 4, writable: true } } }
  bay-1-sensor: { type: a02yyuw, bus: uart-1, occupiedBelow: 1200mm }
  bay-2-sensor: { type: a02yyuw, bus: uart-2, occupiedBelow: 1200mm }
  loop: { type: gpio-contact, bus: pins, line: 22, active: low, means: presence }
  gate-in: { type: gpio-contact, bus: pins, line: 23, means: passage }
assets:
  bay-1: { kind: parking-bay, occupancy: bay-1-sensor.presence }
  bay-2: { kind: parking-bay, occupancy: bay-2-sensor.presence }
  bay-3: { kind: parking-bay, occupancy: loop.presence }
permits: [bay-2]
play:
  bays:
    bay-1: { sensor: bay-1-sensor }
    bay-2: { sensor: bay-2-sensor, arrivals: [{ at: 1h, stay: 1h }] }
    bay-3: { sensor: loop }
  gates: { gate-in: { every: 1h } }
  meters: { meter: { base: 1000, peak: 1000, period: 10s, energy: 12.5 }, three: { base: 3000, peak: 9000, period: 5s } }
  curves: { boiler.flow-temp: { mean: 50, swing: 0, period: 1min } }
`;

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

async function folderWith(scenario: string) {
  const dir = await mkdtemp(join(tmpdir(), "cippo-site-"));
  cleanUps.push(() => rm(dir, { recursive: true }));
  const file = join(dir, "scenario.yaml");
  await writeFile(file, scenario);
  return { dir, file };
}

type Line = Readonly<Record<string, unknown>>;

async function started(scenario = SCENARIO) {
  const { dir, file } = await folderWith(scenario);
  const site = await startSite({ dir, scenario: file, gpiod: 1, loadDriver });
  cleanUps.push(async () => site[Symbol.asyncDispose]());
  const control = connect(site.ready.control, "127.0.0.1");
  cleanUps.push(async () => control.destroy());
  const answers = createInterface({ input: control })[Symbol.asyncIterator]();
  const ask = async (request: unknown): Promise<Line> => {
    control.write(`${typeof request === "string" ? request : JSON.stringify(request)}\n`);
    return JSON.parse((await answers.next()).value ?? "null");
  };
  const served = async (): Promise<readonly Line[]> =>
    (await readFile(site.ready.served, "utf8"))
      .split("\n")
      .slice(0, -1)
      .map((text) => JSON.parse(text));
  const bus = (name: string) => site.ready.site.buses[name] as { port: number; serial: string; tools: string };
  return { dir, site, ask, served, bus };
}

function socketTo(port: number): Socket {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  cleanUps.push(async () => socket.destroy());
  return socket;
}

async function exchange(socket: Socket, request: Uint8Array): Promise<Buffer> {
  socket.write(request);
  const [reply] = await once(socket, "data");
  return reply;
}

const read = (unit: number, address: number, words: number) =>
  withCrc(Uint8Array.of(unit, 4, address >> 8, address & 0xff, 0, words));

describe("a site", () => {
  it("says where its wires are in the words of the gateway's configuration", async () => {
    const { site } = await started();
    for (const [name, bus] of Object.entries(site.ready.site.buses)) expect(busSchema.safeParse(bus).error, name).toBeUndefined();
    expect(site.ready.permits).toEqual(["bay-2"]);
    expect(Object.keys(site.ready.site.devices)).toContain("boiler");
  });

  it("serves several meters on one serial device server, each with its own map, and logs every value", async () => {
    const { bus, served } = await started();
    const master = socketTo(bus("remote").port);
    const power = await exchange(master, read(2, 0x0c, 2));
    expect(power.readFloatBE(3)).toBe(1000);
    const energy = await exchange(master, read(2, 0x48, 2));
    expect(energy.readFloatBE(3)).toBeCloseTo(12.5, 2);
    const [l1, l2, l3] = [await exchange(master, read(1, 0, 6))].flatMap((r) => [3, 7, 11].map((at) => r.readFloatBE(at)));
    for (const volts of [l1, l2, l3]) expect(volts).toBeGreaterThan(200);
    const shown = (await served()).filter((r) => r["k"] === "shown");
    expect(shown).toContainEqual(expect.objectContaining({ device: "meter", point: "power", value: 1000 }));
    expect(shown.filter((r) => r["device"] === "three")).toHaveLength(3);
  });

  it("serves two masters at once on Modbus TCP and carries out a coil write", async () => {
    const { bus, served } = await started();
    const [one, two] = [socketTo(bus("plant").port), socketTo(bus("plant").port)];
    const mbap = (transaction: number, pdu: string): Buffer => {
      const body = Buffer.from(pdu.replaceAll(" ", ""), "hex");
      return Buffer.concat([Buffer.from([0, transaction, 0, 0, 0, body.length + 1, 3]), body]);
    };
    expect((await exchange(one, mbap(7, "03 00 64 00 01"))).toString("hex")).toBe("000700000005030302" + "01f4");
    expect((await exchange(two, mbap(9, "05 00 04 FF 00"))).toString("hex")).toBe("0009000000060305" + "0004ff00");
    expect((await exchange(one, mbap(8, "01 00 04 00 01"))).toString("hex")).toBe("00080000000403010101");
    expect(await served()).toContainEqual(expect.objectContaining({ k: "write", device: "boiler", point: "pump", value: true }));
  });

  it("has hosts of a network, found at a port of their own: one takes connections until its plug is pulled", async () => {
    const { site, ask, served } = await started(`
buses: { lan: { net: loopback } }
devices: { camera: { type: tcp-alive, bus: lan, every: 1s } }
assets: {}
play: {}
`);
    expect(site.ready.site.buses).toEqual({});
    const { type, bus: _bus, ...written } = site.ready.site.devices["camera"] ?? { type: "", bus: "" };
    const driver = await loadDriver(type);
    await using wires = openWires({}, noLog);
    const stop = new AbortController();
    await using device = await deviceInfo("camera", driver, driver.options.parse(written), "", wires).open(stop.signal);
    const readings = device.readings({ next: async () => 0 }, stop.signal)[Symbol.asyncIterator]();
    expect((await readings.next()).value).toMatchObject([{ point: "alive", value: true }, { point: "answer-time" }]);
    expect(await served()).toContainEqual(expect.objectContaining({ k: "shown", device: "camera", point: "alive", value: true }));
    await ask({ do: "fault", kind: "unplug", bus: "lan", forMs: 60_000 });
    expect((await readings.next()).value).toMatchObject([{ point: "alive", value: false }, { code: "net.refused" }]);
    expect(site.state()).toMatchObject({ devices: { camera: { alive: false } } });
    stop.abort();
  });

  it("pushes a02yyuw frames that follow the car, with presence as a reader must derive it", async () => {
    const { ask, bus, served } = await started();
    const sensor = socketTo(Number(bus("uart-1").serial.split(":").at(-1)));
    const distances: number[] = [];
    sensor.on("data", (frame: Buffer) => {
      expect(frame[3]).toBe(((frame[0] ?? 0) + (frame[1] ?? 0) + (frame[2] ?? 0)) & 0xff);
      distances.push(frame.readUInt16BE(1));
    });
    await expect.poll(() => distances.at(-1)).toBeGreaterThan(2500);
    expect(await ask({ do: "arrive", bay: "bay-1" })).toEqual({ ok: true });
    await expect.poll(() => distances.at(-1)).toBeLessThan(700);
    expect(await ask({ do: "leave", bay: "bay-1" })).toEqual({ ok: true });
    await expect.poll(() => distances.at(-1)).toBeGreaterThan(2500);
    const shown = (await served()).filter((r) => r["device"] === "bay-1-sensor");
    expect(
      shown
        .filter((r) => r["point"] === "distance")
        .map((r) => r["value"])
        .slice(0, distances.length),
    ).toEqual(distances);
    expect(new Set(shown.filter((r) => r["point"] === "presence").map((r) => r["value"]))).toEqual(new Set([true, false]));
  });

  it("moves contacts that its tools show, and counts each passage once", async () => {
    const { ask, bus, served } = await started();
    const tool = (name: string, ...args: string[]) => {
      const child = spawn(join(bus("pins").tools, name), args, { stdio: ["ignore", "pipe", "ignore"] });
      cleanUps.push(async () => child.kill("SIGKILL"));
      return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    };
    expect((await tool("gpioget", "gpiochip0", "22").next()).value).toBe("1"); // active low, no car
    const edges = tool("gpiomon", "-b", "-F", "%o %e", "gpiochip0", "22", "23");
    const busy = async (): Promise<boolean> => (await tool("gpioget", "gpiochip0", "22").next()).done === true;
    await expect.poll(busy).toBe(true);
    await ask({ do: "arrive", bay: "bay-3" });
    expect((await edges.next()).value).toBe("22 0");
    await ask({ do: "set", device: "gate-in", point: "passage", value: 1 });
    expect(await ask({ do: "set", device: "gate-in", point: "passage", value: 1 })).toMatchObject({ ok: false });
    expect((await edges.next()).value).toBe("23 1");
    expect((await edges.next()).value).toBe("23 0");
    const log = await served();
    expect(log.filter((r) => r["device"] === "loop").map((r) => r["value"])).toEqual([false, true]);
    expect(log.filter((r) => r["k"] === "pulse").map((r) => r["n"])).toEqual([1]);
  });

  it("chatters and comes to rest at the level that the site means", async () => {
    const { ask, served } = await started();
    await ask({ do: "fault", kind: "chatter", device: "loop", forMs: 1000 });
    await ask({ do: "arrive", bay: "bay-3" });
    await expect.poll(async () => (await served()).some((r) => r["state"] === "ended")).toBe(true);
    const levels = (await served()).filter((r) => r["k"] === "level" && r["device"] === "loop");
    expect(levels.length).toBeGreaterThan(5);
    expect(levels.at(-1)).toMatchObject({ value: true });
  });

  it("loses the programs that reach its pins: those that run end with an error, and so do new ones, until it is over", async () => {
    const { ask, bus } = await started();
    const ended = async (name: string, ...args: string[]): Promise<number | null> => {
      const child = spawn(join(bus("pins").tools, name), args, { stdio: "ignore" });
      cleanUps.push(async () => child.kill("SIGKILL"));
      return once(child, "exit").then(([code]) => code);
    };
    const monitor = ended("gpiomon", "gpiochip0", "22");
    await expect.poll(() => ended("gpioget", "gpiochip0", "22")).toBe(1); // it is held: the monitor runs
    expect(await ask({ do: "fault", kind: "helper-dies", bus: "pins", forMs: 4000 })).toMatchObject({ ok: true });
    expect(await monitor).toBe(1);
    expect(await ended("gpioget", "gpiochip0", "23")).toBe(1);
    await expect.poll(() => ended("gpioget", "gpiochip0", "23")).toBe(0);
  });

  it("freezes: nothing moves by itself any more, and what stands is still shown", async () => {
    const { ask, bus, served } = await started();
    const frozen = await ask({ do: "freeze" });
    expect(frozen).toMatchObject({ ok: true });
    const master = socketTo(bus("remote").port);
    const before = await exchange(master, read(1, 0, 6));
    await new Promise((resolve) => setTimeout(resolve, 400)); // more than one tick of the play
    expect(await exchange(master, read(1, 0, 6))).toEqual(before);
    expect((await ask({ do: "state" }))["frozen"]).toBe(true);
    expect(await served()).toContainEqual({ k: "frozen", at: frozen["at"] });
  });

  it("answers what it cannot do with a clear error, and goes on", async () => {
    const { ask } = await started();
    const cases: [string, RegExp][] = [
      ["no json", /JSON/],
      ['{"do":"dance"}', /do/],
      ['{"do":"arrive","bay":"bay-9"}', /no bay bay-9: there are bay-1, bay-2, bay-3/],
      ['{"do":"set","device":"meter","point":"colour","value":1}', /no point colour/],
      ['{"do":"fault","kind":"bad-crc","bus":"plant","forMs":10}', /cannot have bad-crc/],
      ['{"do":"fault","kind":"silence","device":"loop","forMs":10}', /cannot have silence/],
      ['{"do":"fault","kind":"silence","forMs":10}', /either a device or a bus/],
      ['{"do":"fault","kind":"silence","bus":"nowhere","forMs":10}', /no bus nowhere/],
    ];
    for (const [request, error] of cases) {
      const answer = await ask(request);
      expect(answer["ok"], request).toBe(false);
      expect(answer["error"]).toMatch(error);
    }
    expect(await ask({ do: "state" })).toMatchObject({ ok: true });
  });

  it("unplugged, a TCP line refuses until it is back at the same port", async () => {
    const { ask, bus } = await started();
    const master = socketTo(bus("remote").port);
    await once(master, "connect");
    const closed = once(master, "close");
    await ask({ do: "fault", kind: "unplug", bus: "remote", forMs: 1000 });
    await closed;
    const refused = await new Promise((resolve) => connect(bus("remote").port, "127.0.0.1").once("error", resolve));
    expect(refused).toMatchObject({ code: "ECONNREFUSED" });
    const back = async (): Promise<unknown> => {
      const again = connect(bus("remote").port, "127.0.0.1");
      return once(again, "connect").then(
        () => again.destroy() !== undefined,
        () => false,
      );
    };
    await expect.poll(back).toBe(true);
  });
});

describe.skipIf(!socatExists())("pseudo-terminals", () => {
  /** Bytes from a terminal, read as any program would. */
  const chunk = async (file: Awaited<ReturnType<typeof open>>): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(256), position: null });
    return buffer.subarray(0, bytesRead);
  };

  it("carry Modbus RTU, and a sensor's frames only while somebody listens", async () => {
    const { dir, served } = await started();
    const hall = await open(join(dir, "tty-hall"), "r+");
    await hall.write(read(1, 0, 2));
    expect((await chunk(hall)).subarray(0, 3).toString("hex")).toBe("010404");
    await hall.close();
    expect((await served()).filter((r) => r["device"] === "bay-2-sensor")).toEqual([]);
    const uart = await open(join(dir, "tty-uart-2"), "r");
    expect((await chunk(uart))[0]).toBe(0xff);
    await uart.close();
  });

  it("unplugged they hang up and are gone, plugged in again they are new behind the same path", async () => {
    const { dir, ask } = await started();
    const path = join(dir, "tty-uart-2");
    const uart = await open(path, "r");
    const before = await readlink(path);
    await chunk(uart);
    await ask({ do: "fault", kind: "unplug", device: "bay-2-sensor", forMs: 2000 });
    expect(existsSync(path)).toBe(false);
    await expect
      .poll(() =>
        chunk(uart).then(
          (bytes) => (bytes.length === 0 ? "hung up" : "data"),
          () => "hung up",
        ),
      )
      .toBe("hung up");
    await expect.poll(() => existsSync(path)).toBe(true);
    expect(await readlink(path)).not.toBe(before);
    await uart.close();
  });
});

describe("a scenario", () => {
  it("is refused with every wrong name", async () => {
    const { dir, file } = await folderWith(SCENARIO.replace("bus: hall", "bus: hal").replace("sensor: loop", "sensor: lop"));
    const refused = startSite({ dir, scenario: file, gpiod: 1, loadDriver });
    await expect(refused).rejects.toThrow(/devices.kiosk: no bus hal; play.bays.bay-3.sensor: no device lop/);
  });

  it("is refused when a word is unknown", async () => {
    const { dir, file } = await folderWith(SCENARIO.replace("permits:", "permitts:"));
    await expect(startSite({ dir, scenario: file, gpiod: 1, loadDriver })).rejects.toThrow(/permitts/);
  });

  it.each([
    ["a device on a bus of another wire", "bus: pins, line: 22", "bus: plant, line: 22", /loop stands on a gpio wire/],
    ["two units at one address", "bus: remote, unit: 1", "bus: remote, unit: 2", /three and meter are both unit 2/],
    ["two sensors on one serial line", "bus: uart-2, occ", "bus: uart-1, occ", /uart-1: a serial line has exactly one device/],
    ["a gate that is no contact", "gate-in: { every", "boiler: { every", /play.gates.boiler counts no pulses/],
    ["a load on what is no meter", "three: { base", "loop: { base", /play.meters.loop is no meter/],
  ])("is refused with %s", async (_, text, wrong, expected) => {
    const { dir, file } = await folderWith(SCENARIO.replace(text, wrong));
    await expect(startSite({ dir, scenario: file, gpiod: 1, loadDriver })).rejects.toThrow(expected);
  });

  const LISTED = `${SCENARIO.replace("arrivals: [{ at: 1h, stay: 1h }]", "arrivals: [{ at: 0ms, stay: 1h }]")}
expect: { assets: { bay-1: {}, bay-2: { states: [{ at: 1s, status: occupied }] }, bay-3: {} } }
`;

  it("that lists what must be told begins when it is told to, and says when", async () => {
    const { site, ask, served } = await started(LISTED);
    expect(site.ready.expect?.assets["bay-2"]?.states).toEqual([{ at: 1000, status: "occupied" }]);
    expect((await ask({ do: "state" }))["occupied"]).toEqual([]);
    const { at } = await ask({ do: "begin" });
    await expect.poll(async () => (await ask({ do: "state" }))["occupied"]).toEqual(["bay-2"]);
    // A second word begins nothing anew.
    expect(await ask({ do: "begin" })).toEqual({ ok: true, at });
    expect((await served()).filter(({ k }) => k === "begun")).toEqual([{ k: "begun", at }]);
  });

  it.each([
    ["an asset that is not there", "bay-3: {}", "bay-4: {}", /expect.assets: no asset bay-4; expect.assets: bay-3 is missing/],
    [
      "times that do not hold at another pace",
      "seed: 3",
      "seed: 3\ntimeFactor: 2",
      /expect: times are of a play without a timeFactor/,
    ],
  ])("is refused when it lists %s", async (_, text, wrong, expected) => {
    const { dir, file } = await folderWith(LISTED.replace(text, wrong));
    await expect(startSite({ dir, scenario: file, gpiod: 1, loadDriver })).rejects.toThrow(expected);
  });

  it("the one of npm start stands", async () => {
    const { dir } = await folderWith("");
    const scenario = join(import.meta.dirname, "../../../hw-sim/sites/piazza.yaml");
    const site = await startSite({ dir, scenario, gpiod: 2, timeFactor: 100, loadDriver });
    cleanUps.push(async () => site[Symbol.asyncDispose]());
    await expect
      .poll(() => (site.state() as { occupied: string[] }).occupied)
      .toEqual(expect.arrayContaining(["bay-1", "bay-2"]));
  });
});

describe("the process", () => {
  it.each(["SIGTERM", "stdin"] as const)("prints one ready line, serves, and ends on %s with all its children", async (way) => {
    const { dir, file } = await folderWith(SCENARIO);
    const outfile = join(dir, "site.mjs");
    const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };
    await build({
      entryPoints: ["hw-sim/site.ts"],
      bundle: true,
      platform: "node",
      target: "node20.19",
      format: "esm",
      outfile,
      banner,
      logLevel: "error",
    });
    const child = spawn(process.execPath, [outfile, "--dir", dir, "--scenario", file], { stdio: ["pipe", "pipe", "inherit"] });
    cleanUps.push(async () => child.kill("SIGKILL"));
    const ended = once(child, "exit");
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    const ready = JSON.parse(line);
    expect(ready).toMatchObject({
      ready: true,
      served: join(dir, "served.jsonl"),
      site: { buses: { plant: { modbus: "tcp" } } },
    });
    const master = socketTo(ready.site.buses.remote.port);
    expect((await exchange(master, read(2, 0x0c, 2))).readFloatBE(3)).toBe(1000);
    if (way === "stdin") child.stdin.end();
    else child.kill(way);
    expect(await ended).toEqual([0, null]);
    await expect.poll(() => existsSync(join(dir, "tty-hall"))).toBe(false);
  });

  it("says what is wrong with its arguments", async () => {
    const { dir } = await folderWith(SCENARIO);
    await expect(startSite({ dir, scenario: join(dir, "none.yaml"), gpiod: 1, loadDriver })).rejects.toThrow(/none.yaml/);
  });
});
