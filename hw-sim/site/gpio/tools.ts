/** Executables that answer like the tools of libgpiod 1.6 or 2.1 and speak to the simulated site over loopback. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { SocketLine } from "../socket-line.ts";
import type { Chip, Edge } from "./chip.ts";
import { type Call, Complaint, parseCall, type Tool, type Version } from "./syntax.ts";

export interface ToolsOptions {
  readonly chip: Chip;
  readonly version: Version;
  readonly folder: string;
}

const TOOLS: readonly Tool[] = ["gpiodetect", "gpiomon", "gpioget", "gpioset", "gpioinfo"];
const CHIP = "gpiochip0";
const BUSY = "Device or resource busy";
const VERSIONS = { 1: "v1.6.3", 2: "v2.1.3" } as const;
const STDIO_BLOCK = 4096;
/** How often a caller is looked for. */
const CALLER_MS = 250;

/**
 * The executable: sends pid, caller and arguments, NUL-terminated, and an empty end; then does what each line says:
 * `o` print, `e` complain, `x` exit. Version 1 takes SIGTERM and SIGINT as a wish to end well, version 2 dies of them.
 */
const script = (tool: Tool, version: Version, port: number): string => `#!/bin/bash
${version === 1 ? "trap 'exit 0' TERM INT\n" : ""}exec 3<>/dev/tcp/127.0.0.1/${port} || exit 1
printf '%s\\0' $$ $PPID ${tool} "$@" >&3
printf '\\0' >&3
while IFS= read -r -u 3 line; do
  case $line in
    o*) printf '%s\\n' "\${line:1}" || exit 1 ;;
    e*) printf '${tool}: %s\\n' "\${line:1}" >&2 ;;
    x*) exit "\${line:1}" ;;
  esac
done
exit 1
`;

/** Unplugged, every tool that runs ends with an error, and so does each that is started. */
export async function openTools(options: ToolsOptions): Promise<SocketLine> {
  const line = new SocketLine((socket) => greet(options, socket));
  await line.plug();
  await mkdir(options.folder, { recursive: true });
  for (const tool of TOOLS) {
    const file = join(options.folder, tool);
    await writeFile(file, script(tool, options.version, line.port));
    await chmod(file, 0o755);
  }
  return line;
}

/** One run of a tool, as seen from the chip. */
interface Run {
  out(text: string): void;
  exit(code: number): void;
  /** Called when the process is gone. */
  gone(then: () => void): void;
}

function greet(options: ToolsOptions, socket: Socket): void {
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    const complete = text.endsWith("\0\0");
    text += chunk;
    if (complete || !text.endsWith("\0\0")) return;
    const [, caller = "", tool = "", ...args] = text.slice(0, -2).split("\0");
    // A killed gateway takes its children along, as a systemd unit's control group does.
    const watch = setInterval(() => alive(Number(caller)) || socket.destroy(), CALLER_MS);
    const cleanUps: (() => void)[] = [() => clearInterval(watch)];
    socket.on("close", () => {
      for (const then of cleanUps) then();
    });
    const say = (kind: string, words: string): void => {
      if (socket.writable) socket.write(`${kind}${words}\n`);
    };
    const run: Run = {
      out: (words) => say("o", words),
      exit: (code) => say("x", String(code)),
      gone: (then) => cleanUps.push(then),
    };
    try {
      perform(options, tool as Tool, args, run);
    } catch (complaint) {
      if (!(complaint instanceof Complaint)) throw complaint;
      for (const words of complaint.message.split(`\n${tool}: `)) say("e", words);
      run.exit(1);
    }
  });
}

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function perform({ chip, version }: ToolsOptions, tool: Tool, args: readonly string[], run: Run): void {
  const call = parseCall(version, tool, args);
  if (call.flags.has("help") || call.flags.has("version")) {
    const usage = `Usage: ${tool} [OPTIONS] ${version === 1 ? "<chip name/number> <offset>..." : "<line>..."}`;
    run.out(call.flags.has("help") ? usage : `${tool} (libgpiod) ${VERSIONS[version]}`);
    run.exit(0);
    return;
  }
  checkLines(chip, version, tool, call);
  const act = { gpiodetect: detect, gpiomon: monitor, gpioget: get, gpioset: set, gpioinfo: info }[tool];
  act(chip, version, call, run);
}

