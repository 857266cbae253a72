/** Levels that the site drives go in; edges with kernel time for those who hold a line come out: one GPIO chip, in memory, with the kernel's rule that a line has one holder. */

export type Level = 0 | 1;

export interface Edge {
  readonly line: number;
  /** Electrical level after it. */
  readonly level: Level;
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly ns: bigint;
}

export type Watcher = (edge: Edge) => void;

export class Chip {
  readonly label: string;
  readonly lines: number;
  readonly #levels: Level[];
  readonly #holders = new Map<number, Watcher | "output">();

  constructor(label: string, lines: number) {
    this.label = label;
    this.lines = lines;
    this.#levels = Array.from({ length: lines }, () => 0);
  }

  level(line: number): Level {
    return this.#levels[line] ?? 0;
  }

  /** The site moves a line; a level that is there already makes no edge. Returns the moment of it. */
  drive(line: number, level: Level): bigint {
    const ns = process.hrtime.bigint();
    if (this.level(line) === level) return ns;
    this.#levels[line] = level;
    const holder = this.#holders.get(line);
    if (typeof holder === "function") holder({ line, level, ns });
    return ns;
  }

  busy(line: number): boolean {
    return this.#holders.has(line);
  }

  /** Takes the lines, all or none (EBUSY). The function gives them back. */
  hold(lines: readonly number[], holder: Watcher | "output"): (() => void) | "busy" {
    if (lines.some((line) => this.busy(line))) return "busy";
    for (const line of lines) this.#holders.set(line, holder);
    return () => {
      for (const line of lines) this.#holders.delete(line);
    };
  }
}
