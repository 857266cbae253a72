/** Random streams for every parser: no exception, bounded memory, and always the next whole frame (`test:parsers`). */
import { equal, ok } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { encodeFrame } from "../../hw-sim/site/serial/encode.ts";
import type { Admin } from "../../src/cli/socket/admin-api.ts";
import { MAX_BAD, serveConnection } from "../../src/cli/socket/admin-connection.ts";
import { answerSchema, MAX_LINE } from "../../src/cli/socket/admin-protocol.ts";
import { type BleMessage, messageSchema, parseLine } from "../../src/drivers/ble-child/ble-protocol.ts";
import { busSchema, type GpioSpec } from "../../src/drivers/buses.ts";
import { bthome } from "../../src/drivers/devices/bthome.ts";
import type {
  FixedFrame,
  FrameField,
  FrameLayout,
  GpioChip,
  GpioEdge,
  LineField,
  RegisterPoint,
} from "../../src/drivers/driver.ts";
import { carried, type Objects } from "../../src/drivers/families/ble/bthome-objects.ts";
import { type Fields, FrameStream } from "../../src/drivers/families/frame/codec.ts";
import { codecOf } from "../../src/drivers/families/frame/codecs.ts";
import { ReadingJudge } from "../../src/drivers/families/modbus/reading-judge.ts";
import { decodePoint, encodePoint } from "../../src/drivers/families/modbus/registers.ts";
import { unitOf } from "../../src/drivers/families/modbus/ucum-units.ts";
import { LINE_MAX } from "../../src/drivers/transports/child/tool-process.ts";
import { edgeIn } from "../../src/drivers/transports/gpio/gpio-tools.ts";
import { gpiodChip } from "../../src/drivers/transports/gpio/gpiod-chip.ts";
import { MbapPort } from "../../src/drivers/transports/modbus/framing/mbap-port.ts";
import { classify, crc16, crcHolds, expectedOf, findReply } from "../../src/drivers/transports/modbus/framing/modbus-frame.ts";
import { RtuPort } from "../../src/drivers/transports/modbus/framing/rtu-port.ts";
import type { ByteWire } from "../../src/drivers/transports/serial/byte-wire.ts";
import { monotonic } from "../../src/kit/clock.ts";
import { EdgeError } from "../../src/kit/errors.ts";
import { noLog } from "../../src/kit/log.ts";
import { LineSplitter } from "../../src/kit/text/line-splitter.ts";
import { Dice, each, FIRST, INPUTS } from "../support/memory/dice.ts";
import { gatewayStatus } from "./cli/gateway-status.ts";

const MINUTES_MS = 20 * 60_000;
const fixed = (frame: Omit<FixedFrame, "framing">): FrameLayout => ({ framing: "fixed", ...frame });

