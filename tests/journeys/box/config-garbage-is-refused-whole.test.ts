/** Broken configurations are refused with the place of every problem, without a stack trace, and nothing is half applied. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Problem } from "../../../src/config/index.ts";
import { Gateway, temporary } from "../../support/running/processes.ts";

const RIGHT = `gateway: { id: gw-1, site: { id: park }, socket: cippo.sock, clock: assumed }
sync: { broker: "mqtt://127.0.0.1:1883" }
store: { file: cippo.sqlite }
buses:
  line: { modbus: rtu, port: /dev/ttyUSB0 }
  plant: { modbus: tcp, host: 10.0.0.7 }
  pins: { gpio: auto }
devices:
  hall: { type: eastron-sdm120, bus: line, unit: 1, every: 10s }
  loop: { type: gpio-contact, bus: pins, line: 17, means: presence }
  boiler:
    type: modbus-points
    bus: plant
    unit: 3
    points: { flow: { fc: 3, address: 100, unit: Cel } }
assets:
  bay-1: { kind: parking-bay, occupancy: loop.presence }
`;
const instead = (from: string, to: string): string => {
  if (!RIGHT.includes(from)) throw new Error(`the right configuration has no ${from}`);
  return RIGHT.replace(from, to);
};
const line = (n: number): string => RIGHT.split("\n")[n - 1] ?? "";

/** Ten levels of ten references each: a billion words, if anybody followed them. */
const laughs = `l0: &l0 [lol, lol]\n${Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array.from({ length: 10 }, () => `*l${i}`).join(", ")}]`).join("\n")}\n`;

/** name → text, and what must be among the problems: line (0: any) and code. */
const WRONG: Readonly<Record<string, readonly [text: string, ...expected: readonly (readonly [line: number, code: string])[]]>> =
  {
    nothing: ["", [1, "config.syntax"]],
    "only a comment": ["# to be done\n", [1, "config.syntax"]],
    "one word": ["cippo\n", [1, "config.wrong-value"]],
    brackets: ["}{][", [1, "config.syntax"]],
    "cut in a mapping": [RIGHT.slice(0, RIGHT.indexOf("host: 10")), [0, "config.syntax"]],
    "cut in a quoted word": [RIGHT.slice(0, RIGHT.indexOf(":1883")), [2, "config.syntax"]],
    "cut between two keys": [RIGHT.slice(0, RIGHT.indexOf("    unit: 3")), [11, "config.missing"]],
    "tabs for spaces": [instead("  line: {", "\tline: {"), [5, "config.syntax"]],
    "two documents": [`${RIGHT}---\n${RIGHT}`, [0, "config.syntax"]],
    "a mark of byte order before nonsense": ["\uFEFFgatway: 1\n", [1, "config.unknown-key"]],
    "an older YAML": [`%YAML 1.1\n---\n${RIGHT}`, [1, "config.syntax"]],
    "a list of devices": [instead(line(9), "  - hall").replace(line(10), "  - loop"), [0, "config.syntax"]],
    "a number for a mapping": [instead(line(1), "gateway: 7"), [1, "config.wrong-value"]],
    "text for a number": [instead("unit: 1", "unit: one"), [9, "config.wrong-value"]],
    "a number without its unit": [instead("every: 10s", "every: 10"), [9, "config.wrong-value"]],
    "a negative time": [instead("every: 10s", "every: -10s"), [9, "config.wrong-value"]],
    infinity: [instead("unit: 1", "unit: .inf"), [9, "config.wrong-value"]],
    "not a number": [instead("address: 100", "address: .nan"), [15, "config.wrong-value"]],
    "an unknown key": [instead("sync:", "synk:"), [2, "config.unknown-key"], [1, "config.missing"]],
    "an unknown key deep inside": [instead("means: presence", "mean: presence"), [10, "config.unknown-key"]],
    "a key that is no name": [instead("  hall:", "  Hall Meter:"), [9, "config.wrong-value"]],
    "the prototype for a key": [instead("  hall:", "  __proto__:"), [9, "config.syntax"]],
    "a mapping for a key": [instead("  hall:", "  {a: b}:"), [9, "config.syntax"]],
    "an unknown type": [instead("eastron-sdm120", "eastron-sdm12O"), [9, "config.unknown-word"]],
    "an unknown bus": [instead("bus: plant", "bus: plnat"), [13, "config.unknown-name"]],
    "an unknown point": [instead("loop.presence", "loop.presense"), [17, "config.unknown-name"]],
    "a bus of another kind": [instead("bus: pins", "bus: line"), [10, "config.wrong-bus"]],
    "a device twice": [instead(line(10), `${line(10)}\n${line(10)}`), [11, "config.same-name"]],
    "a device and an asset of one name": [instead("  bay-1:", "  hall:"), [17, "config.same-name"]],
    "a unit twice": [instead(line(9), `${line(9)}\n${line(9).replace("hall", "attic")}`), [10, "config.claimed-twice"]],
    "a pin twice": [instead(line(10), `${line(10)}\n${line(10).replace("loop", "door")}`), [11, "config.claimed-twice"]],
    "a port on two buses": [instead(line(5), `${line(5)}\n${line(5).replace("line", "wire")}`), [6, "config.claimed-twice"]],
    "a password in the address": [instead("mqtt://", "mqtt://me:secret@"), [2, "config.wrong-value"]],
    "an alias": [instead("unit: 1", "unit: &one 1").replace("unit: 3", "unit: *one"), [14, "config.syntax"]],
    "a bomb of aliases": [laughs, [2, "config.syntax"]],
    "a hundred thousand brackets": ["[".repeat(100_000), [1, "config.syntax"]],
    "a thousand mappings in one another": [
      `${Array.from({ length: 1000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")}\n`,
      [0, "config.syntax"],
    ],
  };

/** What is no text has no lines: one error names the file and why. */
const UNREADABLE: Readonly<Record<string, readonly [bytes: Uint8Array, why: RegExp]>> = {
  "ten megabytes": [Buffer.alloc(10 * 2 ** 20, "# more\n"), /> 1 MB/],
  zeros: [Buffer.alloc(4096), /NUL/],
  "a program": [Buffer.from("7f454c460201010000000000000000000300", "hex"), /NUL/],
  "UTF-16": [Buffer.from(`\uFEFF${RIGHT}`, "utf16le"), /UTF-16 LE/],
  Latin: [Buffer.from(`${RIGHT}# universit\xe0\n`, "latin1"), /Latin-1.*line \d+, column/],
};

const TRACE = /^\s+at .+/m;
const PROBLEM = /^(\S+):(\d+):(\d+): (config\.[a-z-]+): .*?(?:found|c'è) (.+), (?:expected|atteso:) (.+)$/;
/** Of the configurations with lines, one in so many is checked too: the same eyes look at it. (Not the deepest: where the parser runs out of stack differs.) */
const CHECKED_OF = 6;

/** Tries to run it, or only to check it: it is refused, and the folder is as before. What the person sees comes out. */
async function refused(folder: string, ...words: readonly string[]): Promise<string> {
  const before = await readdir(folder, { recursive: true });
  const { code, stdout, stderr } = await new Gateway(folder).cippo(...words);
  expect(code).toBe(1);
  expect(stdout + stderr).not.toMatch(TRACE);
  expect(await readdir(folder, { recursive: true })).toEqual(before);
  return stdout + stderr;
}

/** Where the database and the socket would be made by default. */
async function within(folder: string): Promise<void> {
  for (const name of ["state", "runtime"]) await mkdir(join(folder, name));
  vi.stubEnv("STATE_DIRECTORY", join(folder, "state"));
  vi.stubEnv("RUNTIME_DIRECTORY", join(folder, "runtime"));
}

afterEach(() => vi.unstubAllEnvs());

describe("configuration garbage is refused whole", () => {
  it.each(Object.entries(WRONG).map(([name, [text, ...expected]], i) => ({ name, text, expected, i })))(
    "$name",
    async ({ text, expected, i }) => {
      await using folder = await temporary("garbage");
      await within(folder.path);
      const file = join(folder.path, "gateway.yaml");
      await writeFile(file, text);
      const output = (await refused(folder.path, "run", "--config", file)).trimEnd().split("\n");
      // At the end, what happened and what to do next; before it, every problem with its place.
      expect(output.at(-2)).toMatch(/^error config\.invalid: Configuration refused: \d+ problems? in /);
      expect(output.at(-1)).toMatch(/^→ .+/);
      const problems = output.slice(0, -2).map((told) => {
        const [, where, line, column, code, found = "", wanted = ""] = PROBLEM.exec(told) ?? [];
        expect(where, told).toBe(file);
        expect(Number(line) >= 1 && Number(line) <= text.split("\n").length && Number(column) >= 1, told).toBe(true);
        expect(found.length > 0 && found.length < 100 && wanted.length > 0, told).toBe(true);
        return [Number(line), code] as const;
      });
      for (const [at, code] of expected) expect(problems).toContainEqual([at === 0 ? expect.any(Number) : at, code]);
      expect(output.join("\n")).not.toContain("secret");
      if (i % CHECKED_OF !== 1) return;
      const checked = JSON.parse(await refused(folder.path, "--json", "config", "check", file));
      expect(checked).toMatchObject({ file, ok: false, errors: problems.length });
      expect(checked.problems.map((p: Problem) => [p.line, p.code])).toEqual(problems);
    },
  );

  it.each(Object.entries(UNREADABLE))("%s", async (_, [bytes, why]) => {
    await using folder = await temporary("garbage");
    await within(folder.path);
    const file = join(folder.path, "gateway.yaml");
    await writeFile(file, bytes);
    expect(await refused(folder.path, "run", "--config", file)).toMatch(
      new RegExp(`^error config.(?:not-text|encoding): .*${why.source}.*\n→ .+`),
    );
  });

  it("what is not there, or no file", async () => {
    await using folder = await temporary("garbage");
    await within(folder.path);
    for (const file of [join(folder.path, "nowhere.yaml"), folder.path, "/dev/zero"]) {
      const output = await refused(folder.path, "--json", "run", "--config", file);
      expect(JSON.parse(output)).toMatchObject({
        error: { code: file === "/dev/zero" ? "config.not-text" : "config.unreadable", context: { file } },
      });
    }
  });

  it("and the right one passes, with or without a mark of byte order", async () => {
    await using folder = await temporary("garbage");
    for (const text of [RIGHT, `\uFEFF${RIGHT}`]) {
      const file = join(folder.path, "gateway.yaml");
      await writeFile(file, text);
      const { code, stdout } = await new Gateway(folder.path).cippo("--json", "config", "check", file);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, problems: [] });
      expect(code).toBe(0);
    }
  });
});
