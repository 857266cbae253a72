/** Shows the running demonstration: drawn in place on a terminal, a line for each change in a pipe. */
import { canRedraw, columnsOf, hasColours, onQuit } from "../../../src/kit/system/tty.ts";
import { folded } from "../../../src/kit/text/wrap.ts";
import type { Text } from "../../../src/model/index.ts";
import { clip, picture, plain, type ViewInput } from "./view.ts";

export interface Screen extends Disposable {
  show(seen: ViewInput): void;
  /** A line that stays: what was started, what went wrong. */
  note(line: string): void;
}

export interface ScreenOptions {
  /** Standard output is kept for one JSON line; what is for people goes to standard error. */
  readonly quiet: boolean;
  readonly lang: keyof Text;
  /** Somebody pressed q or Ctrl-C. */
  readonly quit: () => void;
}

/** Switches to the terminal's alternate screen and back, so that its former content returns. */
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
/** How many of the last notes are shown below the picture. */
const NOTES = 4;

export function openScreen({ quiet, lang, quit }: ScreenOptions): Screen {
  const out = process.stdout;
  if (quiet || !canRedraw(out, process.env)) return lines(quiet ? process.stderr : out, { pictures: !quiet, lang });
  return new Drawn(lang, quit);
}

class Drawn implements Screen {
  readonly #lang: keyof Text;
  readonly #colours = hasColours(process.stdout, process.env);
  readonly #notes: string[] = [];
  readonly #giveBack: () => void;
  readonly #leave = () => this[Symbol.dispose]();
  readonly #draw = () => this.#drawn();
  #seen: ViewInput | null = null;
  #open = true;

  constructor(lang: keyof Text, quit: () => void) {
    this.#lang = lang;
    process.stdout.write(`${ENTER}${HOME}${CLEAR_BELOW}`);
    process.stdout.on("resize", this.#draw);
    process.once("exit", this.#leave);
    this.#giveBack = onQuit(process.stdin, quit);
  }

  show(seen: ViewInput): void {
    this.#seen = seen;
    this.#drawn();
  }

  note(line: string): void {
    if (this.#open) {
      this.#notes.push(line);
      this.#drawn();
    } else printed(line);
  }

  /** Each line is cleared to its end and all below it: nothing of an earlier size, and nothing that was typed, is left. */
  #drawn(): void {
    if (!this.#open) return;
    const columns = process.stdout.columns || 80;
    const rows = process.stdout.rows || 24;
    const look = { lang: this.#lang, colours: this.#colours };
    const shown = this.#seen === null ? [] : picture(this.#seen, columns, rows, look);
    const rowsLeft = this.#seen === null ? rows : Math.min(NOTES, rows - shown.length);
    const notes = rowsLeft > 0 ? this.#notes.slice(-rowsLeft) : [];
    const lines = [...shown, ...notes.map((note) => clip(note, columns))];
    const text = lines.map((line) => `${line}${CLEAR_LINE}`).join("\r\n");
    process.stdout.write(`${HOME}${text}${CLEAR_BELOW}`);
  }

  /** Writes the notes once more to the normal screen, where they stay readable. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    process.off("exit", this.#leave);
    process.stdout.off("resize", this.#draw);
    this.#giveBack();
    process.stdout.write(LEAVE);
    for (const line of this.#notes) printed(line);
  }
}

function printed(line: string): void {
  process.stdout.write(`${folded(line, columnsOf(process.stdout, process.env))}\n`);
}

interface LinesOptions {
  readonly pictures: boolean;
  readonly lang: keyof Text;
}

function lines(out: NodeJS.WriteStream, { pictures, lang }: LinesOptions): Screen {
  let last = "";
  return {
    show(seen) {
      const line = plain(seen, lang);
      // A line on which only the clock changed is not printed.
      const news = line.slice(6);
      if (pictures && news !== last) out.write(`${line}\n`);
      last = news;
    },
    note: (line) => void out.write(`${line}\n`),
    [Symbol.dispose]() {},
  };
}