describe("frames of a serial device", () => {
  const layouts: readonly (readonly [string, FrameLayout])[] = [
    ["fixed: one header byte, a sum", fixed({ header: [0xff], fields: [{ name: "distance", decode: "uint16" }], check: "sum8" })],
    [
      "fixed: two header bytes, five fields, a sum",
      fixed({
        header: [0x59, 0x59],
        fields: [
          { name: "distance", decode: "uint16", bytes: "low-first" },
          { name: "strength", decode: "int16" },
          { name: "mode", decode: "uint8" },
          { name: "offset", decode: "int8" },
          { name: "speed", decode: "plus15" },
        ],
        check: "sum8",
      }),
    ],
    [
      "fixed: header and tail, no check",
      fixed({ header: [0xaa, 0xff, 3, 0], fields: [{ name: "x", decode: "plus15" }], check: "none", tail: [0x55, 0xcc] }),
    ],
    [
      "sized: a body with an end of its own",
      {
        framing: "sized",
        header: [0xf4, 0xf3, 0xf2, 0xf1],
        size: "uint16-low-first",
        most: 64,
        fields: [
          { name: "report", decode: "uint8", oneOf: [2] },
          { name: "state", decode: "uint8" },
        ],
        bodyEnd: [0x55, 0],
        tail: [0xf8, 0xf7],
      },
    ],
    [
      "line: a mark and digits",
      { framing: "line", begin: "R", fields: [{ name: "mm", decode: "decimal", chars: [4, 4] }], end: "\r" },
    ],
    [
      "line: a mark and a number",
      { framing: "line", begin: "T", fields: [{ name: "t", decode: "number", chars: [1, 7] }], after: "C", end: "\r\n" },
    ],
    [
      "line: hex digits with their XOR",
      { framing: "line", begin: "\x02", fields: [{ name: "id", decode: "hex", chars: [10, 10] }], check: "xor-hex", end: "\x03" },
    ],
    [
      "line: nothing but text and its end",
      { framing: "line", begin: "", fields: [{ name: "id", decode: "text", chars: [4, 16] }], after: ";", end: "\r\n" },
    ],
  ];

  const fieldOf = (field: FrameField | LineField, dice: Dice): number | string => {
    if (field.decode === "hex")
      return Array.from({ length: field.chars[0] }, () => dice.below(16).toString(16).toUpperCase()).join("");
    if (field.decode === "text") return `id${dice.below(10 ** 6)}`;
    if (field.decode === "decimal") return dice.below(10 ** field.chars[1]);
    if (field.decode === "number") return (dice.below(2001) - 1000) / 10;
    return "oneOf" in field ? (field.oneOf?.[0] ?? 0) : dice.below(0x1f);
  };
  const shownOf = ({ fields }: FrameLayout, dice: Dice) =>
    Object.fromEntries(fields.map((field) => [field.name, fieldOf(field, dice)]));
  const readable = (fields: Fields) =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === "number" ? value : Buffer.from(value).toString("latin1"),
      ]),
    );

  it.each(layouts)("%s", { timeout: MINUTES_MS }, (_, layout) => {
    each((dice) => {
      const codec = codecOf(layout);
      const frames = new FrameStream(codec, dice.below(2) === 0);
      const frameOf = () => Buffer.from(encodeFrame(layout, shownOf(layout, dice)));
      const stream = Array.from({ length: 1 + dice.below(6) }, () => dice.spoiled(frameOf()));
      let fed = 0;
      let given = 0;
      for (const piece of dice.pieces(Buffer.concat(stream))) {
        fed += piece.length;
        given += frames.push(piece).length;
      }
      ok(frames.strayBytes + given <= fed, "no byte counts twice");
      // One chance frame may reach into the first of the good ones, and the one after an error only restores trust.
      const good = Array.from({ length: 3 + Math.ceil(codec.most / 4) }, () => shownOf(layout, dice));
      const bytes = Buffer.concat(good.map((shown) => Buffer.from(encodeFrame(layout, shown))));
      const found = dice.pieces(bytes).flatMap((piece) => frames.push(piece));
      expect(readable(found.at(-1) ?? {})).toEqual(good.at(-1));
      ok(!frames.hopeless);
      // Whatever lies in it is less than a frame: of bytes that can begin none all but that many are counted.
      const before = frames.strayBytes;
      frames.push(Buffer.alloc(100 + codec.most));
      ok(frames.strayBytes - before > 100);
    });
  });
});

