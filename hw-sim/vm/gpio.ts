/** A gateway in the machine goes in; cases of pins on a kernel's chip come out: by sysfs and by character device, every edge counted at the platform. */
import * as z from "zod";
import type { DeviceStatus } from "../../src/model.ts";
import { expect, type Table } from "../table.ts";
import { type Rig, until } from "./rig.ts";
import { reinstalled } from "./unit.ts";

const EDGES = 1000;
const PAUSE_MS = 25;
/** Raw edges are told with the next sign of life. */
const SIGN_MS = 25_000;
/** An edge on sysfs waits to be seen: the next one that came before would be joined to it (docs/decisions/0010-pins.md). */
const SEEN = z.object({ seen: z.number(), p50: z.number(), longest: z.number() });
/** The character device keeps sixteen events until they are read. */
const BURST = 12;
const LINE = { "sysfs-door": 2, "chardev-door": 4, "chardev-meter": 5 };
type Driven = keyof typeof LINE;

const down = (code: string) => (device: DeviceStatus) => device.state === "down" && device.code === code;
const up = (device: DeviceStatus) => device.state === "up";

/** A chip as a Raspberry Pi 4's header is called, two of its lines held by somebody else. Made before the gateway starts. */
export async function makeChip(rig: Rig): Promise<void> {
  await rig.machine.run(`modprobe gpio-sim && cd /sys/kernel/config/gpio-sim
    mkdir -p pi/bank0/line6/hog pi/bank0/line7/hog && cd pi
    echo 16 >bank0/num_lines && echo pinctrl-bcm2711 >bank0/label
    for line in 6 7; do echo somebody >bank0/line$line/hog/name && echo input >bank0/line$line/hog/direction; done
    echo 1 >live && udevadm settle`);
}

export async function gpioCases(rig: Rig, table: Table): Promise<void> {
  const { machine } = rig;
  await table.is("gpio: sysfs is closed without its drop-in", async () => {
    const { detail } = await rig.until("sysfs-door", down("gpio.unavailable"), 30_000);
    await rig.until("chardev-door", up, 30_000);
    return `sysfs-door: gpio.unavailable, ${detail}; chardev-door up`;
  });
  await table.is("gpio: sysfs is open with its drop-in, the line found by its label", async () => {
    await reinstalled(rig, "--bluetooth", "--gpio-sysfs");
    await rig.until("sysfs-door", up, 30_000);
    await machine.run("test -e /sys/class/gpio/gpio1010/value");
    return `base ${await machine.run("cat /sys/class/gpio/gpiochip*/base")}, line 2 is gpio1010`;
  });
  for (const id of ["sysfs-busy", "chardev-busy"])
    await table.is(`gpio: ${id}: a line that another holds is one device down`, async () => {
      const { detail } = await rig.until(id, down("gpio.line-busy"), 30_000);
      const { devices } = await machine.status();
      const others = devices.filter((device) => device.id in LINE);
      expect(others.every(up), others.map(({ id: other, state }) => `${other} ${state}`).join(", "));
      return `gpio.line-busy, ${detail}`;
    });

  await table.is(`gpio: chardev: ${EDGES} edges, one every ${PAUSE_MS} ms, none lost`, async () => {
    const before = await levels(rig, "chardev");
    await drive(rig, EDGES, PAUSE_MS, ["chardev-door", "chardev-meter"]);
    const enough = ({ edges, changes }: Levels) =>
      edges >= before.edges + EDGES && changes.length >= before.changes.length + EDGES;
    const after = await settled(rig, "chardev", enough);
    const [changes, raw, pulses] = [
      after.changes.slice(before.changes.length),
      after.edges - before.edges,
      after.pulses - before.pulses,
    ];
    const seen = `door: ${changes.length} of ${EDGES} changes; meter: ${raw} of ${EDGES} edges, ${pulses} of ${EDGES / 2} pulses`;
    expect(changes.length === EDGES && alternate(changes) && raw === EDGES && pulses === EDGES / 2, seen);
    return seen;
  });
  await table.is(`gpio: sysfs: ${EDGES} edges, each as soon as the last was seen`, async () => {
    const before = await levels(rig, "sysfs");
    const script = `python3 /opt/cippo/guest/seen.py ${EDGES} ${LINE["sysfs-door"]} sysfs-door`;
    const { seen, p50, longest } = SEEN.parse(JSON.parse(await machine.run(script, EDGES * 300)));
    const after = await settled(rig, "sysfs", ({ changes }) => changes.length >= before.changes.length + EDGES);
    const changes = after.changes.slice(before.changes.length);
    const text = `${seen} seen, ${changes.length} of ${EDGES} changes at the platform; seen after ${p50} ms, ${longest} at most`;
    expect(seen === EDGES && changes.length === EDGES && alternate(changes), text);
    return text;
  });
  await table.is(`gpio: chardev: a burst of ${BURST} edges, as fast as they can be made`, async () => {
    const before = await levels(rig, "chardev");
    const ms = await drive(rig, BURST, 0, ["chardev-meter"]);
    let pulses = 0;
    const all = async () => {
      pulses = (await levels(rig, "chardev")).pulses - before.pulses;
      return pulses >= BURST / 2 ? true : undefined;
    };
    await until(all, 20_000, () => `${pulses} of ${BURST / 2} pulses`);
    expect(pulses === BURST / 2, `${pulses} of ${BURST / 2} pulses`);
    return `${pulses} of ${BURST / 2} pulses, driven within ${ms} ms`;
  });
}

/** Answers how long it took, ms. */
async function drive(rig: Rig, edges: number, pauseMs: number, devices: readonly Driven[]): Promise<number> {
  const lines = devices.map((id) => LINE[id]).join(" ");
  const script = `python3 /opt/cippo/guest/edges.py ${edges} ${pauseMs} ${lines}`;
  return Number(await rig.machine.run(script, edges * pauseMs * 4 + 30_000));
}

interface Levels {
  /** The states told of the door, repeats as a sign of life left out. */
  readonly changes: readonly boolean[];
  readonly pulses: number;
  readonly edges: number;
}

const alternate = (changes: readonly boolean[]): boolean => changes.every((open, i) => open === (i % 2 === 0));

/** What the platform holds. */
async function levels(rig: Rig, backend: string): Promise<Levels> {
  const doors = (await rig.told(`${backend}-door`, "door")).flatMap(({ value }) => (typeof value === "boolean" ? [value] : []));
  const total = async (point: string) => Number((await rig.told(`${backend}-meter`, point)).at(-1)?.value ?? 0);
  return {
    changes: doors.filter((open, i) => open !== doors[i - 1]),
    pulses: await total("pulses"),
    edges: await total("edges"),
  };
}

/** What it holds when that is enough, or after a while. */
async function settled(rig: Rig, backend: string, enough: (held: Levels) => boolean): Promise<Levels> {
  const look = async () => {
    const held = await levels(rig, backend);
    return enough(held) ? held : undefined;
  };
  return until(look, SIGN_MS, () => "").catch(() => levels(rig, backend));
}
