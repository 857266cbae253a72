/** Knows what a terminal can show, and hears the key that ends a live view. */
import type { ReadStream, WriteStream } from "node:tty";

type Env = Readonly<Record<string, string | undefined>>;
type Out = Pick<WriteStream, "isTTY">;

const dumb = (env: Env): boolean => env["TERM"] === "dumb";

/** https://no-color.org: any value but the empty one. */
export const hasColours = (out: Out, env: Env): boolean => out.isTTY === true && !env["NO_COLOR"] && !dumb(env);

/** Whether a picture can be drawn over the one before. */
export const canRedraw = (out: Out, env: Env): boolean => out.isTTY === true && !dumb(env);

/** The width where none is known. */
export const COLUMNS = 80;

/** How wide a line may be: the terminal's width, or COLUMNS; undefined for a pipe without it. */
export function columnsOf(out: Out & { readonly columns?: number }, env: Env): number | undefined {
  const wanted = Number(env["COLUMNS"]);
  const known = out.isTTY && out.columns ? out.columns : Number.isInteger(wanted) && wanted > 0 ? wanted : undefined;
  return known ?? (out.isTTY ? COLUMNS : undefined);
}

const QUIT = new Set(["q", "Q", "\u0003", "\u0004"]);

/**
 * Calls `quit` at q, Ctrl-C or Ctrl-D; nothing that is typed is echoed, so that an Enter moves no line. The returned function gives the terminal
 * back. Where nobody types, nothing happens.
 */
export function onQuit(input: ReadStream, quit: () => void): () => void {
  if (!input.isTTY) return () => undefined;
  const typed = (keys: string) => {
    if ([...keys].some((key) => QUIT.has(key))) quit();
  };
  const back = () => {
    process.off("exit", back);
    input.off("data", typed);
    // The other side of the terminal may be gone.
    if (!input.destroyed) input.setRawMode(false);
    input.pause();
  };
  process.once("exit", back);
  input.setRawMode(true);
  input.setEncoding("utf8").on("data", typed).on("error", back);
  input.resume();
  return back;
}
