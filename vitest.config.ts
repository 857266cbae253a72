import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // A small machine skips much: the end says what, and how it is had.
    reporters: ["default", "./tests/support/machine/skipped.ts"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // What is awaited comes at once, or on a busy machine when its process gets a core: only a hang takes this long.
    expect: { poll: { timeout: 15_000 } },
    pool: "forks",
    // Most tests wait: for a debounce, a retry, a silence. Four at once keep two cores busy.
    maxWorkers: 4,
  },
});
