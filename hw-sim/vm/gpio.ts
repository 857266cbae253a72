/** Cases of pins on a kernel's chip, by sysfs and by character device, every edge counted at the platform. */
import * as z from "zod";
import type { DeviceStatus } from "../../src/model/index.ts";
import { expect, type Table } from "../table.ts";
import { type Rig, until } from "./rig.ts";
import { reinstalled } from "./unit.ts";

interface Course {
  readonly edges: number;
  readonly pauseMs: number;
  /** So many may be on their way; the next one waits until the gateway has shown them. */
  readonly unseen: number;
}
const EDGES = 1000;
const PAUSE_MS = 25;
/** The character device keeps sixteen events until they are read: an emulated processor may stand still for longer than those take. */
const BURST = 12;
const STEADY: Course = { edges: EDGES, pauseMs: PAUSE_MS, unseen: BURST };
/** At least 1 ms apart: the judge would take two edges with one time for a record that was delivered twice. */
const AT_ONCE: Course = { edges: BURST, pauseMs: 1, unseen: BURST };
const CHATTER = 4000;
/** One edge at a time: sysfs joins an edge with the next one if that comes before the first was read (docs/decisions/0010-pins.md). */
const ONE_BY_ONE: Course = { edges: EDGES, pauseMs: 5, unseen: 1 };
/** Counts of raw edges are reported only with the next sign of life, so they may take this long. */
const SIGN_MS = 25_000;
const DRIVEN = z.object({ seen: z.number(), p50: z.number(), longest: z.number(), ms: z.number() });
const SIM = "/sys/devices/platform/gpio-sim.0/gpiochip0";
const LINE = { "sysfs-door": 2, "chardev-door": 4, "chardev-meter": 5, "gpiod2-door": 8, "gpiod2-meter": 9 };
type Driven = keyof typeof LINE;
/** Buses by character device: with Bookworm's tools, and with Trixie's (image.sh). */
const BUSES = [
  { bus: "chardev", tools: "/usr/bin", tamper: 15, lamp: 11, fan: 13, reads: false },
  { bus: "gpiod2", tools: "/usr/local/lib/gpiod-2", tamper: 10, lamp: 12, fan: 14, reads: true },
] as const;
type Bus = (typeof BUSES)[number];

const down = (code: string) => (device: DeviceStatus) => device.state === "down" && device.problem?.code === code;
/** `problem` counts as up too: the tests made the device fail on purpose, and that is still reported. */
const up = ({ state }: DeviceStatus) => state === "up" || state === "problem";

/** A chip as a Raspberry Pi 4's header is called, two of its lines held by somebody else. Made before the gateway starts. */
export async function makeChip(rig: Rig): Promise<void> {
  await rig.machine.run(`modprobe gpio-sim && cd /sys/kernel/config/gpio-sim
    mkdir -p pi/bank0/line6/hog pi/bank0/line7/hog && cd pi
    echo 16 >bank0/num_lines && echo pinctrl-bcm2711 >bank0/label
    for line in 6 7; do echo somebody >bank0/line$line/hog/name && echo input >bank0/line$line/hog/direction; done
    echo 1 >live && udevadm settle
    for line in ${BUSES.map(({ fan }) => fan).join(" ")}; do echo pull-up >${SIM}/sim_gpio$line/pull; done`);
}

