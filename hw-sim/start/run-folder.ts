/** The folder of one run, with a name short enough to be typed, and in it what `cippo simulate fault` must know. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import type { siteReady } from "./site-config.ts";

const NAME = /^cippo-(\d+)$/;
export const SOCKET = "sock";
const PARTS = "parts.json";

/** A day in a minute writes as much as a day does: where Linux has a disk in memory, it is spared the real one. */
export const inMemory = (): string => (existsSync("/dev/shm") ? "/dev/shm" : tmpdir());

/** `/tmp/cippo-1`, or the first number that nobody has; for this user alone. */
export async function makeRunFolder(root = tmpdir()): Promise<string> {
  for (let n = 1; ; n += 1) {
    const dir = join(root, `cippo-${n}`);
    try {
      await mkdir(dir, { mode: 0o700 });
      return dir;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** Newest first, by time: numbers are reused, so the highest is not always the newest. */
export async function runFolders(): Promise<readonly string[]> {
  const names = (await readdir(tmpdir())).filter((name) => NAME.test(name));
  return names.map((name) => join(tmpdir(), name));
}

/** What of a simulated site can fail: its control port, and by bus the devices on it and the faults that it can have. */
export const partsSchema = z.object({
  control: z.number(),
  pid: z.number(),
  buses: z.record(z.string(), z.object({ devices: z.array(z.string()), faults: z.array(z.string()) })),
});
export type Parts = z.output<typeof partsSchema>;

/** Written whole by a rename: it may be read at any moment. */
export async function writeParts(dir: string, { control, faults, site }: z.output<typeof siteReady>): Promise<void> {
  const on = (bus: string) => Object.entries(site.devices).flatMap(([id, device]) => (device.bus === bus ? [id] : []));
  const buses = Object.fromEntries(Object.entries(faults).map(([bus, kinds]) => [bus, { devices: on(bus), faults: kinds }]));
  const parts: Parts = { control, pid: process.pid, buses };
  await writeFile(join(dir, `${PARTS}.new`), JSON.stringify(parts));
  await rename(join(dir, `${PARTS}.new`), join(dir, PARTS));
}

/** undefined: no simulated site has begun there, or its wires are real. */
export async function partsIn(dir: string): Promise<Parts | undefined> {
  const text = await readFile(join(dir, PARTS), "utf8").catch(() => "null");
  return partsSchema.safeParse(JSON.parse(text)).data;
}
