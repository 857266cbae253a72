/** Starts the simulated site as a process, with its control and the log of all that its wires showed. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Ready } from "../../../hw-sim/site/index.ts";
import type { WireRecord } from "../../../hw-sim/site/wire-log.ts";
import { Control, node, type Program } from "./processes.ts";

export class Site implements AsyncDisposable {
  readonly program: Program;
  readonly ready: Ready;
  readonly #control: Control;

  private constructor(program: Program, ready: Ready, control: Control) {
    this.program = program;
    this.ready = ready;
    this.#control = control;
  }

  /** `scenario` in the words of hw-sim/site/scenario.ts; what is left out is empty. */
  static async open(folder: string, scenario: object): Promise<Site> {
    const file = join(folder, "scenario.yaml");
    await writeFile(file, stringify({ assets: {}, play: {}, ...scenario }));
    const program = node("hw-sim/site.js", "--dir", join(folder, "site"), "--scenario", file);
    const ready = await program.ready<Ready>();
    return new Site(program, ready, await Control.open(ready.control));
  }

  /** Asks the control for something; throws what it refuses. */
  async ask<T = object>(request: object): Promise<T> {
    const answer = await this.#control.ask<{ ok: boolean; error?: string }>(request);
    if (!answer.ok) throw new Error(`site: ${answer.error}`);
    return answer as T;
  }

  async served(): Promise<readonly WireRecord[]> {
    const lines = (await readFile(this.ready.served, "utf8")).split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as WireRecord);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control[Symbol.dispose]();
    await this.program[Symbol.asyncDispose]();
  }
}
