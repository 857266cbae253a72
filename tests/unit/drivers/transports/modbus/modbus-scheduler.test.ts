/** Many units, some dead, and requests of every priority: who is asked when, and what the line counts. Real sockets. */
import { describe, expect, it } from "vitest";
import type { ModbusSpec } from "../../../../../src/drivers/buses.ts";
import type { ModbusRequest, Priority } from "../../../../../src/drivers/driver.ts";
import { ModbusLine } from "../../../../../src/drivers/transports/modbus/modbus-line.ts";
import { RequestQueue } from "../../../../../src/drivers/transports/modbus/request-queue.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { EdgeError } from "../../../../../src/kit/errors.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import { type Asked, codeOf, type FarSide, farSide, mbap, never, registers, wait, withCrc } from "../../support.ts";

const lineTo = (far: FarSide) => new ModbusLine("line", far.spec as ModbusSpec, noLog);
const read = (unit: number, address: number, priority: Priority = "poll"): ModbusRequest => ({
  unit,
  fc: 3,
  address,
  quantity: 1,
  priority,
});
const own = ({ unit, fc, address }: Asked): Buffer => registers(unit, fc, address);

describe("one dead unit among thirty", () => {
  it("takes at most 5 % of the line, and comes back when it answers", { timeout: 30_000 }, async () => {
    let isDead = true;
    await using far = await farSide(
      "tcp",
      (asked) => {
        if (asked.unit !== 1 || !isDead) setTimeout(() => asked.socket.write(mbap(asked.transaction, own(asked))), 4);
      },
      { timeout: "40ms" },
    );
    await using line = lineTo(far);
    const stop = new AbortController();
    const begun = monotonic();
    let lost = 0;
    let answered = 0;
    // Each unit asks again as soon as it is answered: the line is never idle, and the dead one never backs off by itself.
    const ask = async (unit: number): Promise<void> => {
      while (!stop.signal.aborted) {
        const from = monotonic();
        const code = await codeOf(line.request(read(unit, unit), stop.signal));
        if (code === "none") answered += 1;
        else if (unit === 1 && code === "bus.timeout") lost += 40;
        if (unit === 1 && code === "none") return;
        if (monotonic() === from) await wait(1);
      }
    };
    const dead = ask(1);
    const others = Array.from({ length: 29 }, (_, i) => ask(i + 2));
    await wait(5000);
    const cost = (100 * lost) / (monotonic() - begun);
    expect(line.stats.unit(1)).toMatchObject({ held: true, latencyMs: null });
    isDead = false;
    await dead;
    expect(line.stats.unit(1)?.held).toBe(false);
    stop.abort();
    await Promise.all(others);
    expect(cost).toBeLessThanOrEqual(5);
    expect(answered).toBeGreaterThan(100);
    expect(line.stats.occupancy).toBeGreaterThan(80);
  });
});

it("a command goes before all that waits, after the one request on the wire; an alarm point before the polls", async () => {
  await using far = await farSide("tcp", (asked) => setTimeout(() => asked.socket.write(mbap(asked.transaction, own(asked))), 5));
  await using line = lineTo(far);
  const polls = Array.from({ length: 20 }, (_, i) => line.request(read(i + 1, 1), never));
  const alarm = line.request(read(50, 2, "alarm"), never);
  await polls[3];
  const command = line.request({ ...read(60, 3, "command"), fc: 6, values: [3] }, never).catch(() => undefined);
  await Promise.all([...polls, alarm]);
  await command;
  const order = far.asked.map(({ unit }) => unit);
  expect(order.indexOf(50)).toBe(1);
  // Polls 1–4 and the alarm were asked, and poll 5 was on the wire at most.
  expect(order.indexOf(60)).toBeLessThanOrEqual(6);
});

it.each(["tcp", "rtu-tcp"] as const)(
  "keeps the silence between a reply and the next request that the devices want (%s)",
  async (modbus) => {
    const replied: number[] = [];
    const asked: number[] = [];
    await using far = await farSide(
      modbus,
      (request) => {
        asked.push(performance.now());
        request.socket.write(modbus === "tcp" ? mbap(request.transaction, own(request)) : own(request));
        replied.push(performance.now());
      },
      { gap: "60ms" },
    );
    await using line = lineTo(far);
    await Promise.all([1, 2, 3].map((unit) => line.request(read(unit, unit), never)));
    for (const n of [1, 2]) expect((asked[n] ?? 0) - (replied[n - 1] ?? 0)).toBeGreaterThanOrEqual(59);
  },
);

