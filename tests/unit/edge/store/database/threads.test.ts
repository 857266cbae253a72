/** With the unit's number of threads commits go on while calls block Node's pool; with Node's default they do not. */
import { spawn, spawnSync } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { folder, programIn, ROOT } from "../support.ts";

/** Names that do not resolve, ports that are opened: what may hang at once on a box without a network. */
const HANGING = 4;
const COMMITS = 20;

/** Opening a pipe that nobody writes to holds a thread, as a name server that is silent does. */
const PROGRAM = `
import { open as hang } from "node:fs";
import { open, readings } from "./support.ts";
const [, , file, pipe] = process.argv;
const store = await open(file ?? "");
await store.commit(readings(store, 1, 10));
for (let i = 0; i < ${HANGING}; i += 1) hang(pipe ?? "", "r", () => undefined);
process.stdout.write("hanging\\n");
let longest = 0;
for (let i = 1; i <= ${COMMITS}; i += 1) {
  const begun = performance.now();
  await store.commit(readings(store, i * 10 + 1, i * 10 + 10));
  longest = Math.max(longest, performance.now() - begun);
}
process.stdout.write("longest " + longest + "\\n");
process.kill(process.pid, "SIGKILL");`;

it("four calls that hang stop no commit, with the threads that the unit gives; Node's four threads would", {
  timeout: 60_000,
}, async () => {
  const threads = /^Environment=UV_THREADPOOL_SIZE=(\d+)$/m.exec(
    await readFile(join(ROOT, "systemd/cippo.service"), "utf8"),
  )?.[1];
  await using at = await folder();
  const program = await programIn(at.path, PROGRAM);
  const pipe = join(at.path, "pipe");
  spawnSync("mkfifo", [pipe]);
  /** The longest of its commits in ms, or null when it did not get through them in time. */
  const run = async (size: string, withinMs: number): Promise<number | null> => {
    await mkdir(join(at.path, size));
    const child = spawn(process.execPath, [program, join(at.path, size, "cippo.sqlite"), pipe], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, UV_THREADPOOL_SIZE: size },
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (output === "") setTimeout(() => child.kill("SIGKILL"), withinMs);
      output += text;
    });
    await new Promise((resolve) => child.once("close", resolve));
    expect(output).toMatch(/^hanging/);
    const longest = /longest (\S+)/.exec(output)?.[1];
    return longest === undefined ? null : Number(longest);
  };
  expect(await run("4", 1500)).toBeNull();
  expect(await run(threads ?? "4", 30_000)).not.toBeNull();
});