function checkLines(chip: Chip, version: Version, tool: Tool, call: Call): void {
  const what = {
    gpiomon: "error waiting for events",
    gpioget: "error reading GPIO values",
    gpioset: "error setting the GPIO line values",
    gpioinfo: "looking up chip",
    gpiodetect: "unable to open chip",
  };
  if (![CHIP, `/dev/${CHIP}`, "0"].includes(call.chip))
    throw new Complaint(
      version === 1 ? `${what[tool]}: No such file or directory` : `cannot find GPIO chip character device '${call.chip}'`,
    );
  for (const { line } of call.lines)
    if (line >= chip.lines)
      throw new Complaint(
        version === 1 ? `${what[tool]}: Invalid argument` : `offset ${line} is out of range on chip '${call.chip}'`,
      );
  if (tool !== "gpioinfo" && call.lines.some(({ line }) => chip.busy(line)))
    throw new Complaint(
      version === 1
        ? `${what[tool]}: ${BUSY}`
        : `unable to request lines${tool === "gpiomon" ? ` on chip /dev/${CHIP}` : ""}: ${BUSY}`,
    );
}

const flip = (call: Call, level: 0 | 1): 0 | 1 => (call.flags.has("active-low") ? (level === 0 ? 1 : 0) : level);

function get(chip: Chip, version: Version, call: Call, run: Run): void {
  const words = call.lines.map(({ line }) => {
    const value = flip(call, chip.level(line));
    if (version === 1 || call.flags.has("numeric")) return String(value);
    const id = call.flags.has("unquoted") ? String(line) : `"${line}"`;
    return `${id}=${value === 1 ? "active" : "inactive"}`;
  });
  run.out(words.join(" "));
  run.exit(0);
}

/** As gpiodetect.c of both versions. */
function detect(chip: Chip, _version: Version, _call: Call, run: Run): void {
  run.out(`${CHIP} [${chip.label}] (${chip.lines} lines)`);
  run.exit(0);
}

/** As gpioinfo.c of both versions prints a line that has no name. */
function info(chip: Chip, version: Version, call: Call, run: Run): void {
  const asked = call.lines.length > 0 ? call.lines.map(({ line }) => line) : Array.from({ length: chip.lines }, (_, i) => i);
  if (call.lines.length === 0) run.out(`${CHIP} - ${chip.lines} lines:`);
  for (const line of asked) {
    const direction = chip.driven(line) ? "output" : "input";
    const consumer = chip.busy(line) ? `"${chip.driven(line) ? "gpioset" : "gpiomon"}"` : undefined;
    const head = call.lines.length > 0 ? `${CHIP} ${line}` : `\tline ${String(line).padStart(3)}:`;
    if (version === 2) run.out(`${head}\t${"unnamed".padEnd(16)}\t${direction}${consumer ? ` consumer=${consumer}` : ""}`);
    else
      run.out(
        `${head} ${"unnamed".padStart(12)} ${(consumer ?? "unused").padStart(12)} ${direction.padStart(8)}  active-high ${consumer ? "[used]" : ""}`,
      );
  }
  run.exit(0);
}

/** Version 1 exits at once unless --mode says otherwise; version 2 holds the line until it is ended. */
function set(chip: Chip, version: Version, call: Call, run: Run): void {
  const release = chip.hold(
    call.lines.map(({ line }) => line),
    "output",
  );
  if (release === "busy") throw new Complaint(BUSY);
  for (const { line, value = 0 } of call.lines) chip.drive(line, flip(call, value));
  run.gone(release);
  const mode = call.values.get("mode") ?? "exit";
  if (version === 2 ? call.values.get("toggle") !== "0" : mode === "signal" || mode === "wait") return;
  const holdMs = Number(call.values.get("sec") ?? 0) * 1000 + Number(call.values.get("usec") ?? 0) / 1000;
  setTimeout(() => run.exit(0), mode === "time" ? holdMs : 0);
}

