/** What is said when a wrong unit, a late reply, a second master or a careless gateway answers. Real sockets. */
import { describe, expect, it } from "vitest";
import { busSchema } from "../../../../../src/drivers/buses.ts";
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { MbapPort } from "../../../../../src/drivers/transports/modbus/framing/mbap-port.ts";
import type { ByteWire } from "../../../../../src/drivers/transports/serial/byte-wire.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { EdgeError } from "../../../../../src/kit/errors.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import { type Asked, codeOf, farSide, mbap, never, registers, wait, withCrc } from "../../support.ts";
import { LONG, lineTo, own, PATIENCE, read, value } from "./line-support.ts";

/** What people read of a failure. */
async function failureOf(work: Promise<unknown>) {
  const error = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(error instanceof EdgeError)) throw new Error(`no EdgeError: ${String(error)}`);
  const { code, context } = error;
  return { code, context, en: `${error.what("en")} ${error.hint("en")}`, it: `${error.what("it")} ${error.hint("it")}` };
}

describe("another unit answers", () => {
  it("on a serial line: it says which one, and names the address switch", async () => {
    await using far = await farSide("rtu-tcp", (asked) => asked.socket.write(own({ ...asked, unit: 7 })), PATIENCE);
    await using line = lineTo(far);
    const { code, en, it } = await failureOf(value(line, read(5, 1)));
    expect(code).toBe("bus.other-unit");
    expect(en).toMatch(/unit 7 answered instead of unit 5.*address switch.*`unit: 5`/);
    expect(it).toMatch(/unità 7 al posto dell'unità 5.*selettore d'indirizzo.*`unit: 5`/);
    expect(line.stats.unit(5)).toMatchObject({ timeouts: 1 });
  });

  it("also by an exception, and behind the phantom byte of a line that turns round", async () => {
    const bytes = [Buffer.concat([Buffer.of(0), registers(7, 3, 1)]), withCrc(7, 0x83, 2)];
    await using far = await farSide("rtu-tcp", (asked) => asked.socket.write(bytes[asked.n - 1] ?? Buffer.of(0)), PATIENCE);
    await using line = lineTo(far);
    for (const _ of bytes) expect(await failureOf(value(line, read(5, 1)))).toMatchObject({ context: { answered: 7, unit: 5 } });
  });

  it("late, for itself: nobody's address is wrong", async () => {
    await using far = await farSide(
      "rtu-tcp",
      (asked) => asked.unit === 7 && setTimeout(() => asked.socket.write(own(asked)), 250),
      PATIENCE,
    );
    await using line = lineTo(far);
    const seven = codeOf(value(line, read(7, 1)));
    expect(await codeOf(value(line, read(5, 1)))).toBe("bus.timeout");
    expect(await seven).toBe("bus.timeout");
    expect(line.stats.foreignReplies).toBe(1);
  });
});

describe("a second master", () => {
  it("is told by its request, whoever answers it", async () => {
    const frames = Buffer.concat([withCrc(9, 3, 0, 40, 0, 2), registers(9, 3, 1, 2)]);
    await using far = await farSide("rtu-tcp", (asked) => asked.socket.write(frames), PATIENCE);
    await using line = lineTo(far);
    const { code, en, it } = await failureOf(value(line, read(5, 1)));
    expect(code).toBe("bus.second-master");
    expect(en).toContain("Another master asks on bus plant too: 09 03 00 28 00 02");
    expect(it).toContain("un altro master: 09 03 00 28 00 02");
  });

  it("is not seen in the echo of one's own requests", async () => {
    await using far = await farSide(
      "rtu-tcp",
      (asked) => asked.socket.write(Buffer.concat([asked.bytes, asked.bytes])),
      PATIENCE,
    );
    await using line = lineTo(far);
    expect(await codeOf(value(line, read(5, 1)))).not.toBe("bus.second-master");
  });
});

