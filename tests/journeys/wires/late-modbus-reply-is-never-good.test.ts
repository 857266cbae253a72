/** Slaves answer late, twice, for others, cut or corrupt: a good value is always that unit's, for that request. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { monotonic } from "../../../src/kit/clock.ts";
import { Held, type HeldReading } from "../../support/running/held.ts";
import { broker, Gateway, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { type Asked, type FarSide, farSide, mbap, withCrc } from "../../unit/drivers/support.ts";

const UNITS = [1, 2, 3, 4];
const REGISTERS = { a: 0, b: 100, c: 200 };
const TIMEOUT_MS = 120;
const SLOWEST_MS = 400;
/** Requests of each line at which the run ends. */
const REQUESTS = 160;

/** The same misbehaviour at each run: mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const other = (unit: number): number => (unit % UNITS.length) + 1;

/** What a register shows says whose it is and to which request it was shown: unit and address in the high word, the request's number in the low one. */
const shownTo = (unit: number, address: number, n: number): number => ((unit << 8) | (address / 100)) * 65_536 + (n & 0xffff);

interface Misbehaving extends AsyncDisposable {
  readonly far: FarSide;
  /** Monotonic ms at which request n arrived. */
  readonly at: readonly number[];
  readonly done: ReadonlyMap<string, number>;
}

