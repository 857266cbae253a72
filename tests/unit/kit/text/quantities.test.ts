/** Durations as people read them. */
import { expect, it } from "vitest";
import { formatDuration } from "../../../../src/kit/text/format-duration.ts";

it.each([
  [850, "850 ms"],
  [1000, "1 s"],
  [1469, "1 s"],
  [1999, "2 s"],
  [119_000, "119 s"],
  [120_000, "2 min"],
])("%i ms is said in whole seconds from one second on: %s", (ms, expected) => expect(formatDuration(ms)).toBe(expected));
