/** Cases of Bluetooth in the machine: BlueZ's own daemon on two virtual controllers, the second one a sensor. */
import { monotonic } from "../../src/kit/clock.ts";
import type { DeviceStatus } from "../../src/model/index.ts";
import { expect, NotHere, type Table } from "../table.ts";
import type { Rig } from "./rig.ts";

/**
 * btvirt (package bluez-test-tools) makes two virtual controllers; the gateway uses the first. If the kernel asks the first one before btvirt can
 * answer, which happens while modules are loading, that controller never works: then both are made anew.
 */
const CONTROLLERS = `controllers() {
    systemd-run --quiet --collect --unit controllers btvirt -l2
    for i in $(seq 15); do [ "$(timeout 5 bluetoothctl list | grep -c Controller)" = 2 ] && return; sleep 0.2; done
    systemctl stop controllers && false
  }
  controllers || controllers || controllers`;
/** Begun again for as long as its controller is gone. */
const SENSOR = `systemd-run --quiet --collect --unit sensor-ble -p Restart=always -p RestartSec=1 -p StartLimitIntervalSec=0 \
  python3 /opt/cippo/guest/peripheral.py hci1`;
/** As the gateway's controller sees it; bluetoothctl would ask whichever controller BlueZ calls its default. */
const SENSOR_SEEN = "/org/bluez/hci0/dev_00_AA_01_01_00_01";
const HEARD_MS = 60_000;
/**
 * Longest time until a device is up again after the radio is back. The child looks for the radio every few seconds, the first step of the recovery
 * comes after 30 s, and a device that could not be read rests for 60 s.
 */
const BACK_MS = 90_000;

const fresh = ({ state, points }: DeviceStatus) =>
  state === "up" && points.some(({ quality, ageMs }) => quality === "good" && (ageMs ?? 1e9) < 5000);

export async function bleCases(rig: Rig, table: Table): Promise<void> {
  const { machine } = rig;
  const others = async (): Promise<string> => {
    const { devices } = await machine.status();
    const wrong = devices.filter(({ id, state }) => ["chardev-door", "sysfs-door"].includes(id) && state !== "up");
    expect(wrong.length === 0, `${wrong.map(({ id }) => id).join(", ")} down`);
    return "pins up";
  };
  await table.is("ble: no adapter is two devices down", async () => {
    const { problem } = await rig.until("thermo", ({ state }) => state === "down", HEARD_MS);
    return `thermo: ${problem?.code}, ${await others()}`;
  });
  const radio = await table.is("ble: two virtual controllers, bluetoothd", async () => {
    await machine.run("modprobe -a hci_vhci algif_hash algif_skcipher cmac ecb && systemctl start bluetooth");
    await machine.run(CONTROLLERS, 90_000).catch(() => undefined);
    const adapters = await machine.run("timeout 5 bluetoothctl list | cut -d' ' -f2 | xargs");
    if (adapters.split(" ").length < 2) throw new NotHere(`btvirt -l2 gives bluetoothd ${adapters || "no controller"}`);
    await machine.run(SENSOR);
    return `${adapters}, ${await machine.run("bluetoothctl --version")}`;
  });
  if (!radio) return;
  await table.is("ble: advertisements heard, each packet new", async () => {
    await rig.until("thermo", fresh, HEARD_MS);
    const { points } = await rig.until(
      "thermo",
      ({ points }) => points.some(({ point, value }) => point === "temperature" && Number(value) > 20.02),
      30_000,
    );
    const child = await machine.run("grep -sl '[c]ippo-ble.js' /proc/[0-9]*/cmdline | wc -l");
    return `${points.map(({ point, value }) => `${point} ${value}`).join(", ")}, ${child} child process`;
  });
  await table.is("ble: battery read over a connection, and let go of", async () => {
    const { points } = await rig.until(
      "thermo-battery",
      ({ points }) => points.some(({ point, value }) => point === "battery" && value === 87),
      HEARD_MS,
    );
    await machine.run(
      `for i in $(seq 60); do [ "$(busctl get-property org.bluez ${SENSOR_SEEN} org.bluez.Device1 Connected)" = "b false" ] && exit; sleep 0.2; done; exit 1`,
    );
    return `${points.map(({ point, value }) => `${point} ${value}`).join(", ")}, disconnected`;
  });
  await table.is("ble: the adapter vanishes: its devices down, other wires go on", async () => {
    await machine.run("systemctl stop controllers");
    const { problem } = await rig.until("thermo", ({ state }) => state === "down", HEARD_MS);
    return `thermo: ${problem?.code}, ${await others()}`;
  });
  await table.is("ble: the adapter returns: heard and read again", async () => {
    await machine.run(CONTROLLERS, 90_000);
    await rig.until("thermo", fresh, BACK_MS);
    const heard = monotonic();
    // A device that could not be read rests for a minute.
    const again = ({ points }: DeviceStatus) =>
      points.some(({ quality, ageMs }) => quality === "good" && (ageMs ?? 1e9) < monotonic() - heard);
    await rig.until("thermo-battery", again, BACK_MS);
    return `battery read ${Math.round((monotonic() - heard) / 1000)} s after the first advertisement; ${await others()}`;
  });
}