describe.each(["tcp", "rtu-tcp"] as const)("late replies (%s)", (modbus) => {
  const reply = (asked: Asked, rtu: Buffer) => asked.socket.write(modbus === "tcp" ? mbap(asked.transaction, rtu) : rtu);

  it("are told with the delay that was seen and the key to change, as long as they come", async () => {
    let after: number | null = 300;
    await using far = await farSide(modbus, (asked) => after !== null && setTimeout(() => reply(asked, own(asked)), after), {
      timeout: "150ms",
      replyDeadline: "900ms",
    });
    await using line = lineTo(far);
    const late = () => failureOf(value(line, read(5, far.asked.length)));
    expect(await codeOf(value(line, read(5, 1)))).toBe("bus.timeout");
    // It comes while nobody is asked: on TCP too, where nobody needs to wait for it.
    await wait(400);
    after = null;
    const { code, context, en, it } = await late();
    expect(code).toBe("bus.late-reply");
    expect(context["delayMs"]).toBeGreaterThanOrEqual(299);
    expect(Number(String(context["wanted"]).replace("ms", ""))).toBeGreaterThanOrEqual(450);
    expect(en).toMatch(/unit 5 answers after \d+ ms, and only 150 are waited Write `buses\.plant\.timeout: \d+ms` or more/);
    expect(it).toMatch(/risponde dopo \d+ ms, ma se ne attendono 150 Scrivere `buses\.plant\.timeout: \d+ms` o più/);
    // Nothing came of that one: what was true before is no proof any more.
    expect((await late()).code).toBe("bus.timeout");
  });

  it("of one slow block are told though the unit's others come in time; the key is the device's where it has one", {
    timeout: 40_000,
  }, async () => {
    await using far = await farSide(
      modbus,
      (asked) => {
        if (asked.address === 20) setTimeout(() => reply(asked, own(asked)), 250);
        else reply(asked, own(asked));
      },
      PATIENCE,
    );
    await using wires = openWires({ plant: far.spec }, noLog);
    const driver = await loadDriver("modbus-points");
    const points = { p0: { fc: 3, address: 0 }, p1: { fc: 3, address: 10 }, p2: { fc: 3, address: 20 } };
    const options = driver.options.parse({ unit: 3, every: "15min", timeout: "100ms", replyDeadline: "500ms", points }) as object;
    await using device = await deviceInfo("boiler", driver, options, "plant", wires).open(never);
    for await (const batch of device.readings({ next: async () => 5 }, never))
      if (batch.some(({ point }) => point === "p2")) {
        expect(batch).toMatchObject([{ point: "p2", quality: "bad", code: "bus.late-reply" }]);
        break;
      }
    // The one before has come by then.
    await wait(400);
    const slow = wires.modbus("plant").request(read(3, 20, { device: "boiler", timeoutMs: 100, replyDeadlineMs: 500 }), never);
    const again = await failureOf(slow);
    expect(again.en).toContain("devices.boiler.timeout");
  });
});