describe("Modbus", () => {
  const wire = { isOpen: true, write: () => undefined, close: () => Promise.resolve() } as unknown as ByteWire;
  const withCrc = (bytes: readonly number[]): Buffer => {
    const crc = crc16(Uint8Array.from(bytes));
    return Buffer.from([...bytes, crc & 0xff, crc >> 8]);
  };
  const word = (n: number): readonly number[] => [n >> 8, n & 0xff];
  /** Of another unit than `besides`: a frame of the same unit that fits the question is the reply. */
  const requestOf = (dice: Dice, fc: number, besides = 0): Buffer =>
    withCrc([
      1 + ((besides + dice.below(246)) % 247),
      fc,
      ...word(dice.below(65536)),
      ...word(fc <= 4 ? 1 + dice.below(20) : dice.below(65536)),
    ]);
  const replyTo = (request: Buffer, dice: Dice): Buffer => {
    const { unit, fc, length } = expectedOf(request);
    if (fc > 4) return withCrc([...request.subarray(0, 6)]);
    const data = Array.from({ length: length - 5 }, () => dice.below(256));
    return withCrc([unit, fc, data.length, ...data]);
  };
  /** Anything that may be on a line beside the reply that was asked for. */
  const noise = (dice: Dice, reply: Buffer): Buffer => {
    const foreign = requestOf(dice, dice.pick(1, 3, 4, 6), reply[0]);
    return dice.pick(dice.spoiled(reply).subarray(0, reply.length - 1), dice.bytes(40), foreign, replyTo(foreign, dice));
  };

  it("RTU: gives the reply or nothing, and the next reply after anything", { timeout: MINUTES_MS }, () => {
    let chance = 0;
    each((dice) => {
      const port = new RtuPort(wire);
      const given: Buffer[] = [];
      port.on("data", (frame: Buffer) => given.push(frame));
      let mono = 1000;
      for (const fc of [dice.pick(1, 2, 3, 4, 5, 6), 3]) {
        const request = requestOf(dice, fc);
        const reply = replyTo(request, dice);
        given.length = 0;
        port.write(request);
        const parts = Array.from({ length: dice.below(4) }, () => noise(dice, reply));
        for (const piece of dice.pieces(Buffer.concat([...parts, reply, ...(fc > 4 ? [reply] : [])])))
          port.received(piece, mono++);
        equal(given.length, 1);
        // A spoiled reply, joined by bytes that follow it, passes 16 bits of CRC by chance: no receiver can tell.
        if (!given[0]?.equals(reply)) chance += 1;
        ok(given[0] && crcHolds(given[0], 0, given[0].length));
        for (const piece of dice.pieces(dice.bytes(40))) port.received(piece, mono++);
        if (dice.below(100) === 0) for (let i = 0; i < 30; i++) port.received(dice.bytes(200), mono++);
        const { frames, garbage } = port.settle();
        ok(frames * 5 + garbage <= 1024 + 256, "more is held than its cap");
        mono += 1000;
      }
    });
    ok(chance <= 3 + INPUTS / 20_000, `${chance} spoiled replies passed`);
    if (INPUTS > 100_000) console.log(`RTU: ${chance} of ${INPUTS} passed the CRC by chance`);
  });

  it("TCP: gives the reply or nothing, and what is out of step stays without a reply", { timeout: MINUTES_MS }, () => {
    each((dice) => {
      const port = new MbapPort(wire, dice.below(65536));
      const given: Buffer[] = [];
      port.on("data", (frame: Buffer) => given.push(frame));
      const adu = (transaction: number, frame: Buffer) =>
        Buffer.concat([Buffer.from([...word(transaction & 0xffff), 0, 0, ...word(frame.length - 2)]), frame.subarray(0, -2)]);
      const request = requestOf(dice, dice.pick(1, 2, 3, 4, 5, 6));
      const reply = replyTo(request, dice);
      port.write(request);
      const good = adu(port.transaction, reply);
      const others = Array.from({ length: dice.below(4) }, () => {
        // A late reply fits the question in all but its transaction.
        if (dice.below(3) === 0) return adu(port.transaction - 1 - dice.below(3), replyTo(request, dice));
        const other = requestOf(dice, 3, request[0]);
        return adu(dice.pick(port.transaction, port.transaction - 1, port.transaction + 1), replyTo(other, dice));
      });
      const torn = dice.below(3) === 0;
      const stream = Buffer.concat([...others, ...(torn ? [dice.spoiled(good)] : []), good]);
      for (const piece of dice.pieces(stream)) port.received(piece, 1);
      for (const frame of given) if (!torn) ok(frame.equals(reply));
      ok(given.length <= 1);
      // A whole stream always has its reply. One that lost its step may swallow it; what then calls itself usable gives the next.
      ok(torn || given.length === 1);
      if (!port.broken && !port.halfway) {
        port.settle();
        given.length = 0;
        port.write(request);
        for (const piece of dice.pieces(adu(port.transaction, reply))) port.received(piece, 1);
        ok(given[0]?.equals(reply));
      }
      for (let i = 0; i < 3; i++) port.received(dice.bytes(300), 1);
      ok(port.settle().garbage <= 3 * 300 + stream.length);
    });
  });

  it("frames in anything", { timeout: MINUTES_MS }, () => {
    each((dice) => {
      const request = requestOf(dice, dice.pick(1, 2, 3, 4, 5, 6, 15, 16));
      const bytes = Buffer.concat([dice.bytes(60), dice.spoiled(replyTo(request, dice)), dice.bytes(60)]);
      const found = findReply(bytes, expectedOf(request));
      if (found.kind === "reply") ok(found.at + found.length <= bytes.length);
      const { frames, garbage } = classify(bytes);
      equal(
        frames.reduce((sum, { length }) => sum + length, garbage),
        bytes.length,
      );
    });
  });
});

