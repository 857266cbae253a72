/** A command on a real terminal of a given size: what stands on the screen, keys, and another size. */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The terminal is tmux's: it draws what a person would see. */
export const hasTerminal = spawnSync("tmux", ["-V"]).status === 0;

const LOOK_EVERY_MS = 50;

export class Screen implements Disposable {
  readonly #server = `cippo-${randomUUID()}`;

  /** `shell`: what is typed before it; the prompt is `$ `. */
  constructor(shell: string, { columns, rows }: Size, env: Readonly<Record<string, string>> = {}) {
    const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    this.#tmux(
      "-f",
      "/dev/null",
      "-u",
      "new-session",
      "-d",
      "-x",
      String(columns),
      "-y",
      String(rows),
      "env",
      ...words,
      "PS1=$ ",
      "sh",
      "-i",
    );
    this.type(shell);
    this.keys("Enter");
  }

  #tmux(...words: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync("tmux", ["-L", this.#server, ...words], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C.UTF-8", TERM: "xterm-256color" },
    });
    if (status !== 0) throw new Error(`tmux ${words.join(" ")}: ${stderr}`);
    return stdout;
  }

  type(text: string): void {
    this.#tmux("send-keys", "-l", text);
  }

  keys(...names: readonly string[]): void {
    this.#tmux("send-keys", ...names);
  }

  resize({ columns, rows }: Size): void {
    this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Every line of the screen; `colours`: with its escape sequences; `past`: and what has left it at its top. */
  lines({ colours = false, past = false } = {}): readonly string[] {
    return this.#tmux("capture-pane", "-p", ...(colours ? ["-e"] : []), ...(past ? ["-S", "-"] : []))
      .replace(/\n$/, "")
      .split("\n");
  }

  /** The screen, as soon as it is as wanted. */
  async shows(wanted: RegExp, withinMs = 60_000): Promise<readonly string[]> {
    const latest = performance.now() + withinMs;
    for (;;) {
      const lines = this.lines();
      if (wanted.test(lines.join("\n"))) return lines;
      if (performance.now() > latest) throw new Error(`the screen never showed ${wanted}:\n${lines.join("\n")}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  [Symbol.dispose](): void {
    spawnSync("tmux", ["-L", this.#server, "kill-server"]);
  }
}
