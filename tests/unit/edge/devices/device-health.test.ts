/** What a technician is told of a device that is not well: down or up with a problem, why, since when, and what to do. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type BusSpec, busSchema } from "../../../../src/drivers/buses.ts";
import { deviceInfo, loadDriver } from "../../../../src/drivers/index.ts";
import { type OpenWires, openWires } from "../../../../src/drivers/wires.ts";
import { Collector } from "../../../../src/edge/devices/collector.ts";
import { monotonic } from "../../../../src/kit/clock.ts";
import { EdgeError } from "../../../../src/kit/errors.ts";
import { noLog } from "../../../../src/kit/log.ts";
import { Watchdog } from "../../../../src/kit/loop/watchdog.ts";
import type { DeviceProblem, Reading } from "../../../../src/model/index.ts";
import { Opened } from "../../../support/running/processes.ts";
import { farSide, mbap, registers, withCrc } from "../../drivers/support.ts";

const SILENT_MS = 400;
const frame = (mm: number) => Buffer.from([0xff, mm >> 8, mm & 0xff, (0xff + (mm >> 8) + (mm & 0xff)) & 0xff]);

let open: Opened;
beforeEach(() => {
  open = new Opened();
});
afterEach(() => open[Symbol.asyncDispose]());
const ends = (closing: () => Promise<void>) => void open.use({ [Symbol.asyncDispose]: closing });

/** A sensor behind a serial device server: the test says what it sends. */
async function sensor() {
  let socket: Socket | undefined;
  const server = createServer((opened) => {
    socket = opened.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends(async () => {
    socket?.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const bus = busSchema.parse({ serial: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, baud: 9600 });
  return { bus, say: (bytes: Buffer) => socket?.write(bytes), speaks: () => socket !== undefined };
}

/** One device as the gateway runs it. The gateway looks for silence; here the test does, whenever it looks. */
async function running(type: string, written: Readonly<Record<string, unknown>>, bus: BusSpec, silentAfterMs = SILENT_MS) {
  const wires: OpenWires = open.use(openWires({ wire: bus }, noLog));
  const driver = await loadDriver(type);
  const info = { ...deviceInfo("d", driver, driver.options.parse(written), "wire", wires), silentAfterMs };
  const rows: Reading[] = [];
  const told: (DeviceProblem | null)[] = [];
  const host = {
    readings: (_: unknown, readings: readonly Reading[]) => void rows.push(...readings),
    durable: () => Promise.resolve(),
    badge: () => undefined,
    remember: () => undefined,
    silence: (_: unknown, problem: DeviceProblem | null) => void told.push(problem),
    log: noLog,
    watchdog: new Watchdog(),
  };
  const collector = new Collector(info, host, false);
  const stop = new AbortController();
  const run = collector.run(stop.signal);
  ends(async () => {
    stop.abort();
    await run;
  });
  const look = () => {
    collector.watchSilence(monotonic());
    return collector.status();
  };
  return { collector, rows, told, look };
}

const poll = (look: () => unknown) => expect.poll(look, { timeout: 15_000 });

it("a sensor that fell silent shows its last value as last, and leaves a bad row behind its last good one", async () => {
  const { bus, say, speaks } = await sensor();
  const { collector, look, rows, told } = await running("a02yyuw", { occupiedBelow: "1200mm" }, bus);
  await poll(speaks).toBe(true);
  say(frame(647));
  await poll(() => look().state).toBe("up");
  await poll(() => look().state).toBe("down");
  const { problem, points } = look();
  expect(problem).toMatchObject({
    code: "device.silent",
    what: { en: expect.stringMatching(/^Nothing has come from d for \d/) },
  });
  expect(problem?.forMs).toBeGreaterThanOrEqual(SILENT_MS);
  expect(points.map(({ value, quality, code, last }) => [value, quality, code, last])).toEqual([
    [647, "bad", "device.silent", true],
    [true, "bad", "device.silent", true],
  ]);
  expect(rows.map(({ value, quality }) => [value, quality])).toEqual([
    [647, "good"],
    [true, "good"],
    [null, "bad"],
    [null, "bad"],
  ]);
  const nothing = await collector.readNow(50).catch((error: unknown) => error);
  expect(nothing).toMatchObject({ code: "device.silent", context: { points: [{ value: 647, last: true }, { value: true }] } });
  say(frame(700));
  await poll(() => look()).toMatchObject({ state: "up", points: [{ value: 700, quality: "good" }, {}] });
  expect(look().problem).toBeUndefined();
  expect(told.map((one) => one?.code ?? null)).toEqual(["device.silent", null]);
});

it("a person who asks while a sensor rests, which is not down yet, is not told an old value as a new one", async () => {
  const { bus, say, speaks } = await sensor();
  const { collector, look } = await running("a02yyuw", {}, bus, 3_600_000);
  await poll(speaks).toBe(true);
  say(frame(647));
  await poll(() => look().state).toBe("up");
  const asked = await collector.readNow(50).catch((error: unknown) => error);
  expect(asked).toBeInstanceOf(EdgeError);
  expect(asked).toMatchObject({ code: "device.silent", context: { points: [{ value: 647, last: true, quality: "bad" }] } });
  expect(look().state).toBe("up");
});

it("a sensor at another baud rate is down because its bytes make no frame, and their number is said", async () => {
  const { bus, say, speaks } = await sensor();
  const { look, told } = await running("a02yyuw", {}, bus);
  await poll(speaks).toBe(true);
  say(Buffer.alloc(100, 0x55));
  await poll(() => look().state).toBe("down");
  const { problem } = look();
  expect(problem).toMatchObject({ code: "frame.invalid", next: { en: expect.stringMatching(/baud rate/) } });
  expect(problem?.what.en).toMatch(/^Bytes that make no frame from d: 100 stray bytes in .+, no frame$/);
  expect(problem?.what.it).toMatch(/: 100 byte senza senso in .+, nessun messaggio$/);
  expect(told.map((one) => one?.code)).toEqual(["frame.invalid"]);
  // More than a line can mean: the driver gives the port up and takes it again, and the reason stays.
  for (let sent = 0; sent < 2000; sent += 100) say(Buffer.alloc(100, 0x55));
  await poll(() => Number(/(\d+) stray/.exec(look().problem?.what.en ?? "")?.[1])).toBeGreaterThan(500);
  expect(look()).toMatchObject({ state: "down", problem: { code: "frame.invalid" } });
});

it("a sensor that fails again and again is up with a problem, though it speaks in this moment", async () => {
  const { bus, say, speaks } = await sensor();
  const { look } = await running("a02yyuw", {}, bus);
  await poll(speaks).toBe(true);
  for (let outage = 0; outage < 3; outage += 1) {
    say(frame(700));
    await poll(() => look().points[0]?.quality).toBe("good");
    expect(look().state).toBe("up");
    await poll(() => look().state).toBe("down");
  }
  say(frame(700));
  await poll(() => look().points[0]?.quality).toBe("good");
  const { state, problem } = look();
  expect([state, problem?.code]).toEqual(["problem", "device.silent"]);
  expect(problem?.what.en).toMatch(/^Nothing has come from d for 400 ms: 3 times in .+, it answers now$/);
});

const METER = { unit: 1, every: "50ms", points: { power: { fc: 3, address: 0 }, flow: { fc: 3, address: 100 } } };

it("a unit that refuses one register is up with a problem that names the point; one that refuses all is down", async () => {
  let refusesAll = false;
  const far = open.use(
    await farSide("tcp", ({ transaction, address, socket }) =>
      socket.write(mbap(transaction, refusesAll || address === 100 ? withCrc(1, 0x83, 2) : registers(1, 3, 42))),
    ),
  );
  const { look, told } = await running("modbus-points", METER, far.spec);
  await poll(() => look().state).toBe("problem");
  const { problem, points } = look();
  expect(problem).toMatchObject({ code: "bus.exception", points: ["flow"] });
  expect(problem?.what.en).toBe("Unit 1 refused the request (Modbus exception 2): flow");
  expect(points.map(({ value, quality }) => [value, quality])).toEqual([
    [42, "good"],
    [null, "bad"],
  ]);
  refusesAll = true;
  await poll(() => look().state).toBe("down");
  expect(look().problem).toMatchObject({ code: "bus.exception" });
  expect(look().points[0]).toMatchObject({ value: 42, quality: "bad", last: true });
  expect(told.map((one) => one?.code)).toEqual(["bus.exception"]);
});

it("a sensor without an echo is up with a problem, and told to look at its aim, not to be cleaned", async () => {
  const { bus, say, speaks } = await sensor();
  const { look } = await running("a02yyuw", { occupiedBelow: "1200mm" }, bus, 60_000);
  await poll(speaks).toBe(true);
  say(frame(0));
  await poll(() => look().state).toBe("problem");
  const { problem } = look();
  expect(problem).toMatchObject({ code: "sensor.no-echo", next: { en: expect.stringMatching(/seesNothing: free/) } });
  expect(`${problem?.next.en} ${problem?.next.it}`).not.toMatch(/clean|pulire/i);
});

it("an empty bay that the sensor looks past is free, up and well where the site says so, silence of the echo included", async () => {
  const { bus, say, speaks } = await sensor();
  const free = { occupiedBelow: "1200mm", seesNothing: "free", noFrames: "sees-nothing" };
  const { look, told } = await running("a02yyuw", free, bus, 5000);
  await poll(speaks).toBe(true);
  const presence = () => look().points.find(({ point }) => point === "presence");
  say(frame(700));
  await poll(presence).toMatchObject({ value: true, quality: "good" });
  say(frame(4501));
  await poll(presence).toMatchObject({ value: false, quality: "good" });
  expect(look()).toMatchObject({ state: "up" });
  expect(look().problem).toBeUndefined();
  say(frame(700));
  await poll(presence).toMatchObject({ value: true });
  // And then not one frame more.
  await poll(presence).toMatchObject({ value: false, quality: "good" });
  expect([look().state, told]).toEqual(["up", []]);
});

it("a unit that keeps silent about one register is up with a problem that names the point, and says how often", async () => {
  const far = open.use(
    await farSide(
      "tcp",
      ({ transaction, address, socket }) => {
        if (address !== 100) socket.write(mbap(transaction, registers(1, 3, 42)));
      },
      { timeout: "60ms", replyDeadline: "100ms" },
    ),
  );
  const { look } = await running("modbus-points", METER, far.spec, 60_000);
  await poll(() => look()).toMatchObject({ state: "problem", problem: { code: "bus.timeout", points: ["flow"] } });
  expect(look().problem?.what.en).toMatch(/^No answer from d on bus wire: flow$/);
  // While it rests it is not asked, and the reason stays whole.
  await poll(() => look().points.find(({ point }) => point === "power")?.ageMs).toBeLessThan(1000);
  expect(look().problem?.what.en).not.toMatch(/\?/);
});

it("a unit with another address than the one asked is down, and which one answered is said", async () => {
  const far = open.use(
    await farSide("rtu-tcp", ({ socket }) => socket.write(registers(7, 3, 42)), { timeout: "60ms", replyDeadline: "100ms" }),
  );
  const { look, told } = await running("modbus-points", METER, far.spec);
  await poll(() => [look().state, ...told.map((one) => one?.code)]).toEqual(["down", "bus.other-unit"]);
  expect(look().problem?.what.en).toMatch(/\b7\b/);
  expect(told[0]?.what.it).toMatch(/\b7\b/);
});

it("who heard one reason for a device that is down hears the other, when it changes", async () => {
  const { bus, say, speaks } = await sensor();
  const { collector, look, told } = await running("a02yyuw", {}, bus);
  await poll(speaks).toBe(true);
  say(frame(700));
  await poll(() => look().state).toBe("up");
  await poll(() => [look().state, ...told.map((one) => one?.code)]).toEqual(["down", "device.silent"]);
  say(Buffer.alloc(50, 0x55));
  await poll(() => look().problem?.code).toBe("frame.invalid");
  expect(look().problem?.what.en).toMatch(/stray bytes in .+, no frame any more \(1 frame before\)$/);
  expect(look().problem?.what.it).toMatch(/, più nessun messaggio \(prima 1 messaggio\)$/);
  // Not at once: a device may change its mind often.
  expect(told).toHaveLength(1);
  collector.watchSilence(monotonic() + 300_000);
  collector.watchSilence(monotonic() + 600_000);
  expect(told.map((one) => one?.code)).toEqual(["device.silent", "frame.invalid"]);
});

it("a line that spoils every reply leaves the last value, named as last, until it is down, and a person is told why", async () => {
  let fault: "none" | "one" | "all" | "silent" = "none";
  const far = open.use(
    await farSide(
      "rtu-tcp",
      ({ address, socket }) => {
        if (fault === "silent") return;
        const reply = registers(1, 3, 42);
        if (fault === "all" || (fault === "one" && address === 100)) reply[reply.length - 1] = (reply.at(-1) ?? 0) ^ 0xff;
        socket.write(reply);
      },
      { timeout: "60ms", replyDeadline: "100ms" },
    ),
  );
  const { collector, look } = await running("modbus-points", METER, far.spec, 3000);
  await poll(() => look().points.map(({ quality }) => quality)).toEqual(["good", "good"]);
  const last = { value: 42, quality: "bad", code: "bus.checksum", last: true };
  fault = "one";
  await poll(() => look().points).toMatchObject([{ value: 42, quality: "good" }, last]);
  const partly: unknown = await collector.readNow(30_000).catch((error: unknown) => error);
  expect(partly).toMatchObject({ code: "bus.checksum", context: { points: [{ value: 42 }, last] } });
  fault = "all";
  await poll(() => look().points).toMatchObject([last, last]);
  const { ageMs, points } = look();
  // No row claims to be newer than the last word that was understood.
  for (const point of points) expect(point.ageMs).toBeGreaterThanOrEqual(ageMs ?? Number.POSITIVE_INFINITY);
  const wholly: unknown = await collector.readNow(30_000).catch((error: unknown) => error);
  expect(wholly).toMatchObject({ code: "bus.checksum", context: { points: [last, last] } });
  expect((wholly as EdgeError).hint("en")).toMatch(/termination/);
  await poll(() => look()).toMatchObject({ state: "down", problem: { code: "bus.checksum" } });
  fault = "none";
  await poll(() => look().state).toBe("up");
});

it.each([
  ["another service", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ["a converter set to RTU over TCP", Buffer.concat([registers(1, 3, 42), registers(1, 3, 42)])],
])("%s behind a Modbus TCP address: the address and the protocol are to be looked at, and no serial cable", async (_, bytes) => {
  const far = open.use(await farSide("tcp", ({ socket }) => socket.write(bytes), { timeout: "60ms" }));
  const { look } = await running("modbus-points", METER, far.spec);
  await poll(() => look()).toMatchObject({ state: "down", problem: { code: "bus.not-modbus-tcp" } });
  const { problem } = look();
  expect(problem?.what.it).toMatch(/^Sul bus wire arrivano dati che non sono Modbus TCP/);
  expect(problem?.next.en).toMatch(/`port`.*another service.*`modbus: rtu-tcp`/);
  expect(`${problem?.next.en} ${problem?.next.it}`).not.toMatch(/120|termina|screen|schermo/);
});

it("a unit that was silent is not up because what comes of it now is spoiled", async () => {
  let fault: "none" | "silent" | "all" = "none";
  const far = open.use(
    await farSide(
      "rtu-tcp",
      ({ socket }) => {
        if (fault === "silent") return;
        const reply = registers(1, 3, 42);
        if (fault === "all") reply[reply.length - 1] = (reply.at(-1) ?? 0) ^ 0xff;
        socket.write(reply);
      },
      { timeout: "60ms", replyDeadline: "100ms" },
    ),
  );
  const { look } = await running("modbus-points", METER, far.spec, 3_600_000);
  await poll(() => look().state).toBe("up");
  fault = "silent";
  await poll(() => look()).toMatchObject({ state: "down", problem: { code: "bus.timeout" } });
  fault = "all";
  await poll(() => look().problem?.code).toBe("bus.checksum");
  expect(look()).toMatchObject({
    state: "down",
    points: [
      { value: 42, last: true },
      { value: 42, last: true },
    ],
  });
});