it("a command to a unit that is held back is its probe", async () => {
  let isDead = true;
  await using far = await farSide("tcp", (asked) => !isDead && asked.socket.write(mbap(asked.transaction, own(asked))), {
    timeout: "300ms",
  });
  await using line = lineTo(far);
  for (let i = 0; i < 2; i++) expect(await codeOf(line.request(read(1, 1), never))).toBe("bus.timeout");
  isDead = false;
  const begun = monotonic();
  const poll = line.request(read(1, 2), never);
  expect(await codeOf(line.request(read(1, 3, "command"), never))).toBe("none");
  await poll;
  // Held back it would have waited 33 times the 300 ms that a silence cost.
  expect(monotonic() - begun).toBeLessThan(8000);
});

it("a poll that is held back goes at once when a person waits for it", async () => {
  let isDead = true;
  await using far = await farSide("tcp", (asked) => !isDead && asked.socket.write(mbap(asked.transaction, own(asked))), {
    timeout: "300ms",
  });
  await using line = lineTo(far);
  for (let i = 0; i < 2; i++) expect(await codeOf(line.request(read(1, 1), never))).toBe("bus.timeout");
  isDead = false;
  const begun = monotonic();
  const poll = line.request(read(1, 2), never);
  line.hurry(1);
  expect(await codeOf(poll)).toBe("none");
  // Held back it would have waited 33 times the 300 ms that a silence cost.
  expect(monotonic() - begun).toBeLessThan(8000);
});

it("a request whose turn does not come fails after a while: its device's loop goes on, and wakes the line for it", async () => {
  const queue = new RequestQueue(
    ({ unit }) => (unit === 1 ? monotonic() + 600_000 : 0),
    ({ unit }) => new EdgeError("bus.timeout", { bus: "line", device: `unit ${unit}` }),
    50,
  );
  const held = codeOf(queue.add(read(1, 1), never));
  expect(queue.next()).toBeUndefined();
  expect((queue.due ?? Number.POSITIVE_INFINITY) - monotonic()).toBeLessThanOrEqual(51);
  await wait(60);
  const fresh = queue.add(read(2, 1), never);
  queue.next()?.resolve({ data: new Uint8Array(), mono: 0 });
  expect(await held).toBe("bus.timeout");
  expect(await codeOf(fresh)).toBe("none");
  expect([queue.next(), queue.due]).toEqual([undefined, null]);
});

it.each([
  ["behind a slow request", {}, 150],
  ["for the silence between two", { gap: "300ms" }, 0],
] as const)("a request that waits %s past its own last moment is not sent", async (_, bus, answersAfterMs) => {
  await using far = await farSide(
    "tcp",
    (asked) => setTimeout(() => asked.socket.write(mbap(asked.transaction, own(asked))), answersAfterMs),
    bus,
  );
  await using line = lineTo(far);
  const first = line.request(read(1, 1), never);
  const late = codeOf(line.request({ ...read(1, 2, "command"), latest: monotonic() + 100 }, never));
  const after = line.request(read(1, 3), never);
  expect(await late).toBe("command.expired");
  await Promise.all([first, after]);
  expect(far.asked.map(({ address }) => address)).toEqual([1, 3]);
});

it("a gateway's word that nobody answers behind it counts as silence", async () => {
  await using far = await farSide("tcp", (asked) =>
    asked.socket.write(mbap(asked.transaction, asked.unit === 7 ? withCrc(7, 0x83, 11) : own(asked))),
  );
  await using line = lineTo(far);
  for (let i = 0; i < 2; i++) expect(await codeOf(line.request(read(7, 1), never))).toBe("bus.exception");
  expect(line.stats.unit(7)).toMatchObject({ held: true, exceptions: 2 });
  expect(await codeOf(line.request(read(8, 1), never))).toBe("none");
});

it("the line and each unit count what went wrong and how long answers take", async () => {
  await using far = await farSide(
    "rtu-tcp",
    (asked) => {
      const frame = own(asked);
      if (asked.unit === 2) frame.writeUInt8(frame.readUInt8(4) ^ 1, 4);
      if (asked.unit !== 3) setTimeout(() => asked.socket.write(frame), asked.unit === 1 ? 20 : 0);
    },
    { timeout: "400ms", replyDeadline: "400ms" },
  );
  await using line = lineTo(far);
  for (const unit of [1, 2, 3]) await codeOf(line.request(read(unit, 5), never));
  expect(line.stats).toMatchObject({ requests: 3, timeouts: 1, checksumErrors: 1, foreignReplies: 0, rebuilds: 0 });
  expect(line.stats.unit(1)).toMatchObject({ requests: 1, timeouts: 0, checksumErrors: 0 });
  expect(line.stats.unit(1)?.latencyMs).toBeGreaterThanOrEqual(18);
  expect(line.stats.unit(2)).toMatchObject({ requests: 1, checksumErrors: 1, latencyMs: null });
  expect(line.stats.unit(3)).toMatchObject({ requests: 1, timeouts: 1, latencyMs: null });
  expect(line.stats.unit(4)).toBeUndefined();
  expect(line.stats.occupancy).toBeGreaterThan(50);
});

