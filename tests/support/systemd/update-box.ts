/** A box as the update scripts see it, below a temporary root, with releases that are signed for real. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { systemProgram } from "../../../hw-sim/system-program.ts";

const SCRIPTS = join(import.meta.dirname, "../../../systemd/ota");
const CIPPO = join(import.meta.dirname, "../../../dist/cippo.js");
/** What the scripts themselves need. */
export const hasUpdateTools = ["ssh-keygen", "curl"].every((name) => systemProgram(name) !== undefined);

const sha256 = (data: Buffer | string): string => createHash("sha256").update(data).digest("hex");

export interface ReleaseOptions {
  readonly seq: number;
  /** Content of the stand-in for the product; another one makes another archive. */
  readonly product?: string;
  /** The same text: the same Node. */
  readonly node?: string;
  /** What `node` and `cippo` do when they are tried. */
  readonly program?: string;
  readonly layout?: number;
  /** Further lines of the file `release`, or others in place of these. */
  readonly head?: Readonly<Record<string, string | number>>;
  readonly namespace?: string;
  readonly key?: string;
  /** Changes the unpacked release after its sums were made. */
  readonly after?: (folder: string) => void;
  readonly withoutNode?: boolean;
}

export interface Ran {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
}

export class UpdateBox implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "cippo-update-"));
  readonly #uptime = this.path("uptime");
  readonly #boot = this.path("boot-id");
  boot = 1;
  #seconds = 100;

  constructor() {
    for (const folder of ["opt/cippo/releases", "var/lib", "run/cippo/update", "usr/local/lib", "etc/cippo", "keys"])
      mkdirSync(this.path(folder), { recursive: true });
    for (const key of ["maintainer", "stranger"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", key, "-f", this.path("keys", key)]);
    cpSync(SCRIPTS, this.path("usr/local/lib/cippo"), { recursive: true });
    writeFileSync(this.path("usr/local/lib/cippo/allowed_signers"), `cippo-release ${this.#public("maintainer")}`);
    // What systemd would be asked: how often it started the gateway anew, and to start it.
    const service =
      '#!/bin/sh\ncase $1 in show) cat "$CIPPO_ROOT/restarts" ;; *) echo "$@" >>"$CIPPO_ROOT/service.log" ;; esac\n';
    writeFileSync(this.path("systemctl"), service);
    chmodSync(this.path("systemctl"), 0o755);
    writeFileSync(this.path("restarts"), "0\n");
    this.later(0);
  }

  path(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  #public(key: string): string {
    return readFileSync(this.path("keys", `${key}.pub`), "utf8");
  }

  /** So many seconds of this boot later. */
  later(seconds: number): void {
    this.#seconds += seconds;
    writeFileSync(this.#uptime, `${this.#seconds}.00 0.00\n`);
    writeFileSync(this.#boot, `boot-${this.boot}\n`);
  }

  #env(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    const times = { CIPPO_UPTIME_FILE: this.#uptime, CIPPO_BOOT_ID_FILE: this.#boot };
    return { PATH: process.env["PATH"], CIPPO_ROOT: this.root, CIPPO_SYSTEMCTL: this.path("systemctl"), ...times, ...more };
  }

  /** The same beside this process, which may be the server that it asks. */
  async started(script: string, args: readonly string[] = []): Promise<Ran> {
    const child = spawn(this.path("usr/local/lib/cippo", script), args, { env: this.#env({}) });
    let out = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (out += chunk.toString()));
    const [status, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    return { status, signal, out };
  }

  run(script: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Ran {
    return this.#ran(this.path("usr/local/lib/cippo", script), args, env);
  }

  /** The product's own command line, for this box. */
  cippo(...args: readonly string[]): Ran {
    return this.#ran(process.execPath, [CIPPO, ...args], {});
  }

  #ran(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Ran {
    const found = spawnSync(program, args, { encoding: "utf8", env: this.#env(env) });
    return { status: found.status, signal: found.signal, out: found.stdout + found.stderr };
  }

  update(...args: readonly string[]): Ran {
    return this.run("update", args);
  }

  /** The machine comes up again; `orderly`: it was shut down and not cut off. */
  reboot(orderly = false): Ran {
    if (orderly) this.run("recover", ["--stopping"]);
    this.boot += 1;
    this.#seconds = 20;
    this.later(0);
    writeFileSync(this.path("restarts"), "0\n");
    rmSync(this.path("run/cippo/evidence"), { force: true });
    return this.run("recover");
  }

  /** What the gateway of `seq` says of itself; all is well but for `more`. */
  evidence(seq: number, more: Readonly<Record<string, string | number>> = {}): void {
    const all = {
      release: nameOf(seq),
      boot: `boot${this.boot}`,
      ready: "yes",
      up: 400,
      written: "yes",
      loops: "yes",
      acked: "yes",
    };
    const lines = Object.entries({ ...all, linked: "yes", answers: "meter door", alarms: 0, ...more });
    writeFileSync(this.path("run/cippo/evidence"), lines.map(([key, value]) => `${key}=${value}\n`).join(""));
  }

  /** An installed release that runs. */
  installed(options: ReleaseOptions): void {
    const { folder } = this.release(options);
    execFileSync("cp", ["-a", join(folder, "tree"), this.path("opt/cippo/releases", nameOf(options.seq))]);
    for (const file of ["release", "release.sig", "SHA256SUMS"])
      cpSync(join(folder, file), this.path("opt/cippo/releases", nameOf(options.seq), file));
    execFileSync("ln", ["-sfn", `releases/${nameOf(options.seq)}`, this.path("opt/cippo/current")]);
  }

  /** A bundle on a USB stick, and the folder that a web server would serve. */
  release(options: ReleaseOptions): { readonly bundle: string; readonly folder: string } {
    const { seq, product = `product ${seq}\n`, node = "node 1\n", program = "exit 0", layout = 2, key = "maintainer" } = options;
    const folder = this.path("made", `${seq}-${readdirSync(this.path()).length}-${Math.random().toString(36).slice(2)}`);
    const tree = join(folder, "tree");
    const put = (name: string, text: string, mode = 0o644): void => {
      mkdirSync(dirname(join(tree, name)), { recursive: true });
      writeFileSync(join(tree, name), text, { mode });
    };
    put("dist/cippo.js", product);
    put("bin/cippo", `#!/bin/sh\n${program}\n`, 0o755);
    put("bin/node", `#!/bin/sh\n# ${node}${program}\n`, 0o755);
    put("systemd/install.sh", `echo "units of ${seq} $*" >>"$2/units.log"\n`);
    cpSync(SCRIPTS, join(tree, "systemd/ota"), { recursive: true });
    writeFileSync(join(tree, "systemd/ota/allowed_signers"), `cippo-release ${this.#public("maintainer")}`);
    writeFileSync(join(tree, "systemd/ota/version"), `${seq}\n`);
    const files = readdirSync(tree, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => relative(tree, join(one.parentPath, one.name)))
      .sort();
    const sums = files.map((file) => `${sha256(readFileSync(join(tree, file)))}  ${file}\n`).join("");
    writeFileSync(join(folder, "SHA256SUMS"), sums);
    options.after?.(tree);
    const pack = (name: string, ...what: readonly string[]): string => {
      const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0"];
      execFileSync("tar", ["-czf", join(folder, `${name}.tar.gz`), ...same, "-C", tree, ...what]);
      const bytes = readFileSync(join(folder, `${name}.tar.gz`));
      return `${sha256(bytes)} ${bytes.length}`;
    };
    const app = pack("app", ...readdirSync(tree).filter((one) => one !== "bin"), "bin/cippo");
    const parts = { app, node: pack("node", "bin/node") };
    const arch = process.arch;
    const head = { product: "cippo", name: nameOf(seq), version: `0.${seq}.0`, seq, arch, glibc: "2.17", layout, min_layout: 1 };
    const lines = { ...head, bytes: 1000, sums: sha256(sums), ...parts, node_of: node.trim(), ...options.head };
    const release = join(folder, "release");
    writeFileSync(
      release,
      Object.entries(lines)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
    );
    const sign = ["-Y", "sign", "-q", "-f", this.path("keys", key), "-n", options.namespace ?? "cippo-release", release];
    execFileSync("ssh-keygen", sign, { stdio: "ignore" });
    const bundle = join(folder, "bundle.cippo");
    const members = ["release", "release.sig", "SHA256SUMS", "app.tar.gz", ...(options.withoutNode ? [] : ["node.tar.gz"])];
    execFileSync("tar", ["-cf", bundle, "-C", folder, ...members]);
    return { bundle, folder };
  }

  get running(): string {
    return readlinkSync(this.path("opt/cippo/current")).replace("releases/", "");
  }

  /** The product of the release that runs, as it lies on the disk. */
  get product(): string {
    return readFileSync(this.path("opt/cippo/current/dist/cippo.js"), "utf8");
  }

  get state(): string {
    return this.value("state", this.path("var/lib/cippo-update/state")) || "idle";
  }

  get last(): { readonly outcome: string; readonly code: string; readonly text: string } {
    const file = this.path("var/lib/cippo-update/last");
    return { outcome: this.value("outcome", file), code: this.value("code", file), text: this.value("text", file) };
  }

  value(key: string, file: string): string {
    if (!existsSync(file)) return "";
    return new RegExp(`^${key}=(.*)$`, "m").exec(readFileSync(file, "utf8"))?.[1] ?? "";
  }

  get releases(): readonly string[] {
    return readdirSync(this.path("opt/cippo/releases")).sort();
  }

  /** Every file of the release that runs is the one that was signed. */
  get isWhole(): boolean {
    const folder = this.path("opt/cippo/releases", this.running);
    const sums = readFileSync(join(folder, "SHA256SUMS"), "utf8").trim().split("\n");
    return sums.every((line) => {
      const [sum, file = ""] = line.split("  ");
      return statSync(join(folder, file)).isFile() && sha256(readFileSync(join(folder, file))) === sum;
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

export const nameOf = (seq: number): string => `cippo-0.${seq}.0-${seq}`;
