/** A running demonstration: killed, with the system's broker, and with faults that a person injects. */

import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../../../hw-sim/free-port.ts";
import { systemProgram } from "../../../hw-sim/system-program.ts";
import { broker, Opened, Program, temporary } from "../../support/running/processes.ts";
import { hasTerminal, Screen } from "../../support/running/screen.ts";

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
      code: 1,
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

describe("the README", { timeout: 120_000 }, () => {
  it("has only commands that work as they stand", async () => {
    const page = readFileSync(join(ROOT, "README.md"), "utf8");
    const blocks = [...page.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = ""]) => block);
    const lines = blocks
      .flatMap((block) => block.split("\n"))
      .filter((line) => line.startsWith("cippo "))
      .map((line) => line.replace(/ +# .*/, ""));
    const inline = [...page.matchAll(/`((?:cippo|node dist\/cippo\.js) [^`]+)`/g)].map(([, line = ""]) => line);
    expect(lines.length).toBeGreaterThan(8);
    expect(inline.length).toBeGreaterThan(1);
    const program = begin(process.execPath, [START]);
    const socket = await socketOf(program);
    // Every device has spoken.
    await program.line((line) => (line.includes("devices 17/17 up") ? true : undefined), 60_000);
    for (const line of [...lines, ...inline]) {
      const command = line
        .replace("/tmp/cippo-1/sock", socket)
        .replace(/^cippo|^node dist\/cippo\.js/, `"${process.execPath}" "${CIPPO}"`);
      // `exec`: what goes on by itself is ended by its own process.
      const words = `exec ${command.replace(/ > .*/, "")}`;
      const shell = opened.use(
        new Program("sh", ["-c", words], { cwd: ROOT, env: { CIPPO_SOCKET: socket, TMPDIR: tmp, LANG: "C" } }),
      );
      if (/ watch /.test(line)) {
        await shell.line((line) => (line.includes("bay-1-sensor.distance") ? true : undefined));
        await shell.kill("SIGINT");
        continue;
      }
      await shell.told;
      // A device was silenced by the page itself: a status that says so ends with 1.
      const code = / status$/.test(line) ? expect.toBeOneOf([0, 1]) : 0;
      expect([line, shell.child.exitCode, shell.stderr, shell.lines.length > 0]).toEqual([line, code, "", true]);
    }
  });
});

describe("the end of a demonstration", { timeout: 120_000 }, () => {
  it("is JSON alone on standard output, under npm too", async () => {
    const program = begin("npm", ["start", "--", "--for", "3s", "--json"]);
    await program.told;
    expect([program.child.exitCode, program.lines.length]).toEqual([0, 1]);
    const { records } = JSON.parse(program.lines[0] ?? "") as { records: Record<string, number> };
    expect(records).toMatchObject({ gaps: 0, duplicates: 0, delivered: records["stored"], acknowledged: records["stored"] });
  });

  it.each([
    [["--lang", "en"], {}, /^(\d+) records stored, \1 delivered, nothing lost, nothing twice, nothing wrong\.$/],
    [
      [],
      { LANG: "it_IT.UTF-8" },
      /^(\d+) dati conservati, \1 consegnati, nulla è andato perso, nulla è doppio, nulla è sbagliato\.$/,
    ],
  ] as const)("without --json is a verdict for people, %j %j", async (words, env, verdict) => {
    const program = begin(process.execPath, [START, "--for", "3s", ...words], env);
    await program.told;
    expect([program.child.exitCode, program.stderr], program.lines.join("\n")).toEqual([0, ""]);
    expect(program.lines.filter((line) => verdict.test(line))).toHaveLength(1);
    expect(program.lines.at(-1)).toMatch(/99 % .* ms\. \d+[.,]?\d* s\.$/);
    expect(program.lines.filter((line) => line.startsWith("{"))).toEqual([]);
  });

  it.each([
    [
      "is not there",
      null,
      /sync\.unreachable: .*mqtt:\/\/127\.0\.0\.1:\d+ cannot be reached: ECONNREFUSED \(connection refused\)\n→ /,
    ],
    [
      "speaks something else",
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      /sync\.unreachable: .* cannot be reached: it does not speak MQTT\n→ /,
    ],
    ["knows no MQTT 5", Buffer.from([0x20, 2, 0, 1]), /sync\.protocol-version: /],
    ["says nothing", "", /sync\.unreachable: .* cannot be reached: no answer in 5 s\n→ /],
  ])("says so at once when the broker %s", async (_, answer, expected) => {
    const port = await freePort();
    if (answer !== null) opened.use(await listening(port, answer));
    const program = begin(process.execPath, [START, "--for", "20s", "--broker", `mqtt://127.0.0.1:${port}`]);
    await program.told;
    expect([program.child.exitCode, program.stderr]).toEqual([1, expect.stringMatching(expected)]);
    // Nobody else is blamed.
    expect(program.stderr).not.toMatch(/platform|not ready/);
  });

  it("names the broker that died in the middle", async () => {
    const port = await freePort();
    const its = await broker(port);
    const program = begin(process.execPath, [START, "--for", "6s", "--broker", its.url]);
    await program.line((line) => (/delivered [1-9]/.test(line) ? true : undefined), 60_000);
    await its.program.kill();
    await program.told;
    expect(program.child.exitCode).toBe(1);
    expect(program.stderr).toMatch(/^Broker mqtt:\/\/127\.0\.0\.1:\d+ cannot be reached: ECONNREFUSED \(connection refused\)$/m);
    expect(program.lines.filter((line) => /^NOT WELL: \d+ records? stored, \d+ delivered, \d+ lost/.test(line))).toHaveLength(1);
  });
});

