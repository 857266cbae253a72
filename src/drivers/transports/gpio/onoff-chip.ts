/** A GPIO chip under /sys/class/gpio: its lines are watched and driven. The only file touching onoff. */
import { closeSync } from "node:fs";
import { access, constants, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Gpio } from "onoff";
import { monotonic } from "../../../kit/clock.ts";
import { EdgeError } from "../../../kit/errors.ts";
import { pause } from "../../../kit/loop/pause.ts";
import { PushQueue } from "../../../kit/loop/push-queue.ts";
import { loadNative } from "../../../kit/system/native.ts";
import { systemReason } from "../../../kit/text/reasons.ts";
import type { GpioSpec } from "../../buses.ts";
import type { GpioChip, GpioEdge, GpioOutput } from "../../driver.ts";
import { chipAmong } from "./header-chip.ts";

/** sysfs joins edges that follow closely, and may lose one: the level is read again this often. */
const RECONCILE_MS = 2000;
/** udev gives an exported line to its group within this time. */
const GRANTED_MS = 2000;
const LOOK_AGAIN_MS = 10;
/** Edges that wait for their reader; after the first that is dropped no other is kept, and the line is given up. */
export const EDGES_MAX = 1024;

type Level = 0 | 1;
type GpioClass = Pick<typeof Gpio, "accessible" | "prototype"> & (new (...of: ConstructorParameters<typeof Gpio>) => Gpio);

/** What a test hands in instead of this machine. */
export interface Sysfs {
  readonly root: string;
  load(): Promise<GpioClass>;
  write(file: "export" | "unexport", text: string): Promise<void>;
}

const ROOT = "/sys/class/gpio";
const THIS_MACHINE: Sysfs = {
  root: ROOT,
  load: async () => (await import("onoff")).Gpio,
  write: (file, text) => writeFile(join(ROOT, file), text),
};

/** Throws `gpio.unavailable` where sysfs has no such chip (gone in newer kernels) or may not be written. */
export async function onoffChip(spec: GpioSpec, sysfs: Sysfs = THIS_MACHINE): Promise<GpioChip> {
  const base = await lineBase(sysfs.root, spec.chip);
  const Line = await loadNative("onoff", () => sysfs.load());
  if (!Line.accessible)
    throw new EdgeError("gpio.unavailable", {
      reason: { it: `${sysfs.root}/export non si può scrivere`, en: `${sysfs.root}/export may not be written` },
    });
  return {
    async *watch(line, { bias, debounceMs = 0 }, stop) {
      if (bias !== "none")
        throw new EdgeError("gpio.unavailable", {
          reason: {
            it: `sysfs non può dare alla linea ${line} \`bias: ${bias}\`: usare gpiod o \`config.txt\``,
            en: `sysfs cannot pull line ${line} ${bias}: use gpiod or \`config.txt\``,
          },
        });
      yield* watchLine(await openInput(Line, base + line, line, sysfs), line, debounceMs, stop);
    },
    async drive(line, first) {
      return new OnoffOutput(await openOutput(Line, base + line, line, sysfs, first), line);
    },
  };
}

/**
 * Since kernel 6.6 sysfs numbers are no longer BCM numbers: the chip says where its lines begin. `chip`: its label, or its name as a character
 * device, which sysfs finds by the hardware behind both; see header-chip.ts.
 */
export async function lineBase(root: string, chip: string): Promise<number> {
  const read = async (folder: string, file: string) => (await readFile(join(root, folder, file), "utf8")).trim();
  const isNamed = (folder: string) =>
    access(join(root, folder, "device", chip)).then(
      () => true,
      () => false,
    );
  const folders = await readdir(root).catch((cause: unknown) => {
    throw new EdgeError("gpio.unavailable", { reason: { it: `${root} non esiste`, en: `${root} does not exist` } }, cause);
  });
  const chips = await Promise.all(
    folders
      .filter((name) => name.startsWith("gpiochip"))
      .map(async (folder) => ({ folder, label: await read(folder, "label"), isNamed: await isNamed(folder) })),
  );
  // Banks of one controller lie behind one device, and sysfs does not say which of them has the name: then there are several.
  const found = chipAmong(chips, chip, (one) => one.isNamed, root);
  return Number(await read(found.folder, "base"));
}

const openInput = (Line: GpioClass, number: number, line: number, sysfs: Sysfs): Promise<Gpio> =>
  openLine(number, line, sysfs, "edge", async () => {
    const gpio = new Line(number, "in", "both", { activeLow: false });
    return { gpio, isRight: () => gpio.direction() === "in" && gpio.edge() === "both" && !gpio.activeLow() };
  });

/** `low` and `high` become output and level in one write: `out` would be low for a moment. One that is kept is not written at all. */
const openOutput = (Line: GpioClass, number: number, line: number, sysfs: Sysfs, first: Level | "keep"): Promise<Gpio> =>
  openLine(number, line, sysfs, "direction", async () => {
    const at = async (file: string) => (await readFile(join(sysfs.root, `gpio${number}`, file), "utf8")).trim();
    const isDriven = (await at("direction")) === "out";
    const turned = (await at("active_low")) === "1";
    const raw = (await at("value")) === "1" ? 1 : 0;
    const level: Level = first !== "keep" ? first : turned ? (raw === 1 ? 0 : 1) : raw;
    const adopt = first === "keep" && isDriven;
    const gpio = new Line(number, adopt ? "out" : level === 1 ? "high" : "low", undefined, {
      activeLow: false,
      ...(adopt && { reconfigureDirection: false }),
    });
    return { gpio, isRight: () => gpio.direction() === "out" && !gpio.activeLow() && gpio.readSync() === level };
  });

