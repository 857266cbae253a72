/** Builds a commit in a folder of its own, with the packages of this checkout. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PRODUCT } from "../way/product.ts";

export interface Build {
  readonly name: string;
  /** The built product. */
  readonly product: string;
  /** The built bench, whose role `gateway` runs that commit's edge, store and sync. */
  readonly bench: string;
}

export interface OlderBuild extends Build, Disposable {
  readonly otherPackages: boolean;
}

export class UnknownCommit extends Error {}

export const THIS: Build = { name: "this checkout", product: PRODUCT, bench: resolve("dist/bench/way.js") };

export function builtAt(commit: string): OlderBuild {
  const [hash = "", ...words] = named(commit).trim().split(" ");
  const folder = mkdtempSync(join(tmpdir(), `cippo-at-${hash}-`));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const files = execFileSync("git", ["archive", hash], { maxBuffer: 2 ** 30 });
    execFileSync("tar", ["-x", "-C", folder], { input: files });
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
    execFileSync(process.execPath, ["tools/build.mjs"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  } catch (error) {
    remove();
    throw error;
  }
  const lock = (at: string) => readFileSync(join(at, "package-lock.json"), "utf8");
  return {
    name: `${hash} ${words.join(" ")}`,
    product: join(folder, "dist/cippo.js"),
    bench: join(folder, "dist/bench/way.js"),
    otherPackages: lock(folder) !== lock("."),
    [Symbol.dispose]: remove,
  };
}

/** Hash and subject. Throws a sentence when git does not know the commit. */
function named(commit: string): string {
  try {
    return execFileSync("git", ["log", "-1", "--format=%h %s", commit, "--"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch (error) {
    throw new UnknownCommit(`git knows no commit ${commit} here`, { cause: error });
  }
}
