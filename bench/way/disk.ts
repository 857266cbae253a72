/** A disk that counts its written bytes: a private ext4 on a loop device for root, else the count of this process. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

export interface Disk extends Disposable {
  readonly folder: string;
  /** Whether `written` counts a device of its own: journal and checkpoints included, nobody else's bytes. */
  readonly own: boolean;
  /** Bytes that reached the device so far; null where it is not its own. */
  written(): number | null;
}

/** Whatever ends this process, nothing stays mounted. */
const closing = new Set<() => void>();
process.on("exit", () => {
  for (const close of closing) close();
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** `mount`: options beside ext4's defaults. */
export function openDisk(megabytes: number, mount = ""): Disk {
  const base = mkdtempSync(join(tmpdir(), "cippo-bench-"));
  return loop(base, megabytes, mount) ?? plain(base);
}

function loop(base: string, megabytes: number, mount: string): Disk | null {
  const image = join(base, "image");
  const folder = join(base, "disk");
  const undo: (() => void)[] = [];
  try {
    sh("truncate", "-s", `${megabytes}M`, image);
    const device = sh("losetup", "--find", "--show", "--direct-io=on", image).trim();
    undo.push(() => sh("losetup", "--detach", device));
    // Inode tables written at once: a lazy thread would write them in the middle of a measure.
    sh("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", device);
    mkdirSync(folder);
    sh("mount", ...(mount === "" ? [] : ["-o", mount]), device, folder);
    // Lazily: a child that has not ended yet may hold a file.
    undo.push(() => sh("umount", "--lazy", folder));
    const close = (): void => {
      closing.delete(close);
      for (const step of undo.reverse()) step();
      rmSync(base, { recursive: true, force: true });
    };
    closing.add(close);
    const stat = `/sys/block/${basename(device)}/stat`;
    return {
      folder,
      own: true,
      written() {
        sh("sync", "--file-system", folder);
        // Field 7 of Documentation/block/stat: sectors written, of 512 bytes.
        return Number(readFileSync(stat, "utf8").trim().split(/\s+/)[6]) * 512;
      },
      [Symbol.dispose]: close,
    };
  } catch {
    for (const step of undo.reverse()) step();
    return null;
  }
}

function plain(base: string): Disk {
  return {
    folder: base,
    own: false,
    written: () => null,
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}

const sh = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
