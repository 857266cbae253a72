/** Camera heads over real sockets, by VISCA and Pelco-D: alive, mute, babbling, restarted. */
import { createSocket } from "node:dgram";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { SocketLine } from "../../../../../hw-sim/site/socket-line.ts";
import { busSchema } from "../../../../../src/drivers/buses.ts";
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import type { Reading } from "../../../../../src/model/index.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const byPoint = (readings: readonly Reading[]) =>
  Object.fromEntries(readings.map(({ point, value, code }) => [point, code ?? value]));

/** What the head says to each question in turn; null: nothing. */
async function asked(type: string, answers: readonly (string | null)[], more: object = {}) {
  const questions: string[] = [];
  await using line = new SocketLine((socket) => {
    socket.on("data", (bytes) => {
      const answer = answers[questions.length] ?? null;
      questions.push(bytes.toString("hex"));
      // In two pieces, as a line brings it.
      if (answer === null) return;
      const whole = hex(answer);
      socket.write(whole.subarray(0, 3));
      setImmediate(() => socket.write(whole.subarray(3)));
    });
  });
  await line.plug();
  const bus = busSchema.parse({ serial: `tcp://127.0.0.1:${line.port}` });
  await using wires = openWires({ ptz: bus }, noLog);
  const driver = await loadDriver(type);
  const options = driver.options.parse({ timeout: "10s", ...more });
  const stop = new AbortController();
  await using device = await deviceInfo("cam", driver, options, "ptz", wires).open(stop.signal);
  const told: Readonly<Record<string, unknown>>[] = [];
  for await (const readings of device.readings({ next: async () => 0 }, stop.signal)) {
    told.push(byPoint(readings));
    if (told.length === answers.length) break;
  }
  return { told, questions };
}

const VERSION = "90 50 00 20 04 67 01 02 02 FF";

describe("a VISCA head on a serial line", () => {
  it("is asked for its version, and says who it is", async () => {
    const { told, questions } = await asked("visca", [VERSION, VERSION]);
    expect(told).toEqual(Array(2).fill({ alive: true, model: "0020-0467", firmware: "0102" }));
    expect(questions).toEqual(["81090002ff", "81090002ff"]);
  });

  it("that was switched on says so, and answers after it", async () => {
    const { told } = await asked("visca", [`90 38 FF ${VERSION}`]);
    expect(told).toEqual([{ alive: true, restarts: 1, model: "0020-0467", firmware: "0102" }]);
  });

  it("that refuses the question lives; one that is mute, or another one, does not", async () => {
    expect((await asked("visca", ["90 60 02 FF"])).told).toEqual([
      { alive: true, model: "net.not-told", firmware: "net.not-told" },
    ]);
    const mute = { alive: false, model: "net.timeout", firmware: "net.timeout" };
    expect((await asked("visca", [null, VERSION.replace("90", "A0")], { timeout: "100ms" })).told).toEqual([mute, mute]);
    expect((await asked("visca", ["81 09 00 02 FF"], { timeout: "100ms" })).told).toEqual([mute]);
  });

  it("whose version holds the byte of its address is understood", async () => {
    const { told } = await asked("visca", ["90 50 00 90 38 90 41 90 02 FF"]);
    expect(told).toEqual([{ alive: true, model: "0090-3890", firmware: "4190" }]);
  });

  it("among noise is found, and noise alone is bounded and no answer", async () => {
    const noise = "00 81 FF 90 12 ".repeat(40);
    expect((await asked("visca", [`${noise} FF ${VERSION}`])).told).toMatchObject([{ alive: true, firmware: "0102" }]);
    expect((await asked("visca", [noise.repeat(4)])).told).toMatchObject([{ alive: false }]);
  });
});

describe("a Pelco-D head", () => {
  it("is asked where it looks, and never moved", async () => {
    const { told, questions } = await asked("pelco-d", ["FF 01 00 59 46 50 F0"]);
    expect(told).toEqual([{ alive: true }]);
    expect(questions).toEqual(["ff010051000052"]);
  });

  it("that only echoes, is another one, or has a wrong sum does not live", async () => {
    for (const answer of ["FF 01 00 51 00 00 52", "FF 02 00 59 46 50 F1", "FF 01 00 59 46 50 F1"])
      expect((await asked("pelco-d", [answer], { timeout: "100ms" })).told).toEqual([{ alive: false }]);
  });
});

describe("a VISCA camera in datagrams", () => {
  async function lookedBy(answer: (number: Buffer) => readonly Buffer[], timeout = "10s") {
    const socket = createSocket("udp4");
    socket.on("message", (bytes, { port, address }) => {
      expect(bytes.toString("hex")).toBe(`01100005${bytes.subarray(4, 8).toString("hex")}81090002ff`);
      for (const one of answer(bytes.subarray(4, 8))) socket.send(one, port, address);
    });
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const { port } = socket.address() as AddressInfo;
    const driver = await loadDriver("visca-udp");
    await using wires = openWires({}, noLog);
    const stop = new AbortController();
    const options = driver.options.parse({ host: "127.0.0.1", port, timeout });
    await using device = await deviceInfo("cam", driver, options, "", wires).open(stop.signal);
    const once = async () => {
      for await (const readings of device.readings({ next: async () => 0 }, stop.signal)) return byPoint(readings);
      return {};
    };
    const told = await once();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    return [told, await once()];
  }
  const reply = (number: Buffer, message = VERSION) => Buffer.concat([hex("0111000A"), number, hex(message)]);

  it("answers, and is gone: told apart", async () => {
    const [told, gone] = await lookedBy((number) => [reply(number)]);
    expect(told).toMatchObject({ alive: true, model: "0020-0467", firmware: "0102" });
    expect(gone).toMatchObject({ alive: false, model: "net.refused" });
  });

  it("is not taken for another answer: of another question, cut, or too long", async () => {
    const other = (number: Buffer) => [
      reply(hex("00000063")),
      reply(number).subarray(0, 9),
      Buffer.concat([reply(number), hex("FF")]),
      Buffer.alloc(0),
    ];
    const [told] = await lookedBy(other, "200ms");
    expect(told).toMatchObject({ alive: false, model: "net.timeout" });
    const [right] = await lookedBy((number) => [...other(number), reply(number)]);
    expect(right).toMatchObject({ alive: true });
  });
});
