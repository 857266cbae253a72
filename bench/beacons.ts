/** What thousands of strange addresses cost a gateway that listens for beacons: CPU and memory, with them and without. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AdvertMatch, type BleMessageBody, commandSchema, fits, parseLine } from "../src/drivers/ble-child/ble-protocol.ts";
import { eddystone } from "../src/drivers/devices/eddystone.ts";
import { ibeacon } from "../src/drivers/devices/ibeacon.ts";
import type { Driver, Opening, Wires } from "../src/drivers/driver.ts";
import { BleAdapter } from "../src/drivers/transports/ble/ble-adapter.ts";
import { noLog } from "../src/kit/log.ts";
import { LineSplitter } from "../src/kit/text/line-splitter.ts";

const HOURS = 6;
const STRANGERS = 5000;
/** Each of ours is heard so often an hour, and has so many addresses in it: none is fixed. */
const [OURS, HEARD, ADDRESSES] = [10, 360, 4];
const UUID = "41424344-4546-4748-4940-414243444546";
const NAMESPACE = "12345678901234678901";
/** It is heard when all is told. */
const LAST = "FE:00:00:00:00:01";
/** A child that says more in a second is taken for a mad one. */
const BYTES_A_TICK = 40_000;
const TICK_MS = 100;

const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, "0");
const mac = (first: string, number: number): string => `${first}${hex(number, 10)}`.toUpperCase().replaceAll(/..(?!$)/g, "$&:");
const apple = (minor: number): string => `0215${UUID.replaceAll("-", "")}0001${hex(minor, 4)}c5`;
const uid = (instance: number): string => `00ee${NAMESPACE}${hex(instance, 12)}0000`;

type Carried = { readonly services: Readonly<Record<string, string>>; readonly manufacturers: Readonly<Record<string, string>> };
const packet = (services: Readonly<Record<string, string>>, manufacturers: Readonly<Record<string, string>> = {}): Carried => ({
  services,
  manufacturers,
});
/** Telephones, earphones, and beacons of others in both formats: one after the other. */
const STRANGE: readonly ((n: number) => Carried)[] = [
  (n) => packet({}, { "004c": `1005${hex(n, 10)}` }),
  (n) => packet({ fe2c: hex(n, 12) }),
  (n) => packet({}, { "004c": `0215${"ab".repeat(16)}0007${hex(n % 65_536, 4)}c5` }),
  (n) => packet({ feaa: `00ee${"cd".repeat(10)}${hex(n, 12)}0000` }),
];

/** All that is heard, in order: strangers evenly between our own. */
function* heard(strangers: number): Generator<readonly [string, Carried]> {
  for (let n = 0, strange = 0; n < HOURS * HEARD; n += 1) {
    for (; strange < (strangers * n) / HEARD; strange += 1)
      yield [mac("c1", strange), STRANGE[strange % STRANGE.length]?.(strange) ?? packet({})];
    const address = Math.floor((n * ADDRESSES) / HEARD) * OURS;
    for (let one = 0; one < OURS; one += 1)
      yield [mac("d0", address + one), one % 2 === 0 ? packet({}, { "004c": apple(one) }) : packet({ feaa: uid(one) })];
  }
}

/** The place of the Bluetooth child: it tells what fits, as that does, or everything. */
function radio(strangers: number, tellsAll: boolean): void {
  const say = (word: BleMessageBody): string => `${JSON.stringify({ v: 1, ...word })}\n`;
  const alive = say({ is: "state", state: "scanning", heard: 1 });
  process.stdout.write(alive);
  const lines = new LineSplitter(65_536);
  process.stdin.setEncoding("utf8").on("data", (text: string) => {
    for (const line of lines.push(text)) {
      const order = parseLine(commandSchema, line ?? "");
      if (order?.do === "want" && order.macs.includes(LAST)) tell(order.matches);
    }
  });
  process.stdin.on("end", () => process.exit(0));
  function tell(matches: readonly AdvertMatch[]): void {
    const all = heard(strangers);
    const timer = setInterval(() => {
      let text = alive;
      while (text.length < BYTES_A_TICK) {
        const { value, done } = all.next();
        if (done) {
          process.stdout.write(text + say({ is: "seen", mac: LAST, mono: 1 }));
          clearInterval(timer);
          return;
        }
        const [from, carried] = value;
        if (tellsAll || matches.some((match) => fits(match, carried)))
          text += say({ is: "seen", mac: from, mono: 1, ...carried });
      }
      process.stdout.write(text);
    }, TICK_MS);
  }
}

