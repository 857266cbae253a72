/** Packages without their native part are named, and a login is kept off a sensor's port. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cippo-install-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it("a native part that npm did not build is missed before anything starts, by its name", async () => {
  await cp(join(ROOT, "tools"), join(folder, "tools"), { recursive: true });
  await cp(join(ROOT, "package-lock.json"), join(folder, "package-lock.json"));
  await mkdir(join(folder, "node_modules/epoll"), { recursive: true });
  for (const name of ["sqlite3", "bindings", "file-uri-to-path", "@serialport"])
    await symlink(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  // As after an install whose scripts were not allowed to run.
  const lock = readFileSync(join(ROOT, "package-lock.json"), "utf8");
  const installed = createHash("sha256").update(lock).update(process.versions.modules).update(process.arch).digest("hex");
  await writeFile(join(folder, "node_modules/.cippo-installed"), installed);
  const { status, stderr } = spawnSync(process.execPath, [join(folder, "tools/prepare.mjs")], { encoding: "utf8" });
  expect(stderr).toMatch(/^cippo: native module epoll is missing \(.*\.node\): its install script did not run/);
  expect(status).toBe(1);
});

it.each<[readonly string[], string]>([
  [["--uart"], "--uart needs the name of a UART, such as ttyAMA0 or ttyS0"],
  [["--uart", ""], "--uart needs the name of a UART, such as ttyAMA0 or ttyS0"],
  [["--uart", "../.."], "--uart needs the name of a UART, such as ttyAMA0 or ttyS0, not ../.."],
  [["--uart", "ttyAMA0 ttyS0"], "--uart needs the name of a UART, such as ttyAMA0 or ttyS0, not ttyAMA0 ttyS0"],
  [["--uart", "/dev/ttyAMA0"], "--uart needs the name of a UART, such as ttyAMA0 or ttyS0, not /dev/ttyAMA0"],
  [["--uart", "tty1"], "--uart needs the name of a UART, such as ttyAMA0 or ttyS0, not tty1"],
  [["--uart", "ttyS0\nttyS1"], "--uart needs the name of a UART, such as ttyAMA0 or ttyS0, not ttyS0 ttyS1"],
  [["--uart", "--no-enable"], "--uart needs the name of a UART, such as ttyAMA0 or ttyS0, not --no-enable"],
  [["--uart", "ttyS0", "--uart", "ttyS0"], "--uart ttyS0 is given twice"],
  [["--bluetooth", "--bluetooth"], "--bluetooth is given twice"],
  [["--root"], "--root needs a folder"],
  [["--root", ""], "--root needs a folder"],
  [["--root", "/nowhere/at/all"], "--root needs a folder, not /nowhere/at/all"],
  [["--root", "/"], "--root / is this machine: leave it out"],
  [["--root", "/tmp", "--root", "/tmp"], "--root is given twice"],
  [["--uninstall", "--uart", "ttyS0"], "--uninstall takes all of it back: no option that adds to it"],
  [["--bluetooth", "--uninstall"], "--uninstall takes all of it back: no option that adds to it"],
  [["--blue-tooth"], "unknown option --blue-tooth"],
  [["-x"], "unknown option -x"],
  [["now"], "unknown option now"],
  [[""], "unknown option ''"],
])("install.sh %j is refused in one sentence, and nothing is changed", async (options, expected) => {
  // Nobody's own script cannot change this machine, whatever it thinks of its words.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const script = await readFile(join(ROOT, "systemd/install.sh"), "utf8");
  const where = { ...nobody, cwd: "/", encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script, "install.sh", ...options], where);
  expect([status, stdout, stderr]).toEqual([2, "", `cippo: ${expected}. --help shows the options.\n`]);
});

const installs = process.getuid?.() === 0 && existsSync("/usr/bin/systemd-sysusers") && existsSync("/usr/bin/systemctl");

it.runIf(installs)(
  "nobody else's fingers on a port: no login, no modem manager; and given back when it is not ours any more",
  async () => {
    await mkdir(join(folder, "etc"));
    const run = (...options: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync(
        join(ROOT, "systemd/install.sh"),
        ["--root", folder, "--no-enable", ...options],
        { encoding: "utf8" },
      );
      expect(status, stderr).toBe(0);
      return stdout;
    };
    await mkdir(join(folder, "boot/firmware"), { recursive: true });
    await writeFile(join(folder, "boot/firmware/cmdline.txt"), "console=serial0,115200 root=/dev/mmcblk0p2\n");
    const login = join(folder, "etc/systemd/system/serial-getty@ttyAMA0.service");
    // The kernel's own words on the line are the owner's to take away.
    expect(run("--uart", "ttyAMA0")).toContain("remove its console=");
    expect(readlinkSync(login)).toBe("/dev/null");
    const rules = readFileSync(join(folder, "etc/udev/rules.d/70-cippo.rules"), "utf8");
    expect(rules).toContain('ENV{ID_MM_DEVICE_IGNORE}="1"');
    run();
    expect(existsSync(login)).toBe(false);
  },
);

it.runIf(installs)("a machine without Bluetooth is told so before anything is changed", async () => {
  await mkdir(join(folder, "etc"));
  const { status, stderr } = spawnSync(join(ROOT, "systemd/install.sh"), ["--root", folder, "--bluetooth"], { encoding: "utf8" });
  expect([status, stderr]).toEqual([1, "cippo: there is no group bluetooth: apt install bluez, then again.\n"]);
  expect(await readdir(folder, { recursive: true })).toEqual(["etc"]);
});

it("a service writes its memory nowhere: no core, and nobody's environment turns on reports or heap dumps", () => {
  const unit = readFileSync(join(ROOT, "systemd/cippo.service"), "utf8");
  expect(unit).toMatch(/^LimitCORE=0$/m);
  expect(unit).toMatch(/^UnsetEnvironment=.*\bNODE_OPTIONS\b/m);
  expect(unit).not.toMatch(/--(report|heapsnapshot|heap-prof|abort-on)/);
});