interface Made {
  readonly gpio: Gpio;
  isRight(): boolean;
}

/**
 * Guards against four traps of onoff. It blocks the event loop until udev has granted access to the files, trying 10,000 times each: so they are
 * waited for before. It hides every error of a line that is already exported, as ours then is: so everything is read back. It leaves a line exported
 * when it fails half-way: so that is undone. A file that it opened before failing can never be closed: so it is checked before that the files can be
 * read.
 */
async function openLine(number: number, line: number, sysfs: Sysfs, last: "edge" | "direction", make: () => Promise<Made>) {
  for (const again of [true, false]) {
    let made: Made | undefined;
    try {
      await exported(number, sysfs, ["value", "active_low", "direction", last]);
      made = await make();
      if (made.isRight()) return made.gpio;
      throw new Error("direction, edge or level are not as they were set");
    } catch (cause) {
      if (made) made.gpio.unexport();
      else await sysfs.write("unexport", String(number)).catch(() => undefined);
      if (!again) throw busy(line, cause);
    }
  }
  throw busy(line, "cannot be set up");
}

async function exported(number: number, sysfs: Sysfs, files: readonly string[]): Promise<void> {
  const folder = join(sysfs.root, `gpio${number}`);
  const granted = () => Promise.all(files.map((file) => access(join(folder, file), constants.R_OK | constants.W_OK)));
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  if (!isThere) await sysfs.write("export", String(number));
  for (const until = monotonic() + GRANTED_MS; ; ) {
    const refused = await granted().then(
      () => null,
      (error: unknown) => error,
    );
    if (refused === null) break;
    if (monotonic() >= until) throw refused;
    await pause(LOOK_AGAIN_MS, NEVER);
  }
  await readFile(join(folder, "value"));
}
const NEVER = new AbortController().signal;

const busy = (line: number, cause: unknown): EdgeError =>
  new EdgeError("gpio.line-busy", { line, reason: systemReason(cause) }, cause);

/** Stays exported, and so at its level, when it is closed: an unexported line becomes an input. */
class OnoffOutput implements GpioOutput {
  readonly lost = NEVER;
  readonly #gpio: Gpio;
  readonly #line: number;

  constructor(gpio: Gpio, line: number) {
    this.#gpio = gpio;
    this.#line = line;
  }

  async level(): Promise<Level> {
    try {
      return this.#gpio.readSync();
    } catch (cause) {
      throw busy(this.#line, cause);
    }
  }

  async set(level: Level): Promise<Level | null> {
    try {
      this.#gpio.writeSync(level);
    } catch (cause) {
      throw busy(this.#line, cause);
    }
    return this.level().catch(() => null);
  }

  /** The library closes its file only together with `unexport`. */
  async [Symbol.asyncDispose](): Promise<void> {
    const file: unknown = Reflect.get(this.#gpio, "_valueFd");
    if (typeof file === "number") closeSync(file);
  }
}

/** Raw edges without the library's debounce, which is silent for as long as a contact chatters. */
async function* watchLine(gpio: Gpio, line: number, debounceMs: number, stop: AbortSignal): AsyncGenerator<GpioEdge> {
  const edges = new PushQueue<GpioEdge>({
    most: EDGES_MAX,
    drops: "newest",
    overrun: (lost) => new EdgeError("gpio.overrun", { line, lost }),
  });
  let level: Level | null = null;
  const dated = dating(debounceMs);
  const see = (now: Level) => {
    if (now === level) return;
    level = now;
    edges.push({ level: now, ...dated.now() });
  };
  const read = gpio.readSync.bind(gpio);
  const look = () => {
    try {
      see(read());
    } catch (error) {
      edges.fail(busy(line, error));
    }
    return level ?? 0;
  };
  // The library's poller reads by itself before it tells anybody, where an error of the kernel's would end the process.
  gpio.readSync = look;
  const reconcile = setInterval(look, RECONCILE_MS);
  try {
    look();
    gpio.watch(() => undefined);
    yield* edges.drain(stop);
  } finally {
    clearInterval(reconcile);
    dated.end();
    gpio.unwatchAll();
    gpio.unexport();
  }
}

/**
 * sysfs gives edges no time, so an edge gets the time at which it is read. If by then the debounce time had passed and yet the event loop had not
 * turned, this process stood still: then the edge may be as old as the last one.
 */
function dating(debounceMs: number) {
  let last = monotonic();
  let stood = last;
  let timer: NodeJS.Timeout | undefined;
  return {
    now(): Pick<GpioEdge, "mono" | "notBefore"> {
      const mono = monotonic();
      const isLate = debounceMs > 0 && stood !== last && mono - last >= debounceMs;
      const notBefore = last;
      last = mono;
      clearTimeout(timer);
      timer = setTimeout(() => setImmediate(() => (stood = mono)), debounceMs);
      return isLate ? { mono, notBefore } : { mono };
    },
    end: () => clearTimeout(timer),
  };
}
