/** Cases of the systemd unit under a unified cgroup hierarchy: installed, sandboxed, frozen. */

import { expect, type Table } from "../table.ts";
import type { Rig } from "./rig.ts";

const INSTALL = "/opt/cippo/current/systemd/install.sh";
const START_MS = 90_000;

/** Without an installed gateway no other case can run. */
export async function installed(rig: Rig, table: Table): Promise<boolean> {
  return table.is("unit: installed by its own script, started, ready", async () => {
    await rig.configure();
    await rig.machine.run(`${INSTALL} --bluetooth && systemctl start cippo`, START_MS);
    const { devices } = await rig.machine.status();
    const kernel = await rig.machine.run("uname -r");
    return `kernel ${kernel}, ${await rig.machine.run("systemctl --version | head -n 1")}, ${devices.length} devices, nothing plugged in yet`;
  });
}

export async function unitCases(rig: Rig, table: Table): Promise<void> {
  const { machine } = rig;
  // Runs a command as another process of the service: inside its cgroup, but with the system's mounts.
  const within = (command: string) =>
    machine.run(`sh -c 'echo $$ >/sys/fs/cgroup/system.slice/cippo.service/cgroup.procs && exec ${command}' || true`);
  await table.is("unit: limits are the kernel's", async () => {
    const limits = await machine.run("cd /sys/fs/cgroup/system.slice/cippo.service && cat memory.max pids.max | xargs");
    expect(limits === `${384 * 2 ** 20} 128`, `memory.max, pids.max: ${limits}`);
    return `memory.max, pids.max: ${limits}`;
  });
  await table.is("unit: a disk may not be opened, a GPIO chip may", async () => {
    const disk = await within("dd if=/dev/vda of=/dev/null count=1 status=none");
    const chip = await within("gpiodetect");
    expect(disk.includes("not permitted"), `disk: ${disk || "opened"}`);
    expect(chip.includes("pinctrl-bcm2711"), `chip: ${chip}`);
    return `${disk.replace(/.*: /, "disk: ")}; ${chip}`;
  });
  await table.is("unit: frozen, killed by the watchdog, started, pins found", async () => {
    // Half of what the unit says, and still several times what a start takes on an emulated processor.
    await machine.run(
      `mkdir -p /run/systemd/system/cippo.service.d
       printf '[Service]\\nWatchdogSec=15s\\nRestartSec=1s\\n' >/run/systemd/system/cippo.service.d/times.conf
       systemctl daemon-reload && systemctl restart cippo`,
      START_MS,
    );
    try {
      await rig.until("sysfs-door", ({ state }) => state === "up", 60_000);
      await machine.run(
        `until_() { for i in $(seq $1); do "\${@:2}" && return; sleep 0.1; done; return 1; }
        restarted() { [ "$(systemctl show cippo -p NRestarts --value)" = 1 ]; }
        said() { journalctl -u cippo -o cat | grep -q 'Watchdog timeout'; }
        kill -STOP $(systemctl show cippo -p MainPID --value)
        until_ 600 restarted && until_ 50 said`,
        START_MS,
      );
      // The line that the killed process had exported is still exported, and found by its successor.
      for (const id of ["sysfs-door", "chardev-door"]) await rig.until(id, ({ state }) => state === "up", 60_000);
    } finally {
      await machine.run("rm -r /run/systemd/system/cippo.service.d && systemctl daemon-reload");
    }
    return "Watchdog timeout, one restart, both doors up";
  });
  await table.is("unit: stopped, it gives its lines back", async () => {
    await machine.run("systemctl stop cippo", 30_000);
    const left = await machine.run(
      "ls /sys/class/gpio | grep -E '^gpio[0-9]' || true; gpioinfo | grep '\\[used' | grep -v somebody || true",
    );
    expect(left === "", `still held: ${left}`);
    await machine.run("systemctl start cippo", START_MS);
    return `result ${await machine.run("systemctl show cippo -p Result --value")}`;
  });
}

/** `options` of install.sh; the gateway takes them at its next start. */
export async function reinstalled(rig: Rig, ...options: readonly string[]): Promise<void> {
  await rig.machine.run(`${INSTALL} ${options.join(" ")} && systemctl restart cippo`, START_MS);
}
