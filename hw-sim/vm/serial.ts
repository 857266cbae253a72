/** Cases of a serial adapter on a kernel's USB: plugged in late, pulled out, back, back under another number. */
import { monotonic } from "../../src/kit/clock.ts";
import type { DeviceStatus } from "../../src/model/index.ts";
import { expect, type Table } from "../table.ts";
import type { Rig } from "./rig.ts";

/** A program that keeps /dev/ttyACM0 open, so that the adapter comes back under another number. */
const HOLDER = `import os, time; os.open("/dev/ttyACM0", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK); time.sleep(1e6)`;
/** A program that opened the port for itself alone, as ModemManager or a forgotten minicom does. */
const THIEF = `import fcntl, os, termios, time
port = os.open("/dev/ttyACM0", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
fcntl.ioctl(port, termios.TIOCEXCL)
time.sleep(1e6)`;
const DENIED = `KERNEL=="ttyACM*", OWNER="root", GROUP="root", MODE="0600"`;
const DENIED_FILE = "/run/udev/rules.d/99-denied.rules";
const ROUNDS = 5;
/** A sensor must be read again this soon after its adapter was plugged in. */
const BACK_MS = 10_000;
const PLUG = `modprobe g_serial iManufacturer=Cippo iProduct=Bay iSerialNumber=A10
  systemd-run --quiet --collect --unit sensor python3 /opt/cippo/guest/sensor.py /dev/ttyGS0`;
const UNPLUG = "systemctl stop sensor && modprobe -r g_serial";

const missing = ({ state, problem }: DeviceStatus) =>
  state === "down" && (problem?.code === "port.missing" || problem?.code === "port.lost");
/** Up, and heard just now: the sensor speaks ten times a second. */
const good = ({ state, points }: DeviceStatus) =>
  (state === "up" || state === "problem") &&
  points.length > 0 &&
  points.every(({ quality, ageMs }) => quality === "good" && (ageMs ?? 1e9) < 1000);

export async function serialCases(rig: Rig, table: Table): Promise<void> {
  const { machine } = rig;
  const back = async (): Promise<string> => {
    const began = monotonic();
    await rig.until("bay", good, BACK_MS * 2);
    const took = monotonic() - began;
    expect(took <= BACK_MS, `good again after ${took} ms`);
    return `${took} ms, ${await machine.run("readlink -f /dev/serial/by-id/usb-Cippo_Bay_A10-if00")}`;
  };

  await table.is("serial: missing at start is one device down", async () => {
    const { problem } = await rig.until("bay", missing, 30_000);
    return `bay: ${problem?.code}`;
  });
  const first = await table.is("serial: plugged in later, driver loaded by udev, good", async () => {
    expect(!(await machine.run("cat /proc/devices")).includes("ttyACM"), "the driver is loaded already: nothing is shown");
    await machine.run(`modprobe dummy_hcd\n${PLUG}`);
    return back();
  });
  if (!first) return;
  await table.is("serial: pulled out is one device down, and said", async () => {
    await machine.run(UNPLUG);
    const began = monotonic();
    const { problem } = await rig.until("bay", missing, BACK_MS);
    const took = monotonic() - began;
    await rig.delivered(20_000);
    const last = (await rig.told("bay", "distance")).at(-1);
    expect(last?.quality === "bad", `the platform's last word of it is ${last?.quality}`);
    return `${problem?.code} after ${took} ms, the platform holds ${last.quality} ${last.code}`;
  });
  await table.is("serial: back, good", async () => {
    await machine.run(PLUG);
    return back();
  });
  await table.is("serial: permission denied is one device down, and said", async () => {
    await machine.run(UNPLUG);
    await rig.until("bay", missing, BACK_MS);
    await machine.run(`mkdir -p /run/udev/rules.d && echo '${DENIED}' >${DENIED_FILE} && udevadm control --reload\n${PLUG}`);
    const { problem } = await rig.until("bay", ({ problem }) => problem?.code === "port.denied", BACK_MS);
    return `bay: ${problem?.code}, ${await machine.run("stat -Lc '%U %G %a' /dev/ttyACM0")}`;
  });
  await table.is("serial: used by another program is one device down, and said", async () => {
    await machine.run(`systemd-run --quiet --collect --unit thief python3 -c '${THIEF}' && sleep 1`);
    await machine.run(`rm ${DENIED_FILE} && udevadm control --reload && udevadm trigger --action=add --settle /dev/ttyACM0`);
    const { problem } = await rig.until("bay", ({ problem }) => problem?.code === "port.busy", BACK_MS);
    return `bay: ${problem?.code}`;
  });
  await table.is("serial: permitted and free again, good", async () => {
    await machine.run("systemctl stop thief");
    return back();
  });
  await table.is("serial: back under another number, good", async () => {
    await machine.run(`systemd-run --quiet --collect --unit holder python3 -c '${HOLDER}' && sleep 1`);
    await machine.run(UNPLUG);
    await rig.until("bay", missing, BACK_MS);
    await machine.run(PLUG);
    const seen = await back();
    await machine.run("systemctl stop holder || true");
    expect(seen.endsWith("ttyACM1"), seen);
    return seen;
  });
  await table.is(`serial: out and in ${ROUNDS} times more, nothing leaks`, async () => {
    // The median of 21 counts: a pin has no descriptor for a moment between two of its monitors, and asking for the state of the clock takes some for
    // seconds.
    const descriptors = () =>
      machine.run(`pid=$(systemctl show cippo -p MainPID --value)
        for i in $(seq 21); do ls /proc/$pid/fd | wc -l; sleep 1; done | sort -n | sed -n 11p`);
    const before = Number(await descriptors());
    for (let round = 0; round < ROUNDS; round += 1) {
      await machine.run(UNPLUG);
      await rig.until("bay", missing, BACK_MS);
      await machine.run(PLUG);
      await back();
    }
    const after = Number(await descriptors());
    expect(after <= before + 1, `${before} descriptors before, ${after} after`);
    return `${before} descriptors before, ${after} after`;
  });
}