describe("registers", () => {
  const WIDE = [
    "uint32",
    "int32",
    "float32",
    "uint48",
    "int48",
    "uint64",
    "int64",
    "float64",
    "bcd32",
    "bcd48",
    "bcd64",
  ] as const;
  const UNITS = ["1", "V", "kW.h", "m3", "Cel", "Hz", "%", "furlong"];
  const pointOf = (dice: Dice): RegisterPoint => ({
    fc: 3,
    address: dice.below(8),
    decode: dice.pick("bool", "uint8", "int8", "uint16", "int16", "bcd16", "text", ...WIDE),
    unit: UNITS[dice.below(UNITS.length)] ?? "1",
    kind: dice.pick("gauge", "counter"),
    ...(dice.below(2) === 0 && { words: dice.pick("low-first", "high-first") }),
    ...(dice.below(2) === 0 && { bytes: dice.pick("low-first", "high-first") }),
    ...(dice.below(3) === 0 && { scale: dice.pick(0.001, 0.1, 3, 1000, -1, 1e300) }),
    ...(dice.below(4) === 0 && { offset: dice.pick(-40, 0.5, 1e9) }),
    ...(dice.below(4) === 0 && { scaleFrom: dice.below(14) }),
    ...(dice.below(4) === 0 && { count: 1 + dice.below(6) }),
    ...(dice.below(6) === 0 && { mask: 1 + dice.below(0xffff) }),
    ...(dice.below(6) === 0 && { bit: dice.below(32) }),
    ...(dice.below(6) === 0 && { map: { "0": "off", "1": "on" } }),
    ...(dice.below(4) === 0 && { absent: [dice.below(0x10000), -1] }),
    ...(dice.below(4) === 0 && { range: [-10, 1e6] as const }),
  });

  it("any bytes make a value of the contract or a code, whatever the table says", { timeout: MINUTES_MS }, () => {
    const belief = new ReadingJudge();
    each((dice) => {
      const point = pointOf(dice);
      // As long as the request asked for: shorter replies never come so far.
      const data = Buffer.alloc(40, dice.pick(0, 0xff, 0x41, dice.below(256)));
      dice.bytes(40).copy(data, dice.below(20));
      const decoded = decodePoint(data, { address: 0 }, point);
      if (!("value" in decoded)) return;
      const { value } = decoded;
      if (typeof value === "number")
        ok(Number.isFinite(value) && (Number.isSafeInteger(value) || !isBeyond(value, point)), String(value));
      else if (typeof value === "string") ok(value.length <= 40 || point.decode === "text", value);
      else equal(typeof value, "boolean");
      if (point.range && typeof value === "number" && !("doubt" in decoded)) ok(value >= -10 && value <= 1e6);
      const judged = belief.judge({ point: "p", value, quality: "good", mono: dice.below(1e9) }, point);
      ok(judged.quality === "good" || judged.code !== undefined);
    });
  });

  /** Whole numbers beyond 2^53 are strings; floats are what they are. */
  const isBeyond = (value: number, { decode }: RegisterPoint): boolean => Number.isInteger(value) && !decode.startsWith("float");

  it("what is written is what is read back, in any order of bytes", { timeout: MINUTES_MS }, () => {
    each((dice) => {
      const { words, bytes, scale, offset } = pointOf(dice);
      const decode = dice.pick("uint16", "int16", "bcd16", ...WIDE);
      const all = [-Number.MAX_VALUE, Number.MAX_VALUE] as const;
      const point: RegisterPoint = { fc: 3, address: 0, decode, unit: "1", kind: "gauge", range: all };
      const ordered = {
        ...point,
        ...(words && { words }),
        ...(bytes && { bytes }),
        ...(scale && { scale }),
        ...(offset && { offset }),
      };
      const encoded = encodePoint((dice.below(2 ** 32) - 2 ** 31) / dice.pick(1, 10, 1e6), ordered);
      if (encoded === null) return;
      const sent = Buffer.from(encoded.registers.flatMap((one) => [one >> 8, one & 0xff]));
      expect(decodePoint(sent, { address: 0 }, ordered)).toEqual({ value: encoded.value });
    });
  });

  it("units as people write them are a code or a word, and a code is its own", { timeout: MINUTES_MS }, () => {
    const pieces = [
      "k",
      "m",
      "W",
      "h",
      "V",
      "A",
      "°",
      "C",
      "m",
      "³",
      "3",
      "/",
      ".",
      "{",
      "}",
      "[",
      "]",
      "%",
      " ",
      "bar",
      "constructor",
      "Ω",
    ];
    each((dice) => {
      const written = Array.from({ length: dice.below(6) }, () => pieces[dice.below(pieces.length)] ?? "").join("");
      const read = unitOf(written);
      if ("unit" in read) expect(unitOf(read.unit)).toEqual(read);
      else ok(read.suggestion.length > 0);
    });
  });
});