export async function gpioCases(rig: Rig, table: Table): Promise<void> {
  const { machine } = rig;
  await table.is("gpio: sysfs is closed without its drop-in", async () => {
    const { problem } = await rig.until("sysfs-door", down("gpio.unavailable"), 30_000);
    await rig.until("chardev-door", up, 30_000);
    return `sysfs-door: gpio.unavailable, ${problem?.what.en}; chardev-door up`;
  });
  await table.is("gpio: sysfs is open with its drop-in, the line found by its label", async () => {
    await reinstalled(rig, "--bluetooth", "--gpio-sysfs");
    await rig.until("sysfs-door", up, 30_000);
    await machine.run("test -e /sys/class/gpio/gpio1010/value");
    return `base ${await machine.run("cat /sys/class/gpio/gpiochip*/base")}, line 2 is gpio1010`;
  });
  for (const id of ["sysfs-busy", "chardev-busy", "gpiod2-busy"])
    await table.is(`gpio: ${id}: a line that another holds is one device down`, async () => {
      const { problem } = await rig.until(id, down("gpio.line-busy"), 30_000);
      const { devices } = await machine.status();
      const others = devices.filter((device) => device.id in LINE);
      expect(others.every(up), others.map(({ id: other, state }) => `${other} ${state}`).join(", "));
      return `gpio.line-busy, ${problem?.what.en}`;
    });

  for (const { bus, tools, tamper } of BUSES) {
    const beside: readonly [Driven, Driven] = [`${bus}-door`, `${bus}-meter`];
    await table.is(`gpio: ${bus}: ${EDGES} edges, one every ${PAUSE_MS} ms, none lost`, async () => {
      const version = await machine.run(`${tools}/gpiomon --version | head -n 1`);
      return `${version}; ${await allArrive(rig, STEADY, beside)}`;
    });
    await table.is(`gpio: ${bus}: a burst of ${BURST} edges, a few ms apart`, () => allArrive(rig, AT_ONCE, beside));
    await table.is(
      `gpio: ${bus}: a contact that chatters as fast as it can is said to, and tells its state when it rests`,
      async () => {
        const told = async () => (await rig.told(`${bus}-tamper`, "tamper")).map(({ value, code }) => code ?? String(value));
        const before = (await told()).length;
        await machine.run(`python3 /opt/cippo/guest/edges.py ${CHATTER} 0 ${CHATTER} ${bus}-tamper ${tamper}`, 60_000);
        let since: readonly string[] = [];
        const atRest = async () => {
          since = (await told()).slice(before);
          return since.includes("contact.chatter") && since.at(-1) === "false" ? since : undefined;
        };
        await until(atRest, 10_000, () => `told: ${since.join(", ")}`);
        return `${CHATTER} edges: ${since.join(", ")}`;
      },
    );
  }
  await table.is(`gpio: sysfs: ${EDGES} edges, each as soon as the last was seen`, () =>
    allArrive(rig, ONE_BY_ONE, ["sysfs-door"]),
  );
  for (const bus of BUSES) await relayCases(rig, table, bus);
}

/** Tests two relays: one that starts switched on although its board pulls it off, and one that keeps the level that the former gateway left. */
async function relayCases(rig: Rig, table: Table, { bus, lamp, fan, reads }: Bus): Promise<void> {
  const { machine } = rig;
  const level = (line: number) => machine.run(`cat ${SIM}/sim_gpio${line}/value`);
  const toldOf = async (id: string) => (await rig.told(`${bus}-${id}`, "on")).map(({ value, code }) => code ?? String(value));
  await table.is(`gpio: ${bus}: a relay is on as it begins; one to be kept is ${reads ? "held" : "left alone"}`, async () => {
    await rig.until(`${bus}-lamp`, up, 30_000);
    await rig.until(`${bus}-fan`, reads ? up : ({ points }) => points.some(({ code }) => code === "gpio.level-unknown"), 30_000);
    const info = await machine.run(`gpioinfo | grep -E 'line +(${lamp}|${fan}):'`);
    const levels = [await level(lamp), await level(fan)].join(" ");
    expect(levels === "1 1" && info.match(/"gpioset" +output/g)?.length === (reads ? 2 : 1), `levels ${levels}; ${info}`);
    return `levels ${levels}; fan: ${(await toldOf("fan")).at(-1)}; ${info}`;
  });
  await table.is(`gpio: ${bus}: a relay whose helper is killed is down, and taken again as it begins`, async () => {
    const lost = async () => (await toldOf("lamp")).filter((what) => what === "gpio.line-busy").length;
    const before = await lost();
    // gpioset 2 splits `LINE=LEVEL` in its own argument vector, so that any character may stand between the two.
    const files = `grep -lPa 'gpioset\\x00.*\\x00${lamp}.1\\x00$' /proc/[0-9]*/cmdline`;
    await machine.run(`for file in $(${files}); do kill -KILL $(basename $(dirname $file)); done`);
    await until(
      async () => ((await lost()) > before ? true : undefined),
      30_000,
      () => "no word of the lost line",
    );
    await rig.until(`${bus}-lamp`, up, 60_000);
    expect((await level(lamp)) === "1", `level ${await level(lamp)}`);
    return (await toldOf("lamp")).slice(-3).join(", ");
  });
}