interface Cost {
  readonly cpuMs: number;
  /** When all is told. */
  readonly heapMb: number;
  /** Packets of our own beacons in Apple's format. */
  readonly heard: number;
}

const heapMb = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

interface Running {
  heard(): number;
  end(): Promise<void>;
}

async function listening<O>(wires: Wires, driver: Driver<O>, written: object): Promise<Running> {
  const over = new AbortController();
  const at: Opening<O> = { id: "beacon", options: driver.options.parse(written), bus: "radio", wires, stop: over.signal };
  const device = await driver.open(at);
  const running = (async () => {
    for await (const _ of device.readings({ next: async () => 0 }, over.signal));
  })();
  return {
    heard() {
      const status = driver.status?.(at);
      return status && "frames" in status ? status.frames : 0;
    },
    async end() {
      over.abort();
      await running;
      await device[Symbol.asyncDispose]();
    },
  };
}

async function cost(strangers: number, tellsAll: boolean): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), "beacons-"));
  try {
    const helper = join(folder, "radio");
    const command = [process.execPath, fileURLToPath(import.meta.url), "radio", strangers, tellsAll];
    writeFileSync(helper, `#!/bin/sh\nexec ${command.map((word) => `'${word}'`).join(" ")}\n`, { mode: 0o755 });
    await using adapter = new BleAdapter({ ble: "hci0", helper }, noLog);
    const wires = { ble: () => adapter } as unknown as Wires;
    const ours: Running[] = [];
    for (let one = 0; one < OURS; one += 1)
      ours.push(
        one % 2 === 0
          ? await listening(wires, ibeacon, { uuid: UUID, major: 1, minor: one })
          : await listening(wires, eddystone, { namespace: NAMESPACE, instance: hex(one, 12) }),
      );
    const cpu = process.cpuUsage();
    const over = new AbortController();
    using last = await adapter.open(LAST, over.signal);
    await last.adverts(over.signal)[Symbol.asyncIterator]().next();
    const { user, system } = process.cpuUsage(cpu);
    const heap = heapMb();
    const heard = ours.filter((_, one) => one % 2 === 0).reduce((sum, one) => sum + one.heard(), 0);
    for (const one of ours) await one.end();
    return { cpuMs: (user + system) / 1000, heapMb: heap, heard };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  // What is compiled and loaded at first would count for the first row alone.
  await cost(STRANGERS, true);
  const row = (...cells: readonly string[]) => console.log(`| ${cells.join(" | ")} |`);
  console.log(
    `${OURS} beacons, each heard ${HEARD} times an hour under ${ADDRESSES} addresses; ${STRANGERS} strange addresses an hour beside them; ${HOURS} hours.\n`,
  );
  row("", "CPU, ms for an hour", "CPU, ratio", "heap, MB", "heap, ratio", "packets of ours, Apple's format");
  console.log("|---|---|---|---|---|---|");
  const without = await cost(0, false);
  const show = (what: string, { cpuMs, heapMb: heap, heard }: Cost) =>
    row(
      what,
      (cpuMs / HOURS).toFixed(1),
      (cpuMs / without.cpuMs).toFixed(2),
      heap.toFixed(2),
      (heap / without.heapMb).toFixed(2),
      String(heard),
    );
  show("without strangers", without);
  show("with them, the Bluetooth process tells what fits", await cost(STRANGERS, false));
  show("with them, every one told", await cost(STRANGERS, true));
  console.log(
    `\nThe process that listens to BlueZ is not in these figures: each advertisement costs it one look at the patterns.`,
  );
}

const [, , role, strangers, tellsAll] = process.argv;
if (role === "radio") radio(Number(strangers), tellsAll === "true");
else await main();