describe("BTHome", () => {
  const layout = bthome.layout(bthome.options.parse({ mac: "A4:C1:38:00:00:01" }));
  if (!("objects" in layout)) throw new Error("bthome advertises");
  const objects: Objects = new Map(layout.objects.map((object) => [object.id, object]));
  const known = [...objects.keys()];

  it("objects", { timeout: MINUTES_MS }, () => {
    const key = Buffer.alloc(16, 7);
    each((dice) => {
      const likely = Array.from({ length: dice.below(6) }, () => [known[dice.below(known.length)] ?? 0, ...dice.bytes(4)]);
      const data = Buffer.from([dice.pick(0x40, 0x41, 0x44, dice.below(256)), ...likely.flat()]);
      try {
        const { values } = carried(data, objects, "A4:C1:38:00:00:01", dice.pick(key, undefined));
        ok(values.size < data.length);
        for (const value of values.values()) ok(!Number.isNaN(value));
      } catch (error) {
        ok(error instanceof EdgeError && (error.code === "frame.invalid" || error.code === "ble.key"), String(error));
      }
    });
  });
});

describe("lines of the Bluetooth child", () => {
  const MOST = 200;
  const wordOf = (dice: Dice): BleMessage => ({ v: 1, is: "state", state: dice.pick("scanning", "off"), heard: dice.below(1e6) });

  it("every word comes out, in order; a line too long ends it", { timeout: MINUTES_MS }, () => {
    each((dice) => {
      const lines = new LineSplitter(MOST);
      const sent: BleMessage[] = [];
      let text = "";
      for (let i = 1 + dice.below(6); i > 0; i--) {
        const word = wordOf(dice);
        const json = JSON.stringify(word);
        const garbage = dice.pick(
          "",
          json.slice(0, dice.below(json.length)),
          json.slice(1),
          dice.bytes(60).toString("latin1"),
          "{}",
          "null",
          "[1]",
        );
        text += `${garbage}\n${json}\n`;
        sent.push(word);
      }
      const found = dice.pieces(text).flatMap((piece) => lines.push(piece));
      expect(found.map((line) => parseLine(messageSchema, line ?? "too long")).filter((word) => word !== null)).toEqual(sent);
      const flood = dice.pieces("x".repeat(MOST + 1)).flatMap((piece) => lines.push(piece));
      expect(flood).toEqual([null]);
    });
  });
});