/**
 * Drives the lines of these devices and throws unless every edge arrived from each of them. The first device shows how far the gateway has read.
 * Returns how long it took, in words.
 */
async function allArrive(rig: Rig, course: Course, devices: readonly [Driven, ...Driven[]]): Promise<string> {
  const { edges, pauseMs, unseen } = course;
  const before = await Promise.all(devices.map((id) => held(rig, id)));
  const lines = devices.map((id) => LINE[id]).join(" ");
  const script = `python3 /opt/cippo/guest/edges.py ${edges} ${pauseMs} ${unseen} ${devices[0]} ${lines}`;
  const driven = DRIVEN.parse(JSON.parse(await rig.machine.run(script, edges * 300 + 30_000)));
  const after = await Promise.all(devices.map((id, i) => arrived(rig, id, before[i] ?? NOTHING, edges)));
  const text = [`${driven.seen} seen`, ...after.map((one) => one.text)].join("; ");
  expect(driven.seen === edges && after.every(({ isRight }) => isRight), text);
  return `${text}; driven within ${driven.ms} ms, seen after ${driven.p50} ms, ${driven.longest} at most`;
}

/** What the platform holds of a device. */
interface Held {
  /** The states told, repeats as a sign of life left out. */
  readonly changes: readonly boolean[];
  readonly pulses: number;
  readonly edges: number;
}
const NOTHING: Held = { changes: [], pulses: 0, edges: 0 };

/** What a device tells of each edge, by the last word of its name, which is also its point where it tells a state. */
const TOLD: Readonly<Record<string, Partial<Record<keyof Held, number>>>> = {
  door: { changes: 1 },
  meter: { pulses: 1 / 2, edges: 1 },
};
const kindOf = (device: Driven): string => device.split("-")[1] ?? "";

async function held(rig: Rig, device: Driven): Promise<Held> {
  const states = (await rig.told(device, kindOf(device))).flatMap(({ value }) => (typeof value === "boolean" ? [value] : []));
  const total = async (point: string) => Number((await rig.told(device, point)).at(-1)?.value ?? 0);
  const changes = states.filter((state, i) => state !== states[i - 1]);
  return { changes, pulses: await total("pulses"), edges: await total("edges") };
}

/** Waits until as much has come as was driven, or for a while. `right`: exactly that has come, and each change differs from the one before. */
async function arrived(rig: Rig, device: Driven, before: Held, edges: number) {
  const wanted = Object.entries(TOLD[kindOf(device)] ?? {}).map(([what, each]) => [what as keyof Held, each * edges] as const);
  const look = async () => {
    const now = await held(rig, device);
    const changes = now.changes.slice(before.changes.length);
    return { changes, came: { changes: changes.length, pulses: now.pulses - before.pulses, edges: now.edges - before.edges } };
  };
  const enough = async () => {
    const now = await look();
    return wanted.every(([what, n]) => now.came[what] >= n) ? now : undefined;
  };
  const { changes, came } = await until(enough, SIGN_MS, () => "").catch(look);
  const isRight = wanted.every(([what, n]) => came[what] === n) && changes.every((on, i) => on === (i % 2 === 0));
  return { isRight, text: `${kindOf(device)}: ${wanted.map(([what, n]) => `${came[what]} of ${n} ${what}`).join(", ")}` };
}
