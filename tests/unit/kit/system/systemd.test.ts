/** What the service manager is told, when the watchdog is fed, and how log lines reach the journal. */
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, fstatSync, openSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isJournal, type Log, noLog } from "../../../../src/kit/log.ts";
import { Watchdog } from "../../../../src/kit/loop/watchdog.ts";
import { serviceManager } from "../../../../src/kit/system/systemd.ts";

const ROOT = join(import.meta.dirname, "../../../..");
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cippo-systemd-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** In the place of systemd-notify: writes down where it was to send and what. The real one speaks in `npm run test:nspawn`. */
async function listener(
  script = 'printf "%s" "$NOTIFY_SOCKET" >>"$0.messages"; for a; do printf "|%s" "$a"; done >>"$0.messages"; echo >>"$0.messages"',
) {
  const tool = join(folder, "notify");
  await writeFile(tool, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return {
    tool,
    messages: async () => (await readFile(`${tool}.messages`, "utf8").catch(() => "")).split("\n").filter((line) => line !== ""),
  };
}

const env = (more: Record<string, string> = {}) => ({ PATH: process.env["PATH"], NOTIFY_SOCKET: "/run/x", ...more });

function remembering(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const note = (event: string, fields = {}) => void lines.push(`${event} ${JSON.stringify(fields)}`);
  return { lines, debug: note, info: note, warn: note, error: note };
}

describe("what the service manager is told", () => {
  it("says READY with a status, and STOPPING at the end", async () => {
    const { tool, messages } = await listener();
    await using manager = serviceManager({ log: noLog, env: env(), tool });
    await manager.ready("3 devices,\n 1 down");
    await manager.stopping();
    expect(await messages()).toEqual(["/run/x|READY=1|STATUS=3 devices, 1 down", "/run/x|STOPPING=1|STATUS=stopping"]);
  });

  it("says nothing, and starts nothing, where nobody listens", async () => {
    const { tool, messages } = await listener();
    const manager = serviceManager({ log: noLog, env: { PATH: process.env["PATH"] }, tool });
    await manager.ready("");
    await manager.run(new Watchdog(), () => "", new AbortController().signal);
    expect(await messages()).toEqual([]);
  });

  it("takes the socket out of the environment, so that no child speaks for the gateway", () => {
    const given = env();
    serviceManager({ log: noLog, env: given });
    expect(given).not.toHaveProperty("NOTIFY_SOCKET");
  });

  it("starts its messenger once, another one when it is lost, and none is left at the end", async () => {
    const { tool, messages } = await listener(
      'echo "$PPID" >>"$0.messages"; [ ! -e "$0.kill" ] || { rm "$0.kill"; kill -9 "$PPID"; }',
    );
    const log = remembering();
    {
      await using manager = serviceManager({ log, env: env(), tool });
      for (let i = 0; i < 3; i += 1) await manager.stopping();
      await writeFile(`${tool}.kill`, "");
      await manager.stopping();
      await manager.stopping();
    }
    const [first, , , fourth, fifth] = await messages();
    expect(new Set((await messages()).slice(0, 4))).toEqual(new Set([first]));
    expect(fourth).toBe(first);
    expect(fifth).not.toBe(first);
    expect(log.lines).toHaveLength(1);
    await vi.waitFor(() => expect(() => process.kill(Number(fifth), 0)).toThrow("ESRCH"), 15_000);
  });

  it("goes on when the tool fails or is missing, and says so once", async () => {
    const log = remembering();
    for (const tool of [join(folder, "nobody"), (await listener("exit 1")).tool]) {
      await using manager = serviceManager({ log, env: env(), tool });
      await manager.ready("");
      await manager.stopping();
    }
    expect(log.lines.filter((line) => line.startsWith("systemd.notify-failed"))).toHaveLength(2);
  });
});

describe("the watchdog", () => {
  const WATCHDOG = { WATCHDOG_USEC: "200000", WATCHDOG_PID: "42" };

  it("is fed while every loop comes round, not while one stands still, and again when it moves", async () => {
    const { tool, messages } = await listener();
    const log = remembering();
    let now = 0;
    const watchdog = new Watchdog(() => now);
    const store = watchdog.heartbeat("store", 1000);
    const stop = new AbortController();
    await using manager = serviceManager({ log, env: env(WATCHDOG), pid: 42, tool });
    const over = manager.run(watchdog, () => "well", stop.signal);
    const last = async () => (await messages()).at(-1);
    await vi.waitFor(async () => expect(await last()).toBe("/run/x|WATCHDOG=1|STATUS=well"), 15_000);
    now = 1001;
    await vi.waitFor(async () => expect(await last()).toBe("/run/x|STATUS=stands still: store"), 15_000);
    const fed = (await messages()).filter((line) => line.includes("WATCHDOG=1")).length;
    await vi.waitFor(async () => expect((await messages()).length).toBeGreaterThan(fed + 2), 15_000);
    expect((await messages()).filter((line) => line.includes("WATCHDOG=1"))).toHaveLength(fed);
    store.touch();
    await vi.waitFor(async () => expect(await last()).toBe("/run/x|WATCHDOG=1|STATUS=well"), 15_000);
    stop.abort();
    await over;
    expect(log.lines).toEqual([
      'systemd.watchdog-withheld {"overdue":"store"}',
      'systemd.watchdog-fed-again {"overdue":"store"}',
    ]);
  });

  it.each([
    ["none is set", {}],
    ["it is meant for another process", { ...WATCHDOG, WATCHDOG_PID: "43" }],
    ["it is nonsense", { WATCHDOG_USEC: "soon" }],
  ])("is not fed when %s; the status is told all the same", async (_, more) => {
    const { tool, messages } = await listener();
    const stop = new AbortController();
    await using manager = serviceManager({ log: noLog, env: env(more), pid: 42, tool });
    const over = manager.run(new Watchdog(), () => "well", stop.signal);
    await vi.waitFor(async () => expect(await messages()).toEqual(["/run/x|STATUS=well"]), 15_000);
    stop.abort();
    await over;
  });
});

describe("heartbeats", () => {
  it("names who is overdue; one that has ended is not asked any more", () => {
    let now = 0;
    const watchdog = new Watchdog(() => now);
    const [store, sync] = [watchdog.heartbeat("store", 100), watchdog.heartbeat("sync", 1000)];
    now = 100;
    expect(watchdog.overdue()).toEqual([]);
    now = 1001;
    expect(watchdog.overdue()).toEqual(["store", "sync"]);
    store.touch();
    expect(watchdog.overdue()).toEqual(["sync"]);
    sync.end();
    expect(watchdog.overdue()).toEqual([]);
  });
});

describe("log lines for the journal", () => {
  it("are known by the stream's device and inode", () => {
    const fd = openSync(join(folder, "journal"), "w");
    const { dev, ino } = fstatSync(fd);
    expect(isJournal(fd, `${dev}:${ino}`)).toBe(true);
    expect(isJournal(fd, `${dev}:${ino + 1}`)).toBe(false);
    expect(isJournal(fd, undefined)).toBe(false);
    closeSync(fd);
  });

  it("carry their priority before the JSON there, and nothing elsewhere", async () => {
    const program = join(folder, "log.mjs");
    await build({
      stdin: {
        contents: `import { jsonLog } from "./src/kit/log.ts"; const log = jsonLog("debug");
          log.debug("a"); log.info("b"); log.warn("c", { password: "x" }); log.error("d");`,
        resolveDir: ROOT,
      },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: program,
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    const lines = async (name: string, journal: boolean) => {
      const fd = openSync(join(folder, name), "w");
      const { dev, ino } = fstatSync(fd);
      spawnSync(process.execPath, [program], {
        stdio: ["ignore", fd, "inherit"],
        env: journal ? { JOURNAL_STREAM: `${dev}:${ino}` } : {},
      });
      closeSync(fd);
      return (await readFile(join(folder, name), "utf8")).trim().split("\n");
    };
    const told = await lines("journal", true);
    expect(told.map((line) => line.slice(0, 4))).toEqual(["<7>{", "<6>{", "<4>{", "<3>{"]);
    expect(told.map((line) => JSON.parse(line.slice(3)).event)).toEqual(["a", "b", "c", "d"]);
    expect((await lines("file", false)).map((line) => JSON.parse(line).level)).toEqual(["debug", "info", "warn", "error"]);
  });
});

const tool = (name: string) => ["/usr/bin", "/bin"].some((path) => existsSync(join(path, name)));
const analyze = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync("systemd-analyze", args, { encoding: "utf8", timeout: 15_000 });
  return { status, messages: `${stdout}${stderr}` };
};

describe.skipIf(!tool("systemd-analyze"))("the unit (skipped without systemd-analyze: apt install systemd)", () => {
  const unit = join(ROOT, "systemd/cippo.service");

  it("verify prints nothing: an unknown key would only be a warning", () => {
    expect(analyze("verify", unit).messages).toBe("");
  });

  it("verify prints nothing with every drop-in either", async () => {
    await cp(unit, join(folder, "cippo.service"));
    await cp(join(ROOT, "systemd/drop-ins"), join(folder, "cippo.service.d"), { recursive: true });
    expect(analyze("verify", join(folder, "cippo.service")).messages).toBe("");
    await writeFile(join(folder, "cippo.service.d/odd.conf"), "[Service]\nNoSuchKey=1\n");
    expect(analyze("verify", join(folder, "cippo.service")).messages).toContain("NoSuchKey");
  });

  it("is exposed to 1.5 at most", () => {
    const { status, messages } = analyze("security", "--offline=yes", "--threshold=15", "--no-pager", unit);
    expect(status, messages).toBe(0);
  });
});
