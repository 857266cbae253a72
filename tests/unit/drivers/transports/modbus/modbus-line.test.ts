/** Far sides that answer late, wrong, torn or never: no request gets another one's value. Real sockets. */
import { describe, expect, it } from "vitest";
import type { ModbusSpec } from "../../../../../src/drivers/buses.ts";
import type { ModbusRequest } from "../../../../../src/drivers/driver.ts";
import { ExchangeError } from "../../../../../src/drivers/transports/modbus/exchange-error.ts";
import { ModbusLine } from "../../../../../src/drivers/transports/modbus/modbus-line.ts";
import { CLOSE_MS } from "../../../../../src/drivers/transports/serial/byte-wire.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import { type Asked, codeOf, farSide, mbap, never, registers, wait, withCrc } from "../../support.ts";
import { LONG, lineTo, own, PATIENCE, read, value } from "./line-support.ts";

const SOON_MS = 10_000;

describe.each(["tcp", "rtu-tcp"] as const)("%s", (modbus) => {
  const reply = (asked: Asked, rtu: Buffer) => asked.socket.write(modbus === "tcp" ? mbap(asked.transaction, rtu) : rtu);
  const open = (answer: (asked: Asked) => void, patience: object = PATIENCE) => farSide(modbus, answer, { ...patience });

  it("gives each of many requests at once its own value, one on the wire at a time", async () => {
    let inFlight = 0;
    await using far = await open((asked) => {
      inFlight += 1;
      expect(inFlight).toBe(1);
      setTimeout(() => {
        inFlight -= 1;
        reply(asked, own(asked));
      }, 3);
    }, LONG);
    await using line = lineTo(far);
    const addresses = Array.from({ length: 20 }, (_, i) => i * 7);
    expect(await Promise.all(addresses.map((address) => value(line, read(1, address))))).toEqual(addresses);
    expect(far.connections()).toBe(1);
  });

  it("joins a reply that dribbles in byte by byte", async () => {
    await using far = await open(async (asked) => {
      const bytes = modbus === "tcp" ? mbap(asked.transaction, own(asked)) : own(asked);
      for (const byte of bytes) {
        asked.socket.write(Buffer.of(byte));
        await wait(2);
      }
    }, LONG);
    await using line = lineTo(far);
    const before = monotonic();
    const answer = await line.request(read(1, 300), never);
    expect(Buffer.from(answer.data).readUInt16BE(0)).toBe(300);
    expect(answer.mono).toBeGreaterThanOrEqual(before + 10);
  });

  it("never takes a late reply for the next one's", async () => {
    await using far = await open((asked) => setTimeout(() => reply(asked, own(asked)), asked.n === 1 ? 250 : 5));
    await using line = lineTo(far);
    expect(await codeOf(value(line, read(1, 100)))).toBe("bus.timeout");
    expect(await value(line, read(1, 200))).toBe(200);
    expect(await value(line, read(1, 300))).toBe(300);
  });

  it.each([
    ["another unit", (a: Asked) => registers(a.unit + 1, a.fc, 999), modbus === "tcp" ? "bus.unit-echo" : "bus.other-unit"],
    ["another function", (a: Asked) => registers(a.unit, 4, 999), "bus.foreign-reply"],
    ["a longer reply", (a: Asked) => registers(a.unit, a.fc, 999, 998), "bus.foreign-reply"],
    ["an exception of another function", (a: Asked) => withCrc(a.unit, 0x84, 2), "bus.foreign-reply"],
  ])("drops and counts %s, and waits on for the right one", async (_, wrong, code) => {
    await using far = await open(
      (asked) => {
        reply(asked, wrong(asked));
        if (asked.n === 1) setTimeout(() => reply(asked, own(asked)), 30);
      },
      { timeout: "600ms", replyDeadline: "600ms" },
    );
    await using line = lineTo(far);
    expect(await value(line, read(5, 42))).toBe(42);
    expect(line.stats.foreignReplies).toBe(1);
    expect(await codeOf(value(line, read(5, 43)))).toBe(code);
    expect(line.stats.foreignReplies).toBe(2);
  });

  it("does not take a duplicate for the next reply", async () => {
    await using far = await open((asked) => {
      reply(asked, own(asked));
      reply(asked, own(asked));
    }, LONG);
    await using line = lineTo(far);
    for (const address of [10, 20, 30, 40]) expect(await value(line, read(1, address))).toBe(address);
    expect(line.stats.foreignReplies).toBeGreaterThan(0);
  });

  it("tells an exception from silence, and goes on at once", async () => {
    await using far = await open((asked) => reply(asked, asked.address === 7 ? withCrc(asked.unit, 0x83, 2) : own(asked)), LONG);
    await using line = lineTo(far);
    const begun = monotonic();
    await expect(value(line, read(1, 7))).rejects.toMatchObject({ code: "bus.exception", context: { exception: 2, unit: 1 } });
    expect(await value(line, read(1, 8))).toBe(8);
    expect(monotonic() - begun).toBeLessThan(SOON_MS);
    expect(line.stats.exceptions).toBe(1);
  });

  it("fails what is in flight when the socket closes mid-reply, and connects again for the next", async () => {
    await using far = await open((asked) => {
      if (asked.n > 1) return reply(asked, own(asked));
      reply(asked, own(asked).subarray(0, 4));
      setTimeout(() => asked.socket.destroy(), 5);
      return undefined;
    }, LONG);
    await using line = lineTo(far);
    await expect(value(line, read(1, 1))).rejects.toMatchObject({ code: "bus.unreachable", cameWhole: false });
    expect(await value(line, read(2, 2))).toBe(2);
    expect(far.connections()).toBe(2);
  });

  it("asks by priority, then by age", async () => {
    await using far = await open((asked) => setTimeout(() => reply(asked, own(asked)), 10), LONG);
    await using line = lineTo(far);
    await Promise.all([
      value(line, read(1, 1)),
      value(line, read(1, 2)),
      value(line, read(1, 3, { priority: "alarm" })),
      value(line, read(1, 4, { priority: "command" })),
      value(line, read(1, 5, { priority: "command" })),
    ]);
    expect(far.asked.map(({ address }) => address)).toEqual([1, 4, 5, 3, 2]);
  });

  it("lets a caller go at once, and keeps the line in step", async () => {
    await using far = await open((asked) => setTimeout(() => reply(asked, own(asked)), 40), LONG);
    await using line = lineTo(far);
    const stop = new AbortController();
    const given = line.request(read(1, 1), stop.signal);
    setTimeout(() => stop.abort(), 10);
    await expect(given).rejects.toThrow();
    expect(await value(line, read(1, 2))).toBe(2);
  });

  it("drops the connection after three failures in a row", async () => {
    await using far = await open((asked) => {
      if (asked.n > 3) reply(asked, own(asked));
    });
    await using line = lineTo(far);
    for (const unit of [1, 2, 3]) expect(await codeOf(value(line, read(unit, 1)))).toBe("bus.timeout");
    expect(await value(line, read(4, 9))).toBe(9);
    expect(far.connections()).toBe(2);
    expect(line.stats).toMatchObject({ requests: 4, timeouts: 3 });
  });

  it("says that nobody listens, to all that wait at once", async () => {
    const far = await open(() => undefined);
    await far[Symbol.asyncDispose]();
    await using line = lineTo(far);
    const codes = await Promise.all([1, 2, 3].map((unit) => codeOf(value(line, read(unit, 1)))));
    expect(codes).toEqual(["bus.unreachable", "bus.unreachable", "bus.unreachable"]);
    await expect(value(line, read(1, 1))).rejects.not.toBeInstanceOf(ExchangeError);
  });

  it("goes on after what nobody expected on the way, and tells each caller why it has no answer", async () => {
    let silent = true;
    const told: string[] = [];
    const full = () => {
      if (silent) throw new Error("ENOSPC: no space left on device, write");
    };
    await using far = await open((asked) => (silent ? undefined : reply(asked, own(asked))), { ...PATIENCE, timeout: "50ms" });
    await using line = new ModbusLine("line", far.spec as ModbusSpec, {
      ...noLog,
      debug: full,
      error: (event) => told.push(event),
    });
    // The third failure in a row closes the connection, and that is logged.
    const codes = await Promise.all([1, 2, 3].map((unit) => codeOf(value(line, read(unit, 100)))));
    expect(codes).toEqual(["bus.timeout", "bus.timeout", "bus.timeout"]);
    silent = false;
    expect(await value(line, read(4, 200))).toBe(200);
    expect(told).toEqual(["bus.failed"]);
  });

  it("closes with a request in flight, at once and for good", async () => {
    await using far = await open(() => undefined, LONG);
    const line = lineTo(far);
    const code = codeOf(value(line, read(1, 1)));
    await wait(20);
    const begun = monotonic();
    await line[Symbol.asyncDispose]();
    expect(await code).toBe("bus.unreachable");
    // A line that did not let go of it would be closed after two seconds all the same.
    expect(monotonic() - begun).toBeLessThan(CLOSE_MS);
    expect(await codeOf(value(line, read(1, 1)))).toBe("bus.unreachable");
  });
});

