/** A gateway stands still while a contact moves: no spike is told as a state, and no level that surely stood is lost. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { busSchema, type GpioSpec } from "../../../../../src/drivers/buses.ts";
import type { GpioChip } from "../../../../../src/drivers/driver.ts";
import type { Change } from "../../../../../src/drivers/families/gpio/debounce.ts";
import { settledOf } from "../../../../../src/drivers/families/gpio/settled.ts";
import { gpiodChip } from "../../../../../src/drivers/transports/gpio/gpiod-chip.ts";
import { onoffChip } from "../../../../../src/drivers/transports/gpio/onoff-chip.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { SysfsGpio } from "../../../../support/machine/sysfs-gpio.ts";

const LINE = 17;
/** Longer than a busy machine keeps this process, or `cat`, from its work. */
const DEBOUNCE_MS = 500;
const STALL_MS = 1500;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cippo-settled-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Level = 0 | 1;
interface Bench {
  readonly chip: GpioChip;
  /** The contact moves now. */
  move(level: Level): void;
}

/** Its edges are dated as they are made, as by the kernel, and lie in gpiomon's pipe until they are read. */
async function gpiod(): Promise<Bench> {
  const edges = join(folder, "edges");
  spawnSync("mkfifo", [edges]);
  const wire = openSync(edges, "r+");
  const head = '#!/bin/bash\n[ "$1" = --version ] && { echo "$0 (libgpiod) v1.6.3"; exit 0; }\n';
  writeFileSync(join(folder, "gpioget"), `${head}echo 0\n`, { mode: 0o755 });
  writeFileSync(join(folder, "gpiomon"), `${head}exec cat ${edges}\n`, { mode: 0o755 });
  const move = (level: Level) => {
    const mono = monotonic();
    writeSync(wire, `${level} ${LINE} ${Math.floor(mono / 1000)} ${(mono % 1000) * 1_000_000}\n`);
  };
  return { chip: await gpiodChip(busSchema.parse({ gpio: "gpiod", chip: "gpiochip0", tools: folder }) as GpioSpec), move };
}

async function onoff(): Promise<Bench> {
  const sysfs = new SysfsGpio(join(folder, "gpio")).chip(512, "pinctrl-bcm2711");
  const chip = await onoffChip(busSchema.parse({ gpio: "onoff" }) as GpioSpec, sysfs);
  return { chip, move: (level) => sysfs.drive(512 + LINE, level) };
}

/** The whole process, as by a card that is full or a machine that swaps. */
const standStill = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** What is told of a contact that stood at 0 when it was opened, closes at once, and does then what `act` says in one turn of the loop. */
async function told({ chip, move }: Bench, act: () => void): Promise<AsyncGenerator<Change>> {
  let isFirst = true;
  const heard: GpioChip = {
    ...chip,
    async *watch(...of) {
      for await (const edge of chip.watch(...of)) {
        yield edge;
        if (edge.level !== 1 || !isFirst) continue;
        isFirst = false;
        setImmediate(act);
      }
    },
  };
  const of = { line: LINE, bias: "none", debounceMs: DEBOUNCE_MS, atMostEveryMs: 0, everyMs: 60_000, counts: true } as const;
  async function* changes() {
    for await (const settled of settledOf(heard, of, new AbortController().signal)) {
      if (settled.is === "opened") move(1);
      if (settled.is === "changed") yield* settled.changes;
    }
  }
  return changes();
}

describe.each([
  ["gpiod", gpiod],
  ["onoff", onoff],
] as const)("a process that stands still for longer than the debounce, by %s", (name, open) => {
  it("tells nothing of a spike that is over by then, and all that stands later", async () => {
    const bench = await open();
    let stood = Number.POSITIVE_INFINITY;
    const changes = await told(bench, () => {
      bench.move(0);
      standStill(STALL_MS);
      setTimeout(() => {
        stood = monotonic();
        bench.move(1);
      }, 2 * DEBOUNCE_MS);
    });
    const { value } = await changes.next();
    expect(value).toMatchObject({ level: 1, chatter: false });
    expect(value?.mono).toBeGreaterThanOrEqual(stood);
    await changes.return(undefined);
  });

  it.runIf(name === "gpiod")("tells a level that had stood for its time by then, though it is over", async () => {
    const bench = await open();
    const changes = await told(bench, () => {
      standStill(STALL_MS / 2);
      bench.move(0);
      standStill(STALL_MS / 2);
    });
    expect([(await changes.next()).value?.level, (await changes.next()).value?.level]).toEqual([1, 0]);
    await changes.return(undefined);
  });
});
