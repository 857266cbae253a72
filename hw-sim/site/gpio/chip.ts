/** A GPIO chip in memory: edges carry kernel time, and a line has one holder, as the kernel has it. */

export type Level = 0 | 1;

export interface Edge {
  readonly line: number;
  /** Electrical level after it. */
  readonly level: Level;
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly ns: bigint;
}

export type Watcher = (edge: Edge) => void;

/** What is wired to an output. `rest`: the level to which it pulls the line while nobody drives it; `see` is called with each level of the line. */
export interface Board {
  readonly rest: Level;
  see(edge: Edge): void;
}

export class Chip {
  readonly label: string;
  readonly lines: number;
  readonly #levels: Level[];
  readonly #holders = new Map<number, Watcher | "output">();
  readonly #boards = new Map<number, Board>();

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
    this.#boards.get(line)?.see({ line, level, ns });
    return ns;
  }

  /** Wires a board to a line. The board is told the present level at once. */
  attach(line: number, board: Board): void {
    this.#levels[line] = board.rest;
    this.#boards.set(line, board);
    board.see({ line, level: board.rest, ns: process.hrtime.bigint() });
  }

  /** Held as an output: others see that it is, and not at which level. */
  driven(line: number): boolean {
    return this.#holders.get(line) === "output";
  }

  busy(line: number): boolean {
    return this.#holders.has(line);
  }

  /** Takes the lines, all or none (EBUSY). The function gives them back. */
  hold(lines: readonly number[], holder: Watcher | "output"): (() => void) | "busy" {
    if (lines.some((line) => this.busy(line))) return "busy";
    for (const line of lines) this.#holders.set(line, holder);
    return () => {
      for (const line of lines) {
        const wasDriven = this.driven(line);
        this.#holders.delete(line);
        const board = this.#boards.get(line);
        // As kernels do that make an input of a line that is given back.
        if (wasDriven && board) this.drive(line, board.rest);
      }
    };
  }
}
