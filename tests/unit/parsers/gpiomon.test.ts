/** Lines of gpiomon as random streams: no exception, bounded memory, always the next whole one. */
import { equal, ok } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { busSchema, type GpioSpec } from "../../../src/drivers/buses.ts";
import type { GpioChip, GpioEdge } from "../../../src/drivers/driver.ts";
import { LINE_MAX } from "../../../src/drivers/transports/child/tool-process.ts";
import { edgeIn } from "../../../src/drivers/transports/gpio/gpio-tools.ts";
import { gpiodChip } from "../../../src/drivers/transports/gpio/gpiod-chip.ts";
import { monotonic } from "../../../src/kit/clock.ts";
import { EdgeError } from "../../../src/kit/errors.ts";
import { LineSplitter } from "../../../src/kit/text/line-splitter.ts";
import { Dice, each, FIRST } from "../../support/memory/dice.ts";

const MINUTES_MS = 20 * 60_000;

describe("lines of gpiomon", () => {
  type Version = 1 | 2;
  const MOST = 6;
  const lineOf = ({ level, mono }: GpioEdge, version: Version): string => {
    const [seconds, nanoseconds] = [Math.floor(mono / 1000), (mono % 1000) * 1_000_000];
    if (version === 1) return `${level} 17 ${seconds} ${nanoseconds}`;
    return `${level === 1 ? 1 : 2} 17 ${seconds}.${String(nanoseconds).padStart(9, "0")}`;
  };

  /** A few edges, and mostly something behind them that is none, with one more edge after it that nobody may take. */
  function runOf(dice: Dice, version: Version): { readonly text: string; readonly sent: readonly GpioEdge[] } {
    const began = Math.max(0, monotonic() - 20_000 + dice.below(10_000));
    const sent = Array.from({ length: dice.below(MOST) }, (_, i): GpioEdge => ({ level: i % 2 === 0 ? 1 : 0, mono: began + i }));
    const edge = lineOf({ level: 1, mono: began + MOST }, version);
    const garbage = dice.pick(
      null,
      edge.slice(0, 4 + dice.below(5)),
      `x${edge}`,
      edge.replaceAll(" ", ""),
      `${version === 1 ? dice.pick(2, 7) : dice.pick(0, 7)}${edge.slice(1)}`,
      dice.bytes(40).toString("latin1").replaceAll("\n", " "),
      "y".repeat(1 + dice.below(600)),
      "gpiomon: error",
    );
    return {
      text: [...sent.map((one) => lineOf(one, version)), ...(garbage === null ? [] : [garbage, edge]), ""].join("\n"),
      sent,
    };
  }

  it("every edge comes out, in order, with its own time, and nothing else is one", { timeout: MINUTES_MS }, () => {
    each((dice) => {
      const version = dice.pick(1, 2);
      const { text, sent } = runOf(dice, version);
      const lines = new LineSplitter(LINE_MAX);
      const edges = dice.pieces(text).flatMap((piece) => lines.push(piece).map((line) => edgeIn(line ?? "…", version, 0)));
      const end = edges.indexOf(null);
      const found = end < 0 ? edges : edges.slice(0, end);
      equal(found.length, sent.length);
      for (const [i, { level, mono }] of sent.entries()) ok(found[i]?.level === level && found[i]?.mono === mono);
      if (dice.below(10) > 0) return;
      const flood = dice.pieces("z".repeat(3 * LINE_MAX)).flatMap((piece) => lines.push(piece));
      expect([flood, lines.push("\n")]).toEqual([[null], []]);
    });
  });

  it.each([1, 2] as const)(
    "the same through a process of version %i and its pipe, a line's pieces apart",
    { timeout: 60_000 },
    async (version) => {
      const folder = mkdtempSync(join(tmpdir(), "cippo-parsers-"));
      const head = `#!/bin/bash\n[ "$1" = --version ] && { echo "$0 (libgpiod) v${version}.6"; exit 0; }\n`;
      writeFileSync(join(folder, "gpioget"), `${head}echo 0\n`, { mode: 0o755 });
      const say = `while IFS= read -r -d '' piece; do printf %s "$piece"; sleep 0.003; done <${folder}/pieces`;
      writeFileSync(join(folder, "gpiomon"), `${head}${say}\nexit 1\n`, { mode: 0o755 });
      try {
        const chip = await gpiodChip(busSchema.parse({ gpio: "gpiod", chip: "gpiochip0", tools: folder }) as GpioSpec);
        for (let number = FIRST; number < FIRST + 20; number++) await oneRun(chip, folder, new Dice(number), version);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );

  async function oneRun(chip: GpioChip, folder: string, dice: Dice, version: Version): Promise<void> {
    const { text, sent } = runOf(dice, version);
    writeFileSync(
      join(folder, "pieces"),
      dice
        .pieces(text.replaceAll("\0", " "))
        .map((piece) => `${piece}\0`)
        .join(""),
    );
    const begun = monotonic();
    const found: GpioEdge[] = [];
    const reading = async () => {
      for await (const one of chip.watch(17, { bias: "none", counts: true }, new AbortController().signal)) found.push(one);
    };
    const error = await reading().catch((one: unknown) => one);
    // The line is taken anew, whether it said what is no edge or ended.
    ok(error instanceof EdgeError && error.code.startsWith("gpio."), String(error));
    // After the level of the opening. What says that it came before the tool was started takes the time of its arrival.
    expect(found.slice(1).map(({ level }) => level)).toEqual(sent.map(({ level }) => level));
    for (const { mono } of found) ok(mono >= begun && mono <= monotonic(), `${mono} is not between ${begun} and now`);
  }
});