async function misbehaving(modbus: "tcp" | "rtu-tcp", seed: number): Promise<Misbehaving> {
  const next = random(seed);
  const at: number[] = [];
  const done = new Map<string, number>();
  const isTcp = modbus === "tcp";
  const wrap = (transaction: number, rtu: Buffer) => (isTcp ? mbap(transaction, rtu) : rtu);
  const reading = ({ fc, n }: Asked, unit: number, address: number) => {
    const value = shownTo(unit, address, n);
    return withCrc(unit, fc, 4, (value >> 24) & 0xff, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
  };

  const deeds: Readonly<Record<string, (asked: Asked, send: (bytes: Buffer) => void, right: Buffer) => void>> = {
    durable: () => Promise.resolve(),
    badge: () => undefined,
    silence: () => undefined,
    // On whatever connection stands then: a serial device server hands on what the line says, to whoever listens.
    late: (asked, send, right) => {
      const delay = TIMEOUT_MS + next() * (SLOWEST_MS - TIMEOUT_MS - 60);
      setTimeout(() => {
        // Later than the bus's `replyDeadline` it would be the site's configuration that lies.
        if (isTcp ? !cut : monotonic() - (at[asked.n] ?? 0) < SLOWEST_MS - 30) send(right);
      }, delay);
    },
    foreign: (asked, send) => {
      send(wrap(asked.transaction, reading(asked, other(asked.unit), asked.address)));
    },
    "foreign, then right": (asked, send, right) => {
      send(wrap(asked.transaction, reading(asked, other(asked.unit), asked.address)));
      send(right);
    },
    "another function": (asked, send) => {
      send(wrap(asked.transaction, withCrc(asked.unit, 4, 4, 0, 1, 0, 1)));
    },
    duplicated: (_, send, right) => send(Buffer.concat([right, right])),
    "duplicated soon after": (_, send, right) => {
      send(right);
      send(right);
    },
    short: (_, send, right) => {
      send(right.subarray(0, -3));
      cut = true;
    },
    "short by a register": (asked, send) => send(wrap(asked.transaction, withCrc(asked.unit, asked.fc, 2, 0, 7))),
    long: (asked, send) => send(wrap(asked.transaction, withCrc(asked.unit, asked.fc, 6, 0, 7, 0, 7, 0, 7))),
    "with noise around": (_, send, right) => send(isTcp ? right : Buffer.concat([Buffer.of(0xff, 0x00), right, Buffer.of(0xfe)])),
    echoed: (asked, send, right) => {
      send(asked.bytes);
      send(right);
    },
    "echo alone": (asked, send) => send(asked.bytes),
    "a wrong checksum": (_, send, right) => {
      const torn = Buffer.from(right);
      // MBAP has none: there the length lies.
      const i = isTcp ? 5 : torn.length - 1;
      torn.writeUInt8((torn[i] ?? 0) ^ 0x55, i);
      send(torn);
    },
    "another transaction": (asked, send, right) =>
      send(isTcp ? mbap(asked.transaction - 1, reading(asked, asked.unit, 0)) : right),
    dribbled: (_, send, right) => {
      send(right.subarray(0, 4));
      setTimeout(() => send(right.subarray(4)), 30);
    },
    exception: (asked, send) => send(wrap(asked.transaction, withCrc(asked.unit, asked.fc | 0x80, 6))),
  };
  const names = Object.keys(deeds);

  /** A TCP reply was cut: whoever fills its end within the same request makes a frame in which nobody could see it. */
  let cut = false;
  let newest: Asked["socket"] | null = null;
  const far = await farSide(modbus, (asked) => {
    at[asked.n] = monotonic();
    newest = asked.socket;
    cut = false;
    const send = (bytes: Buffer) => newest?.writable && newest.write(bytes);
    const right = wrap(asked.transaction, reading(asked, asked.unit, asked.address));
    const name = next() < 0.7 ? "right" : (names[Math.floor(next() * names.length)] ?? "silence");
    done.set(name, (done.get(name) ?? 0) + 1);
    const deed = deeds[name];
    if (deed === undefined) send(right);
    else deed(asked, send, right);
  });
  return { far, at, done, [Symbol.asyncDispose]: () => far[Symbol.asyncDispose]() };
}

const meter = (bus: string, unit: number) => ({
  type: "modbus-points",
  bus,
  unit,
  every: "150ms",
  points: Object.fromEntries(Object.entries(REGISTERS).map(([name, address]) => [name, { fc: 3, address, decode: "uint32" }])),
});

/** What a good reading must satisfy; null when it does. */
function wrongIn({ value, name, at }: HeldReading, unit: number, far: FarSide, asked: readonly number[]): string | null {
  const address = REGISTERS[name as keyof typeof REGISTERS];
  const n = Number(value) & 0xffff;
  const request = far.asked[n - 1];
  if (Math.floor(Number(value) / 65_536) !== ((unit << 8) | (address / 100)))
    return `value ${value} is not of unit ${unit} ${name}`;
  if (request?.unit !== unit || request.address !== address) return `request ${n} asked for something else`;
  if (at < (asked[n] ?? Number.POSITIVE_INFINITY)) return `older than its request ${n}`;
  // The line asks one at a time: what came after the next request was no answer to this one.
  if (at > (asked[n + 1] ?? Number.POSITIVE_INFINITY)) return `reply to ${n} taken after request ${n + 1}`;
  return null;
}

describe("a late Modbus reply", () => {
  it.each([2, 3])(
    "is never good, nor is any other that belongs to something else (seed %i)",
    { timeout: 150_000 },
    async (seed) => {
      await using folder = await temporary("late");
      await using city = await broker();
      await using _platform = await startPlatform(city.url, join(folder.path, "city.sqlite"), "--ack-after", "200ms");
      await using tcp = await misbehaving("tcp", seed);
      await using rtu = await misbehaving("rtu-tcp", seed + 1000);
      await using gateway = new Gateway(folder.path);
      const lines = { tcp, "rtu-tcp": rtu };
      const patience = { timeout: `${TIMEOUT_MS}ms`, replyDeadline: `${SLOWEST_MS}ms` };
      await gateway.configure(city.url, {
        buses: Object.fromEntries(
          Object.entries(lines).map(([modbus, { far }]) => [
            modbus,
            { modbus, host: "127.0.0.1", port: "port" in far.spec ? far.spec.port : 0, ...patience },
          ]),
        ),
        devices: Object.fromEntries(
          Object.keys(lines).flatMap((bus) => UNITS.map((unit) => [`${bus}-${unit}`, meter(bus, unit)])),
        ),
      });
      await gateway.start();
      await until(() => Object.values(lines).every(({ far }) => far.asked.length >= REQUESTS), 100_000, "requests");
      expect(await gateway.stop()).toBe(0);

      await using held = await Held.open(join(folder.path, "city.sqlite"));
      for (const [bus, { far, at, done }] of Object.entries(lines)) {
        const good: HeldReading[] = [];
        for (const unit of UNITS) {
          const readings = (await held.readings(`${bus}-${unit}`)).filter(({ quality }) => quality === "good");
          expect(readings.map((reading) => wrongIn(reading, unit, far, at)).filter((wrong) => wrong !== null)).toEqual([]);
          good.push(...readings);
        }
        // No value is told twice, and the right replies were not thrown away with the others.
        expect(new Set(good.map(({ value }) => value)).size).toBe(good.length);
        expect(good.length).toBeGreaterThan((done.get("right") ?? 0) * 0.5);
        expect(done.size).toBeGreaterThan(15);
      }
    },
  );
});
