/** A reporter: the end of a test run says what was skipped, for want of what, and the one line that installs it. */
import { relative } from "node:path";
import type { Reporter, TestModule, Vitest } from "vitest/node";
import { missingOf, NEEDS } from "./needs.ts";

export default class Skipped implements Reporter {
  #root = process.cwd();
  #chosen = false;

  onInit(vitest: Vitest): void {
    this.#root = vitest.config.root;
    // Of tests that were not asked for nothing is missing.
    this.#chosen = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#chosen) return;
    const files = modules
      .map((module) => ({ file: relative(this.#root, module.moduleId), count: [...module.children.allTests("skipped")].length }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => (a.file < b.file ? -1 : 1));
    if (files.length === 0) return;
    const all = files.reduce((sum, { count }) => sum + count, 0);
    const lines = files.map(({ file, count }) => `  ${String(count).padStart(4)}  ${file}  ${reasonOf(file)}`.trimEnd());
    const missing = missingOf(files.flatMap(({ file }) => NEEDS[file]?.packages ?? [])).toSorted();
    const install = missing.length === 0 ? [] : [` Debian has all that they need:\n  sudo apt install ${missing.join(" ")}`];
    process.stdout.write([`\n ${all} tests were skipped:`, ...lines, ...install, "\n"].join("\n"));
  }
}

function reasonOf(file: string): string {
  const need = NEEDS[file];
  if (need === undefined) return "";
  const missing = missingOf(need.packages);
  return missing.length > 0 ? `without ${missing.join(", ")}` : (need.other ?? "");
}
