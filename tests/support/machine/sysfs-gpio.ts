/** A /sys/class/gpio of real files with the kernel's manners, and the real onoff that takes it for its own. */
import * as real from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Gpio } from "onoff";
import type { Sysfs } from "../../../src/drivers/transports/gpio/onoff-chip.ts";

const ROOT = "/sys/class/gpio/";
const require = createRequire(import.meta.url);

type Level = 0 | 1;
interface Pin {
  level: Level;
  direction: "in" | "out";
  edge: string;
  activeLow: boolean;
}

/** As the kernel fails: an error with a code. */
const failure = (code: string): Error => Object.assign(new Error(`${code}: refused by the kernel`), { code });

export class SysfsGpio implements Sysfs {
  readonly root: string;
  /** Everything written, as `file text`, in order. */
  readonly written: string[] = [];
  /** Levels that the pin itself had, in order: a glitch would show here. */
  readonly seen = new Map<number, Level[]>();
  /** Number of a line → the code with which its export fails. */
  readonly refused = new Map<number, string>();
  /** Attributes whose writing fails, as on lines without interrupts or under foreign control. */
  readonly stubborn = new Set<string>();
  /** Number of a line → how often its level can still be read; then EIO, as of an expander that was pulled out, until the line is given back. */
  readonly deaf = new Map<number, number>();
  /** Reads of files that were closed before; the number may be another file's by then. */
  strayReads = 0;
  /** udev needs this long to grant the files of an exported line. */
  grantMs = 0;
  readonly #pins = new Map<number, Pin>();
  readonly #exported = new Set<number>();
  readonly #values = new Map<number, number>();
  readonly #polled = new Map<number, (error: null, fd: number, events: number) => void>();

  constructor(root: string) {
    this.root = root;
    real.mkdirSync(root, { recursive: true });
    for (const file of ["export", "unexport"]) real.writeFileSync(join(root, file), "");
  }

  /** `name`: as a character device. */
  chip(base: number, label: string, name = "gpiochip9"): this {
    const folder = join(this.root, `gpiochip${base}`);
    real.mkdirSync(join(folder, "device", name), { recursive: true });
    real.writeFileSync(join(folder, "label"), `${label}\n`);
    real.writeFileSync(join(folder, "base"), `${base}\n`);
    return this;
  }

  pin(number: number): Pin {
    const known = this.#pins.get(number) ?? { level: 0, direction: "in", edge: "none", activeLow: false };
    this.#pins.set(number, known);
    return known;
  }

  isExported(number: number): boolean {
    return this.#exported.has(number);
  }

  /** Files that are open, of all lines. */
  get open(): number {
    return this.#values.size;
  }

