/** A GPIO chip under /sys/class/gpio goes in; levels and edges of its lines come out. The only file touching onoff. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Gpio } from "onoff";
import { monotonic } from "../../kit/clock.ts";
import { EdgeError } from "../../kit/errors.ts";
import type { GpioSpec } from "../buses.ts";
import type { GpioChip, GpioEdge } from "../driver.ts";

/** Labels of the chip that carries a Raspberry Pi's header (Pi 0–3, 4, 5). */
const HEADERS = ["pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"];
/** sysfs joins edges that follow closely, and may lose one: the level is read again this often. */
const RECONCILE_MS = 2000;

type GpioClass = Pick<typeof Gpio, "accessible"> & (new (line: number, direction: "in", edge: "both") => LineOfOnoff);
type LineOfOnoff = Pick<Gpio, "direction" | "edge" | "activeLow" | "readSync" | "watch" | "unwatchAll" | "unexport">;

/** What a test hands in instead of this machine. */
export interface Sysfs {
  readonly root: string;
  load(): Promise<GpioClass>;
}

const THIS_MACHINE: Sysfs = { root: "/sys/class/gpio", load: async () => (await import("onoff")).Gpio };

/** Throws `gpio.unavailable` where sysfs has no such chip (gone in newer kernels) or may not be written. */
export async function onoffChip(spec: GpioSpec, sysfs: Sysfs = THIS_MACHINE): Promise<GpioChip> {
  const base = await lineBase(sysfs.root, spec.chip);
  const Line = await sysfs.load().catch((cause: unknown) => {
    throw new EdgeError("native.missing", { module: "onoff" }, cause);
  });
  if (!Line.accessible) throw new EdgeError("gpio.unavailable", { reason: `${sysfs.root}/export may not be written` });
  return {
    async *watch(line, { bias }, stop) {
      if (bias !== "none")
        throw new EdgeError("gpio.unavailable", { reason: `sysfs cannot pull line ${line} ${bias}: use gpiod or config.txt` });
      yield* watchLine(await openLine(Line, base + line, line, sysfs.root), line, stop);
    },
  };
}

/** Global numbers are no BCM numbers since kernel 6.6: the chip says where its lines begin. */
export async function lineBase(root: string, chip: string): Promise<number> {
  const read = async (folder: string, file: string) => (await readFile(join(root, folder, file), "utf8")).trim();
  const folders = await readdir(root).catch((cause: unknown) => {
    throw new EdgeError("gpio.unavailable", { reason: `${root} does not exist` }, cause);
  });
  for (const folder of folders.filter((name) => name.startsWith("gpiochip"))) {
    const label = await read(folder, "label");
    if (label === chip || HEADERS.includes(label)) return Number(await read(folder, "base"));
  }
  throw new EdgeError("gpio.unavailable", { reason: `no chip in ${root} is ${[chip, ...HEADERS].join(", ")}` });
}

/** onoff swallows every error of a line that was exported before, and leaves one exported when it fails half-way. */
async function openLine(Line: GpioClass, number: number, line: number, root: string): Promise<LineOfOnoff> {
  for (const last of [false, true]) {
    try {
      const gpio = new Line(number, "in", "both");
      if (gpio.direction() === "in" && gpio.edge() === "both" && !gpio.activeLow()) return gpio;
      gpio.unexport();
      if (last) throw new Error("direction or edge cannot be set");
    } catch (cause) {
      await writeFile(join(root, "unexport"), String(number)).catch(() => undefined);
      if (last)
        throw new EdgeError("gpio.line-busy", { line, reason: cause instanceof Error ? cause.message : String(cause) }, cause);
    }
  }
  throw new EdgeError("gpio.line-busy", { line, reason: "cannot be set up" });
}

/** Raw edges without the library's debounce, which is silent for as long as a contact chatters. */
async function* watchLine(gpio: LineOfOnoff, line: number, stop: AbortSignal): AsyncGenerator<GpioEdge> {
  const edges: GpioEdge[] = [];
  let level: 0 | 1 | null = null;
  let failed: unknown = null;
  let wake = () => {};
  const see = (now: 0 | 1) => {
    if (now !== level) edges.push({ level: now, mono: monotonic() });
    level = now;
    wake();
  };
  const look = () => {
    try {
      see(gpio.readSync());
    } catch (error) {
      failed = error;
      wake();
    }
  };
  const reconcile = setInterval(look, RECONCILE_MS);
  const aborted = () => wake();
  stop.addEventListener("abort", aborted);
  try {
    look();
    gpio.watch((error, now) => (error ? look() : see(now)));
    while (!stop.aborted) {
      const edge = edges.shift();
      if (edge) yield edge;
      else if (failed) throw new EdgeError("gpio.line-busy", { line, reason: String(failed) }, failed);
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    clearInterval(reconcile);
    stop.removeEventListener("abort", aborted);
    gpio.unwatchAll();
    gpio.unexport();
  }
}
