import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: "forks",
    // Journeys mostly wait: for a debounce, a retry, a silence. A third keeps two cores busy.
    maxWorkers: 3,
  },
});