  /** The world outside moves an input. `silent`: the interrupt is lost. */
  drive(number: number, level: Level, silent = false): void {
    this.#level(number, level);
    for (const [fd, pin] of this.#values)
      if (pin === number && !silent && this.pin(number).edge === "both")
        setImmediate(() => this.#polled.get(fd)?.(null, fd, 2 /* EPOLLPRI */));
  }

  async write(file: "export" | "unexport", text: string): Promise<void> {
    this.#write(join(this.root, file), text);
  }

  /** The library's own source, with files, poller and kernel of this folder. */
  load(): Promise<typeof Gpio> {
    const source = real.readFileSync(require.resolve("onoff"), "utf8");
    const module = { exports: {} as { Gpio: typeof Gpio } };
    const parts: Readonly<Record<string, unknown>> = { fs: this.#fs(), epoll: { Epoll: this.#epoll() } };
    const given = (name: string): unknown => parts[name] ?? require(require.resolve(name, { paths: [require.resolve("onoff")] }));
    new Function("require", "module", source)(given, module);
    return Promise.resolve(module.exports.Gpio);
  }

  #fs() {
    const here = (path: string) => path.replace(ROOT, `${this.root}/`);
    return {
      ...real,
      existsSync: (path: string) => real.existsSync(here(path)),
      readFileSync: (path: string) => real.readFileSync(here(path)),
      writeFileSync: (path: string, text: string | Buffer) => this.#write(here(path), String(text)),
      openSync: (path: string, flags: string | number) => {
        const fd = real.openSync(here(path), flags);
        const number = /gpio(\d+)\/value$/.exec(path)?.[1];
        if (number !== undefined) this.#values.set(fd, Number(number));
        return fd;
      },
      closeSync: (fd: number) => {
        this.#values.delete(fd);
        real.closeSync(fd);
      },
      readSync: (fd: number, into: Buffer, offset: number, length: number, position: number) => {
        const number = this.#values.get(fd);
        if (number === undefined) this.strayReads += 1;
        const left = this.deaf.get(number ?? -1);
        if (left === 0) throw failure("EIO");
        if (number !== undefined && left !== undefined) this.deaf.set(number, left - 1);
        return real.readSync(fd, into, offset, length, position);
      },
      writeSync: (fd: number, bytes: Buffer) => {
        const number = this.#values.get(fd) ?? -1;
        if (!this.isExported(number)) throw failure("ENODEV");
        if (this.pin(number).direction !== "out" || this.stubborn.has("value")) throw failure("EPERM");
        this.#level(number, String(bytes) === "1" ? 1 : 0);
      },
    };
  }

  #epoll() {
    const polled = this.#polled;
    return class {
      readonly #see: (error: null, fd: number, events: number) => void;
      constructor(see: (error: null, fd: number, events: number) => void) {
        this.#see = see;
      }
      add(fd: number): void {
        polled.set(fd, this.#see);
      }
      remove(fd: number): void {
        polled.delete(fd);
      }
    };
  }

  #write(path: string, text: string): void {
    const [, pin, file = ""] = /(?:gpio(\d+)\/)?(\w+)$/.exec(path) ?? [];
    this.written.push(`${pin === undefined ? "" : `gpio${pin}/`}${file} ${text}`);
    if (pin === undefined) {
      if (file === "export") this.#export(Number(text));
      else this.#unexport(Number(text));
      return;
    }
    const number = Number(pin);
    if (!this.isExported(number)) throw failure("ENOENT");
    if (this.stubborn.has(file)) throw failure("EIO");
    const state = this.pin(number);
    if (file === "edge") state.edge = text;
    if (file === "active_low") state.activeLow = text === "1";
    if (file === "direction") {
      state.direction = text === "in" ? "in" : "out";
      if (text !== "in") this.#level(number, text === "high" ? 1 : 0);
    }
    this.#show(number);
  }

  #export(number: number): void {
    const code = this.refused.get(number) ?? (this.isExported(number) ? "EBUSY" : undefined);
    if (code !== undefined) throw failure(code);
    this.#exported.add(number);
    if (this.grantMs === 0) this.#show(number);
    else setTimeout(() => this.isExported(number) && this.#show(number), this.grantMs);
  }

  /** As kernels do that make an input of a line that is given back. */
  #unexport(number: number): void {
    if (!this.#exported.delete(number)) throw failure("EINVAL");
    this.pin(number).direction = "in";
    this.pin(number).edge = "none";
    real.rmSync(join(this.root, `gpio${number}`), { recursive: true, force: true });
  }

  #level(number: number, level: Level): void {
    const seen = this.seen.get(number) ?? [];
    this.seen.set(number, seen);
    if (this.pin(number).level !== level) seen.push(level);
    this.pin(number).level = level;
    if (this.isExported(number)) this.#show(number);
  }

  #show(number: number): void {
    const folder = join(this.root, `gpio${number}`);
    const { level, direction, edge, activeLow } = this.pin(number);
    real.mkdirSync(folder, { recursive: true });
    const files = { direction, edge, active_low: Number(activeLow), value: activeLow ? 1 - level : level };
    const isDeaf = this.deaf.get(number) === 0;
    for (const [file, text] of Object.entries(files))
      if (file !== "value" || !isDeaf) real.writeFileSync(join(folder, file), `${text}\n`);
    // A file of the kernel's that opens, and answers EIO.
    if (isDeaf && !real.existsSync(join(folder, "value"))) real.symlinkSync("/proc/self/mem", join(folder, "value"));
  }
}
