/** Pictures go in, one a second; a terminal is redrawn in place, a pipe gets a line when something changed. */
import { picture, plain, type Seen } from "./view.ts";

export interface Screen extends Disposable {
  show(seen: Seen): void;
  /** A line that stays: what was started, what went wrong. */
  say(line: string): void;
}

const HIDE = "\x1b[?25l";
const SHOW = "\x1b[?25h";

/** `quiet`: standard output is kept for one JSON line, everything for people goes to standard error. */
export function openScreen(quiet: boolean): Screen {
  const out = process.stdout;
  if (quiet || !out.isTTY) return lines(quiet ? process.stderr : out, !quiet);
  let drawn = 0;
  const erase = () => (drawn > 0 ? `\x1b[${drawn}A\x1b[J` : "");
  out.write(HIDE);
  return {
    show(seen) {
      const rows = picture(seen, out.columns || 80, (out.rows || 24) - 1);
      out.write(`${erase()}${rows.join("\n")}\n`);
      drawn = rows.length;
    },
    say(line) {
      out.write(`${erase()}${line}\n`);
      drawn = 0;
    },
    [Symbol.dispose]() {
      out.write(SHOW);
    },
  };
}

function lines(out: NodeJS.WriteStream, pictures: boolean): Screen {
  let last = "";
  return {
    show(seen) {
      const line = plain(seen);
      // The clock alone is no news.
      const news = line.slice(6);
      if (pictures && news !== last) out.write(`${line}\n`);
      last = news;
    },
    say: (line) => void out.write(`${line}\n`),
    [Symbol.dispose]() {},
  };
}
