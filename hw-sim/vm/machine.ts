/** Runs a computer under qemu, driven by shell scripts, and ends it softly or as a power cut does. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import * as z from "zod";
import { monotonic } from "../../src/kit/clock.ts";
import type { GatewayStatus } from "../../src/model/index.ts";
import { freePort } from "../free-port.ts";
import { ask } from "../start/ask.ts";
import { Told } from "../start/failure.ts";
import { Child } from "../start/processes/child.ts";

export interface MachineFiles {
  /** Folder with vmlinux and initrd.gz. */
  readonly image: string;
  /** Disk images: the card, which is written, and the release, which is not. */
  readonly card: string;
  readonly release: string;
  /** Takes what the kernel says. */
  readonly console: string;
}

const BOOT_MS = 120_000;
const CONNECT_MS = 3000;
const STATUS_MS = 20_000;
/** Doors of the guest (image.sh). */
const SHELL = 9000;
const ADMIN = 9001;

// No clock of the host's is steady enough for the kernel's own checks under emulation: no_timer_check. panic=-1 with -no-reboot ends qemu.
const KERNEL = "console=ttyS0 quiet mitigations=off random.trust_cpu=on panic=-1 no_timer_check audit=0";

const status = z.custom<GatewayStatus>((value) => typeof value === "object" && value !== null && "streams" in value);

export class Machine implements AsyncDisposable {
  readonly #child: Child;
  readonly #shell: number;
  readonly #admin: number;

  private constructor(child: Child, shell: number, admin: number) {
    this.#child = child;
    this.#shell = shell;
    this.#admin = admin;
  }

  /** Resolves when it takes orders; services may still be starting. */
  static async boot({ image, card, release, console }: MachineFiles): Promise<Machine> {
    const [shell, admin] = [await freePort(), await freePort()];
    const child = new Child({
      name: "qemu",
      // However this process ends, the machine ends with it.
      command: "setpriv",
      args: [
        ...["--pdeathsig", "KILL", "qemu-system-x86_64"],
        ...["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max", "-smp", "2", "-m", "1024"],
        ...["-nodefaults", "-display", "none", "-no-reboot", "-serial", `file:${console}`],
        ...["-kernel", `${image}/vmlinux`, "-initrd", `${image}/initrd.gz`, "-append", KERNEL],
        // What the guest has not written out is lost with it; what it has is in the file.
        ...["-drive", `file=${card},format=raw,if=virtio,cache=none`],
        ...["-drive", `file=${release},format=raw,if=virtio,readonly=on`],
        ...["-netdev", `user,id=net,hostfwd=tcp:127.0.0.1:${shell}-:${SHELL},hostfwd=tcp:127.0.0.1:${admin}-:${ADMIN}`],
        ...["-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci"],
      ],
      // It prints nothing when all is well.
      isReady: () => false,
      readyWithinMs: 1e9,
    });
    const machine = new Machine(child, shell, admin);
    const latest = monotonic() + BOOT_MS;
    for (;;) {
      if (!child.running) throw child.failure(child.ending);
      if (
        await machine.run("true", CONNECT_MS).then(
          () => true,
          () => false,
        )
      )
        return machine;
      if (monotonic() > latest) {
        await child.kill();
        throw new Error(`the machine did not boot within ${BOOT_MS / 1000} s (${console})`);
      }
      await sleep(250);
    }
  }

  /** Runs a bash script as root and resolves with all its output. Rejects when it fails or is not done in time. */
  async run(script: string, withinMs = 90_000): Promise<string> {
    if (!this.#child.running) throw new Told(this.#child.ending);
    const output = await converse(
      this.#shell,
      `exec 2>&1\n(set -eu\n${script}\n) </dev/null\nprintf '\\n%s' $?\nexit\n`,
      withinMs,
    );
    const at = output.lastIndexOf("\n");
    const text = output.slice(0, Math.max(0, at)).toString().trim();
    const code = output.slice(at + 1).toString();
    if (at < 0 || code !== "0") throw new Error(`${text || "no output"} (exit ${code || "unknown: the machine went away"})`);
    return text;
  }

  /** A file of the guest's; null where there is none. */
  async fetch(path: string, withinMs: number): Promise<Buffer | null> {
    const text = await this.run(`[ ! -e ${path} ] || gzip -c ${path} | base64 -w0`, withinMs);
    return text === "" ? null : gunzipSync(Buffer.from(text, "base64"));
  }

  async status(): Promise<GatewayStatus> {
    return status.parse(await ask({ port: this.#admin }, { v: 1, id: 1, do: "status" }, STATUS_MS));
  }

  get running(): boolean {
    return this.#child.running;
  }

  /** As by pulling the plug. */
  async cut(): Promise<void> {
    await this.#child.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cut();
  }
}

async function converse(port: number, words: string, withinMs: number): Promise<Buffer> {
  const socket = connect({ port, host: "127.0.0.1" });
  const heard: Buffer[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`not done within ${withinMs / 1000} s`)), withinMs);
      socket
        .on("data", (chunk: Buffer) => heard.push(chunk))
        .once("error", reject)
        .once("close", () => {
          clearTimeout(late);
          resolve();
        });
      socket.write(words);
    });
    return Buffer.concat(heard);
  } finally {
    socket.destroy();
  }
}
