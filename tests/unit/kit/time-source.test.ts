/** timesyncd is believed by its mark, chrony and ntpd by what the kernel says through timedatectl. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/kit/clock.ts";
import { TimeSource } from "../../../src/kit/time-source.ts";

const RIGHT = 1_764_000_000_000;
let folder: string;
/** Moments far from any start of the machine, and the system clock beside them. */
let mono: number;
let offset: number;
let source: TimeSource;

/** A real timedatectl in its place on PATH: it says what the file beside it holds, and notes that it was asked, and how. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cippo-time-"));
  writeFileSync(join(folder, "asked"), "");
  writeFileSync(join(folder, "timedatectl"), `#!/bin/sh\necho "$@" >> ${join(folder, "asked")}\ncat ${join(folder, "says")}\n`);
  chmodSync(join(folder, "timedatectl"), 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"] ?? ""}`);
  [mono, offset] = [5_000_000, RIGHT];
  source = new TimeSource({ mark: mark() });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const mark = () => join(folder, "timesync/synchronized");
const says = (word: string) => writeFileSync(join(folder, "says"), `${word}\n`);
const asked = () => readFileSync(join(folder, "asked"), "utf8").split("\n").filter(Boolean);
/** After so long, and after the answer to what is asked then. */
async function after(ms: number): Promise<boolean> {
  mono += ms;
  await source.first(mono, mono + offset);
  return source.synced(mono, mono + offset);
}

it("under chrony or ntpd the kernel says, asked as a technician would ask", async () => {
  says("yes");
  expect(await after(0)).toBe(true);
  expect(asked()).toEqual(["show --property=NTPSynchronized --value"]);
});

it("is asked each minute while it says no, and four times an hour once it says yes: never a process each second", async () => {
  says("no");
  for (let second = 0; second < 600; second += 1) expect(await after(1000)).toBe(false);
  expect(asked()).toHaveLength(10);
  says("yes");
  expect(await after(60_000)).toBe(true);
  for (let second = 0; second < 3600; second += 1) expect(await after(1000)).toBe(true);
  expect(asked()).toHaveLength(15);
});

it("timesyncd's mark is enough: nobody is asked; and when a restart takes it away, the kernel's clock is as right as before", async () => {
  mkdirSync(join(folder, "timesync"));
  writeFileSync(mark(), "");
  for (let second = 0; second < 100; second += 1) expect(await after(1000)).toBe(true);
  expect(asked()).toEqual([]);
  rmSync(mark());
  says("yes");
  expect(await after(1000)).toBe(true);
  expect(asked()).toHaveLength(1);
});

it("a clock that was set is believed again only when the kernel says so anew", async () => {
  says("yes");
  await after(0);
  says("no");
  offset -= 3_600_000;
  mono += 1000;
  expect(source.synced(mono, mono + offset)).toBe(false);
  expect(await after(5000)).toBe(false);
  says("yes");
  offset += 3_600_000;
  expect(await after(1000)).toBe(false);
  expect(await after(5000)).toBe(true);
});

it.each([
  ["fails", "#!/bin/sh\necho yes\nexit 1\n"],
  ["says something else", "#!/bin/sh\necho NTPSynchronized=yes\n"],
])("a timedatectl that %s leaves the time unknown", async (_, program) => {
  writeFileSync(join(folder, "timedatectl"), program);
  expect(await after(0)).toBe(false);
});

it("a machine without timedatectl has its own time unknown, and is not asked more often", async () => {
  source = new TimeSource({ mark: mark(), ask: [join(folder, "nothing-there")] });
  for (let second = 0; second < 120; second += 1) expect(await after(1000)).toBe(false);
});

it("the gateway's clock knows before its first moment", async () => {
  says("yes");
  const clock = systemClock("auto", { mark: mark() });
  await clock.known?.();
  expect(clock.now().synced).toBe(true);
});