describe("tcp alone", () => {
  it("does not let half a reply swallow the next one", async () => {
    await using far = await farSide(
      "tcp",
      (asked) => {
        const whole = mbap(asked.transaction, own(asked));
        asked.socket.write(asked.n === 1 ? whole.subarray(0, -1) : whole);
      },
      PATIENCE,
    );
    await using line = lineTo(far);
    expect(await codeOf(value(line, read(1, 10)))).toBe("bus.timeout");
    expect(await value(line, read(1, 11))).toBe(11);
  });

  it("drops a reply to another transaction, and an id is not used again soon", async () => {
    await using far = await farSide(
      "tcp",
      (asked) => {
        asked.socket.write(mbap(asked.transaction + 1, registers(asked.unit, asked.fc, 999)));
        asked.socket.write(mbap(asked.transaction, own(asked)));
      },
      LONG,
    );
    await using line = lineTo(far);
    for (let i = 0; i < 300; i++) expect(await value(line, read(1, i))).toBe(i);
    expect(line.stats.foreignReplies).toBe(300);
    expect(new Set(far.asked.map(({ transaction }) => transaction)).size).toBe(300);
  });

  it.each([
    ["a wrong protocol", (asked: Asked) => mbap(asked.transaction, own(asked), 7)],
    ["a length beyond any frame", () => Buffer.from("000100000fff010302", "hex")],
    ["text", () => Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ])("gives up a connection that sends %s, at once", async (_, garbage) => {
    await using far = await farSide(
      "tcp",
      (asked) => asked.socket.write(asked.n === 1 ? garbage(asked) : mbap(asked.transaction, own(asked))),
      LONG,
    );
    await using line = lineTo(far);
    const begun = monotonic();
    expect(await codeOf(value(line, read(1, 1)))).toBe("bus.not-modbus-tcp");
    expect(monotonic() - begun).toBeLessThan(SOON_MS);
    expect(await value(line, read(1, 2))).toBe(2);
    expect(far.connections()).toBe(2);
  });

  it("does not let a dead unit hold up the others for longer than its timeout", async () => {
    await using far = await farSide(
      "tcp",
      (asked) => asked.unit !== 1 && asked.socket.write(mbap(asked.transaction, own(asked))),
      { timeout: "1s" },
    );
    await using line = lineTo(far);
    const begun = monotonic();
    const dead = codeOf(value(line, read(1, 1)));
    expect(await value(line, read(2, 2))).toBe(2);
    expect(monotonic() - begun).toBeLessThan(2000);
    expect(await dead).toBe("bus.timeout");
  });
});

describe("rtu over tcp alone", () => {
  const open = (answer: (asked: Asked) => void, patience: object = PATIENCE) => farSide("rtu-tcp", answer, { ...patience });

  it("refuses a bad CRC soon, and the same unit answers next", async () => {
    await using far = await open((asked) => {
      const frame = own(asked);
      if (asked.n === 1) frame.writeUInt8(frame.readUInt8(4) ^ 1, 4);
      asked.socket.write(frame);
    }, LONG);
    await using line = lineTo(far);
    const begun = monotonic();
    expect(await codeOf(value(line, read(1, 1)))).toBe("bus.checksum");
    expect(await value(line, read(1, 2))).toBe(2);
    expect(monotonic() - begun).toBeLessThan(SOON_MS);
    expect(line.stats.checksumErrors).toBe(1);
  });

  it("calls a reply that was cut short corrupt", async () => {
    await using far = await open((asked) => asked.socket.write(own(asked).subarray(0, 5)));
    await using line = lineTo(far);
    expect(await codeOf(value(line, read(1, 1)))).toBe("bus.checksum");
  });

  it("finds the reply behind phantom bytes", async () => {
    await using far = await open((asked) => asked.socket.write(Buffer.concat([Buffer.from("00ff00", "hex"), own(asked)])), LONG);
    await using line = lineTo(far);
    expect(await value(line, read(1, 77))).toBe(77);
  });

  it("strips the echo of an adapter, also of a write whose good reply looks the same", async () => {
    await using far = await open((asked) => {
      asked.socket.write(asked.bytes);
      if (asked.fc === 3) setTimeout(() => asked.socket.write(own(asked)), 5);
      else if (asked.address === 1) setTimeout(() => asked.socket.write(asked.bytes), 5);
    });
    await using line = lineTo(far);
    expect(await value(line, read(1, 5))).toBe(5);
    const write = (address: number): ModbusRequest => ({ unit: 1, fc: 6, address, values: [3], priority: "command" });
    expect(await codeOf(line.request(write(1), never))).toBe("none");
    expect(await codeOf(line.request(write(2), never))).toBe("bus.timeout");
  });

  it("takes a write's only copy for the reply once a read has shown that the line does not echo", async () => {
    await using far = await open((asked) => asked.socket.write(asked.fc === 3 ? own(asked) : asked.bytes));
    await using line = lineTo(far);
    const write: ModbusRequest = { unit: 1, fc: 5, address: 1, values: [1], priority: "command" };
    expect(await codeOf(line.request(write, never))).toBe("bus.timeout");
    expect(await value(line, read(2, 5))).toBe(5);
    expect(await codeOf(line.request({ ...write, unit: 2 }, never))).toBe("none");
  });

  it("lets a silent unit rest, and the others go on meanwhile", async () => {
    await using far = await open(
      (asked) => {
        if (asked.n > 1) asked.socket.write(own(asked));
      },
      { timeout: "150ms", replyDeadline: "2s" },
    );
    await using line = lineTo(far);
    const begun = monotonic();
    expect(await codeOf(value(line, read(1, 1)))).toBe("bus.timeout");
    let rested = 0;
    const resting = value(line, read(1, 2)).then(() => {
      rested = monotonic() - begun;
    });
    expect(await value(line, read(2, 3))).toBe(3);
    expect(rested).toBe(0);
    await resting;
    expect(rested).toBeGreaterThanOrEqual(1999);
    expect(far.connections()).toBe(1);
  });

  it("asks a unit that owes an answer on a new connection, so that a stalled network cannot deliver the old one", async () => {
    await using far = await open((asked) => {
      if (asked.n > 1) asked.socket.write(own(asked));
    });
    await using line = lineTo(far);
    expect(await codeOf(value(line, read(1, 100)))).toBe("bus.timeout");
    expect(await value(line, read(1, 200))).toBe(200);
    expect(far.connections()).toBe(2);
  });

  it("does not take a duplicate that comes late, while the next request is on the wire, for that one's reply", async () => {
    await using far = await open((asked) => {
      setTimeout(() => asked.socket.write(own(asked)), 6);
      setTimeout(() => asked.socket.write(own(asked)), 9);
    }, LONG);
    await using line = lineTo(far);
    for (const address of [10, 20, 30, 40, 50]) expect(await value(line, read(1, address))).toBe(address);
    expect(line.stats.foreignReplies).toBeGreaterThanOrEqual(4);
  });

  it("believes two registers that hold the same", async () => {
    await using far = await open((asked) => asked.socket.write(registers(asked.unit, asked.fc, 0)), LONG);
    await using line = lineTo(far);
    for (const address of [1, 2, 3]) expect(await value(line, read(1, address))).toBe(0);
    expect(line.stats).toMatchObject({ timeouts: 0, foreignReplies: 0 });
  });

  it("hears a reply that lay waiting while this process was busy past the deadline", async () => {
    await using far = await open((asked) => asked.socket.write(own(asked)));
    await using line = lineTo(far);
    await value(line, read(1, 1));
    const answered = value(line, read(1, 2));
    await wait(1);
    for (const end = monotonic() + 250; monotonic() < end; );
    expect(await answered).toBe(2);
  });

  it("keeps little of what a babbling line sends, and still finds the reply", async () => {
    await using far = await open((asked) => {
      for (let i = 0; i < 50; i++) asked.socket.write(Buffer.alloc(1000, 0x55));
      asked.socket.write(own(asked));
    }, LONG);
    await using line = lineTo(far);
    expect(await value(line, read(1, 9))).toBe(9);
  });
});