const listening = async (port: number, answer: string | Buffer): Promise<AsyncDisposable> => {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket.on("error", () => undefined));
    if (answer.length > 0) socket.once("data", () => socket.write(answer));
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
};

describe.skipIf(!hasTerminal)("the live view", { timeout: 120_000 }, () => {
  const SIZE = { columns: 80, rows: 24 };
  const demo = (env: Readonly<Record<string, string>> = {}, words = "") =>
    new Screen(`PS1='[ended $?]'; clear; echo before; ${process.execPath} ${START} ${words}`, SIZE, {
      LC_ALL: "C.UTF-8",
      TMPDIR: tmp,
      ...env,
    });

  it("leaves no ghosts at Enter or another size, and q gives the terminal back as it was", async () => {
    using screen = demo();
    await screen.shows(/^meter-hall +up/m);
    screen.keys("Enter", "Enter", "x", "Enter");
    for (const size of [{ columns: 50, rows: 14 }, { columns: 100, rows: 30 }, SIZE]) {
      screen.resize(size);
      const wanted = (lines: readonly string[]) => [
        lines.filter((line) => /^cippo sim-piazza · \d+:\d\d · broker mqtt:/.test(line)).length,
        lines.filter((line) => line.startsWith("WAITING")).length,
        /^cippo sim-piazza/.test(lines[0] ?? ""),
        lines.every((line) => line.length <= size.columns && !/^x/.test(line)),
      ];
      await expect.poll(() => wanted(screen.lines()), { timeout: 30_000 }).toEqual([1, 1, true, true]);
    }
    const devices = () => screen.lines().filter((line) => /^[\w-]+ +(up|starting) /.test(line)).length;
    await expect.poll(devices, { timeout: 30_000 }).toBe(17);
    screen.keys("q");
    const lines = await screen.shows(/^\[ended 0\]$/m);
    expect(lines[0]).toBe("before");
    expect(lines.filter((line) => line.startsWith("ask it yourself: "))).toHaveLength(1);
    expect(lines.filter((line) => /^cippo sim-piazza/.test(line))).toEqual([]);
  });

  it("has no colours with NO_COLOR, and colours without", async () => {
    for (const [env, coloured] of [
      [{ NO_COLOR: "1" }, false],
      [{}, true],
    ] as const) {
      using screen = demo(env);
      await screen.shows(/^meter-hall +up/m);
      expect(screen.lines({ colours: true }).some((line) => line.includes("\x1b["))).toBe(coloured);
    }
  });

  it("is plain lines on a terminal that cannot be drawn on", async () => {
    using screen = demo({ TERM: "dumb" });
    await screen.shows(/devices \d+\/17 up/);
    // Nothing was drawn over anything. On a slow machine more was told than a screen holds.
    const lines = screen.lines({ past: true });
    expect(lines).toContain("before");
    expect(lines.filter((line) => /^ask it yourself: /.test(line))).toHaveLength(1);
  });
});
