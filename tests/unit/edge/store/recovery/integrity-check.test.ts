/** The check of a database in use, in a process that may not lower its priority, as in the sandbox of the unit. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { folder, nothing, open, programIn, readings } from "../support.ts";

const run = promisify(execFile);

/** What the unit's filter answers. */
const REFUSED = `
#include <errno.h>
int setpriority(int which, unsigned who, int value) { errno = EPERM; return -1; }
`;

/** Says how often the check was seen at work and how often halted, and what it found. */
const PROGRAM = `
import { readdirSync, readFileSync } from "node:fs";
import { quickCheck } from "../../../../src/edge/store/database/integrity-check.ts";
const seen = { halted: 0, working: 0 };
const children = () => readdirSync("/proc/self/task").flatMap((task) => {
  try { return readFileSync("/proc/self/task/" + task + "/children", "utf8").split(" ").filter(Boolean); } catch { return []; }
});
const look = setInterval(() => {
  for (const pid of children()) {
    try {
      const state = readFileSync("/proc/" + pid + "/stat", "utf8").split(") ")[1]?.[0];
      if (state === "T") seen.halted += 1; else seen.working += 1;
    } catch {}
  }
}, 5);
const reason = await quickCheck(process.argv[2], new AbortController().signal);
clearInterval(look);
console.log(JSON.stringify({ ...seen, reason }));
`;

it("is halted again and again where its priority cannot be lowered, and comes to its end", { timeout: 60_000 }, async () => {
  await using at = await folder();
  await writeFile(join(at.path, "refused.c"), REFUSED);
  await run("cc", ["-shared", "-fPIC", "-o", join(at.path, "refused.so"), join(at.path, "refused.c")]);
  {
    await using store = await open(at.file);
    for (let i = 0; i < 100; i += 1)
      await store.commit({ ...readings(store, i * 100 + 1, i * 100 + 100), states: { [i]: "x".repeat(500) } });
    await store.commit(nothing);
  }
  const program = await programIn(at.path, PROGRAM);
  const checked = async (env: NodeJS.ProcessEnv) =>
    JSON.parse((await run(process.execPath, [program, at.file], { env: { ...process.env, ...env } })).stdout);
  const paced = await checked({ LD_PRELOAD: join(at.path, "refused.so") });
  expect(paced.reason).toBe(null);
  expect(paced.halted).toBeGreaterThan(0);
  expect(await checked({})).toMatchObject({ reason: null, halted: 0 });
});
