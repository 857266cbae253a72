/** A running demonstration: killed, with the system's broker, and with faults that a person injects. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemProgram } from "../../../hw-sim/system-program.ts";
import { Opened, Program, temporary } from "../../support/processes.ts";

const ROOT = join(import.meta.dirname, "../../..");
const START = join(ROOT, "dist/hw-sim/start.js");
const CIPPO = join(ROOT, "dist/cippo.js");

let opened: Opened;
let tmp = "";
beforeEach(async () => {
  opened = new Opened();
  tmp = opened.use(await temporary("demo")).path;
});
afterEach(() => opened[Symbol.asyncDispose]());

const begin = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  opened.use(new Program(command, args, { env: { TMPDIR: tmp, LANG: "C", ...env }, cwd: ROOT }));
const socketOf = (program: Program) => program.line((line) => /--socket (\S+) status/.exec(line)?.[1], 60_000);
const shown = async (words: readonly string[]) => {
  const program = new Program(process.execPath, [CIPPO, ...words], { env: { TMPDIR: tmp, LANG: "C" }, cwd: ROOT });
  await program.told;
  return { code: program.child.exitCode, out: program.lines.join("\n"), err: program.stderr };
};

/** Processes whose command line names the run's folder. */
function inFolder(): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return words.includes(`${tmp}/`) ? [`${pid} ${words}`] : [];
      } catch {
        return [];
      }
    });
}

describe("a demonstration", { timeout: 120_000 }, () => {
  it.each([
    ["the starter itself", process.execPath, [START]],
    ["cippo simulate", process.execPath, [CIPPO, "simulate"]],
    ["npm", "npm", ["start", "--silent"]],
  ])("ends with all its processes when %s is killed", async (_, command, words) => {
    const program = begin(command, words);
    await socketOf(program);
    // Gateway, site, platform, and what the gateway started itself: pins by a helper program.
    await expect
      .poll(() => inFolder().filter((one) => /gpiomon|cippo\.js run|site\.js|platform\.js/.test(one)).length)
      .toBeGreaterThanOrEqual(4);
    await program.kill("SIGKILL");
    await expect.poll(inFolder, { timeout: 30_000 }).toEqual([]);
  });

  it("names its broker, and a socket that can be typed", async () => {
    const program = begin(process.execPath, [START]);
    expect(await socketOf(program)).toBe(`${tmp}/cippo-1/sock`);
    const broker = await program.line((line) => /^broker: (mqtt:\/\/127\.0\.0\.1:\d+) \(embedded\)$/.exec(line)?.[1]);
    const { out } = await shown(["--socket", `${tmp}/cippo-1/sock`, "status", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ sync: { broker } });
    const second = begin(process.execPath, [START]);
    expect(await socketOf(second)).toBe(`${tmp}/cippo-2/sock`);
    // Two run: which one?
    expect(await shown(["simulate", "fault", "meter-hall", "silence"])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/which\? --socket \S+\/cippo-\d\/sock {2}--socket \S+\/cippo-\d\/sock/),
    });
  });

  it.skipIf(systemProgram("mosquitto") === undefined)("finds mosquitto where nobody but root has it on the path", async () => {
    const folders = (process.env["PATH"] ?? "").split(":").filter((folder) => !folder.endsWith("sbin"));
    const program = begin(process.execPath, [START, "--broker", "mosquitto"], { PATH: folders.join(":") });
    await program.line((line) => /^broker: .*\(mosquitto\)$/.exec(line)?.[0], 60_000);
  });

  it("lets its parts fail, and says which can fail how", async () => {
    expect(await shown(["simulate", "fault", "meter-hall", "silence"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("`npm start`"),
    });
    const program = begin(process.execPath, [START]);
    const socket = await socketOf(program);
    const { code, out } = await shown(["simulate", "fault"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}late-reply +answers late/m);
    expect(out).toMatch(/^ {2}remote-485: meter-hall, meter-lights\n {4}can have silence, late-reply/m);
    expect(out.split("\n").filter((line) => line.length > 80 && !/Usage|Example/.test(line))).toEqual([]);
    expect((await shown(["simulate", "faults", "--lang", "it"])).out).toMatch(/^ {2}silence +non risponde/m);
    expect(await shown(["simulate", "fault", "meter-hall", "chatter"])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^meter-hall cannot have this fault; it can have: silence, /),
    });
    expect(await shown(["simulate", "fault", "meter-hal", "silence"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("meter-hall"),
    });
    expect(await shown(["simulate", "fault", "meter-hall", "silence", "--for", "60s"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^meter-hall: silence for 1 min/),
    });
    expect(JSON.parse((await shown(["simulate", "fault", "--json"])).out)).toMatchObject({
      now: [{ kind: "silence", device: "meter-hall" }],
    });
    const state = async () => {
      const { devices } = JSON.parse((await shown(["status", "--json", "--socket", socket])).out) as {
        devices: { id: string; state: string }[];
      };
      return devices.find(({ id }) => id === "meter-hall")?.state;
    };
    await expect.poll(state, { timeout: 45_000 }).toBe("down");
  });
});