describe("a gateway that does not return what it was given (tcp)", () => {
  const open = (answer: (asked: Asked) => void, more: object) => farSide("tcp", answer, { ...more });
  const named = (unit: number) => (asked: Asked) => {
    // A write's reply repeats it.
    const rtu = asked.fc === 6 ? withCrc(unit, ...asked.bytes.subarray(7)) : own({ ...asked, unit });
    asked.socket.write(mbap(asked.transaction, rtu));
  };
  const numbered = (asked: Asked) => asked.socket.write(mbap(0, own(asked)));

  it.each([0, 255])("names unit %i: it is told, and believed only where the site says so", async (unit) => {
    await using far = await open(named(unit), PATIENCE);
    await using line = lineTo(far);
    const { code, en, it } = await failureOf(value(line, read(5, 1)));
    expect(code).toBe("bus.unit-echo");
    expect(en).toMatch(new RegExp(`unit 5 was asked, and the reply bears the name of unit ${unit}.*tolerate: \\[unit-echo\\]`));
    expect(it).toMatch(new RegExp(`l'unità 5, la risposta porta il nome dell'unità ${unit}.*tolerate: \\[unit-echo\\]`));
    await using tolerated = await open(named(unit), { ...LONG, tolerate: ["unit-echo"] });
    await using careless = lineTo(tolerated);
    for (const address of [1, 2, 3]) expect(await value(careless, read(5, address))).toBe(address);
    expect(await codeOf(careless.request({ ...read(5, 1), fc: 6, values: [9] }, never))).toBe("none");
  });

  it("numbers all its replies 0: it is told, and believed only where the site says so", async () => {
    await using far = await open(numbered, PATIENCE);
    await using line = lineTo(far);
    const { code, en, it } = await failureOf(value(line, read(5, 1)));
    expect(code).toBe("bus.transaction-echo");
    expect(en).toMatch(/transaction \d+ was sent, and the reply bears number 0 .*tolerate: \[transaction-echo\]/);
    expect(it).toMatch(/la transazione \d+, la risposta porta il numero 0 .*tolerate: \[transaction-echo\]/);
    await using tolerated = await open(numbered, { ...LONG, tolerate: ["transaction-echo"] });
    await using careless = lineTo(tolerated);
    for (const address of [1, 2, 3]) expect(await value(careless, read(5, address))).toBe(address);
  });

  it("does both: each is told in turn, and both are tolerated where both are written", async () => {
    const both = (asked: Asked) => asked.socket.write(mbap(1, own({ ...asked, unit: 255 })));
    const codes: string[] = [];
    for (const tolerate of [[], ["transaction-echo"]]) {
      await using far = await open(both, { ...PATIENCE, tolerate });
      await using line = lineTo(far);
      codes.push(await codeOf(value(line, read(5, 1))));
    }
    expect(codes).toEqual(["bus.transaction-echo", "bus.unit-echo"]);
    await using far = await open(both, { ...LONG, tolerate: ["unit-echo", "transaction-echo"] });
    await using line = lineTo(far);
    for (const address of [1, 2, 3]) expect(await value(line, read(5, address))).toBe(address);
  });

  it("is believed with nothing late, and nothing that was given twice", async () => {
    await using far = await open(
      (asked) => {
        const frame = mbap(0, own(asked));
        if (asked.n === 1) setTimeout(() => asked.socket.write(frame), 250);
        else asked.socket.write(asked.n === 3 ? Buffer.concat([frame, frame]) : frame);
      },
      { ...PATIENCE, tolerate: ["transaction-echo"] },
    );
    await using line = lineTo(far);
    expect(await codeOf(value(line, read(1, 100)))).toBe("bus.timeout");
    for (const address of [200, 300, 400, 500]) expect(await value(line, read(1, address))).toBe(address);
  });

  it("that names no unit either: after a silence all rest, and nobody's value is taken for another's", async () => {
    let newest: Asked["socket"] | undefined;
    await using far = await open(
      (asked) => {
        newest = asked.socket;
        const frame = mbap(0, own({ ...asked, unit: 255 }));
        // On whatever connection stands then.
        if (asked.n === 1) setTimeout(() => newest?.writable && newest.write(frame), 300);
        else asked.socket.write(frame);
      },
      { ...PATIENCE, tolerate: ["unit-echo", "transaction-echo"] },
    );
    await using line = lineTo(far);
    const [first, second] = [codeOf(value(line, read(1, 100))), value(line, read(2, 200))];
    expect(await first).toBe("bus.timeout");
    expect(await second).toBe(200);
  });

  it("always returns a number that ours comes by: it is passed over", () => {
    const sent: Buffer[] = [];
    const wire = { isOpen: true, write: (bytes: Uint8Array) => sent.push(Buffer.from(bytes)) } as unknown as ByteWire;
    const port = new MbapPort(wire, 990, ["transaction-echo"]);
    let given = 0;
    port.on("data", () => {
      given += 1;
    });
    for (let i = 0; i < 200; i++) {
      port.write(withCrc(1, 3, 0, i, 0, 1));
      port.received(mbap(1000, registers(1, 3, i)), i * 1000);
      port.settle();
    }
    expect(given).toBe(200);
    expect(new Set(sent.map((adu) => adu.readUInt16BE(0))).size).toBe(200);
  });

  it("is a matter of Modbus TCP alone", () => {
    const rtu = { modbus: "rtu-tcp", host: "h", port: 4001, tolerate: ["unit-echo"] };
    expect(busSchema.safeParse(rtu).success).toBe(false);
    const tcp = { modbus: "tcp", host: "h", tolerate: ["unit-echo", "everything"] };
    expect(busSchema.safeParse(tcp).success).toBe(false);
    expect(busSchema.safeParse({ ...tcp, tolerate: ["unit-echo"] }).success).toBe(true);
  });
});
