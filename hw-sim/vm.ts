/** Runs a release in a virtual machine with a kernel's GPIO, USB, Bluetooth and systemd; exit 1: a case failed. */
import { execFile, spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import * as z from "zod";
import { monotonic } from "../src/kit/clock.ts";
import { number, optionValue, parseOrExit } from "./command-line.ts";
import { Table } from "./table.ts";
import { bleCases } from "./vm/ble.ts";
import { gpioCases, makeChip } from "./vm/gpio.ts";
import { powerCutCases } from "./vm/power-cut.ts";
import { Rig } from "./vm/rig.ts";
import { serialCases } from "./vm/serial.ts";
import { installed, reinstalled, unitCases } from "./vm/unit.ts";

const HELP = `node dist/hw-sim/vm.js
  --only PART      unit, gpio, serial, ble or power (repeatable)
  --cuts 3         how often the power is cut
  --release DIR    a release folder; without it tools/release/release.mjs makes one
  --keep           the folder with disks and logs stays
`;
const IMAGE_MS = 15 * 60_000;
const TOOLS = {
  "qemu-system-x86_64": "qemu-system-x86",
  setpriv: "util-linux",
  mmdebstrap: "mmdebstrap",
  mke2fs: "e2fsprogs",
  cpio: "cpio",
  gcc: "gcc",
  make: "make",
};
/** This file runs bundled, from dist/hw-sim/. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = join(ROOT, "hw-sim/vm");
const run = promisify(execFile);

const PARTS = ["unit", "gpio", "serial", "ble", "power"] as const;
const values = parseOrExit(HELP, () => {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true, default: [] },
      cuts: { type: "string", default: "3" },
      release: { type: "string" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const part = z.enum(PARTS, { error: `expected ${PARTS.join(", ")}` });
  const cuts = optionValue(
    "cuts",
    number("a whole number, at least 1", (n) => Number.isInteger(n) && n > 0),
    values.cuts,
  );
  return { ...values, cuts, only: values.only.map((word) => optionValue("only", part, word)) };
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const reason = whyNot();
if (reason !== "") {
  process.stdout.write(`SKIPPED: ${reason}\n`);
  process.exit(0);
}
process.exit(await main());

function whyNot(): string {
  if (process.platform !== "linux" || process.arch !== "x64") return "the machine is built for x86-64, on Linux of that kind";
  if (process.getuid?.() !== 0) return "building a system of Debian packages needs root";
  const absent = Object.entries(TOOLS).filter(([tool]) => spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0);
  return absent.length === 0
    ? ""
    : `not installed: ${absent.map(([tool]) => tool).join(", ")} (apt install ${absent.map(([, name]) => name).join(" ")})`;
}

async function main(): Promise<number> {
  const began = monotonic();
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const folder = await mkdtemp(join(tmpdir(), "cippo-vm-"));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
  let failed = 1;
  try {
    const image = await buildImage();
    const release = await releaseDisk(folder, values.release);
    say(`machine ${image}, ready after ${seconds(monotonic() - began)}; logs in ${folder}\n`);
    const table = new Table(say);
    await using rig = await Rig.open({ folder, image, release, site: await readFile(join(SOURCES, "site.yaml"), "utf8") });
    const wants = (part: (typeof PARTS)[number]) => values.only.length === 0 || values.only.includes(part);
    await makeChip(rig);
    if (await installed(rig, table)) {
      if (wants("gpio")) await gpioCases(rig, table);
      else await reinstalled(rig, "--bluetooth", "--gpio-sysfs");
      if (wants("serial")) await serialCases(rig, table);
      if (wants("ble")) await bleCases(rig, table);
      if (wants("unit")) await unitCases(rig, table);
      if (wants("power")) {
        await powerCutCases(rig, table, values.cuts);
      }
    }
    failed = table.count("FAILED");
    if (failed > 0) say(`\n${await rig.keepLogs()}`);
    say(
      `\n${table.results.length} cases: ${table.count("passed")} passed, ${failed} failed, ${table.count("not here")} not here; ${seconds(monotonic() - began)}`,
    );
  } catch (error) {
    say(`\nended early: ${error instanceof Error ? error.stack : error}`);
  }
  if (failed > 0 || values.keep) say(`disks and logs: ${folder}`);
  else await rm(folder, { recursive: true, force: true });
  return failed > 0 ? 1 : 0;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

/** Built once for each version of its script. */
async function buildImage(): Promise<string> {
  const building = run("bash", [join(SOURCES, "image.sh")], { timeout: IMAGE_MS });
  building.child.stderr?.pipe(process.stderr);
  return (await building).stdout.trim();
}

async function makeRelease(): Promise<string> {
  const making = run(process.execPath, [join(ROOT, "tools/release/release.mjs")]);
  making.child.stderr?.pipe(process.stderr);
  return join(ROOT, (await making).stdout.trim());
}

/** What lies under /opt/cippo: a release, and what the tests run in the guest. */
async function releaseDisk(folder: string, made: string | undefined): Promise<string> {
  const [tree, disk] = [join(folder, "opt"), join(folder, "release.img")];
  const target = join(tree, "releases", "test");
  await mkdir(join(tree, "releases"), { recursive: true });
  await cp(made ?? (await makeRelease()), target, { recursive: true });
  await symlink("releases/test", join(tree, "current"));
  await cp(join(SOURCES, "guest"), join(tree, "guest"), { recursive: true });
  await run("mke2fs", ["-q", "-F", "-t", "ext4", "-d", tree, disk, "1G"]);
  await rm(tree, { recursive: true });
  return disk;
}