describe("lines of gpiomon", () => {
  type Version = 1 | 2;
  const MOST = 6;
  const lineOf = ({ level, mono }: GpioEdge, version: Version): string => {
    const [seconds, nanoseconds] = [Math.floor(mono / 1000), (mono % 1000) * 1_000_000];
    if (version === 1) return `${level} 17 ${seconds} ${nanoseconds}`;
    return `${level === 1 ? 1 : 2} 17 ${seconds}.${String(nanoseconds).padStart(9, "0")}`;
  };

  /** A few edges, and mostly something behind them that is none, with one more edge after it that nobody may take. */
  function runOf(dice: Dice, version: Version): { readonly text: string; readonly sent: readonly GpioEdge[] } {
    const began = Math.max(0, monotonic() - 20_000 + dice.below(10_000));
    const sent = Array.from({ length: dice.below(MOST) }, (_, i): GpioEdge => ({ level: i % 2 === 0 ? 1 : 0, mono: began + i }));
    const edge = lineOf({ level: 1, mono: began + MOST }, version);
    const garbage = dice.pick(
      null,
      edge.slice(0, 4 + dice.below(5)),
      `x${edge}`,
      edge.replaceAll(" ", ""),
      `${version === 1 ? dice.pick(2, 7) : dice.pick(0, 7)}${edge.slice(1)}`,
      dice.bytes(40).toString("latin1").replaceAll("\n", " "),
      "y".repeat(1 + dice.below(600)),
      "gpiomon: error",
    );
    return {
      text: [...sent.map((one) => lineOf(one, version)), ...(garbage === null ? [] : [garbage, edge]), ""].join("\n"),
      sent,
    };
  }

  it("every edge comes out, in order, with its own time, and nothing else is one", { timeout: MINUTES_MS }, () => {
    each((dice) => {
      const version = dice.pick(1, 2);
      const { text, sent } = runOf(dice, version);
      const lines = new LineSplitter(LINE_MAX);
      const edges = dice.pieces(text).flatMap((piece) => lines.push(piece).map((line) => edgeIn(line ?? "…", version, 0)));
      const end = edges.indexOf(null);
      const found = end < 0 ? edges : edges.slice(0, end);
      equal(found.length, sent.length);
      for (const [i, { level, mono }] of sent.entries()) ok(found[i]?.level === level && found[i]?.mono === mono);
      if (dice.below(10) > 0) return;
      const flood = dice.pieces("z".repeat(3 * LINE_MAX)).flatMap((piece) => lines.push(piece));
      expect([flood, lines.push("\n")]).toEqual([[null], []]);
    });
  });

  it.each([1, 2] as const)(
    "the same through a process of version %i and its pipe, a line's pieces apart",
    { timeout: 60_000 },
    async (version) => {
      const folder = mkdtempSync(join(tmpdir(), "cippo-parsers-"));
      const head = `#!/bin/bash\n[ "$1" = --version ] && { echo "$0 (libgpiod) v${version}.6"; exit 0; }\n`;
      writeFileSync(join(folder, "gpioget"), `${head}echo 0\n`, { mode: 0o755 });
      const say = `while IFS= read -r -d '' piece; do printf %s "$piece"; sleep 0.003; done <${folder}/pieces`;
      writeFileSync(join(folder, "gpiomon"), `${head}${say}\nexit 1\n`, { mode: 0o755 });
      try {
        const chip = await gpiodChip(busSchema.parse({ gpio: "gpiod", chip: "gpiochip0", tools: folder }) as GpioSpec);
        for (let number = FIRST; number < FIRST + 20; number++) await oneRun(chip, folder, new Dice(number), version);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );

  async function oneRun(chip: GpioChip, folder: string, dice: Dice, version: Version): Promise<void> {
    const { text, sent } = runOf(dice, version);
    writeFileSync(
      join(folder, "pieces"),
      dice
        .pieces(text.replaceAll("\0", " "))
        .map((piece) => `${piece}\0`)
        .join(""),
    );
    const begun = monotonic();
    const found: GpioEdge[] = [];
    const reading = async () => {
      for await (const one of chip.watch(17, { bias: "none", counts: true }, new AbortController().signal)) found.push(one);
    };
    const error = await reading().catch((one: unknown) => one);
    // The line is taken anew, whether it said what is no edge or ended.
    ok(error instanceof EdgeError && error.code.startsWith("gpio."), String(error));
    // After the level of the opening. What says that it came before the tool was started takes the time of its arrival.
    expect(found.slice(1).map(({ level }) => level)).toEqual(sent.map(({ level }) => level));
    for (const { mono } of found) ok(mono >= begun && mono <= monotonic(), `${mono} is not between ${begun} and now`);
  }
});

describe("lines of the admin socket", () => {
  const admin = { status: () => gatewayStatus, problems: () => [], commands: () => [] } as unknown as Admin;

  it("every line has one answer, ten bad ones end it, and a line without an end is refused", {
    timeout: MINUTES_MS,
  }, async () => {
    const chunk = 1000;
    for (let from = FIRST; from < FIRST + INPUTS; from += chunk) {
      const answers: string[] = [];
      let wanted = 0;
      const ids: number[] = [];
      let bad = 0;
      let client = socketTo(admin, answers);
      for (let i = from; i < Math.min(from + chunk, FIRST + INPUTS); i++) {
        const dice = new Dice(i);
        const request = JSON.stringify({ v: 1, id: i, do: dice.pick("problems", "commands") });
        const garbage = dice.pick(
          "",
          request.slice(1 + dice.below(request.length - 1)),
          dice.bytes(40).toString("latin1").replaceAll("\n", " "),
          "{}",
          "null",
          '{"v":1,"id":1e99,"do":"status"}',
        );
        if (garbage.trim() !== "") {
          wanted += 1;
          bad += 1;
        }
        const isOver = bad === MAX_BAD;
        if (!isOver) {
          wanted += 1;
          ids.push(i);
        }
        for (const piece of dice.pieces(`${garbage}\n${request}\n`)) client.push(piece);
        await new Promise((resolve) => setImmediate(resolve));
        if (!isOver) continue;
        ok(client.writableEnded);
        client = socketTo(admin, answers);
        bad = 0;
      }
      const replies = answers.map((line) => answerSchema.parse(JSON.parse(line)));
      equal(replies.length, wanted);
      expect(replies.filter(({ ok }) => ok).map(({ id }) => id)).toEqual(ids);
      client.push("x".repeat(MAX_LINE + 1));
      await new Promise((resolve) => setImmediate(resolve));
      ok(client.writableEnded && answers.length === wanted + 1);
    }
  });
});

/** What is pushed into it is what the client sent. */
function socketTo(admin: Admin, answers: string[]): Duplex {
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk, _, done) => {
      answers.push(...String(chunk).split("\n").filter(Boolean));
      done();
    },
  });
  serveConnection(socket as Socket, admin, noLog);
  return socket;
}
