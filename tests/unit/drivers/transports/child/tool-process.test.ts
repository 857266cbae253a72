/** Commands that print more than anybody reads: the first lines, a count of the rest, and bounded memory. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { busSchema, type GpioSpec } from "../../../../../src/drivers/buses.ts";
import { ToolProcess, WAITING_MAX } from "../../../../../src/drivers/transports/child/tool-process.ts";
import { gpiodChip } from "../../../../../src/drivers/transports/gpio/gpiod-chip.ts";
import type { EdgeError } from "../../../../../src/kit/errors.ts";
import { never } from "../../support.ts";

const FOREVER_MS = 60_000;
const lineOf = (n: number): string => `1 17 12345 ${String(n).padStart(9, "0")}`;

describe("a command whose reader is slow", () => {
  it("is ended once too many lines wait; those come out in order, the others are counted", async () => {
    await using tool = new ToolProcess("bash", ["-c", `seq -f "1 17 12345 %09.0f" 1 ${10 * WAITING_MAX}; exec sleep 60`]);
    await tool.ended;
    expect(tool.died?.unread).toBeGreaterThan(0);
    const read: string[] = [];
    for await (const line of tool.lines(FOREVER_MS, never)) read.push(line);
    expect(read).toEqual(Array.from({ length: WAITING_MAX }, (_, i) => lineOf(i + 1)));
  });

  it("may say all of that, as long as somebody reads", async () => {
    await using tool = new ToolProcess("seq", ["-f", "1 17 12345 %09.0f", "1", String(3 * WAITING_MAX)]);
    let read = 0;
    for await (const _ of tool.lines(FOREVER_MS, never)) read += 1;
    expect([read, tool.died?.unread]).toEqual([3 * WAITING_MAX, 0]);
  });
});

describe("a line whose edges nobody reads", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cippo-overrun-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Stands at 0; its gpiomon tells more edges than may wait, at once, and then holds the line. */
  function hasty(): GpioSpec {
    const edges = `awk 'BEGIN { for (i = 1; i <= ${2 * WAITING_MAX}; i++) print i % 2, 17, 12345, 123456789 }'`;
    const tool = (name: string, body: string) => {
      writeFileSync(
        join(folder, name),
        `#!/bin/bash\n[ "$1" = --version ] && { echo "${name} (libgpiod) v1.6.3"; exit 0; }\n${body}\n`,
      );
      chmodSync(join(folder, name), 0o755);
    };
    tool("gpioget", "echo 0");
    tool("gpiomon", `${edges}; exec sleep 60`);
    return busSchema.parse({ gpio: "gpiod", chip: "gpiochip0", tools: folder }) as GpioSpec;
  }

  it("is given up with how many were lost: whoever takes it again begins with its level, and knows that nobody counted", async () => {
    const chip = await gpiodChip(hasty());
    const edges = chip.watch(17, { bias: "none", counts: true }, never)[Symbol.asyncIterator]();
    let read = 0;
    const lost = async () => {
      for (;;) {
        await edges.next();
        read += 1;
        // The first two: the level, and the edge that starts the monitor's reading.
        if (read === 2) await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    };
    const error: EdgeError = await lost().catch((raw) => raw);
    expect(error).toMatchObject({ code: "gpio.overrun", context: { line: 17 } });
    expect(Number(error.context["lost"])).toBeGreaterThan(0);
    expect(read).toBeGreaterThan(WAITING_MAX);
  });
});