function monitor(chip: Chip, version: Version, call: Call, run: Run): void {
  const wanted = edgesWanted(version, call);
  const most = Number(call.values.get("num-events") ?? 0);
  const quiet = call.flags.has("silent") || call.flags.has("quiet");
  const print = buffered(version === 1 && !call.flags.has("line-buffered"), run);
  let seen = 0;
  const release = chip.hold(
    call.lines.map(({ line }) => line),
    (edge) => {
      const rising = flip(call, edge.level) === 1;
      if (!wanted.has(rising) || (most > 0 && seen >= most)) return;
      seen += 1;
      if (!quiet) print(describe(version, call, edge, rising), seen === most);
      if (seen === most) run.exit(0);
    },
  );
  if (release === "busy") throw new Complaint(BUSY);
  run.gone(release);
  if (call.flags.has("banner")) run.out(`Monitoring line${call.lines.length > 1 ? "s" : ""} ${listed(call)}...`);
}

/** Into a pipe, version 1 without --line-buffered prints when a block of stdio is full or at its end; version 2 flushes after each event. */
function buffered(blocks: boolean, run: Run): (words: string, last: boolean) => void {
  let waiting: string[] = [];
  let size = 0;
  return (words, last) => {
    waiting.push(words);
    size += words.length + 1;
    if (blocks && size < STDIO_BLOCK && !last) return;
    for (const line of waiting) run.out(line);
    waiting = [];
    size = 0;
  };
}

function edgesWanted(version: Version, call: Call): ReadonlySet<boolean> {
  const edges = version === 2 ? (call.values.get("edges") ?? "both") : undefined;
  const rising = version === 2 ? edges !== "falling" : call.flags.has("rising-edge") || !call.flags.has("falling-edge");
  const falling = version === 2 ? edges !== "rising" : call.flags.has("falling-edge") || !call.flags.has("rising-edge");
  return new Set([...(rising ? [true] : []), ...(falling ? [false] : [])]);
}

const listed = (call: Call): string =>
  call.lines
    .map(({ line }) => `'${line}'`)
    .join(", ")
    .replace(/, ('\d+')$/, ", and $1");

/** As event_print_* of both versions' gpiomon.c: version 1 numbers falling 0, version 2 falling 2. */
function describe(version: Version, call: Call, edge: Edge, rising: boolean): string {
  const seconds = String(edge.ns / 1_000_000_000n);
  const nanos = String(edge.ns % 1_000_000_000n).padStart(9, "0");
  const format = call.values.get("format");
  if (format === undefined)
    return version === 1
      ? `event: ${rising ? " RISING EDGE" : "FALLING EDGE"} offset: ${edge.line} timestamp: [${seconds.padStart(8)}.${nanos}]`
      : `${seconds}.${nanos}\t${rising ? "rising" : "falling"}\t${CHIP} ${edge.line}`;
  const utc = (): string => `${new Date(wallOf(edge.ns)).toISOString().slice(0, 19)}.${nanos}Z`;
  const words: Readonly<Record<string, () => string>> =
    version === 1
      ? { o: () => String(edge.line), e: () => (rising ? "1" : "0"), s: () => seconds, n: () => String(Number(nanos)) }
      : {
          o: () => String(edge.line),
          e: () => (rising ? "1" : "2"),
          E: () => (rising ? "rising" : "falling"),
          l: () => "unnamed",
          c: () => CHIP,
          S: () => `${seconds}.${nanos}`,
          U: utc,
          L: utc,
        };
  return format.replace(/%(.)/g, (whole, letter: string) => (letter === "%" ? "%" : (words[letter]?.() ?? whole)));
}

/** Version 2 formats the monotonic number itself as a date unless --event-clock says realtime. */
const wallOf = (ns: bigint): number => Number(ns / 1_000_000n);
