/** Parses the arguments of the libgpiod tools, in the syntax of 1.6 or 2.1, with the complaints of the real ones. */

export type Version = 1 | 2;
export type Tool = "gpiodetect" | "gpiomon" | "gpioget" | "gpioset" | "gpioinfo";

export interface Call {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly chip: string;
  readonly lines: readonly { readonly line: number; readonly value?: 0 | 1 }[];
}

/** The text that the tool prints on standard error before it exits with 1. */
export class Complaint extends Error {}

/** long name → short letter ("" when none) and whether it takes a value: the getopt tables of the real tools. */
type Options = Readonly<Record<string, readonly [short: string, takesValue: boolean]>>;
const COMMON: Options = { help: ["h", false], version: ["v", false], "active-low": ["l", false] };
const DETECT: Options = { help: ["h", false], version: ["v", false] };
const V1: Readonly<Record<Tool, Options>> = {
  gpiodetect: DETECT,
  gpiomon: {
    ...COMMON,
    bias: ["B", true],
    "num-events": ["n", true],
    silent: ["s", false],
    "rising-edge": ["r", false],
    "falling-edge": ["f", false],
    "line-buffered": ["b", false],
    format: ["F", true],
  },
  gpioget: { ...COMMON, bias: ["B", true] },
  gpioset: {
    ...COMMON,
    bias: ["B", true],
    drive: ["D", true],
    mode: ["m", true],
    sec: ["s", true],
    usec: ["u", true],
    background: ["b", false],
  },
  gpioinfo: { help: ["h", false], version: ["v", false] },
};
const COMMON2: Options = {
  ...COMMON,
  bias: ["b", true],
  "by-name": ["", false],
  chip: ["c", true],
  consumer: ["C", true],
  strict: ["s", false],
  unquoted: ["", false],
};
const V2: Readonly<Record<Tool, Options>> = {
  gpiodetect: DETECT,
  gpiomon: {
    ...COMMON2,
    banner: ["", false],
    "debounce-period": ["p", true],
    edges: ["e", true],
    "event-clock": ["E", true],
    format: ["F", true],
    "idle-timeout": ["", true],
    localtime: ["", false],
    "num-events": ["n", true],
    quiet: ["q", false],
    silent: ["", false],
    utc: ["", false],
  },
  gpioget: { ...COMMON2, "as-is": ["a", false], "hold-period": ["p", true], numeric: ["", false] },
  gpioset: {
    ...COMMON2,
    banner: ["", false],
    daemonize: ["z", false],
    drive: ["d", true],
    "hold-period": ["p", true],
    toggle: ["t", true],
  },
  gpioinfo: {
    help: ["h", false],
    version: ["v", false],
    "by-name": ["", false],
    chip: ["c", true],
    strict: ["s", false],
    unquoted: ["", false],
  },
};

const BIASES = { 1: ["as-is", "disable", "pull-down", "pull-up"], 2: ["pull-down", "pull-up", "disabled"] } as const;

export function parseCall(version: Version, tool: Tool, args: readonly string[]): Call {
  const { flags, values, rest } = split(version === 1 ? V1[tool] : V2[tool], tool, args);
  const bias = values.get("bias");
  if (bias !== undefined && !(BIASES[version] as readonly string[]).includes(bias)) throw new Complaint(`invalid bias: ${bias}`);
  if (flags.has("help") || flags.has("version")) return { flags, values, chip: "", lines: [] };
  if (tool === "gpiodetect") return { flags, values, chip: rest[0] ?? "0", lines: [] };
  // Of a chip, every line; here there is but one chip.
  if (tool === "gpioinfo" && version === 1) return { flags, values, chip: rest[0] ?? "0", lines: [] };
  const [chip, named] = version === 1 ? [rest[0], rest.slice(1)] : [values.get("chip"), rest];
  if (chip === undefined && version === 1) throw new Complaint("gpiochip must be specified");
  if (tool === "gpioinfo" && named.length === 0) return { flags, values, chip: chip ?? "0", lines: [] };
  if (named.length === 0) throw new Complaint(nothingNamed(version, tool));
  // Without -c version 2 takes lines by name only, and no line of this chip has one.
  if (chip === undefined || flags.has("by-name")) throw new Complaint(`cannot find line '${named[0]}'`);
  return { flags, values, chip, lines: named.map((text) => lineOf(version, tool, text)) };
}

/** As getopt_long with "+": long names may be cut short while unambiguous, the first word that is no option ends them. */
function split(options: Options, tool: Tool, args: readonly string[]) {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const queue = [...args];
  const take = (name: string, shown: string, inline: string | undefined): void => {
    if (!options[name]?.[1]) {
      flags.add(name);
      return;
    }
    const value = inline ?? queue.shift();
    if (value === undefined) throw new Complaint(`option requires an argument -- '${shown}'\n${tool}: try ${tool} --help`);
    values.set(name, value);
  };
  while (queue[0]?.startsWith("-") && queue[0] !== "-") {
    const word = queue.shift() ?? "";
    if (word === "--") break;
    if (word.startsWith("--")) {
      const [given = "", inline] = word.slice(2).split(/=(.*)/s);
      const matches = Object.keys(options).filter((o) => o === given || o.startsWith(given));
      const name = matches.find((o) => o === given) ?? (matches.length === 1 ? matches[0] : undefined);
      if (name === undefined) throw new Complaint(`unrecognized option '${word}'\n${tool}: try ${tool} --help`);
      take(name, given, inline);
      continue;
    }
    for (let i = 1; i < word.length; i++) {
      const letter = word[i] ?? "";
      const name = Object.keys(options).find((o) => options[o]?.[0] === letter);
      if (name === undefined) throw new Complaint(`invalid option -- '${letter}'\n${tool}: try ${tool} --help`);
      const takesRest = options[name]?.[1] === true && i + 1 < word.length;
      take(name, letter, takesRest ? word.slice(i + 1) : undefined);
      if (takesRest) break;
    }
  }
  return { flags, values, rest: queue };
}

function lineOf(version: Version, tool: Tool, text: string): { line: number; value?: 0 | 1 } {
  if (tool !== "gpioset") {
    if (!/^\d+$/.test(text)) throw new Complaint(version === 1 ? `invalid GPIO offset: ${text}` : `cannot find line '${text}'`);
    return { line: Number(text) };
  }
  const [, line, word = ""] = /^(\d+)=(.*)$/.exec(text) ?? [];
  if (line === undefined) throw new Complaint(`invalid ${version === 1 ? "offset<->value mapping: " : "line value: "}${text}`);
  const value = VALUES[word];
  if (value === undefined || (version === 1 && !/^[01]$/.test(word)))
    throw new Complaint(version === 1 ? `value must be 0 or 1: ${text}` : `invalid line value: '${word}'`);
  return { line: Number(line), value };
}

const VALUES: Readonly<Record<string, 0 | 1>> = {
  0: 0,
  1: 1,
  inactive: 0,
  active: 1,
  off: 0,
  on: 1,
  false: 0,
  true: 1,
};

function nothingNamed(version: Version, tool: Tool): string {
  if (version === 2) return `at least one GPIO line ${tool === "gpioset" ? "value " : ""}must be specified`;
  return `at least one GPIO line offset ${tool === "gpioset" ? "to value mapping " : ""}must be specified`;
}