describe("rtu over tcp", () => {
  const spin = (ms: number) => {
    for (const end = monotonic() + ms; monotonic() < end; );
  };

  it("does not take a late reply that came while this process stood still, past the rest of its unit", async () => {
    await using far = await farSide(
      "rtu-tcp",
      (asked) => {
        if (asked.n > 1) return asked.socket.write(own(asked));
        // Timers come after immediates: the unit is asked again before the socket is read.
        const late = () => {
          asked.socket.write(own(asked));
          spin(900);
        };
        return setTimeout(() => setImmediate(late), 600);
      },
      { timeout: "100ms", replyDeadline: "1200ms" },
    );
    await using line = lineTo(far);
    expect(await codeOf(line.request(read(1, 100), never))).toBe("bus.timeout");
    expect(await codeOf(line.request(read(2, 7), never))).toBe("none");
    const { data } = await line.request(read(1, 200), never);
    expect(Buffer.from(data).readUInt16BE(0)).toBe(200);
    expect(line.stats.foreignReplies).toBe(1);
    expect(far.connections()).toBe(1);
  });

  it.each([
    [
      "twice the bus's timeout where `replyDeadline` is less: who may take long may take longer",
      { timeout: "750ms", replyDeadline: "100ms" },
      {},
    ],
    ["twice its own timeout where `replyDeadline` is less", { timeout: "50ms", replyDeadline: "100ms" }, { timeoutMs: 750 }],
    ["its own `replyDeadline`", { timeout: "750ms", replyDeadline: "100ms" }, { replyDeadlineMs: 1500 }],
  ])("rests a unit for %s", async (_, bus, own1) => {
    let newest: Asked["socket"];
    await using far = await farSide(
      "rtu-tcp",
      (asked) => {
        newest = asked.socket;
        // A device server hands on what its line brings, whoever is connected by then.
        setTimeout(() => newest.write(own(asked)), asked.n === 1 ? 1000 : 40);
      },
      bus,
    );
    await using line = lineTo(far);
    expect(await codeOf(line.request({ ...read(1, 100), ...own1 }, never))).toBe("bus.timeout");
    const { data } = await line.request({ ...read(1, 200), ...own1 }, never);
    expect(Buffer.from(data).readUInt16BE(0)).toBe(200);
  });

  it("does not take a second copy of a reply for the next one's, however long it lay unread while this process stood still", async () => {
    let first: Buffer;
    await using far = await farSide(
      "rtu-tcp",
      (asked) => {
        if (asked.n === 1) first = own(asked);
        if (asked.n !== 2) return asked.socket.write(own(asked));
        asked.socket.write(first);
        return spin(400);
      },
      { timeout: "15s" },
    );
    await using line = lineTo(far);
    for (const address of [100, 200]) {
      const { data } = await line.request(read(1, address), never);
      expect(Buffer.from(data).readUInt16BE(0)).toBe(address);
    }
  });

  it("asks a read again when the very bytes of an earlier reply come, and takes them then", async () => {
    await using far = await farSide("rtu-tcp", (asked) => asked.socket.write(registers(asked.unit, asked.fc, 0)));
    await using line = lineTo(far);
    for (const address of [1, 2]) expect(await codeOf(line.request(read(1, address), never))).toBe("none");
    expect(far.asked.map(({ address }) => address)).toEqual([1, 2, 2]);
  });

  it("does not take the second copy of a write's reply for the next write's, and never writes twice", async () => {
    await using far = await farSide(
      "rtu-tcp",
      (asked) => {
        const reply = withCrc(asked.unit, 16, 0, asked.address, 0, asked.quantity);
        if (asked.n > 1) return;
        asked.socket.write(reply);
        setTimeout(() => asked.socket.write(reply), 20);
      },
      { timeout: "500ms", replyDeadline: "500ms" },
    );
    await using line = lineTo(far);
    const write = (value: number) =>
      line.request({ unit: 1, fc: 16, address: 5, values: [value, value], priority: "command" }, never);
    expect(await codeOf(write(1))).toBe("none");
    expect(await codeOf(write(2))).toMatch(/^bus\./);
    expect(far.asked.length).toBe(2);
  });
});
